package trial

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/internal/nearest"
)

// Plan is a scenario that a client is run through, or why it is not.
type Plan struct {
	Scenario scenario.Scenario
	Skip     string // empty if it is run
}

// Choose says which scenarios fit a client that uses those things; nil means that
// it can do anything. Scenarios that a client of an API does not meet, and those
// that need a browser, are not for a trial.
func Choose(uses []string) []Plan {
	var all []Plan
	for _, s := range scenario.All() {
		p := Plan{Scenario: s}
		switch {
		case s.Group == scenario.GroupKeys:
			p.Skip = "for those who verify tokens"
		case s.Name == "redirect-to-https":
			p.Skip = "begins with http, where a client cannot be right"
		case s.Name == "preflight-401":
			p.Skip = "browsers alone send preflights"
		case s.Group == scenario.GroupRefresh && !can(uses, "refresh", "login"):
			p.Skip = "needs a client with a refresh token"
		case s.Group == scenario.GroupToken && !can(uses, "token", "refresh", "login"):
			p.Skip = "needs a client with a token"
		}
		all = append(all, p)
	}
	return all
}

// Groups are the groups of the scenarios that Only takes, in their order.
func Groups() []string {
	var all []string
	for _, g := range scenario.Groups() {
		if g != scenario.GroupKeys {
			all = append(all, string(g))
		}
	}
	return all
}

// UnknownError says that Only names neither a scenario nor a group.
type UnknownError struct {
	// Name is what was asked for, Near what was probably meant; empty for nothing.
	Name, Near string
}

// Error names what was asked for.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("no scenario and no group is named %q", e.Name)
}

func unknown(name string) error {
	e := &UnknownError{Name: name}
	least := max(2, len(name)/3) + 1
	words := Groups()
	for _, s := range scenario.All() {
		words = append(words, s.Name)
	}
	for _, w := range words {
		if len(name) > 64 {
			break
		}
		if n := nearest.Slips(strings.ToLower(name), w); n < least {
			least, e.Near = n, w
		}
	}
	return e
}

// can tells whether a client that uses those things can do one of what.
func can(uses []string, what ...string) bool {
	return len(uses) == 0 || slices.ContainsFunc(what, func(w string) bool { return slices.Contains(uses, w) })
}

// secure tells whether a scenario is about https.
func secure(s scenario.Scenario) bool { return s.Name == "redirect-to-http" }
