package gate401

import (
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/plainpage"
	"github.com/gate401/gate401/reason"
)

// Format is the shape of a refusal's body for programs.
type Format string

// The formats.
const (
	// FormatProblem is application/problem+json (RFC 9457).
	FormatProblem Format = "problem"
	// FormatSimple is {"error","message","code"}.
	FormatSimple Format = "simple"
)

// Responder writes refusals; nothing else does. Its fields are set before the
// first use. The zero value writes problem+json with addresses of pages below
// /auth/problems/ of the gate itself. Safe for concurrent use.
type Responder struct {
	// Format of bodies for programs; empty means FormatProblem.
	Format Format
	// Problems is the address below which each reason has its page, with the
	// slash at its end; empty means "/auth/problems/".
	Problems string
	// Support is where people may ask for help, an https or mailto URL; empty
	// for nowhere.
	Support string
	// Login writes the page where people log in, as the 401 of a page that is
	// opened where a [Pager] is offered; the challenges and all fields that
	// do not depend on the body are there, and the status is to be d.Status().
	// It returns false, having written nothing, for the usual page. nil always
	// means the usual page.
	Login func(w http.ResponseWriter, r *Request, d *Decision) bool
	// Switch is where somebody who is logged in and may not see a page can log in
	// as somebody else, a path; empty for nowhere.
	Switch string

	once       sync.Once
	problems   string // Problems, or what stands for nothing
	prepared   map[reason.Code]*answer
	pagePolicy []string
	buffers    sync.Pool // of *[]byte
}

// answer is a refusal's body in the two parts around the request id, and the
// field values that go with it, prepared once for each reason.
type answer struct {
	info         reason.Info
	head, tail   string
	reasonFields []string
}

var (
	noStore      = []string{"no-store"}
	noIndex      = []string{"noindex"}
	noSniff      = []string{"nosniff"}
	byGate       = []string{"gate"}
	problemJSON  = []string{"application/problem+json"}
	simpleJSON   = []string{"application/json"}
	graphqlJSON  = []string{"application/graphql-response+json"}
	htmlUTF8     = []string{"text/html; charset=utf-8"}
	noReferrer   = []string{"no-referrer"}
	retryShortly = []string{"5"}
	closes       = []string{"close"}
)

// Respond writes the refusal d of r, in the shape that its client can read: a
// page for a browser navigation, GraphQL errors for a GraphQL client, the
// configured JSON for everything else. For an allowed decision it refuses with
// check-failed, because then somebody calls it by mistake. The status always
// says that it is a refusal.
func (p *Responder) Respond(w http.ResponseWriter, r *Request, d Decision) {
	p.write(w, nil, r, d)
}

// Refuse is Respond for a surface whose answer reaches the client of hr itself. A
// gRPC client gets its own status codes then, for which the HTTP status has to be
// 200: whoever asks on behalf of another, and goes by the status, must not use it.
// A client that is still sending a long body gets the answer at once, and what it
// goes on sending is forgotten, for a bounded time.
func (p *Responder) Refuse(w http.ResponseWriter, hr *http.Request, r *Request, d Decision) {
	if !uploading(hr) {
		await(w, hr)
		p.write(w, hr, r, d)
		return
	}
	if http.NewResponseController(w).EnableFullDuplex() != nil {
		p.write(w, hr, r, d)
		return
	}
	// It should stop (RFC 9112 section 9.6), and need not read on for ever.
	w.Header()["Connection"] = closes
	p.write(w, hr, r, d)
	Linger(w, hr)
}

