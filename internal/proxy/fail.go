package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/gate401/gate401"
)

// fail answers when the upstream could not, see troubleOf, and with 400, 408 or
// 413 if it was the client's body that broke.
func (x *passage) fail(w http.ResponseWriter, hr *http.Request, err error) {
	p := x.proxy
	x.restore()
	code, over := x.life.ended()
	switch {
	case errors.Is(err, errTunnel):
		x.run(w)
		return
	case errors.Is(err, errUnauthorized):
		x.normalise(w)
		return
	case over && x.cancel != nil && code == "":
		x.problem(w, trouble{status: http.StatusServiceUnavailable, detail: "The gate restarts. Call again."})
		return
	case over && x.cancel != nil:
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
	var t trouble
	switch broken := x.broken(); {
	case !x.sent:
		// ReverseProxy gave up before it asked us to write the request.
		t = trouble{status: http.StatusBadRequest, detail: "The Upgrade field of the request names no protocol. Correct the request."}
		p.log.Debug("request refused", "request_id", x.request.ID, "rule", x.decision.Rule, "error", err.Error())
	case broken != nil:
		t = bodyTrouble(broken)
		p.log.Debug("request body broke", "request_id", x.request.ID, "rule", x.decision.Rule, "error", broken.Error())
	default:
		var target string
		t, target = troubleOf(err)
		p.log.Warn("upstream failed", "request_id", x.request.ID, "rule", x.decision.Rule, "status", t.status, "code", t.code,
			"target", target, "verb", x.request.Method, "path", x.request.Path, "error", err.Error())
	}
	x.problem(w, t)
}

// bodyTrouble is for a body of the client that broke.
func bodyTrouble(err error) trouble {
	var tooLong *http.MaxBytesError
	var timeout net.Error
	switch {
	case errors.As(err, &tooLong):
		return bodyTooLarge()
	case errors.As(err, &timeout) && timeout.Timeout():
		return trouble{status: http.StatusRequestTimeout, detail: "The body of the request did not arrive in time."}
	}
	return trouble{status: http.StatusBadRequest, detail: "The body of the request ended in the wrong place. Correct the request."}
}

// broken is the error of the client's body, if that is what ended the exchange.
func (x *passage) broken() error {
	if x.body == nil {
		return nil
	}
	return x.body.failed()
}

// problem writes t as an RFC 9457 document, or as a page where a person looks
// at it. It names no entry of the catalogue: this is no refusal.
func (x *passage) problem(w http.ResponseWriter, t trouble) {
	if t.title == "" {
		t.title = phrase(t.status)
	}
	h := w.Header()
	for name, values := range x.decision.Header {
		h[name] = values
	}
	h["X-Request-Id"] = []string{x.request.ID}
	h["Gate401-Refused-By"] = byGate
	h["Cache-Control"] = []string{"no-store"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["X-Robots-Tag"] = []string{"noindex"}
	if t.retry > 0 {
		h["Retry-After"] = []string{strconv.Itoa(t.retry)}
	}
	if gate401.RPC(x.in) {
		gate401.WriteRPC(w, x.in, t.status, t.advice())
		return
	}
	var body []byte
	if watched(x.in) {
		h["Content-Type"] = []string{"text/html; charset=utf-8"}
		h["Content-Security-Policy"] = pagePolicy
		body = t.page(x.request.ID)
	} else {
		h["Content-Type"] = []string{"application/problem+json"}
		// Without a type the title is that of the status (RFC 9457 section
		// 4.2.1). Strings and numbers always encode.
		body, _ = json.Marshal(struct {
			Type      string `json:"type"`
			Title     string `json:"title"`
			Status    int    `json:"status"`
			Code      string `json:"code,omitempty"`
			RequestID string `json:"request_id"`
			Detail    string `json:"detail"`
		}{"about:blank", phrase(t.status), t.status, t.code, x.request.ID, t.advice()})
		body = append(body, '\n')
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(t.status)
	_, _ = w.Write(body)
}

// breaks takes what ReverseProxy says of an answer that broke off in its middle,
// when nobody can be told any more but whoever reads the log.
type breaks struct{ *passage }

func (x breaks) Write(line []byte) (int, error) {
	if x.life.brokenOff() {
		return len(line), nil // release says so
	}
	said := strings.TrimPrefix(strings.TrimSpace(string(line)), "httputil: ReverseProxy ")
	x.proxy.log.Warn("upstream broke off", "request_id", x.request.ID, "rule", x.decision.Rule,
		"verb", x.request.Method, "path", x.request.Path, "error", said)
	return len(line), nil
}
