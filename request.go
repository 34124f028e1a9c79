package gate401

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Request is everything that a decision may depend on: one view of an HTTP
// request, made by [Intake.Request] and the same on every surface. It is never
// changed after it was made, and never shares memory that a handler changes
// except Header, which nobody may write to.
type Request struct {
	// Method is the request method as sent; methods are case-sensitive
	// (RFC 9110 section 9.1).
	Method string
	// Target is the request target as received (RFC 9112 section 3.2). It is
	// for logs and proofs over the raw target; rules never see it.
	Target string
	// URL is the external URL: scheme and host as the client sees them, the
	// path in canonical form, the query as received.
	URL *url.URL
	// Path is the canonical, still percent-encoded path. What is judged here is
	// what is forwarded.
	Path string
	// Host is the external host in lower case, without port and trailing dot.
	Host string
	// Header holds the fields as received; read only.
	Header http.Header
	// Client is the address of the client after trusted proxies were resolved.
	Client netip.Addr
	// TLS is the state of the connection to us, nil for plain http.
	TLS *tls.ConnectionState
	// Time is when the request came in; every check of this request uses it.
	Time time.Time
	// ID is our own identifier of the request, never taken from the client.
	ID string
	// InboundID is what the client sent as X-Request-Id, cut and cleaned, to be
	// logged beside ID.
	InboundID string
	// Surface is where the request came in, where that is not the gate's own
	// front door: "forward-auth/nginx" and its like. It is for logs; no decision
	// depends on it.
	Surface string
	// Body reads at most max octets of the body and leaves them to be read
	// again. It is nil on a surface that has no body.
	Body func(max int64) ([]byte, error)

	// sent has the mark of each name in Header; 0 where nobody looked.
	sent uint64
}

// Field is Header[name], the values of the field with that canonical name, of a
// request as [Intake] made it. It is for fields that most requests do not have:
// a refusal looks for twenty, and nearly all are told without a search. Methods
// look in Header, since whoever wraps them may give them another one.
func (r *Request) Field(name string) []string {
	if r.sent != 0 && r.sent&mark(name) == 0 {
		return nil
	}
	return r.Header[name]
}

// marks are those of all names in h.
func marks(h http.Header) (all uint64) {
	for name := range h {
		all |= mark(name)
	}
	return all
}

// mark is one bit, different for most names.
func mark(name string) uint64 {
	n := len(name)
	if n == 0 {
		return 1
	}
	return 1 << ((6*n + int(name[n/2]) + int(name[n-1])) & 63)
}

// Secure tells whether the client's own connection is https, as far as we or a
// trusted proxy can tell.
func (r *Request) Secure() bool { return r.URL != nil && r.URL.Scheme == "https" }

// Preflight tells whether the request is a CORS preflight (Fetch standard,
// "CORS-preflight request"): OPTIONS with Origin and
// Access-Control-Request-Method.
func (r *Request) Preflight() bool {
	return r.Method == http.MethodOptions &&
		len(r.Header["Origin"]) == 1 && len(r.Header["Access-Control-Request-Method"]) == 1
}
