package gate401

import (
	"net/http"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Deny answers hr with the refusal that code stands for: status, challenges,
// body and the fields that keep caches and robots away. It is for a handler
// that checks by itself; it reports to the Observe of the gate in front, if any.
//
// Behind [Gate.Protect] the challenges of the rule are used where none are
// given. A Bearer challenge that has no error yet gets the one of the reason
// (RFC 6750 section 3.1). A 401 for which nobody knows a challenge says
// Bearer realm="api", because it must say something (RFC 9110 section 15.5.2).
//
// A code that is not in the catalogue answers 503. Retry-After is the handler's
// to set beforehand. Without a gate in front, the type of the problem is a
// relative address of pages that the handler's server may not have.
func Deny(w http.ResponseWriter, hr *http.Request, code reason.Code, with ...httpauth.Challenge) {
	g, r, rule := &Gate{}, (*Request)(nil), ""
	var q Requirement
	var id *Identity
	if p, _ := hr.Context().Value(passageKey{}).(*passage); p != nil {
		g, r, rule, id = p.gate, p.request, p.decision.Rule, p.decision.Identity
		q = g.requirement(r)
	} else {
		// What cannot be read in one way is refused all the same, with the
		// reason that the handler gives.
		r, _ = g.Intake.Request(hr)
	}
	d := later(r, &q, &Decision{Rule: rule, Identity: id}, code, with)
	d.Steps = []Step{{Stage: StageCheck, Method: d.Denial.Method, Reason: code, Note: "refused by the handler"}}
	if g.Observe != nil {
		g.Observe(r, &d)
	}
	g.responder().Refuse(w, hr, r, d)
}

// Refusal is the decision that takes back what d allowed, for code: for a surface
// that learns of it later, when a stream has to end or the API behind it refuses.
// The challenges of the rule are used where none are given. It does not report to
// Observe, as d was reported.
func (g *Gate) Refusal(r *Request, d *Decision, code reason.Code, with ...httpauth.Challenge) Decision {
	q := g.requirement(r)
	out := later(r, &q, d, code, with)
	out.Steps = []Step{{Stage: StageCheck, Method: out.Denial.Method, Reason: code, Note: "refused after it was let through"}}
	return out
}

// later refuses with code what before allowed.
func later(r *Request, q *Requirement, before *Decision, code reason.Code, with []httpauth.Challenge) Decision {
	denial := &Denial{Reason: code}
	if before.Identity != nil {
		denial.Method = before.Identity.Method
	}
	d := Decision{Rule: before.Rule, Identity: before.Identity, Denial: denial, resource: q.Resource}
	if q.CORS != nil {
		d.Header = q.CORS.header(r, false)
	}
	switch info := code.Shown(); {
	case len(with) > 0:
		d.Challenges = withScope(withError(with, q, denial), q, denial)
	case info.Status == http.StatusUnauthorized || code == reason.ScopeInsufficient:
		all, _ := challenges(r, q, finding{}, denial)
		d.Challenges = withError(all, q, denial)
	}
	return d
}
