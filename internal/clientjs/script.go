package clientjs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the script
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

//go:embed client.js
var source string

// The frames: a script that leaves one name behind, and a module. Both learn from
// their own address where the gate is.
const (
	scriptHead = "window.gate401 = (src => {\n"
	// Not document.currentScript, which is whatever element of the page has that
	// name: an image that somebody put there would say where tokens go.
	scriptTail = "return { client, RepeatError }\n})(Reflect.get(Document.prototype, 'currentScript', document).src)\n"
	moduleHead = "const src = import.meta.url\n"
	moduleTail = "export { client, RepeatError }\n"
)

// Script is an http.Handler for both forms of the script. Make it with [New]; it
// is safe for concurrent use.
type Script struct{ script, module form }

// form is one form as it is sent.
type form struct {
	plain, packed []byte
	version       string // of the content
}

// New prepares what is sent.
func New() (*Script, error) {
	var s Script
	var faults []error
	for _, x := range []struct {
		to         *form
		head, tail string
	}{{&s.script, scriptHead, scriptTail}, {&s.module, moduleHead, moduleTail}} {
		var err error
		*x.to, err = prepare(x.head + bare(source) + x.tail)
		faults = append(faults, err)
	}
	return &s, errors.Join(faults...)
}

// bare is the source without comments and indentation. No string in it goes over
// the end of a line; a test looks.
func bare(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "//") {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func prepare(text string) (form, error) {
	sum := sha256.Sum256([]byte(text))
	f := form{plain: []byte(text), version: base64.RawURLEncoding.EncodeToString(sum[:12])}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return f, err
	}
	_, err = z.Write(f.plain)
	err = errors.Join(err, z.Close())
	f.packed = b.Bytes()
	return f, err
}

// Owns tells whether a path below the prefix of the gate is for the script:
// client.js is a script, client.mjs a module.
func (s *Script) Owns(path string) bool { return path == "client.js" || path == "client.mjs" }

// Version names the content of the script, for an address that can be kept for
// ever: client.js?v=VERSION.
func (s *Script) Version() string { return s.script.version }

// ServeHTTP sends the script, or says that it is what the browser has.
func (s *Script) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	h := w.Header()
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["X-Robots-Tag"] = []string{"noindex"}
	if hr.Method != http.MethodGet && hr.Method != http.MethodHead {
		h["Allow"] = []string{"GET, HEAD"}
		h["Cache-Control"] = []string{"no-store"}
		h["Content-Type"] = []string{"application/problem+json"}
		w.WriteHeader(http.StatusMethodNotAllowed)
		_, _ = w.Write([]byte(`{"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"Only GET and HEAD are understood here."}` + "\n"))
		return
	}
	f := &s.script
	if strings.HasSuffix(hr.URL.Path, ".mjs") {
		f = &s.module
	}
	// Pages of any origin may load it: it holds no secret, and sends none to
	// anybody but the gate.
	h["Access-Control-Allow-Origin"] = []string{"*"}
	h["Cross-Origin-Resource-Policy"] = []string{"cross-origin"}
	h["Content-Type"] = []string{"text/javascript; charset=utf-8"}
	h["Vary"] = []string{"Accept-Encoding"}
	if hr.URL.Query().Get("v") == f.version {
		h["Cache-Control"] = []string{"public, max-age=31536000, immutable"}
	} else {
		h["Cache-Control"] = []string{"public, max-age=3600, stale-while-revalidate=86400"}
	}
	body, tag := f.plain, `"`+f.version+`"`
	if unpacks(hr.Header["Accept-Encoding"]) {
		body, tag = f.packed, `"`+f.version+`-gzip"`
		h["Content-Encoding"] = []string{"gzip"}
	}
	h["Etag"] = []string{tag}
	if known(hr.Header["If-None-Match"], f.version) {
		delete(h, "Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(http.StatusOK)
	if hr.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}

// unpacks tells whether gzip is taken (RFC 9110 section 12.5.3).
func unpacks(accept []string) bool {
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.ReplaceAll(weight, " ", "")
			return !strings.HasPrefix(weight, "q=0") || strings.Trim(weight, "q=0.") != ""
		}
	}
	return false
}

// known tells whether one of the tags is of that content, packed or not (RFC 9110
// section 13.1.2).
func known(tags []string, version string) bool {
	for part := range strings.SplitSeq(strings.Join(tags, ","), ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == "*" || part == `"`+version+`"` || part == `"`+version+`-gzip"` {
			return true
		}
	}
	return false
}

var _ http.Handler = (*Script)(nil)
