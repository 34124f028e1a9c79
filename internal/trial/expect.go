package trial

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/judge"
	"github.com/gate401/gate401/internal/mock/scenario"
)

// Rules that a scenario adds to those of the judge: it knows what comes next,
// which the journal alone does not tell.
const (
	TooManyRequests  judge.RuleID = "too-many-requests"
	TooManyRefreshes judge.RuleID = "too-many-refreshes"
	NotServed        judge.RuleID = "not-served"
	NothingSent      judge.RuleID = "nothing-sent"
	NeverEnded       judge.RuleID = "never-ended"
	RefusalUntold    judge.RuleID = "refusal-untold"
)

// Rules of a trial, beside those of the judge.
func Rules() []judge.Rule {
	return []judge.Rule{
		{ID: NothingSent, Severity: judge.Fault, Title: "The client sent no request",
			Why: "Nothing can be said about it.", Fix: "See what it printed; {url} stands for what to ask for."},
		{ID: NeverEnded, Severity: judge.Fault, Title: "The client did not end",
			Why: "It waits for something that does not come, or asks for ever.", Fix: "Give up after one repeat; bound every wait."},
		{ID: TooManyRequests, Severity: judge.Fault, Title: "The client asked more often than a right one",
			Why: "What was refused for good is asked again and again.", Fix: "Repeat a request once at most."},
		{ID: TooManyRefreshes, Severity: judge.Fault, Title: "The client refreshed more often than a right one",
			Why: "Each refresh is a chance to lose the login.", Fix: "Refresh once for one refused request, and only for a 401."},
		{ID: NotServed, Severity: judge.Fault, Title: "The client gave up although it could have been served",
			Why: "The person sees a failure that nothing was wrong for.", Fix: "Do what the scenario says that a right client does."},
		{ID: RefusalUntold, Severity: judge.Doubt, Title: "The client ended with status 0 although it was refused",
			Why: "A script goes on as if all were well.", Fix: "End with another status (curl: --fail)."},
	}
}

// verdict adds to what the judge found what only the scenario knows. known are
// the entries that say what the client has, and its own, entries its own alone.
func verdict(s scenario.Scenario, known, entries []journal.Entry, o outcome, can ability) []judge.Finding {
	if len(entries) == 0 {
		found := []judge.Finding{added(NothingSent, nil, "no request came")}
		if o.timeout {
			found = append(found, added(NeverEnded, nil, ended(o)))
		}
		return found
	}
	var asked, refreshed []int64
	served := false
	for _, e := range entries {
		path, _, _ := strings.Cut(e.Target, "?")
		switch {
		case e.Method == http.MethodOptions:
		case e.Method == http.MethodPost && strings.HasSuffix(path, "/token"):
			refreshed = append(refreshed, e.ID)
		case e.Method == http.MethodPost && strings.HasSuffix(path, "/login"), strings.Contains(path, "/.well-known/"):
		default:
			asked = append(asked, e.ID)
			served = served || e.Status >= 200 && e.Status < 300
		}
	}
	found := judge.Entries(known)
	if !can.refreshes {
		// The login that was done for the client brought a refresh token, which it was
		// not given.
		found = slices.DeleteFunc(found, func(f judge.Finding) bool { return f.Rule == judge.NotRefreshed })
	}
	has := func(id judge.RuleID) bool {
		return slices.ContainsFunc(found, func(f judge.Finding) bool { return f.Rule == id })
	}
	want := s.Expect
	if o.timeout {
		f := added(NeverEnded, nil, ended(o))
		if strings.Contains(s.Name, "timeout") || strings.Contains(s.Name, "slow") {
			f.Severity = judge.Doubt // it waited for the server, which is long in coming
		}
		found = append(found, f)
	}
	// One more than a right client is what a client without a session does first:
	// it asks without credentials to learn how.
	if n := want.Requests; n > 0 && len(asked) > n+1 && !has(judge.KeptAsking) {
		found = append(found, added(TooManyRequests, asked, fmt.Sprintf("%d requests, a right client sends %d", len(asked), n)))
	}
	if n := max(want.Refreshes, 0); want.Refreshes != 0 && len(refreshed) > n && !has(judge.RefreshForForbidden) && !has(judge.RefreshLoop) {
		f := added(TooManyRefreshes, refreshed, fmt.Sprintf("it refreshed %d times, and %d would do", len(refreshed), n))
		if len(refreshed) == 1 {
			// In vain, and no more than that.
			f.Severity, f.Message = judge.Doubt, "it refreshed, which could not help"
		}
		found = append(found, f)
	}
	// Not to follow a redirect is a choice.
	led := entries[len(entries)-1].Status/100 == 3
	if want.Status == http.StatusOK && !served && !led && can.be(want.Do) && !has(judge.NotRefreshed) && !has(judge.NotRepeated) {
		f := added(NotServed, asked, "the last answer was "+last(entries))
		if entries[len(entries)-1].Status == 0 {
			f.Severity = judge.Doubt // to give up where a connection breaks is a choice
		}
		found = append(found, f)
	}
	if want.Status >= 400 && !served && o.exit == 0 && !o.timeout {
		found = append(found, added(RefusalUntold, nil, "the last answer was "+last(entries)))
	}
	return found
}

// ability is what a client has to get through a scenario.
type ability struct {
	refreshes bool // it can get a new token
	answers   bool // it has what the challenge asks for
}

// be tells whether a client that does the right move is served. Whether somebody
// waits for it is up to whoever asked.
func (a ability) be(m scenario.Move) bool {
	switch m {
	case scenario.MoveRefresh:
		return a.refreshes
	case scenario.MoveAnswer:
		return a.answers
	case scenario.MoveProceed, scenario.MoveRepeat:
		return true
	}
	return false
}

func ended(o outcome) string { return fmt.Sprintf("it was ended after %s", o.took.Round(1e8)) }

func last(entries []journal.Entry) string {
	e := entries[len(entries)-1]
	if e.Status == 0 {
		return "none"
	}
	return fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
}

func added(id judge.RuleID, entries []int64, message string) judge.Finding {
	f := judge.Finding{Rule: id, Message: message, Entries: entries}
	for _, r := range Rules() {
		if r.ID == id {
			f.Severity = r.Severity
		}
	}
	return f
}
