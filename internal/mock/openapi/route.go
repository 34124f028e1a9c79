package openapi

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// route is the template of a path: segments of literal texts with parameters
// between them (OpenAPI has /files/{name}.{ext} too).
type route struct {
	segments [][]string // texts; between two texts stands a parameter
	fixed    int        // octets of literal text
}

func newRoute(template string) route {
	var r route
	for part := range strings.SplitSeq(strings.TrimPrefix(template, "/"), "/") {
		var texts []string
		for {
			before, rest, ok := strings.Cut(part, "{")
			_, after, closed := strings.Cut(rest, "}")
			if !ok || !closed {
				texts = append(texts, unescaped(part))
				r.fixed += len(part)
				break
			}
			texts = append(texts, unescaped(before))
			r.fixed += len(before)
			part = after
		}
		r.segments = append(r.segments, texts)
	}
	return r
}

func unescaped(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// splitPath is the segments of an escaped path, each decoded by itself.
func splitPath(escaped string) []string {
	parts := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i, p := range parts {
		parts[i] = unescaped(p)
	}
	return parts
}

func (r *route) match(path []string) bool {
	if len(path) != len(r.segments) {
		return false
	}
	for i, texts := range r.segments {
		if !fits(texts, path[i]) {
			return false
		}
	}
	return true
}

// fits tells whether s is the texts with something between each two of them.
func fits(texts []string, s string) bool {
	rest, ok := strings.CutPrefix(s, texts[0])
	if !ok {
		return false
	}
	for i, text := range texts[1:] {
		if rest == "" {
			return false // a parameter is not empty
		}
		if i == len(texts)-2 { // the last one is the end
			return strings.HasSuffix(rest[1:], text)
		}
		n := strings.Index(rest[1:], text)
		if n < 0 {
			return false
		}
		rest = rest[1+n+len(text):]
	}
	return rest == ""
}

// compare orders templates that match one path: concrete before templated ones
// (OpenAPI 3.1 section 4.8.8).
func (r *route) compare(o *route) int {
	for i := range min(len(r.segments), len(o.segments)) {
		if c := cmp.Compare(min(len(r.segments[i]), 2), min(len(o.segments[i]), 2)); c != 0 {
			return c
		}
	}
	return -cmp.Compare(r.fixed, o.fixed)
}

// bases are the paths of the servers, the longest first.
func bases(servers []string) []string {
	out := []string{""}
	for _, s := range servers {
		if u, err := url.Parse(s); err == nil {
			if base := strings.TrimSuffix(u.EscapedPath(), "/"); strings.HasPrefix(base, "/") && !slices.Contains(out, base) {
				out = append(out, base)
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}
