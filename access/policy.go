package access

import (
	"net/url"
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
