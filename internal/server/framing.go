package server

import (
	"errors"
	"net/http"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// framing refuses requests that say twice where they end: one of two servers
// that read them differently would take the rest for another request.
type framing struct {
	next http.Handler
	gate *gate401.Gate
}

var (
	errTwoLengths = errors.New("a request has Content-Length and Transfer-Encoding: it ends in two places (RFC 9112 section 6.1)")
	errOldChunks  = errors.New("a request of HTTP/1.0 has Transfer-Encoding, which is of HTTP/1.1 (RFC 9112 section 6.1)")
)

func (f *framing) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	if len(hr.TransferEncoding) == 0 && hr.ProtoMinor > 0 || hr.ProtoMajor > 1 {
		f.next.ServeHTTP(w, hr)
		return
	}
	field, fault := "Content-Length", errTwoLengths
	if hr.ProtoMinor == 0 {
		field, fault = "Transfer-Encoding", errOldChunks
	}
	h, _ := hr.Context().Value(headKey{}).(*head)
	var has, known bool
	if h != nil {
		has, known = h.has(hr, field)
	}
	if !known || has {
		// Whatever the request was, nothing behind it is read as another one.
		w.Header().Set("Connection", "close")
	}
	if !has {
		f.next.ServeHTTP(w, hr)
		return
	}
	r, _ := f.gate.Intake.Request(hr)
	d := gate401.Malformed(r, &gate401.Denial{Reason: reason.RequestMalformed, Err: fault})
	if f.gate.Observe != nil {
		f.gate.Observe(r, &d)
	}
	f.gate.Responder.Refuse(w, hr, r, d)
}
