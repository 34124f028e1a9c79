package proxy

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Unauthorized says what becomes of a 401 of the upstream.
type Unauthorized string

// What it may be.
const (
	// UnauthorizedMark passes it, with a field that says who refused. It is the
	// default.
	UnauthorizedMark Unauthorized = "mark"
	// UnauthorizedPass passes it without that field.
	UnauthorizedPass Unauthorized = "pass"
	// UnauthorizedNormalise answers in its place as the gate does: with
	// challenges, a reason, and a body of its own.
	UnauthorizedNormalise Unauthorized = "normalise"
)

// errUnauthorized is how answer tells fail that the gate answers in place of the
// upstream.
var errUnauthorized = errors.New("the upstream answered 401")

// Refusals is what the upstream refused of one rule.
type Refusals struct {
	Rule string `json:"rule"`
	// Unauthorized, Forbidden and Limited count its 401, 403 and 429.
	Unauthorized int `json:"unauthorized"`
	Forbidden    int `json:"forbidden"`
	Limited      int `json:"limited"`
	// Unprompted counts the 401 without a challenge (RFC 9110 section 15.5.2).
	Unprompted int `json:"unprompted"`
	// Public counts the 401 to those who were let through without proof: a page
	// that the rule says is for anyone, and the API says is not.
	Public int `json:"public"`
	// Last is when the last one was.
	Last time.Time `json:"last"`
}

// tally counts refusals of the upstream by rule; there are no more rules than the
// configuration has.
type tally struct {
	mu    sync.Mutex
	rules map[string]*counted
}

type counted struct {
	Refusals
	toldUnprompted, toldPublic time.Time
}

// tellEvery is how often the operator is told of one fault of one rule.
const tellEvery = time.Hour

// Refusals tells what the upstream refused so far, by rule.
func (p *Proxy) Refusals() []Refusals {
	p.tally.mu.Lock()
	defer p.tally.mu.Unlock()
	out := make([]Refusals, 0, len(p.tally.rules))
	for _, c := range p.tally.rules {
		out = append(out, c.Refusals)
	}
	slices.SortFunc(out, func(a, b Refusals) int { return cmp.Compare(a.Rule, b.Rule) })
	return out
}

// add counts one, and returns what the operator has to be told now.
func (t *tally) add(rule string, status int, unprompted, public bool, now time.Time) (tell news, all Refusals) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.rules[rule]
	if c == nil {
		if t.rules == nil {
			t.rules = map[string]*counted{}
		}
		c = &counted{Refusals: Refusals{Rule: rule}}
		t.rules[rule] = c
	}
	c.Last = now
	switch status {
	case http.StatusUnauthorized:
		c.Unauthorized++
	case http.StatusForbidden:
		c.Forbidden++
	default:
		c.Limited++
	}
	due := func(is bool, n *int, last *time.Time) bool {
		if !is {
			return false
		}
		if *n++; !last.IsZero() && now.Sub(*last) < tellEvery {
			return false
		}
		*last = now
		return true
	}
	tell.unprompted = due(unprompted, &c.Unprompted, &c.toldUnprompted)
	tell.public = due(public, &c.Public, &c.toldPublic)
	return tell, c.Refusals
}

// news is what the operator has to be told.
type news struct{ unprompted, public bool }

var (
	noStore = []string{"no-store"}
	noIndex = []string{"noindex"}
)

// refused looks at a 401, 403 or 429 of the upstream: it is counted, marked, and
// kept out of caches and of search engines, as one of ours would be.
func (x *passage) refused(res *http.Response) error {
	p, h := x.proxy, res.Header
	mode := p.unauthorized(x.decision.Rule)
	unauthorized := res.StatusCode == http.StatusUnauthorized
	unprompted := unauthorized && len(h["Www-Authenticate"]) == 0
	public := unauthorized && x.decision.Identity == nil && !x.request.Preflight()
	tell, all := p.tally.add(x.decision.Rule, res.StatusCode, unprompted, public, p.now())
	about := []any{"rule", x.decision.Rule, "request_id", x.request.ID, "verb", x.request.Method, "path", x.request.Path}
	if tell.unprompted {
		p.log.Warn("the upstream answers 401 without a challenge", append(about, "count", all.Unprompted)...)
	}
	if tell.public {
		p.log.Warn("the upstream answers 401 to those whom the rule lets through without proof", append(about, "count", all.Public)...)
	}
	if p.answered != nil && res.StatusCode != http.StatusTooManyRequests {
		p.answered(x.request, &x.decision, res.StatusCode)
	}
	if mode != UnauthorizedPass {
		h["Gate401-Refused-By"] = refusedByUpstream
	}
	// A cache in front of the gate would go on refusing whoever logs in
	// (RFC 9111 section 4.2.2), and a search engine would keep the page.
	h["Cache-Control"] = noStore
	delete(h, "Expires")
	if !slices.ContainsFunc(h["X-Robots-Tag"], func(v string) bool { return strings.Contains(strings.ToLower(v), "noindex") }) {
		h["X-Robots-Tag"] = append(slices.Clip(h["X-Robots-Tag"]), noIndex...)
	}
	if unauthorized && mode == UnauthorizedNormalise {
		x.challenges = h["Www-Authenticate"]
		return errUnauthorized
	}
	return nil
}

// unauthorized is what the configuration says for a rule.
func (p *Proxy) unauthorized(rule string) Unauthorized {
	if mode := p.unauthorizedBy[rule]; mode != "" {
		return mode
	}
	return p.unauthorizedAll
}

// normalise answers in place of the upstream.
func (x *passage) normalise(w http.ResponseWriter) {
	id, sent := x.decision.Identity, len(x.request.Header["Authorization"]) > 0
	theirs := parsed(x.challenges)
	code := reason.CredentialsMissing
	switch {
	case id != nil && id.Method == "bearer", sent && names(theirs, "invalid_token"):
		code = reason.TokenInvalid
	case id != nil && id.Method == "api-key":
		code = reason.APIKeyInvalid
	case id != nil && id.Method == "session":
		code = reason.SessionExpired
	case id != nil || sent:
		code = reason.CredentialsInvalid
	}
	d := x.proxy.gate.Refusal(x.request, &x.decision, code)
	if len(d.Challenges) == 0 && len(theirs) > 0 {
		// The rule asks for nothing, so that the upstream alone knows how to ask.
		d = x.proxy.gate.Refusal(x.request, &x.decision, code, theirs...)
	}
	x.proxy.responder.Refuse(refusedElsewhere{w}, x.in, x.request, d)
}

// refusedElsewhere says of an answer in the gate's words who refused.
type refusedElsewhere struct{ http.ResponseWriter }

// WriteHeader puts the upstream's name in place of the gate's.
func (w refusedElsewhere) WriteHeader(status int) {
	w.Header()["Gate401-Refused-By"] = refusedByUpstream
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w refusedElsewhere) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// parsed reads the upstream's challenges, as far as they can be read.
func parsed(fields []string) []httpauth.Challenge {
	return httpauth.ParseChallenges(fields, httpauth.Lenient).Challenges
}

// names tells whether a challenge has that error code (RFC 6750 section 3).
func names(challenges []httpauth.Challenge, code string) bool {
	return slices.ContainsFunc(challenges, func(c httpauth.Challenge) bool {
		value, _ := c.Param("error")
		return value == code
	})
}