// write is Respond, in the shape for a gRPC call where hr is one.
func (p *Responder) write(w http.ResponseWriter, hr *http.Request, r *Request, d Decision) {
	p.once.Do(p.prepare)
	if r.Body != nil {
		Hurry(w)
	}
	h := w.Header()
	d.writeHeader(h)
	if r.ID != "" {
		h["X-Request-Id"] = []string{r.ID}
	}
	if d.Preflight && !d.Allow {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	a := p.answer(d.Reason())
	if d.Denial != nil && d.Denial.Detail != "" {
		a = p.worded(d.Shown())
	}
	shown := a.info
	if shown.Status == http.StatusUnauthorized || len(d.Challenges) > 0 {
		h["Www-Authenticate"] = d.ChallengeFields(r)
	}
	h["Cache-Control"] = noStore
	h["X-Robots-Tag"] = noIndex
	h["X-Content-Type-Options"] = noSniff
	h["Gate401-Refused-By"] = byGate
	h["Gate401-Reason"] = a.reasonFields
	if shown.Status == http.StatusServiceUnavailable && h["Retry-After"] == nil {
		h["Retry-After"] = retryShortly
	}
	if hr != nil && RPC(hr) {
		p.rpc(w, hr, shown)
		return
	}
	switch shapeOf(r) {
	case shapePage:
		if p.Login != nil && shown.Status == http.StatusUnauthorized && d.paged() && p.login(w, r, d) {
			return
		}
		who, other := p.switching(r, &d)
		p.page(w, r, shown, who, other)
	case shapeGraphQL:
		body := graphqlBody(r, shown, p.problems)
		h["Content-Type"] = simpleJSON
		if graphqlType(r.Header["Accept"]) {
			h["Content-Type"] = graphqlJSON
		}
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
		w.WriteHeader(shown.Status)
		_, _ = w.Write(body)
	default:
		p.json(w, r, a, h["Connection"] != nil)
	}
}

// json writes the prepared body around the request id. The server states the
// length of one that is as short as this, unless it is flushed: then it has to be
// stated, so that the client sees the end of the answer.
func (p *Responder) json(w http.ResponseWriter, r *Request, a *answer, flushed bool) {
	h := w.Header()
	h["Content-Type"] = problemJSON
	buf, _ := p.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	body := append((*buf)[:0], a.head...)
	if p.Format == FormatSimple {
		h["Content-Type"] = simpleJSON
	} else {
		body = append(body, r.ID...)
		body = append(body, a.tail...)
	}
	if flushed {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(a.info.Status)
	// The client may be gone; there is nobody left to tell.
	_, _ = w.Write(body) //nolint:gosec // texts of the catalogue and our own request id, as JSON
	*buf = body
	p.buffers.Put(buf)
}

// login has a decision of its own to point at, so that no other refusal pays for
// one.
func (p *Responder) login(w http.ResponseWriter, r *Request, d Decision) bool {
	return p.Login(w, r, &d)
}

// paged tells whether a page to log in at is offered.
func (d *Decision) paged() bool {
	return slices.ContainsFunc(d.Challenges, func(c httpauth.Challenge) bool { return c.Is("Session") })
}

// ChallengeFields are the values of WWW-Authenticate for the answer to r, one
// challenge in each. A 401 without a challenge would break RFC 9110 section
// 15.5.2, so one that nobody knows how to ask for says at least Bearer.
func (d *Decision) ChallengeFields(r *Request) []string {
	switch {
	case d.fields != nil:
		return described(d.fields, r, d)
	case len(d.Challenges) == 0:
		return []string{`Bearer realm="api"`}
	}
	return described(printed(d.Challenges), r, d)
}

// prepare writes the bodies of all reasons that can be shown.
func (p *Responder) prepare() {
	if p.problems = p.Problems; p.problems == "" {
		p.problems = "/auth/problems/"
	}
	p.pagePolicy = []string{plainpage.Policy()}
	p.prepared = make(map[reason.Code]*answer)
	for _, info := range reason.All() {
		code := info.Code
		p.prepared[code] = p.worded(code.Shown())
	}
}

// worded is the answer that says info.
func (p *Responder) worded(info reason.Info) *answer {
	a := &answer{info: info, reasonFields: []string{string(info.Code)}}
	if p.Format == FormatSimple {
		a.head = simpleBody(info)
	} else {
		a.head, a.tail = problemBody(info, p.problems, p.Support)
	}
	return a
}

// answer is what is shown for the true reason of a refusal. One that nobody knows, as that of an
// allowed decision, refuses like the reason check-failed.
func (p *Responder) answer(code reason.Code) *answer {
	if a := p.prepared[code]; a != nil {
		return a
	}
	return p.prepared[reason.CheckFailed]
}
