package mock

import (
	"strings"

	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/gate401/gate401/internal/mock/page"
	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/internal/mock/world"
)

// groupTitles say in the page what each group of scenarios is about.
func groupTitles() map[scenario.Group]string {
	return map[scenario.Group]string{
		scenario.GroupReason:     "The refusals of the catalogue, as the gate writes them",
		scenario.GroupChallenge:  "Challenges that are missing, broken or unusual",
		scenario.GroupStatus:     "Refusals with another status than the right one",
		scenario.GroupAnswer:     "Bodies and fields that surprise",
		scenario.GroupConnection: "Connections that end early",
		scenario.GroupNetwork:    "Proxies and redirects",
		scenario.GroupClock:      "Clocks that disagree",
		scenario.GroupCounter:    "Refusals that come and go",
		scenario.GroupKeys:       "Key sets, for whoever verifies tokens",
		scenario.GroupToken:      "Access tokens, in a session",
		scenario.GroupRefresh:    "The token endpoint, in a session",
	}
}

// newPage makes the page in the browser from what the mock can do.
func newPage() *page.Page {
	p := &page.Page{
		AccessFaults: choices(world.AccessFaultTexts()), RefreshFaults: choices(world.RefreshFaultTexts()),
		Commands: commands(), Inspector: ownPrefix + "token", Guide: guidePrefix,
	}
	for _, f := range endpoint.Faults() {
		p.Faults = append(p.Faults, page.Choice{Value: string(f), Text: f.Text()})
	}
	titles := groupTitles()
	at := map[scenario.Group]int{}
	for _, g := range scenario.Groups() {
		at[g] = len(p.Groups)
		p.Groups = append(p.Groups, page.Group{ID: string(g), Title: titles[g]})
	}
	for _, s := range scenario.All() {
		g := &p.Groups[at[s.Group]]
		if s.Group == scenario.GroupReason {
			// The rest is on the page of the reason.
			if first, _, more := strings.Cut(s.Explain, ". "); more {
				s.Explain = first + "."
			}
		}
		g.Scenarios = append(g.Scenarios, page.Scenario{
			Name: s.Name, Title: s.Title, Explain: s.Explain, Path: s.Path, Expect: s.Expect.Sentence, Reason: s.Reason,
		})
	}
	return p
}

func choices(faults []world.Fault) []page.Choice {
	out := make([]page.Choice, len(faults))
	for i, f := range faults {
		out[i] = page.Choice{Value: f.Name, Text: f.Text}
	}
	return out
}

// commands are the buttons of a session.
func commands() []page.Command {
	return []page.Command{
		{Title: "Expire the access tokens", JSON: `{"do":"expire-access-tokens"}`},
		{Title: "Revoke the access tokens", JSON: `{"do":"revoke-access-tokens"}`},
		{Title: "End all logins", JSON: `{"do":"revoke-family"}`},
		{Title: "Refuse the next request", JSON: `{"do":"refuse-next"}`},
		{Title: "Fail the next refresh", JSON: `{"do":"fail-next-refresh"}`},
		{Title: "Lose the next refresh's answer", JSON: `{"do":"fail-next-refresh","fault":"lost-answer"}`},
		{Title: "Rotate the signing key", JSON: `{"do":"rotate-keys"}`},
		{Title: "Forget the old keys", JSON: `{"do":"forget-keys"}`},
		{Title: "Clock ten minutes on", JSON: `{"do":"advance-clock","by":"10m"}`},
		{Title: "Begin again", JSON: `{"do":"reset"}`},
	}
}
