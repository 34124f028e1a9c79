package forward

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/identity"
)

// answer tells the gateway what was decided, in its dialect. Only an allowed
// request is answered with 200, and nothing but a refusal of Envoy's dialect
// with another status of success.
func (s *Surface) answer(w http.ResponseWriter, r *gate401.Request, d gate401.Decision, as dialect, asserted string) {
	switch {
	case d.Allow:
		s.allow(w, r, &d, asserted)
	case as == dialectNginx || as == dialectSealed:
		s.refuseNginx(w, r, d, as == dialectSealed)
	case d.Preflight && as != dialectEnvoy:
		s.preflight(w, r, d)
	default:
		// Envoy lets 200 pass and nothing else, so that a preflight's 204 goes to
		// the client as it is.
		s.responder.Respond(w, r, d)
	}
}

// allow says who is asking. Every field of the configuration is there, because a
// gateway overwrites what a client sent only by what it gets from us.
func (s *Surface) allow(w http.ResponseWriter, r *gate401.Request, d *gate401.Decision, asserted string) {
	h := w.Header()
	for name, values := range d.Header {
		h[name] = values
	}
	h["X-Request-Id"] = []string{r.ID}
	for _, t := range s.identity {
		h[t.Name] = []string{t.Value(r, d)}
	}
	if s.assertion != nil {
		h[s.assertion.Name()] = []string{asserted}
	}
	if len(s.cookies) > 0 {
		h["Cookie"] = []string{s.kept(r)}
	}
	h["Cache-Control"] = []string{"no-store"}
	h["Content-Length"] = []string{"0"}
	w.WriteHeader(http.StatusOK)
}

// kept is what the upstream is told of the client's cookies, in one field: of
// several a gateway would pass on the first.
func (s *Surface) kept(r *gate401.Request) string {
	var out []string
	for _, field := range r.Header["Cookie"] {
		if field = identity.WithoutCookies(field, s.cookies); field != "" {
			out = append(out, field)
		}
	}
	return strings.Join(out, "; ")
}

// statusField has the status of the refusal where the answer itself cannot.
const statusField = "Gate401-Status"

// preflight answers a CORS preflight that the gate answers by itself. 204 would
// let it pass to the upstream, so 403 carries it; what can tell the client
// otherwise reads Gate401-Status.
func (s *Surface) preflight(w http.ResponseWriter, r *gate401.Request, d gate401.Decision) {
	s.responder.Respond(&restated{ResponseWriter: w, as: http.StatusForbidden}, r, d)
}

// restated is a writer that answers with another status and names the true one
// in Gate401-Status.
type restated struct {
	http.ResponseWriter
	as int
}

// WriteHeader writes the other status.
func (w *restated) WriteHeader(status int) {
	w.Header()[statusField] = []string{strconv.Itoa(status)}
	w.ResponseWriter.WriteHeader(w.as)
}

// Unwrap is for http.ResponseController.
func (w *restated) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// refuseNginx answers 401 or 403, all that auth_request passes on, with the
// whole refusal sealed in a field. For a configuration that does not unpack it,
// the fields are there as they are, all challenges in one: nginx before 1.23.0
// looks at the first alone. One that does gets 403, because nginx would put the
// challenges of a 401 beside those that it unpacks.
func (s *Surface) refuseNginx(w http.ResponseWriter, r *gate401.Request, d gate401.Decision, unpacked bool) {
	h := w.Header()
	// What holds for every answer, such as HSTS, holds for what nginx unpacks.
	whole := recorder{header: h.Clone()}
	s.responder.Respond(&whole, r, d)
	if sealed, err := s.seal(&whole, r.Time); err == nil {
		h[refusalField] = []string{sealed}
	} else {
		// Its status arrives all the same.
		s.log.Warn("a refusal could not be sealed", "request_id", r.ID, "error", err.Error())
	}
	h[statusField] = []string{strconv.Itoa(whole.status)}
	h["Cache-Control"] = []string{"no-store"}
	h["X-Request-Id"] = []string{r.ID}
	if unpacked {
		h["Content-Length"] = []string{"0"}
		w.WriteHeader(http.StatusForbidden)
		return
	}
	for name, values := range whole.header {
		h[name] = values
	}
	if challenges := h["Www-Authenticate"]; len(challenges) > 1 {
		h["Www-Authenticate"] = []string{strings.Join(challenges, ", ")}
	}
	status := whole.status
	if status != http.StatusUnauthorized {
		status = http.StatusForbidden
	}
	w.WriteHeader(status)
	_, _ = w.Write(whole.body.Bytes())
}

// recorder is a writer that keeps what is written.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is what will be sent.
func (w *recorder) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

// WriteHeader keeps the first status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write keeps p.
func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.body.Len()+len(p) > maxBody {
		return 0, fmt.Errorf("a refusal is longer than %d octets", maxBody)
	}
	return w.body.Write(p)
}
