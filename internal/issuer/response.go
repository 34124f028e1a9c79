package issuer

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Response is the answer of an endpoint before it is written.
type Response struct {
	Status int
	Header http.Header
	// Fields are the JSON object of the body; nil for an empty body.
	Fields map[string]any
}

// Write writes the response.
func (r *Response) Write(w http.ResponseWriter) error {
	h := w.Header()
	for name, values := range r.Header {
		h[name] = values
	}
	if r.Fields == nil {
		w.WriteHeader(r.Status)
		return nil
	}
	body, err := json.Marshal(r.Fields)
	if err != nil {
		return err
	}
	w.WriteHeader(r.Status)
	_, err = w.Write(append(body, '\n'))
	return err
}

// plain is what every answer has: no store may keep it (RFC 6749 section 5.1).
func plain(status int, fields map[string]any) Response {
	return Response{Status: status, Fields: fields, Header: http.Header{
		"Content-Type":           {"application/json"},
		"Cache-Control":          {"no-store"},
		"Pragma":                 {"no-cache"},
		"X-Content-Type-Options": {"nosniff"},
		"X-Robots-Tag":           {"noindex"},
	}}
}

// Refusal is the answer to a request that ended with err: that of RFC 6749
// section 5.2 for a *FormError, ErrScope and a *gate401.Denial, and 503 for
// everything else. realm is named in the challenge of a 401. problems is the
// address below which each reason has its page, empty for none.
func Refusal(err error, realm, problems string) Response {
	var form *FormError
	var refused *gate401.Denial
	switch {
	case errors.As(err, &form):
		r := plain(http.StatusBadRequest, map[string]any{"error": form.Code, "error_description": form.Description})
		if form.Status != 0 {
			r.Status = form.Status
		}
		if form.Status == http.StatusMethodNotAllowed {
			r.Header["Allow"] = []string{http.MethodPost}
		}
		if form.Challenge.Scheme != "" {
			r.Header["Www-Authenticate"] = []string{form.Challenge.String()}
		}
		if form.Code == "invalid_request" && problems != "" {
			r.Fields["error_uri"] = problems + string(reason.RequestMalformed)
		}
		return r
	case errors.Is(err, ErrScope):
		return plain(http.StatusBadRequest, map[string]any{"error": "invalid_scope", "error_description": "Ask only for scopes that were granted at the login."})
	case errors.As(err, &refused):
	default:
		refused = &gate401.Denial{Reason: reason.CheckFailed}
	}
	info := refused.Reason.Shown()
	code := info.Error
	switch {
	case info.Status == http.StatusServiceUnavailable:
		code = "temporarily_unavailable"
	case info.Status == http.StatusTooManyRequests:
		code = "slow_down"
	case code == "":
		code = "invalid_request"
	}
	r := plain(info.Status, map[string]any{"error": code, "error_description": info.Title})
	if problems != "" {
		r.Fields["error_uri"] = problems + string(info.Code)
	}
	for name, values := range refused.Header {
		r.Header[name] = values
	}
	switch info.Status {
	case http.StatusUnauthorized:
		challenge := httpauth.Basic(realm)
		r.Header["Www-Authenticate"] = []string{challenge.String()}
	case http.StatusServiceUnavailable:
		r.Header["Retry-After"] = []string{"5"}
	}
	return r
}
