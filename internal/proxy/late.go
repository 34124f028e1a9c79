package proxy

import (
	"io"
	"net/http"
)

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
type informing struct{ http.ResponseWriter }

// WriteHeader passes a status on.
func (w *informing) WriteHeader(status int) {
	if status < http.StatusOK && status != http.StatusSwitchingProtocols {
		withoutOwn(w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
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
	withoutOwn(b.res.Trailer)
	return err
}
