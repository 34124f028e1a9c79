package endpoint

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Realm is that of the challenges that a 401 gets without any being given.
const Realm = "mock"

// reply is a whole answer, before anything goes wrong with it.
type reply struct {
	status int
	header http.Header
	body   []byte
	reason reason.Code
}

// compose makes the reply of an answer to a request.
func compose(a *Answer, r *http.Request, f *filler) *reply {
	out := &reply{status: a.status(), header: http.Header{}}
	switch plain := a.Body == "" && a.JSON == nil; {
	case a.Reason != "":
		out.deny(a, r, a.Reason)
	case out.status == http.StatusUnauthorized:
		out.deny(a, r, guess(r))
	case plain && !noBody(out.status):
		out.header.Set("Content-Type", "application/json")
		out.body, _ = json.Marshal(map[string]any{"status": out.status, "title": http.StatusText(out.status)})
	}
	if a.Body != "" || a.JSON != nil {
		out.setBody(a, f)
	}
	out.challenge(a)
	for name, values := range a.Headers {
		filled := make([]string, len(values))
		for i, v := range values {
			filled[i] = f.fill(v, inField)
		}
		out.header[http.CanonicalHeaderKey(name)] = filled
	}
	return out
}

// setBody puts the body that was given in the place of any other.
func (out *reply) setBody(a *Answer, f *filler) {
	body, kind := a.Body, "text/plain; charset=utf-8"
	switch trimmed := strings.TrimLeft(body, " \t\r\n"); {
	case a.JSON != nil:
		body, kind = string(a.JSON), "application/json"
	case strings.HasPrefix(trimmed, "[") || likeObject(trimmed):
		kind = "application/json"
	case strings.HasPrefix(trimmed, "<"):
		kind = "text/html; charset=utf-8"
	}
	for name, values := range a.Headers {
		if strings.EqualFold(name, "Content-Type") && len(values) > 0 {
			kind = values[0]
		}
	}
	out.header.Set("Content-Type", kind)
	out.body = []byte(f.fill(body, escaping(kind)))
}

// likeObject tells whether s begins as an object of JSON, and not with a {name}.
func likeObject(s string) bool {
	rest, ok := strings.CutPrefix(s, "{")
	rest = strings.TrimLeft(rest, " \t\r\n")
	return ok && rest != "" && (rest[0] == '"' || rest[0] == '}')
}

// guess is the reason of a 401 that names none, by what was sent: a credential
// that is refused is an error of its scheme, and none is not (RFC 6750 section
// 3.1).
func guess(r *http.Request) reason.Code {
	value := r.Header.Get("Authorization")
	scheme, _, _ := httpauth.CutScheme(value)
	switch {
	case value == "":
		return reason.CredentialsMissing
	case strings.EqualFold(scheme, "Bearer"):
		return reason.TokenInvalid
	case strings.EqualFold(scheme, "Basic"):
		return reason.CredentialsInvalid
	}
	return reason.SchemeUnsupported
}

// deny takes the whole answer from the gate.
func (out *reply) deny(a *Answer, r *http.Request, code reason.Code) {
	w := &capturer{header: out.header}
	if code.Shown().Status == http.StatusTooManyRequests {
		w.header.Set("Retry-After", "1")
	}
	ask := httpauth.Bearer(Realm)
	if scheme, _, _ := httpauth.CutScheme(r.Header.Get("Authorization")); strings.EqualFold(scheme, "Basic") {
		ask = httpauth.Basic(Realm)
	}
	var with []httpauth.Challenge
	for _, text := range a.Challenges {
		switch text {
		case "basic":
			with = append(with, httpauth.Basic(Realm))
		case "bearer":
			with = append(with, httpauth.Bearer(Realm))
		}
	}
	if len(with) == 0 {
		with = []httpauth.Challenge{ask}
	}
	if code.Shown().Status != http.StatusUnauthorized && code != reason.ScopeInsufficient {
		with = nil
	}
	// The body of the request is not the gate's to wait for.
	bare := r.Clone(r.Context())
	bare.Body = nil
	gate401.Deny(w, bare, code, with...)
	out.status, out.body, out.reason = w.status, w.body.Bytes(), code
}

// challenge puts the challenges that were given in the place of others.
func (out *reply) challenge(a *Answer) {
	field := "Www-Authenticate"
	if out.status == http.StatusProxyAuthRequired {
		field = "Proxy-Authenticate"
		if len(a.Challenges) == 0 {
			out.header[field] = []string{httpauth.Basic(Realm).String()}
			return
		}
	}
	switch {
	case len(a.Challenges) == 0:
		return
	case a.Challenges[0] == "none":
		out.header.Del(field)
		return
	}
	given := out.header[field]
	values := make([]string, len(a.Challenges))
	for i, text := range a.Challenges {
		switch text {
		case "basic", "bearer":
			values[i] = httpauth.Basic(Realm).String()
			if text == "bearer" {
				values[i] = httpauth.Bearer(Realm).String()
			}
			// The gate may have added the error of the scheme that was sent.
			if n := slices.IndexFunc(given, func(v string) bool {
				scheme, _, _ := httpauth.CutScheme(v)
				return strings.EqualFold(scheme, text)
			}); n >= 0 {
				values[i] = given[n]
			}
		default:
			values[i] = text
		}
	}
	out.header[field] = values
}

// capturer keeps an answer in memory.
type capturer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *capturer) Header() http.Header         { return w.header }
func (w *capturer) WriteHeader(status int)      { w.status = status }
func (w *capturer) Write(p []byte) (int, error) { return w.body.Write(p) }
