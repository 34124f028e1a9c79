package openapi

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/wire"
	"github.com/gate401/gate401/reason"
)

// Handler answers the operations of the document, and lets next answer what it
// does not have. A path that it has with other methods is answered with 405,
// OPTIONS excepted.
//
// "Prefer: code=404" and "Prefer: example=NAME" (RFC 7240) choose among what the
// document has; code=401 refuses without a look at the credentials.
func (d *Document) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !d.serve(w, r, r.URL.EscapedPath()) {
			next.ServeHTTP(w, r)
		}
	})
}

// serve tells whether the document has an answer for that path, and gives it.
func (d *Document) serve(w http.ResponseWriter, r *http.Request, escaped string) bool {
	o, allowed := d.find(r, escaped)
	switch {
	case o == nil && len(allowed) > 0 && wire.Preflight(r):
		wire.Permit(w, r)
		return true
	case o == nil && (len(allowed) == 0 || r.Method == http.MethodOptions):
		return false
	case o == nil:
		slices.Sort(allowed)
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		wire.Problem(w, http.StatusMethodNotAllowed, "the document has this path with "+strings.Join(allowed, ", "))
		return true
	}
	if r.Header.Get("Origin") != "" {
		wire.Share(w, r)
	}
	note := journal.NoteOf(r.Context())
	note.Endpoint = "openapi " + o.Method + " " + o.Path
	want := preferenceOf(r.Header.Values("Prefer"))
	var v verdict
	if want.code == http.StatusUnauthorized {
		v = d.refused(o, r)
	} else {
		v = d.judge(o, r)
	}
	if !v.decision.Allow {
		note.Reason = v.decision.Reason()
		d.refuse(w, r, o, v, want)
		return true
	}
	for _, name := range v.unproven {
		w.Header().Add("Gate401-Not-Enforced", strconv.QuoteToASCII(name))
	}
	wire.Drain(w, r)
	d.answer(w, r, o, want)
	return true
}

// refused is the verdict on who asks to be refused.
func (d *Document) refused(o *operation, hr *http.Request) verdict {
	in := gate401.Intake{Now: d.options.Now}
	r, err := in.Request(hr)
	if err != nil {
		return verdict{request: r, decision: gate401.Malformed(r, err)}
	}
	code := reason.CredentialsMissing
	scheme, _, _ := httpauth.CutScheme(r.Header.Get("Authorization"))
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		code = reason.TokenInvalid
	case r.Header.Get("Authorization") != "":
		code = reason.CredentialsInvalid
	}
	one := gate401.Decision{Denial: &gate401.Denial{Reason: code}}
	one = merge(o, r, []gate401.Decision{one})
	if len(one.Challenges) == 0 {
		one.Challenges = []httpauth.Challenge{httpauth.Bearer(d.realm())}
	}
	if code == reason.TokenInvalid {
		for i, c := range one.Challenges {
			if c.Is("Bearer") {
				params := gate401.ErrorParams(nil, one.Denial)
				one.Challenges[i].Params = append(slices.Clone(c.Params), params...)
			}
		}
	}
	return verdict{request: r, decision: one}
}

// refuse answers with what the gate says, and with the body of the document where
// it has an example for that status.
func (d *Document) refuse(w http.ResponseWriter, r *http.Request, o *operation, v verdict, want preference) {
	captured := &capturer{header: http.Header{}}
	responder := &gate401.Responder{}
	request := *v.request
	request.Body = nil // the answer does not wait for it
	responder.Respond(captured, &request, v.decision)
	body, h := captured.body.Bytes(), w.Header()
	for name, values := range captured.header {
		h[name] = values
	}
	if d.options.Help != "" {
		h.Add("Link", "<"+d.options.Help+`>; rel="help"`) // RFC 8288 section 3
		body = d.helped(body, h.Get("Content-Type"))
	}
	// The default response is for what nobody thought of, and no word about this.
	if doc := response(o.spec, captured.status, false); doc != nil {
		headersOf(h, doc)
		if want.code != captured.status {
			want.example = ""
		}
		c, ok, err := contentOf(doc, r.Header.Values("Accept"), want.example, true)
		if ok && err == nil && c.kind != "" {
			h.Set("Content-Type", c.kind)
			body = c.body
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(captured.status)
	_, _ = w.Write(body) // the client may be gone
}

// helped is the problem with a member that says where credentials are.
func (d *Document) helped(body []byte, kind string) []byte {
	open, ok := bytes.CutSuffix(bytes.TrimSpace(body), []byte("}"))
	if !ok || kind != "application/problem+json" {
		return body
	}
	// A text of the mock, without anything to be escaped.
	return append(slices.Clone(open), `,"help":"what is accepted here: GET `+d.options.Help+`, or the mock's page"}`+"\n"...)
}

// answer plays a response of the document.
func (d *Document) answer(w http.ResponseWriter, r *http.Request, o *operation, want preference) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	status := usual(o.spec)
	var applied []string
	if want.code != 0 {
		status = want.code
		applied = append(applied, "code="+strconv.Itoa(status))
	}
	doc := response(o.spec, status, true)
	if doc == nil {
		if want.code != 0 {
			h.Set("Preference-Applied", strings.Join(applied, ", "))
			wire.Problem(w, status, "the document has no response with this status; it was asked for by Prefer")
			return
		}
		w.WriteHeader(status)
		return
	}
	c, ok, err := contentOf(doc, r.Header.Values("Accept"), want.example, false)
	switch {
	case err != nil:
		wire.Problem(w, http.StatusBadRequest, err.Error())
		return
	case !ok:
		var types []string
		for t := range doc.Content {
			types = append(types, t)
		}
		wire.Problem(w, http.StatusNotAcceptable, "the document has this answer as "+strings.Join(preferred(types), ", "))
		return
	}
	if want.example != "" {
		applied = append(applied, "example="+want.example)
	}
	if len(applied) > 0 {
		h.Set("Preference-Applied", strings.Join(applied, ", "))
	}
	headersOf(h, doc)
	if status == http.StatusUnauthorized { // as the only response of the operation
		h.Set("WWW-Authenticate", httpauth.Bearer(d.realm()).String())
	}
	if status == http.StatusNoContent || status == http.StatusNotModified || status == http.StatusResetContent {
		c = content{}
	}
	if c.kind != "" {
		h.Set("Content-Type", c.kind)
		h.Set("Content-Length", strconv.Itoa(len(c.body)))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(c.body) // the client may be gone
	}
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
