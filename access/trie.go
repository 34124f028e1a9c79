package access

import (
	"strings"
)

// node is one segment of the trie of one host. Every node has one parent, so a
// search visits each at most once, and a path no more than it has segments.
type node struct {
	literals map[string]*node
	capture  *node
	star     *node
	end      leaf // rules whose path ends here
	slash    leaf // rules whose path ends here with a slash
	deep     leaf // rules that go on with "**"
}

// leaf holds the rules of one pattern by verb.
type leaf struct {
	verbs map[string]*compiled
	any   *compiled
}

func (l *leaf) find(verb string) *compiled {
	if c := l.verbs[verb]; c != nil {
		return c
	}
	return l.any
}

// leaf returns the place of a pattern, and makes it where it is not there yet.
func (n *node) leaf(p pattern) *leaf {
	for _, s := range p.segments {
		switch s.kind {
		case deep:
			return &n.deep
		case capture:
			n = grow(&n.capture)
		case star:
			n = grow(&n.star)
		case literal:
			child := n.literals[s.text]
			if child == nil {
				if n.literals == nil {
					n.literals = map[string]*node{}
				}
				child = &node{}
				n.literals[s.text] = child
			}
			n = child
		}
	}
	if p.slash {
		return &n.slash
	}
	return &n.end
}

func grow(n **node) *node {
	if *n == nil {
		*n = &node{}
	}
	return *n
}

// match finds the most specific rule for a canonical path, or nil.
func (n *node) match(verb, path string) *compiled {
	if path == "/" {
		return n.find(verb, "", false)
	}
	return n.find(verb, path[1:], true)
}

// find searches below n. rest is what is left of the path, and more tells that
// a slash was before it: "" with more is a slash at the end.
func (n *node) find(verb, rest string, more bool) *compiled {
	if n == nil {
		return nil
	}
	if rest == "" {
		if more {
			if c := n.slash.find(verb); c != nil {
				return c
			}
		}
		if c := n.end.find(verb); c != nil {
			return c
		}
		return n.deep.find(verb)
	}
	seg, rest, more := strings.Cut(rest, "/")
	// An empty segment inside is in no canonical path; no segment matches it.
	if seg != "" {
		if c := n.literal(seg).find(verb, rest, more); c != nil {
			return c
		}
		if c := n.capture.find(verb, rest, more); c != nil {
			return c
		}
		if c := n.star.find(verb, rest, more); c != nil {
			return c
		}
	}
	return n.deep.find(verb)
}

// literal finds the child for a segment.
func (n *node) literal(seg string) *node {
	if len(n.literals) == 0 {
		return nil
	}
	if strings.IndexByte(seg, '%') < 0 {
		return n.literals[seg]
	}
	// One more than the longest literal: what is cut off there is equal to none.
	var buf [maxLiteral + 1]byte
	return n.literals[string(fold(buf[:0], seg))]
}
