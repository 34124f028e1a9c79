package server

import (
	"fmt"
	"net/http"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// blocked keeps whom the gate answers nothing from endpoints that do not ask for
// themselves: whoever may come nowhere may neither guess a code nor allow a program
// anything.
type blocked struct {
	next http.Handler
	gate *gate401.Gate
}

func (b *blocked) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r, err := b.gate.Intake.Request(hr)
	if err != nil || b.gate.Policy == nil || !b.gate.Policy(r).Blocked {
		// What cannot be read is refused by who knows how.
		b.next.ServeHTTP(w, hr)
		return
	}
	d := gate401.Decision{Rule: "blocked", Denial: &gate401.Denial{Reason: reason.AddressBlocked, Err: fmt.Errorf("%s is blocked", r.Client)}}
	d.Steps = []gate401.Step{{Stage: gate401.StageRule, Reason: reason.AddressBlocked, Note: d.Denial.Error()}}
	if b.gate.Observe != nil {
		b.gate.Observe(r, &d)
	}
	b.gate.Responder.Refuse(w, hr, r, d)
}
