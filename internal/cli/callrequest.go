package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/loopback"
)

// stdinKept is how much of standard input is kept in case that it has to be
// sent a second time.
const stdinKept = 1 << 20

// callRequest makes the request of a command line. buffered is how much of its
// body may be kept. A user and password in the URL become flags.
func (a *app) callRequest(ctx context.Context, f *callFlags, target string) (req *http.Request, buffered int64, err error) {
	if !strings.Contains(target, "://") {
		target = "https://" + target
		if host, _, _ := strings.Cut(strings.TrimPrefix(target, "https://"), "/"); isLocal(host) {
			target = "http" + strings.TrimPrefix(target, "https")
		}
	}
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, 0, usagef("gate401 call https://api.example.com/orders", "%q is no http or https URL", explain.Visible(shortened(target)))
	}
	if u.User != nil {
		if err := f.proof.fromURL(u.User); err != nil {
			return nil, 0, err
		}
		u.User = nil
	}
	u.Fragment = ""
	body, again, buffered, err := a.callData(f.data)
	if err != nil {
		return nil, 0, err
	}
	method := http.MethodGet
	switch {
	case f.method != "":
		method = f.method
	case f.head:
		method = http.MethodHead
	case len(f.data) > 0:
		method = http.MethodPost
	}
	if req, err = http.NewRequestWithContext(ctx, method, u.String(), body); err != nil {
		return nil, 0, usagef("", "%s", explain.Visible(err.Error()))
	}
	if again != nil {
		req.GetBody = again
	}
	if file, ok := body.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			req.ContentLength = info.Size()
		}
	}
	req.Header.Set("User-Agent", "gate401/"+a.Version)
	req.Header.Set("Accept", "*/*")
	if len(f.data) > 0 {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, buffered, setHeaders(req, f.headers)
}

func isLocal(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return loopback.Stays(host)
}

// shortened leaves out of a text that was no URL what may be a password.
func shortened(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		text = "..." + text[i:]
	}
	text, _, _ = strings.Cut(text, "?")
	return text
}

func setHeaders(req *http.Request, fields []string) error {
	seen := map[string]bool{}
	for i, field := range fields {
		name, value, ok := strings.Cut(field, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !isFieldName(name) || !isFieldValue(value) {
			// The value may be a secret.
			return usagef(`-H "Name: value"`, "-H number %d: want a name, a colon and a value", i+1)
		}
		key := http.CanonicalHeaderKey(name)
		switch {
		case key == "Host":
			req.Host = value
		case value == "":
			req.Header.Del(key)
			if key == "User-Agent" {
				req.Header[key] = []string{""} // or net/http sends its own
			}
		case seen[key]:
			req.Header.Add(key, value)
		default:
			req.Header.Set(key, value)
		}
		seen[key] = true
	}
	return nil
}

// field-name = token (RFC 9110 sections 5.1 and 5.6.2)
func isFieldName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r)
	})
}

// field-value without what ends a line (RFC 9110 section 5.5)
func isFieldValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// callData is the body. A file is opened anew for a repetition, standard input
// is kept as far as it is short.
func (a *app) callData(data []string) (body io.Reader, again func() (io.ReadCloser, error), buffered int64, err error) {
	if len(data) == 0 {
		return nil, nil, 0, nil
	}
	if len(data) == 1 && data[0] == "@-" {
		return io.NopCloser(a.In), nil, stdinKept, nil
	}
	if name, ok := strings.CutPrefix(data[0], "@"); ok && len(data) == 1 {
		file, err := os.Open(name)
		if err != nil {
			return nil, nil, 0, fail(ExitUsage, err, "-d @FILE reads the body from a file")
		}
		info, err := file.Stat()
		if err == nil && info.IsDir() {
			_ = file.Close()
			return nil, nil, 0, fail(ExitUsage, errors.New(name+" is a folder"))
		}
		return file, func() (io.ReadCloser, error) { return os.Open(name) }, 0, nil
	}
	for _, d := range data {
		if strings.HasPrefix(d, "@") {
			return nil, nil, 0, usagef("give the body with one -d", "-d @FILE cannot be joined with others")
		}
	}
	return bytes.NewReader([]byte(strings.Join(data, "&"))), nil, 0, nil
}
