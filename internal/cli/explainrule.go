package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/mock/judge"
	"github.com/gate401/gate401/internal/trial"
	"github.com/gate401/gate401/reason"
)

// idReport explains an id that reports show in brackets: of a rule by which a
// cause is recognised, of a finding in a field, of a rule by which "mock judge"
// judges a client, or of several of them; or the code of an answer that a gate
// gives in place of the API behind it.
type idReport struct {
	Rule     *ruleEntry            `json:"rule,omitempty"`
	Finding  *httpauth.FindingInfo `json:"finding,omitempty"`
	Judgment *judge.Rule           `json:"judgment,omitempty"`
	Answer   *explain.Answer       `json:"answer,omitempty"`
}

type ruleEntry struct {
	ID      string         `json:"id"`
	Title   string         `json:"title"`
	Explain string         `json:"explain"`
	Example string         `json:"example"`
	Fault   diagnose.Fault `json:"fault"`
	Reason  reason.Code    `json:"reason,omitempty"`
	Spec    string         `json:"spec"`
}

// lookupID finds what an id in a report stands for. Reasons of the catalogue are
// looked up before.
func lookupID(id string) (r idReport, ok bool) {
	id = strings.ToLower(strings.Trim(strings.TrimSpace(id), "[]"))
	for _, rule := range diagnose.Rules() {
		if rule.ID == id {
			r.Rule, ok = &ruleEntry{rule.ID, rule.Title, rule.Explain, rule.Example, rule.Fault, rule.Reason, rule.Spec}, true
		}
	}
	if info, found := httpauth.LookupFinding(httpauth.FindingID(id)); found {
		r.Finding, ok = &info, true
	}
	for _, rule := range trial.AllRules() {
		if string(rule.ID) == id {
			r.Judgment, ok = &rule, true
		}
	}
	if answer, found := explain.LookupAnswer(id); found {
		r.Answer, ok = &answer, true
	}
	return r, ok
}

// idNames are all ids with their titles, those of the reasons first.
func idNames() [][2]string {
	var out [][2]string
	add := func(id, title string) {
		if !slices.ContainsFunc(out, func(have [2]string) bool { return have[0] == id }) {
			out = append(out, [2]string{id, title})
		}
	}
	for _, i := range reason.All() {
		add(string(i.Code), fmt.Sprintf("%d %s", i.Status, i.Title))
	}
	for _, r := range diagnose.Rules() {
		add(r.ID, r.Title)
	}
	for _, f := range httpauth.Findings() {
		add(string(f.ID), f.Title)
	}
	for _, x := range explain.Answers() {
		add(x.Code, x.Title)
	}
	for _, r := range trial.AllRules() {
		add(string(r.ID), r.Title)
	}
	return out
}

// closestID is the id that was meant; empty if none is near.
func closestID(id string) string {
	var names []string
	for _, n := range idNames() {
		names = append(names, n[0])
	}
	return closest(strings.ToLower(id), names)
}

func completeIDs(_ *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, n := range idNames() {
		if strings.HasPrefix(n[0], toComplete) {
			out = append(out, n[0]+"\t"+n[1])
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) explainID(f explainFlags, r idReport) error {
	if f.asJSON {
		return a.json(r)
	}
	s := a.style
	var b strings.Builder
	if rule := r.Rule; rule != nil {
		side := map[diagnose.Fault]string{diagnose.Client: "the client", diagnose.Server: "the server", diagnose.Between: "something between client and server"}[rule.Fault]
		b.WriteString(s.Bold(rule.ID) + "  " + s.Faint("a cause that explain recognises") + "\n\n" + s.Wrap("", sentence(rule.Title)) + "\n" + s.Wrap("", rule.Explain))
		b.WriteString("\n" + s.Bold("How it looks") + "\n")
		for line := range strings.SplitSeq(rule.Example, "\n") {
			b.WriteString("  " + explain.Visible(line) + "\n")
		}
		rows := [][2]string{{"to change", side}}
		if rule.Reason != "" {
			rows = append(rows, [2]string{"reason", string(rule.Reason) + s.Faint(" (gate401 explain "+string(rule.Reason)+")")})
		}
		b.WriteString("\n" + s.Pairs("", append(rows, [2]string{"defined in", rule.Spec})))
	}
	if info := r.Finding; info != nil {
		if r.Rule != nil {
			b.WriteString("\n")
		}
		b.WriteString(s.Bold(string(info.ID)) + "  " + s.Faint("a finding in a field, "+string(info.Severity)) + "\n\n" + s.Wrap("", sentence(info.Title)) + "\n" + s.Wrap("", info.Explain))
		if info.Section != "" {
			b.WriteString("\n" + s.Pairs("", [][2]string{{"defined in", info.Section}}))
		}
	}
	if rule := r.Judgment; rule != nil {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(s.Bold(string(rule.ID)) + "  " + s.Faint("a "+string(rule.Severity)+" of a client, found by mock judge") + "\n\n" + s.Wrap("", sentence(rule.Title)) + "\n" + s.Wrap("", rule.Why))
		rows := [][2]string{{"to change", rule.Fix}}
		if rule.Section != "" {
			rows = append(rows, [2]string{"defined in", rule.Section})
		}
		b.WriteString("\n" + s.Pairs("", rows))
	}
	if r.Answer != nil {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(r.Answer.Text(s))
	}
	a.print(b.String())
	return nil
}

func sentence(title string) string { return strings.TrimSuffix(title, ".") + "." }
