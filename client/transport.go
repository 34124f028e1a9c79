package client

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// Transport is an [http.RoundTripper] that proves who is asking. Its fields are
// set before the first use and not changed afterwards. The zero value passes
// requests on. It is safe for concurrent use; do not copy it.
//
// A refusal that it cannot do anything about is returned as the response that
// it is, with its body readable, as Go programs expect of a RoundTripper;
// [Check] makes a [*Denied] of it. With Errors, RoundTrip returns the *Denied
// itself. In both cases a *Denied is the error where there is no response: a
// token that ran out and could not be renewed is not sent, and a proxy refused
// the tunnel.
//
// A request that has a field Authorization keeps it and is sent once. Where
// redirects led it to another origin, that field, and others that keys are sent
// in, are taken out first: net/http takes most of them along.
type Transport struct {
	// Base sends the requests; nil means http.DefaultTransport.
	Base http.RoundTripper
	// Logins are used for their origins; the first that has an answer is.
	Logins []Login
	// Proxies are logins whose origins are proxies, for Basic and Digest (407). To
	// know the proxy of a request, Base has to be an *http.Transport; a clone of
	// it is used, because tunnels need its hooks.
	Proxies []Login
	// Errors returns refusals (401, 403, 407, 429) as a *Denied, with the
	// response closed.
	Errors bool
	// Leeway is how long ahead of its expiry a token is renewed; 0 means a tenth
	// of its life, at most 30 seconds, and 5 seconds if its life is not known.
	Leeway time.Duration
	// BufferBody is how much of a body is kept for a repetition where the request
	// has no GetBody, in octets. With 0 such a request is repeated only if nothing
	// of its body was read.
	BufferBody int64
	// ExpectContinue sends "Expect: 100-continue" with bodies that are longer, or
	// of unknown length, so that a refusal costs no upload (RFC 9110 section
	// 10.1.1); 0 means never. It needs a Base that waits for the answer, as
	// http.Transport does with ExpectContinueTimeout.
	ExpectContinue int64
	// Observe is told each exchange and each renewal, in the goroutine of the
	// request; nil for nobody.
	Observe func(Event)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is where the client's nonces come from; nil means crypto/rand.
	Rand io.Reader

	once  sync.Once
	state *state
}

var _ http.RoundTripper = (*Transport)(nil)

// RoundTrip sends a request and does about a refusal what can be done.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	s := t.setUp()
	if s.err != nil {
		closeBody(req)
		return nil, s.err
	}
	if req.URL == nil {
		return s.base.RoundTrip(req) // which says what is wrong
	}
	w := &walk{t: t, state: s, req: req, origin: originOf(req.URL)}
	w.logins = of(s.logins, w.origin)
	resp, denied, err := w.run(req.Context())
	switch {
	case err != nil:
		return nil, err
	case denied == nil:
		return resp, nil
	case resp == nil:
		return nil, denied
	case t.Errors:
		drain(resp)
		return nil, denied
	}
	denied.attach(resp)
	return resp, nil
}

// Close waits for the renewals that are under way, which would be lost otherwise
// with refresh tokens that can be used once. The Transport can be used meanwhile
// and afterwards.
func (t *Transport) Close() error {
	t.setUp().flights.wait()
	return nil
}

// CloseIdleConnections does so in Base.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.setUp().base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
