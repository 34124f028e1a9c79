package endpoint

import (
	"net/url"
	"slices"
	"strings"
)

// maxPath bounds patterns.
const maxPath = 2048

// kinds of segments, the most specific first.
const (
	literal = iota
	capture // {name}
	star    // *
	deep    // **, at the end
)

type segment struct {
	kind int
	text string // a literal decoded, or the name of a capture
}

// pattern is a parsed path. A slash at its end counts, unlike in the rules of a
// gate: a mock shows how exact a client is.
type pattern []segment

// parsePattern reads
//
//	pattern = "/" [ segment *( "/" segment ) ]
//	segment = literal / "{" name "}" / "*" / "**"
func parsePattern(s string) (pattern, error) {
	switch {
	case s == "":
		return nil, fail("such as /orders or /users/{id}; /** for all", "the path is missing")
	case strings.Contains(s, "://"):
		return nil, fail("leave out scheme and host", "%s is an address, and a path is wanted", quote(s))
	case s[0] != '/':
		return nil, fail("write "+quote("/"+s), "the path does not begin with a slash")
	case len(s) > maxPath:
		return nil, fail("", "the path is longer than %d octets", maxPath)
	case strings.ContainsAny(s, "?#"):
		return nil, fail(`for the query write a condition: match: ["query page equals 2"]`, "the path has a %q", s[strings.IndexAny(s, "?#")])
	case s == "/__mock" || strings.HasPrefix(s, "/__mock/"):
		return nil, fail("", "/__mock/ is the mock's own")
	}
	var p pattern
	parts := strings.Split(s[1:], "/")
	for i, part := range parts {
		seg := segment{literal, ""}
		switch {
		case part == "*":
			seg.kind = star
		case part == "**":
			seg.kind = deep
			if i < len(parts)-1 {
				return nil, fail("", `"**" stands for the whole rest and can only be the end`)
			}
		case strings.HasPrefix(part, "{") && strings.IndexByte(part, '}') == len(part)-1:
			seg = segment{capture, part[1 : len(part)-1]}
			if !isName(seg.text) {
				return nil, fail("letters, digits and _, no digit first", "%s is no name for a parameter", quote(seg.text))
			}
			if slices.Contains(p, seg) {
				return nil, fail("", "the parameter {%s} is there twice", seg.text)
			}
		case strings.ContainsAny(part, "{}*"):
			return nil, fail("write /users/{id}/edit, not /users/x{id}", "%s: parameters and * stand for whole segments", quote(part))
		default:
			text, err := url.PathUnescape(part)
			if err != nil {
				return nil, fail("a percent sign itself is %25", "%s: a percent sign without two hexadecimal digits", quote(part))
			}
			if part == "" && i < len(parts)-1 || part == "." || part == ".." {
				return nil, fail("", "the path has an empty, \".\" or \"..\" segment, which no client sends")
			}
			seg.text = text
		}
		p = append(p, seg)
	}
	return p, nil
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// split is the segments of an escaped path, each decoded by itself: an encoded
// slash is part of its segment.
func split(escaped string) ([]string, bool) {
	if !strings.HasPrefix(escaped, "/") {
		return nil, false
	}
	parts := strings.Split(escaped[1:], "/")
	for i, part := range parts {
		var err error
		if parts[i], err = url.PathUnescape(part); err != nil {
			return nil, false
		}
	}
	return parts, true
}

// match tells whether the segments of a path fit.
func (p pattern) match(path []string) bool {
	for i, seg := range p {
		if seg.kind == deep {
			return true // also for nothing: /files/** is /files too
		}
		if i >= len(path) {
			return false
		}
		if seg.kind == literal && seg.text != path[i] || seg.kind != literal && path[i] == "" {
			return false
		}
	}
	return len(p) == len(path)
}

// params are the values of the captures of a path that matches.
func (p pattern) params(path []string) map[string]string {
	var out map[string]string
	for i, seg := range p {
		if seg.kind == capture {
			if out == nil {
				out = map[string]string{}
			}
			out[seg.text] = path[i]
		}
	}
	return out
}

// compare orders patterns that match one path, the more specific first.
func (p pattern) compare(q pattern) int {
	for i := range min(len(p), len(q)) {
		if c := p[i].kind - q[i].kind; c != 0 {
			return c
		}
	}
	return len(p) - len(q)
}
