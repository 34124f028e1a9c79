package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401"
)

// Limits of patterns. A literal that is longer than maxLiteral is refused, so
// that matching can compare decoded segments without allocating.
const (
	maxPattern = 2048
	maxLiteral = 256
)

// kind is what one segment of a pattern matches, the most specific first.
type kind uint8

const (
	literal kind = iota
	capture      // {name}
	star         // *
	deep         // **, at the end
)

// segment is one segment of a pattern. text is the literal in the spelling of
// fold, or the name of the capture.
type segment struct {
	kind kind
	text string
}

// pattern is a parsed path pattern. slash tells that it ends in a slash.
type pattern struct {
	segments []segment
	slash    bool
}

// parsePattern reads
//
//	pattern = "/" / 1*( "/" segment ) [ "/" ] / *( "/" segment ) "/**"
//	segment = literal / "{" name "}" / "*"
//	literal = 1*pchar in any spelling, without "{", "}" and "*"
//
// What no request can match after gate401.CanonicalPath is an error.
func parsePattern(s string) (pattern, error) {
	switch {
	case s == "":
		return pattern{}, errors.New("the path is missing; for all paths write /**")
	case s[0] != '/':
		return pattern{}, errors.New("the path does not begin with a slash")
	case len(s) > maxPattern:
		return pattern{}, fmt.Errorf("the path is longer than %d octets", maxPattern)
	case s == "/":
		return pattern{}, nil
	}
	var p pattern
	rest := s[1:]
	if strings.HasSuffix(rest, "/") {
		p.slash, rest = true, rest[:len(rest)-1]
	}
	for more := true; more; {
		var part string
		part, rest, more = strings.Cut(rest, "/")
		seg, err := parseSegment(part)
		if err != nil {
			return pattern{}, err
		}
		switch {
		case seg.kind == deep && (more || p.slash):
			return pattern{}, errors.New(`"**" stands for the whole rest and can only be the end`)
		case seg.kind == capture && slices.Contains(p.segments, seg):
			return pattern{}, fmt.Errorf("the capture {%s} is there twice", seg.text)
		}
		p.segments = append(p.segments, seg)
	}
	return p, nil
}

func parseSegment(s string) (segment, error) {
	switch {
	case s == "":
		return segment{}, errors.New("an empty segment matches no request")
	case s == "*":
		return segment{kind: star}, nil
	case s == "**":
		return segment{kind: deep}, nil
	case s[0] == '{' && strings.IndexByte(s, '}') == len(s)-1:
		name := s[1 : len(s)-1]
		if !isName(name) {
			return segment{}, fmt.Errorf("%q is no name for a capture: letters, digits and _, no digit first", name)
		}
		return segment{capture, name}, nil
	}
	if i := strings.IndexAny(s, "{}*"); i >= 0 {
		return segment{}, fmt.Errorf("%q: captures and * stand for whole segments (the character itself is written %%%02X)", s, s[i])
	}
	path, err := gate401.CanonicalPath("/" + s)
	if err != nil {
		return segment{}, fmt.Errorf("%q matches no request: %w", "/"+s, err)
	}
	text := string(fold(make([]byte, 0, len(path)), path[1:]))
	if len(text) > maxLiteral {
		return segment{}, fmt.Errorf("a segment is longer than %d octets", maxLiteral)
	}
	return segment{literal, text}, nil
}

// fold appends seg, a segment of a canonical path, in the spelling in which
// segments are compared: sub-delimiters, ":" and "@" decoded. They are pchar
// (RFC 3986 section 3.3), so a server that routes on decoded paths sees no
// difference, and neither must a rule. It stops when dst is full.
func fold(dst []byte, seg string) []byte {
	for i := 0; i < len(seg) && len(dst) < cap(dst); i++ {
		c := seg[i]
		if c == '%' && i+2 < len(seg) {
			if d := unhex(seg[i+1])<<4 | unhex(seg[i+2]); strings.IndexByte("!$&'()*+,=:@", d) >= 0 {
				c = d
				i += 2
			}
		}
		dst = append(dst, c)
	}
	return dst
}

// unhex reads a digit of a canonical path, where digits are upper case.
func unhex(c byte) byte {
	if c >= 'A' {
		return c - 'A' + 10
	}
	return c - '0'
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// index is the position of the capture called name, or -1.
func (p pattern) index(name string) int {
	return slices.Index(p.segments, segment{capture, name})
}

// shape is equal for patterns that match the same requests with the same rank:
// names of captures do not count.
func (p pattern) shape() string {
	var b strings.Builder
	for _, s := range p.segments {
		b.WriteByte('/')
		switch s.kind {
		case literal:
			// Literals hold no raw slash, brace or star of their own meaning:
			// a folded star is marked so that it is not taken for a wildcard.
			b.WriteString(strings.ReplaceAll(s.text, "*", "%2A"))
		case capture:
			b.WriteString("{}")
		case star:
			b.WriteByte('*')
		case deep:
			b.WriteString("**")
		}
	}
	if p.slash || len(p.segments) == 0 {
		b.WriteByte('/')
	}
	return b.String()
}

// compare orders patterns that match one path, the more specific first.
func (p pattern) compare(q pattern) int {
	for i := 0; i < len(p.segments) && i < len(q.segments); i++ {
		if c := int(p.segments[i].kind) - int(q.segments[i].kind); c != 0 {
			return c
		}
	}
	// Only "**" can make one longer than the other where both match, and a
	// path that ends is more specific.
	if c := len(p.segments) - len(q.segments); c != 0 {
		return c
	}
	switch {
	case p.slash && !q.slash:
		return -1
	case q.slash && !p.slash:
		return 1
	}
	return 0
}

// sample is a path that the pattern matches, with below appended as a segment
// where it is not empty. It is in the spelling of fold, which find takes too.
func (p pattern) sample(below string) string {
	var b strings.Builder
	for _, s := range p.segments {
		switch s.kind {
		case literal:
			b.WriteByte('/')
			b.WriteString(s.text)
		case capture, star:
			b.WriteString("/~")
		case deep:
			// It matches without anything more.
		}
	}
	if below != "" {
		b.WriteByte('/')
		b.WriteString(below)
	}
	if b.Len() == 0 || p.slash {
		b.WriteByte('/')
	}
	return b.String()
}
