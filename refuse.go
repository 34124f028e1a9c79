package gate401

import (
	"fmt"
	"maps"
	"net/http"
)

// refuse completes a decision that ended at stage with err: the denial, the
// challenges that go with its status, and the steps that led to it. Only here
// does a refusal cost anything beyond the walk itself.
func refuse(d Decision, r *Request, q *Requirement, f finding, stage Stage, id *Identity, err error) Decision {
	denial := denialOf(err)
	if id != nil {
		// The proof was right: the decision knows who it is and says no.
		d.Identity = id
	}
	if f.credential != nil {
		method, subject := denial.Method, denial.Subject
		if method == "" {
			method = f.credential.Method()
		}
		if subject == "" && id == nil {
			subject, _ = f.credential.Account()
		}
		if method != denial.Method || subject != denial.Subject {
			// The error may be shared by equal requests in flight or remembered:
			// what is added belongs to a copy.
			own := *denial
			own.Method, own.Subject = method, subject
			denial = &own
		}
	}
	d.Denial, d.resource = denial, q.Resource
	if len(denial.Header) > 0 {
		h := make(http.Header, len(d.Header)+len(denial.Header))
		maps.Copy(h, d.Header)
		maps.Copy(h, denial.Header)
		d.Header = h
	}
	d.Challenges, d.fields = challenges(r, q, f, denial)
	d.Steps = steps(q, f, stage, id, denial)
	return d
}

// unproven completes a decision about a request without any credential: the most
// frequent refusal of all, and the same for every request of a rule, unless a
// method of the rule is Fresh.
func unproven(d Decision, r *Request, q *Requirement) Decision {
	p := q.prepared
	if p == nil {
		own := *q
		p = prepare(r, &own)
	}
	d.Denial, d.Steps, d.resource = p.denial, p.steps, q.Resource
	d.Challenges, d.fields = calm(r, q, p.first.challenges, p.first.fields)
	return d
}

// steps writes the trace of a refusal, from what is known when it ends.
func steps(q *Requirement, f finding, stage Stage, id *Identity, d *Denial) []Step {
	last := Step{Stage: stage, Method: d.Method, Reason: d.Reason, Note: note(d)}
	switch stage {
	case StageRequest, StageRule:
		return []Step{last}
	case StageFind:
		return []Step{{Stage: StageRule, Note: q.Rule}, last}
	}
	rule := Step{Stage: StageRule, Note: q.Rule}
	if f.credential == nil {
		return []Step{rule, {Stage: stage, Reason: d.Reason, Note: note(d)}}
	}
	method := f.credential.Method()
	account, guessable := f.credential.Account()
	room := 3
	if guessable || id != nil {
		room = 5
	}
	out := append(make([]Step, 0, room), rule)
	found := "found a credential"
	if account != "" {
		found = fmt.Sprintf("found a credential for %q", account)
	}
	out = append(out, Step{Stage: StageChoose, Method: method, Note: found})
	switch {
	case stage == StageGuard:
		return append(out, Step{Stage: StageGuard, Method: method, Reason: d.Reason, Note: note(d)})
	case guessable:
		out = append(out, Step{Stage: StageGuard, Method: method, Note: "within the limits, or remembered from before"})
	}
	if stage == StageVerify || id == nil {
		return append(out, Step{Stage: StageVerify, Method: method, Reason: d.Reason, Note: note(d)})
	}
	out = append(out, Step{Stage: StageVerify, Method: method, Note: fmt.Sprintf("speaks for %q", id.Subject)})
	return append(out, Step{Stage: StageCheck, Method: method, Reason: d.Reason, Note: note(d)})
}

// note is the operator's sentence of a denial.
func note(d *Denial) string {
	if d.Err != nil {
		return d.Err.Error()
	}
	return d.Reason.Info().Title
}

// Malformed is the decision about a request that [Intake.Request] could not
// read in one way: 400, or what else err says.
func Malformed(r *Request, err error) Decision {
	return refuse(Decision{}, r, &Requirement{}, finding{}, StageRequest, nil, err)
}
