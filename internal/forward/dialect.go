package forward

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// dialect is how a gateway asks, and what answer it can carry.
type dialect string

const (
	dialectAny     dialect = "any" // to be told by its fields
	dialectNginx   dialect = "nginx"
	dialectTraefik dialect = "traefik"
	dialectCaddy   dialect = "caddy"
	dialectEnvoy   dialect = "envoy"
	// dialectForwarded is Traefik, Caddy, or another that asks as they do.
	dialectForwarded dialect = "forwarded"
	// dialectSealed is nginx that asks for what is sealed when it is refused.
	dialectSealed dialect = "nginx-sealed"
	// dialectRefusal is nginx that asks for a sealed refusal.
	dialectRefusal dialect = "refusal"
)

// dialect finds the dialect in the raw path; rest is what follows it, query
// included. Another spelling of the path is no path of ours: for Envoy, which
// appends the client's, decoding it would move the border between both.
func (s *Surface) dialect(hr *http.Request) (d dialect, rest string, ok bool) {
	rest, ok = strings.CutPrefix(hr.RequestURI, s.path)
	if !ok {
		return "", "", false
	}
	if after, is := strings.CutPrefix(rest, "/envoy"); is {
		return dialectEnvoy, after, true
	}
	path, _, _ := strings.Cut(rest, "?")
	switch path {
	case "", "/":
		return dialectAny, "", true
	case "/nginx", "/traefik", "/caddy":
		return dialect(path[1:]), "", true
	case "/nginx/sealed":
		return dialectSealed, "", true
	case "/nginx/refusal":
		return dialectRefusal, "", true
	}
	return "", "", false
}

// question is the request that the gateway asks about.
type question struct {
	method, scheme, host string
	target               string // path and query as the client sent them
	url                  *url.URL
	clients              []string // X-Forwarded-For
}

// Names of fields, in canonical spelling: one in any other, such as
// X_Forwarded_Uri, is no field of ours.
const (
	originalMethod  = "X-Original-Method"
	originalURI     = "X-Original-Uri"
	originalURL     = "X-Original-Url"
	forwardedMethod = "X-Forwarded-Method"
	forwardedURI    = "X-Forwarded-Uri"
	forwardedProto  = "X-Forwarded-Proto"
	forwardedHost   = "X-Forwarded-Host"
	forwardedFor    = "X-Forwarded-For"
)

// read makes the question of a check. *d is settled where it was dialectAny.
func (s *Surface) read(hr *http.Request, d *dialect, rest string) (*question, error) {
	if *d == dialectAny {
		known, err := recognise(hr.Header)
		if err != nil {
			return nil, err
		}
		*d = known
	}
	f := fields{header: hr.Header, dialect: *d}
	q := &question{clients: hr.Header[forwardedFor]}
	switch *d {
	case dialectNginx, dialectSealed:
		q.method = f.one(originalMethod)
		f.original(q)
	case dialectEnvoy:
		q.method, q.target, q.host = hr.Method, rest, hr.Host
		q.scheme = f.one(forwardedProto)
	default:
		q.method, q.target = f.one(forwardedMethod), f.one(forwardedURI)
		q.scheme, q.host = f.one(forwardedProto), f.one(forwardedHost)
	}
	f.clients(q.clients)
	if f.err != nil {
		return nil, f.err
	}
	return q, q.check()
}

// recognise tells by whose fields the check was asked.
func recognise(h http.Header) (dialect, error) {
	nginx := h[originalURI] != nil || h[originalURL] != nil
	forwarded := h[forwardedURI] != nil
	switch {
	case nginx && forwarded:
		return "", malformed("the check has the fields of two gateways, one of which the client sent: ask at the path of your gateway, such as .../nginx")
	case nginx:
		return dialectNginx, nil
	case forwarded:
		return dialectForwarded, nil
	}
	return "", errors.New("the check has neither X-Forwarded-Uri nor X-Original-URI: the gateway does not say what it was asked for")
}

// fields reads the fields of a check and keeps the first fault.
type fields struct {
	header  http.Header
	dialect dialect
	err     error
}

// one is the value of a field that stands there exactly once.
func (f *fields) one(name string) string {
	switch values := f.header[name]; {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		f.missing(name)
	case len(values) > 1:
		// One of them is the client's.
		f.fail(malformed("the check has %s %d times", name, len(values)))
	default:
		return values[0]
	}
	return ""
}

func (f *fields) missing(name string) {
	f.fail(fmt.Errorf("the check has no %s: %s is not set up as the gate needs it", name, f.dialect))
}

func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// clients wants an address from the gateway itself, which writes last. Without
// one, every client would have the address of the gateway, for which a rule may
// do more.
func (f *fields) clients(values []string) {
	if len(values) == 0 {
		f.missing(forwardedFor)
		return
	}
	last := values[len(values)-1]
	last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	if _, err := netip.ParseAddrPort(last); err == nil {
		return
	}
	if _, err := netip.ParseAddr(strings.Trim(last, "[]")); err != nil {
		f.fail(errors.New("X-Forwarded-For does not end with an address: the gateway does not say who its client is"))
	}
}

// original reads X-Original-URI, X-Original-URL or both.
func (f *fields) original(q *question) {
	if f.header[originalURL] == nil {
		q.target, q.scheme, q.host = f.one(originalURI), f.one(forwardedProto), f.one(forwardedHost)
		return
	}
	whole := f.one(originalURL)
	scheme, rest, ok := strings.Cut(whole, "://")
	slash := strings.IndexByte(rest, '/')
	if !ok || slash < 0 {
		f.fail(malformed("X-Original-URL is no URL with scheme, host and path"))
		return
	}
	q.scheme, q.host, q.target = scheme, rest[:slash], rest[slash:]
	for name, want := range map[string]string{originalURI: q.target, forwardedProto: q.scheme, forwardedHost: q.host} {
		if f.header[name] != nil && f.one(name) != want {
			f.fail(malformed("%s and X-Original-URL contradict each other", name))
		}
	}
}

// check judges what a server would have judged before it asked us.
func (q *question) check() error {
	switch q.scheme {
	case "http", "https":
	case "ws": // as Traefik calls a WebSocket's
		q.scheme = "http"
	case "wss":
		q.scheme = "https"
	default:
		return malformed("X-Forwarded-Proto is neither http nor https")
	}
	switch {
	case !isToken(q.method):
		return malformed("the original method is no token")
	case strings.IndexByte(q.host, ',') >= 0:
		return malformed("the check names several hosts")
	case q.target != "*" && !strings.HasPrefix(q.target, "/"):
		// Of an absolute URL, client and gateway may mean different parts.
		return malformed("the original URI does not begin with a slash")
	}
	var err error
	if q.url, err = url.ParseRequestURI(q.target); err != nil {
		return malformed("the original URI cannot be read")
	}
	return nil
}

// request is the request that the gateway would have forwarded, as if it had
// come through it.
func (q *question) request(hr *http.Request) *http.Request {
	h := maps.Clone(hr.Header)
	for _, name := range []string{originalMethod, originalURI, originalURL, forwardedMethod, forwardedURI, refusalField} {
		delete(h, name)
	}
	h[forwardedProto], h[forwardedHost], h[forwardedFor] = []string{q.scheme}, []string{q.host}, q.clients
	return &http.Request{
		Method: q.method, RequestURI: q.target, URL: q.url, Host: q.host, Header: h, RemoteAddr: hr.RemoteAddr,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
	}
}

func malformed(format string, args ...any) error {
	return &gate401.Denial{Reason: reason.RequestMalformed, Err: fmt.Errorf(format, args...)}
}

// isToken is RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
