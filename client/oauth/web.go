package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/loopback"
	"github.com/gate401/gate401/internal/terminal"
)

const (
	// maxAnswer bounds what a server may send.
	maxAnswer = 1 << 20
	// webTimeout bounds one request where the given http.Client has no limit.
	webTimeout   = 30 * time.Second
	maxRedirects = 3
)

// errNotThere says that a server has no such document.
var errNotThere = errors.New("there is no such document")

// errNoAnswer says that a server was not reached, or stopped in the middle.
var errNoAnswer = errors.New("no answer")

// web asks servers.
type web struct {
	client *http.Client
	// here lets it ask this machine, over plain http too. It is off where the place we
	// started from is elsewhere: a server out there must not make us ask the
	// servers in here (RFC 9728 section 7.7).
	here bool
}

func newWeb(client *http.Client, start *url.URL) web {
	if client == nil {
		client = &http.Client{}
	}
	own := *client
	if own.Timeout == 0 {
		own.Timeout = webTimeout
	}
	own.Jar = nil
	return web{&own, loopback.Leads(start.Hostname())}
}

// parseURL reads an absolute URL that may be asked.
func (w web) parseURL(what, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || !u.IsAbs() || u.Host == "":
		return nil, fmt.Errorf("%s is no absolute URL", what)
	case u.User != nil:
		return nil, fmt.Errorf("%s has a user name in it", what)
	case u.Fragment != "":
		return nil, fmt.Errorf("%s has a fragment", what)
	case loopback.Leads(u.Hostname()) && !w.here:
		return nil, fmt.Errorf("%s leads to this machine, and came from another one", what)
	case u.Scheme == "https", u.Scheme == "http" && w.here && loopback.Stays(u.Hostname()):
		return u, nil
	}
	return nil, fmt.Errorf("%s is not https: whoever is on the way could read and change what is sent (%s)", what, shown(u))
}

// shown is a URL without what could be secret.
func shown(u *url.URL) string { return Printable(u.Scheme + "://" + u.Host + u.EscapedPath()) }

// get fetches a JSON document. errNotThere says that it is not there, or that
// what is there is no JSON object.
func (w web) get(ctx context.Context, what, raw string, to any) error {
	u, err := w.parseURL(what, raw)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	client := *w.client
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errors.New("too many redirects")
		}
		_, err := w.parseURL("the address that "+what+" redirects to", next.URL.String())
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return offline(what, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := readAll(what, resp.Body)
	if err != nil {
		return err
	}
	switch {
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("%s: the server answered %d", what, resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %w (status %d)", what, errNotThere, resp.StatusCode)
	}
	if !strings.HasPrefix(strings.TrimSpace(string(body)), "{") {
		return fmt.Errorf("%s: %w (no JSON object)", what, errNotThere)
	}
	if err := json.Unmarshal(body, to); err != nil {
		return fmt.Errorf("%s cannot be read: %w", what, err)
	}
	return nil
}

// offline is the error of a request that got no answer, without its URL, which
// could hold a secret.
func offline(what string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%s: %w: %w", what, errNoAnswer, err)
}

func readAll(what string, r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	switch {
	case err != nil:
		return nil, offline(what, err)
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("%s: the answer is larger than %d octets", what, maxAnswer)
	}
	return body, nil
}

// isJSON tells whether a body claims to be JSON.
func isJSON(h http.Header) bool {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (t == "application/json" || strings.HasSuffix(t, "+json"))
}

// origin is scheme, host and port, the port only where it is not the usual one.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	port := u.Port()
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return u.Scheme + "://" + host
	}
	return u.Scheme + "://" + net.JoinHostPort(host, port)
}

// Printable is a text of a server on one line, without what steers a terminal,
// and not too long.
func Printable(text string) string {
	return terminal.Line(text, 300)
}
