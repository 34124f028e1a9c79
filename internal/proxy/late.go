package proxy

import (
	"io"
	"net/http"
)

var closes = []string{"close"}

// withoutOwn takes out what pretends to be the gate's: a client tells by these
// fields who refused and why.
func withoutOwn(h http.Header) {
	for name := range h {
		if isOwn(name) {
			delete(h, name)
		}
	}
}

// informing is the writer of the client, for informational answers of the
// upstream (RFC 9110 section 15.2), which ReverseProxy passes on without asking.
type informing struct {
	http.ResponseWriter
	body *watchedBody // of the request, nil if it has none
	// http1 tells that another request may follow on the connection.
	http1 bool
	// informed tells that an informational answer was passed on.
	informed bool
}

// WriteHeader passes a status on, but for 100: the server sends one itself when
// the body is read for the first time, and the transport does not read it before
// the upstream asked for it, or did not answer in time. A client that saw two
// would take the second for the answer (RFC 9110 section 10.1.1).
func (w *informing) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		if w.http1 && status >= http.StatusOK && w.body != nil && !w.body.done.Load() {
			// The body was not read to its end, and perhaps it is broken. In full
			// duplex net/http would take what is left of it for the next request,
			// which a proxy in front did not see (RFC 9112 section 11.2).
			w.Header()["Connection"] = closes
		}
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if status == http.StatusContinue {
		return
	}
	withoutOwn(w.Header())
	w.informed = true
	if w.body == nil {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.body.aside(func() { w.ResponseWriter.WriteHeader(status) })
}

// Unwrap is for http.ResponseController.
func (w *informing) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// trailed is a body behind which fields may come, announced or not (RFC 9112
// section 7.1.2). They are there when it is closed.
type trailed struct {
	io.ReadCloser
	res *http.Response
}

func (b *trailed) Close() error {
	err := b.ReadCloser.Close()
	if e, ok := b.ReadCloser.(*endingBody); ok && e.cutShort() {
		clear(b.res.Trailer)
	}
	withoutOwn(b.res.Trailer)
	return err
}
