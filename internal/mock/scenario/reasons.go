package scenario

import (
	"net/http"
	"slices"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/reason/cases"
)

// reasons are the refusals of the catalogue, one for each code.
func reasons() []Scenario {
	notYet := simulatedCodes()
	var all []Scenario
	for _, info := range reason.All() {
		code := info.Code
		s := Scenario{
			Name: string(code), Group: GroupReason, Reason: code, Title: info.Title, Explain: info.Explain,
			Path: Prefix + string(code) + "/", Expect: expected(info.Code.Shown()),
			Simulated: slices.Contains(notYet, code) || reason.ShownOnly(code) && standsForNotYet(code, notYet),
		}
		s.play = func(p *Player, w http.ResponseWriter, r *http.Request, _ string) { p.refuse(w, r, s) }
		all = append(all, s)
	}
	return all
}

// simulatedCodes are those that no case shows, and one of which what the gate can
// find, the password alone of somebody who has more, is not what clients want to
// rehearse: a rule that asks for a strength (RFC 9470).
func simulatedCodes() []reason.Code {
	return append(cases.NotYet(), reason.AuthenticationTooWeak)
}

// standsForNotYet tells whether a shown code stands only for codes that the gate
// cannot find yet.
func standsForNotYet(code reason.Code, notYet []reason.Code) bool {
	for _, info := range reason.All() {
		if info.ShownAs == code && !slices.Contains(notYet, info.Code) {
			return false
		}
	}
	return true
}

// expected is what the catalogue says to a client.
func expected(shown reason.Info) Expect {
	e := Expect{Do: Move(shown.Retry), Sentence: shown.Retry.Info().Explain, Requests: 2, Refreshes: -1, Status: shown.Status}
	switch shown.Retry {
	case reason.RetryRefresh:
		e.Refreshes = 1
	case reason.RetryFixRequest, reason.RetryRequestAccess:
		e.Requests = 1
	case reason.RetryLater, reason.RetryWait:
		e.Requests = 0 // as often as the pauses allow
	default:
	}
	if shown.Error == "invalid_token" {
		// A client that knows the error alone may ask for a new token, once (RFC
		// 6750 section 3.1).
		e.Refreshes = 1
		if e.Requests > 0 {
			e.Requests = 2
		}
	}
	return e
}

// refuse answers with the decision of the real gate, or a simulated one.
func (p *Player) refuse(w http.ResponseWriter, r *http.Request, s Scenario) {
	journal.NoteOf(r.Context()).Reason = s.Reason
	if atTokenEndpoint(s.Reason) {
		tokenError(s.Reason).Serve(w, r)
		return
	}
	d, err := p.decision(s)
	if err != nil {
		p.fault(err)
		d = simulated(reason.CheckFailed)
	}
	// What the client sent decides the form of the answer, and nothing else.
	view, err := p.intake.Request(r)
	if err != nil {
		p.fault(err)
	}
	p.responder.Respond(w, view, d)
}
