package cli

import (
	"strings"

	"github.com/gate401/gate401/mock"
)

// scenarioTable has a path in every line, to be searched and copied.
func (a *app) scenarioTable(all []mock.Scenario) string {
	if !a.wide && a.style.Width < 110 {
		return a.scenarioGroups(all)
	}
	var rows [][]string
	for _, s := range all {
		title := s.Title
		if s.Simulated {
			title += " (simulated)"
		}
		rows = append(rows, []string{s.Path, string(s.Group), string(s.Expect.Do), title})
	}
	return a.table([]string{"path", "group", "a right client", "what happens"}, rows)
}

// scenarioGroups is for a terminal where the paths leave no room for what happens:
// the part of them that is the same for a group stands above it once.
func (a *app) scenarioGroups(all []mock.Scenario) string {
	var rows [][]string
	above, note := "", ""
	for _, s := range all {
		if pattern := strings.Replace(s.Path, s.Name, "NAME", 1); string(s.Group)+pattern != above {
			above = string(s.Group) + pattern
			rows = append(rows, []string{"", "", ""}, []string{a.style.Bold(string(s.Group)) + "  " + a.style.Faint(pattern), "", ""})
		}
		title := s.Title
		if s.Simulated {
			title, note = title+"*", "\n* simulated: the gate cannot find it yet\n"
		}
		rows = append(rows, []string{s.Name, string(s.Expect.Do), title})
	}
	return a.table([]string{"name", "a right client", "what happens"}, rows) + note
}
