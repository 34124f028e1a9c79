package judge

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gate401/gate401/internal/mock/journal"
)

// Entries judges what one client did in one session. The order of entries does
// not matter. The result is in the order of [Rules], with at most maxExamples
// findings of one rule; a right client gets none.
func Entries(entries []journal.Entry) []Finding {
	c := &court{steps: steps(entries), seen: map[RuleID]int{}}
	c.where()
	c.passwords()
	c.digests()
	c.tokens()
	c.refreshes()
	c.loops()
	order := map[RuleID]int{}
	for i, r := range Rules() {
		order[r.ID] = i
	}
	slices.SortStableFunc(c.found, func(a, b Finding) int { return cmp.Compare(order[a.Rule], order[b.Rule]) })
	return c.found
}

// maxExamples bounds how often one mistake is told.
const maxExamples = 3

// court is one case.
type court struct {
	steps []step
	found []Finding
	seen  map[RuleID]int
}

// fault notes a finding with the entries that prove it.
func (c *court) fault(id RuleID, proof []*step, format string, args ...any) {
	c.seen[id]++
	if c.seen[id] > maxExamples {
		return
	}
	rule, _ := Lookup(id)
	f := Finding{Rule: id, Severity: rule.Severity, Message: fmt.Sprintf(format, args...)}
	for _, s := range proof {
		f.Entries = append(f.Entries, s.ID)
	}
	c.found = append(c.found, f)
}

// each calls f for every step of a kind.
func (c *court) each(k kind, f func(i int, s *step)) {
	for i := range c.steps {
		if c.steps[i].kind == k {
			f(i, &c.steps[i])
		}
	}
}
