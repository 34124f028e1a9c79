package gate401

import (
	"maps"
	"sync/atomic"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// prepared is what refusals of one rule need and what does not depend on the
// request.
type prepared struct {
	// denial, first and steps are those of a request without credentials.
	denial *Denial
	first  asked
	steps  []Step
	// again are the challenges after a credential was refused, as they come up.
	// It is copied to be changed, which ends soon: there are few methods and
	// reasons.
	again atomic.Pointer[map[refused]*asked]
}

// refused is what challenges that say what was wrong depend on.
type refused struct {
	method int // index in Requirement.Accept
	reason reason.Code
}

// asked is challenges, and the same as they are printed.
type asked struct {
	challenges []httpauth.Challenge
	fields     []string
}

func prepare(r *Request, q *Requirement) *prepared {
	all := gather(r, *q, finding{}, nil)
	denial := &Denial{Reason: missing(q)}
	return &prepared{denial: denial, first: asked{all, printed(all)}, steps: steps(q, finding{}, StageFind, nil, denial)}
}

// asked are the challenges of a 401 after d. No method of the rule is [Fresh], so
// that they are the same each time, unless d names scopes.
func (p *prepared) asked(r *Request, q *Requirement, f finding, d *Denial) asked {
	if f.chosen == nil {
		return p.first
	}
	if len(d.Scope) > 0 {
		return asked{challenges: gather(r, *q, f, d)}
	}
	key := refused{f.index, d.Reason}
	known := p.again.Load()
	if known != nil {
		if a, ok := (*known)[key]; ok {
			return *a
		}
	}
	// What is kept knows nothing of this one refusal.
	all := gather(r, *q, f, &Denial{Reason: d.Reason, Method: d.Method})
	a := &asked{all, printed(all)}
	for {
		next := map[refused]*asked{}
		if known != nil {
			next = maps.Clone(*known)
		}
		next[key] = a
		if p.again.CompareAndSwap(known, &next) {
			return *a
		}
		known = p.again.Load()
	}
}
