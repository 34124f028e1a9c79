package access

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Warning is something that the rules allow and that is probably not meant.
type Warning struct {
	// Index is that of the rule in the list, and -1 for the default.
	Index int
	// Rule is its name.
	Rule string
	// Field is the field that it is about, as in [Error].
	Field string
	// Message says what happens, and Hint what to write instead.
	Message, Hint string
}

// maxHostLint bounds the work of comparing hosts with each other.
const maxHostLint = 100

// Lint looks for holes: requests that look covered by a rule and are judged by
// one that asks less.
func (p *Policy) Lint() []Warning {
	if p == nil || p.other == nil {
		return nil
	}
	var all []Warning
	for _, c := range p.rules {
		all = append(all, p.lintVerbs(c)...)
		all = append(all, p.lintBelow(c)...)
		all = append(all, p.lintSlash(c)...)
		all = append(all, p.lintStar(c)...)
		all = append(all, p.lintHosts(c)...)
	}
	if p.other.asks.Open {
		all = append(all, Warning{Index: -1, Rule: DefaultRule, Field: "allow",
			Message: "everything that no rule matches is open to anyone",
			Hint:    "let the default ask for some proof, and list what is open"})
	}
	return append(all, p.lintHostSaid()...)
}

// lintVerbs finds verbs that a rule does not list and that are judged laxer.
func (p *Policy) lintVerbs(c *compiled) []Warning {
	if len(c.verbs) == 0 {
		return nil
	}
	var targets []*compiled
	lax := map[*compiled][]string{}
	for _, v := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if slices.Contains(c.verbs, v) {
			continue
		}
		other := p.find(v, c.sampleHost(), c.pattern.sample(""))
		if len(other.verbs) > 0 && other.host == c.host && other.pattern.shape() == c.pattern.shape() {
			// Somebody thought of this verb.
			continue
		}
		if other.laxer(c) {
			if lax[other] == nil {
				targets = append(targets, other)
			}
			lax[other] = append(lax[other], v)
		}
	}
	var all []Warning
	for _, other := range targets {
		all = append(all, Warning{c.index, c.asks.Rule, "verbs",
			fmt.Sprintf("%s %s goes to %q, which asks less", strings.Join(lax[other], ", "), c.rule.Path, other.asks.Rule),
			"leave out verbs, or add a rule for the others"})
	}
	return all
}

// lintBelow finds a protected path below which less is asked.
func (p *Policy) lintBelow(c *compiled) []Warning {
	n := len(c.pattern.segments)
	if n == 0 || c.pattern.segments[n-1].kind == deep || len(c.asks.Groups) == 0 {
		// A scope or an owner is often for one resource; a group for an area.
		return nil
	}
	verb := http.MethodGet
	if len(c.verbs) > 0 {
		verb = c.verbs[0]
	}
	below := c.pattern
	below.slash = false
	other := p.find(verb, c.sampleHost(), below.sample("~"))
	if !other.laxer(c) {
		return nil
	}
	return []Warning{{c.index, c.asks.Rule, "path",
		fmt.Sprintf("what is below %s goes to %q, which asks less", c.rule.Path, other.asks.Rule),
		fmt.Sprintf("write %s/** to cover both", strings.TrimSuffix(c.rule.Path, "/"))}}
}

// lintSlash finds a protected path that ends in a slash while less is asked
// without it: most servers answer both alike.
func (p *Policy) lintSlash(c *compiled) []Warning {
	if !c.pattern.slash || len(c.pattern.segments) == 0 {
		return nil
	}
	verb := http.MethodGet
	if len(c.verbs) > 0 {
		verb = c.verbs[0]
	}
	bare := c.pattern
	bare.slash = false
	other := p.find(verb, c.sampleHost(), bare.sample(""))
	if !other.laxer(c) {
		return nil
	}
	path := strings.TrimSuffix(c.rule.Path, "/")
	return []Warning{{c.index, c.asks.Rule, "path",
		fmt.Sprintf("%s, without the slash, goes to %q, which asks less", path, other.asks.Rule),
		fmt.Sprintf("write %s/** to cover both, or repeat the rule for %s", path, path)}}
}

// lintStar finds a rule that another hides: a capture and "*" match the same.
func (p *Policy) lintStar(c *compiled) []Warning {
	verbs := c.verbs
	if len(verbs) == 0 {
		verbs = []string{"~"}
	}
	if !slices.ContainsFunc(c.pattern.segments, func(s segment) bool { return s.kind == star }) {
		return nil
	}
	other := c
	for _, v := range verbs {
		if other = p.find(v, c.sampleHost(), c.pattern.sample("")); other == c {
			return nil
		}
	}
	return []Warning{{c.index, c.asks.Rule, "path",
		fmt.Sprintf("never reached: rule %q matches the same requests first", other.asks.Rule),
		"remove one of the two"}}
}

// lintHosts finds a rule for a host that hides a stricter one for any host.
func (p *Policy) lintHosts(c *compiled) []Warning {
	if c.host != "" || len(p.exact)+len(p.wild) == 0 {
		return nil
	}
	verb := http.MethodGet
	if len(c.verbs) > 0 {
		verb = c.verbs[0]
	}
	seen := 0
	for _, o := range p.rules {
		if o.host == "" {
			continue
		}
		if seen++; seen > maxHostLint {
			break
		}
		other := p.find(verb, o.sampleHost(), c.pattern.sample(""))
		if other != o || !other.laxer(c) {
			continue
		}
		return []Warning{{other.index, other.asks.Rule, "host",
			fmt.Sprintf("on %s it comes before %q, which asks more", other.rule.Host, c.asks.Rule),
			"repeat the stricter rule for that host"}}
	}
	return nil
}

// lintHostSaid finds a rule that another Host field gets around.
func (p *Policy) lintHostSaid() []Warning {
	for _, c := range p.rules {
		if c.host == "" {
			continue
		}
		verb := http.MethodGet
		if len(c.verbs) > 0 {
			verb = c.verbs[0]
		}
		if other := p.find(verb, "", c.pattern.sample("")); other.laxer(c) {
			return []Warning{{c.index, c.asks.Rule, "host",
				fmt.Sprintf("under any other host name %s goes to %q, which asks less, and the client chooses the name", c.rule.Path, other.asks.Rule),
				"leave out the host, or let the default admit nobody"}}
		}
	}
	return nil
}

// laxer tells whether c asks less than another in some respect.
func (c *compiled) laxer(than *compiled) bool {
	a, b := &c.asks, &than.asks
	switch {
	case c == than || c.rule.Nobody:
		return false
	case than.rule.Nobody:
		return true
	case b.Open:
		return !addressesWithin(a.Addresses, b.Addresses)
	case a.Open:
		return true
	}
	return len(b.Groups) > 0 && len(a.Groups) == 0 ||
		len(b.Scopes) > 0 && len(a.Scopes) == 0 ||
		b.Owned && !a.Owned && len(a.Groups) == 0 ||
		b.MaxAge > 0 && a.MaxAge == 0 ||
		!addressesWithin(a.Addresses, b.Addresses)
}

// addressesWithin tells whether a asks for networks where b does.
func addressesWithin[T any](a, b []T) bool { return len(b) == 0 || len(a) > 0 }

// sampleHost is a host that the rule matches.
func (c *compiled) sampleHost() string {
	if c.wild {
		return "~." + c.host
	}
	return c.host
}
