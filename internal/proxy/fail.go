package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"

	"github.com/gate401/gate401"
)

// fail answers when the upstream could not: 504 if it took too long, 502
// otherwise, and 400 or 413 if it was the client's body that broke. What went
// wrong in detail, addresses among it, is for the log only.
func (x *passage) fail(w http.ResponseWriter, hr *http.Request, err error) {
	p := x.proxy
	code, over := x.life.ended()
	switch {
	case errors.Is(err, errTunnel):
		x.run(w)
		return
	case errors.Is(err, errUnauthorized):
		x.normalise(w)
		return
	case over && x.cancel != nil && code != "":
		// A call whose time was up before it had an answer.
		p.responder.Refuse(w, x.in, x.request, p.gate.Refusal(x.request, &x.decision, code))
		return
	}
	if x.in.Context().Err() != nil || errors.Is(err, context.Canceled) {
		// The client is gone. Nobody reads this, but 200 would be a lie in
		// whatever log looks at it.
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	status, detail := http.StatusBadGateway, "The service behind this gate cannot be reached. Send the same request again later."
	var timeout net.Error
	switch broken := x.broken(); {
	case !x.sent:
		// ReverseProxy gave up before it asked us to write the request.
		status, detail = http.StatusBadRequest, "The Upgrade field of the request names no protocol. Correct the request."
		p.log.Debug("request refused", "request_id", x.request.ID, "rule", x.decision.Rule, "error", err.Error())
	case broken != nil:
		status, detail = http.StatusBadRequest, "The body of the request ended in the wrong place. Correct the request."
		var tooLong *http.MaxBytesError
		if errors.As(broken, &tooLong) {
			status, detail = http.StatusRequestEntityTooLarge, "The body of the request is too long. Send less."
		} else if errors.As(broken, &timeout) && timeout.Timeout() {
			status, detail = http.StatusRequestTimeout, "The body of the request did not arrive in time."
		}
		p.log.Debug("request body broke", "request_id", x.request.ID, "rule", x.decision.Rule, "error", broken.Error())
	case errors.As(err, &timeout) && timeout.Timeout():
		status, detail = http.StatusGatewayTimeout, "The service behind this gate did not answer in time. Send the same request again later."
		fallthrough
	default:
		p.log.Warn("upstream failed", "request_id", x.request.ID, "rule", x.decision.Rule,
			"status", status, "verb", x.request.Method, "path", x.request.Path, "error", err.Error())
	}
	x.problem(w, status, detail)
}

// broken is the error of the client's body, if that is what ended the exchange.
func (x *passage) broken() error {
	if x.body == nil {
		return nil
	}
	return x.body.failed()
}

// problem writes an RFC 9457 document that names no entry of the catalogue: this
// is no refusal.
func (x *passage) problem(w http.ResponseWriter, status int, detail string) {
	// Strings and a number always encode.
	body, _ := json.Marshal(struct {
		Type      string `json:"type"`
		Title     string `json:"title"`
		Status    int    `json:"status"`
		RequestID string `json:"request_id"`
		Detail    string `json:"detail"`
	}{"about:blank", http.StatusText(status), status, x.request.ID, detail})
	body = append(body, '\n')
	h := w.Header()
	for name, values := range x.decision.Header {
		h[name] = values
	}
	h["X-Request-Id"] = []string{x.request.ID}
	h["Content-Type"] = []string{"application/problem+json"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	h["Cache-Control"] = []string{"no-store"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["X-Robots-Tag"] = []string{"noindex"}
	if gate401.RPC(x.in) {
		delete(h, "Content-Length")
		gate401.WriteRPC(w, x.in, status, detail)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
