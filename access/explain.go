package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401"
)

// Candidate is a rule whose host and path match a request.
type Candidate struct {
	// Index is that of the rule in the list, and -1 for the default.
	Index int
	// Rule is its name.
	Rule string
	// Won tells that this rule judges the request.
	Won bool
	// Why says in a few words why it won or did not.
	Why string
}

// Explain lists the rules whose host and path match a request, the most specific
// first and the default last, and says why the one that judges it won. path is
// canonical, as in gate401.Request. It is for people: it looks at every rule.
func (p *Policy) Explain(method, host, path string) []Candidate {
	if p == nil || p.other == nil || !strings.HasPrefix(path, "/") {
		return nil
	}
	host = bare(host)
	var all []*compiled
	for _, c := range p.rules {
		if matchHost(c.host, c.wild, host) && c.pattern.matches(path) {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, (*compiled).compare)
	var out []Candidate
	var winner *compiled
	for _, c := range append(all, p.other) {
		o := Candidate{Index: c.index, Rule: c.asks.Rule}
		switch {
		case len(c.verbs) > 0 && !slices.Contains(c.verbs, method):
			o.Why = fmt.Sprintf("is for %s only", strings.Join(c.verbs, ", "))
		case winner != nil:
			o.Why = c.behind(winner)
		default:
			winner, o.Won = c, true
			o.Why = "is the most specific rule that matches"
			if c.index < 0 {
				o.Why = "no rule matches"
			}
		}
		out = append(out, o)
	}
	return out
}

// behind says why c does not come before winner.
func (c *compiled) behind(winner *compiled) string {
	switch {
	case c.index < 0:
		return "is for what no rule matches"
	case c.rankHost() != winner.rankHost():
		return fmt.Sprintf("rule %q is for a more specific host", winner.asks.Rule)
	case c.pattern.compare(winner.pattern) != 0:
		return fmt.Sprintf("rule %q has a more specific path", winner.asks.Rule)
	}
	return fmt.Sprintf("rule %q lists the verb", winner.asks.Rule)
}

// rankHost is less for a more specific host, among those that match one host.
func (c *compiled) rankHost() int {
	switch {
	case c.host == "":
		return 0
	case c.wild:
		return -len(c.host)
	}
	return -1000
}

// compare orders rules that match one request, the most specific first.
func (c *compiled) compare(d *compiled) int {
	if n := c.rankHost() - d.rankHost(); n != 0 {
		return n
	}
	if n := c.pattern.compare(d.pattern); n != 0 {
		return n
	}
	return min(1, len(d.verbs)) - min(1, len(c.verbs))
}

// matches is the plain reading of a pattern, one segment after the other.
func (p pattern) matches(path string) bool {
	slash := len(path) > 1 && path[len(path)-1] == '/'
	if p.slash && !slash {
		return false
	}
	var parts []string
	if trimmed := strings.Trim(path, "/"); trimmed != "" {
		parts = strings.Split(trimmed, "/")
	}
	for i, s := range p.segments {
		if s.kind == deep {
			return true
		}
		if i >= len(parts) || parts[i] == "" {
			return false
		}
		if s.kind == literal && s.text != string(fold(make([]byte, 0, len(parts[i])), parts[i])) {
			return false
		}
	}
	return len(parts) == len(p.segments)
}

var _ gate401.Policy = (*Policy)(nil).Requirement
