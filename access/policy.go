package access

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401"
)

// Policy is a compiled set of rules. It is immutable, and safe to be used by
// many goroutines. Nil and the zero value refuse every request.
type Policy struct {
	exact   map[string]*node // by host
	wild    map[string]*node // by domain
	longest int              // of the domains in wild
	all     *node            // rules for any host
	other   *compiled        // the default
	rules   []*compiled      // in the order they were given
	verbs   []string         // that rules speak of
}

// compiled is one rule, ready to be handed out.
type compiled struct {
	index   int
	rule    Rule
	host    string
	wild    bool
	pattern pattern
	verbs   []string // with HEAD where GET is
	owner   int      // segment that names the owner; -1 for none
	asks    gate401.Requirement
}

// Requirement says what is asked of r: a [gate401.Policy].
func (p *Policy) Requirement(r *gate401.Request) gate401.Requirement {
	if p == nil || p.other == nil || r.Path == "" || r.Path[0] != '/' {
		return gate401.Requirement{}
	}
	c := p.find(r.Method, bare(r.Host), r.Path)
	q := c.asks
	if c.owner >= 0 {
		q.Owner = unescaped(segmentOf(r.Path, c.owner))
	}
	return q
}

// Every says what is asked of r by any verb: what each rule asks that decides
// about one, once.
func (p *Policy) Every(r *gate401.Request) []gate401.Requirement {
	if p == nil || p.other == nil || r.Path == "" || r.Path[0] != '/' {
		return nil
	}
	var found []*compiled
	// The empty verb stands for all that no rule speaks of.
	for i := -1; i < len(p.verbs); i++ {
		verb := ""
		if i >= 0 {
			verb = p.verbs[i]
		}
		if c := p.find(verb, bare(r.Host), r.Path); !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	return requirements(found)
}

// All says what each rule asks, in the order they were given, and the default at
// the end. Owners, which depend on the path, are not in it.
func (p *Policy) All() []gate401.Requirement {
	if p == nil || p.other == nil {
		return nil
	}
	return requirements(append(slices.Clone(p.rules), p.other))
}

func requirements(rules []*compiled) []gate401.Requirement {
	out := make([]gate401.Requirement, len(rules))
	for i, c := range rules {
		out[i] = c.asks
	}
	return out
}

// find goes from the most specific host to the default.
func (p *Policy) find(verb, host, path string) *compiled {
	if len(p.exact) > 0 {
		if c := p.exact[host].over(verb, path); c != nil {
			return c
		}
	}
	if len(p.wild) > 0 {
		// Hosts are as long as a client likes: begin where a domain can match.
		for i := max(0, len(host)-p.longest-1); i < len(host); i++ {
			if host[i] != '.' || i == 0 {
				continue
			}
			if c := p.wild[host[i+1:]].over(verb, path); c != nil {
				return c
			}
		}
	}
	if c := p.all.over(verb, path); c != nil {
		return c
	}
	return p.other
}

// over is match for a node that may not be there.
func (n *node) over(verb, path string) *compiled {
	if n == nil {
		return nil
	}
	return n.match(verb, path)
}

// segmentOf is segment i of a path, from 0.
func segmentOf(path string, i int) string {
	for ; i >= 0; i-- {
		_, path, _ = strings.Cut(path, "/")
	}
	seg, _, _ := strings.Cut(path, "/")
	return seg
}

// unescaped decodes a captured value. What cannot be decoded belongs to nobody:
// a Requirement that is owned by "" lets nobody pass.
func unescaped(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	d, err := url.PathUnescape(s)
	if err != nil {
		return ""
	}
	return d
}
