package access

import (
	"strings"
	"testing"

	"github.com/gate401/gate401"
)

// FuzzParsePattern holds that a pattern that is accepted can match: its own
// sample is canonical once spelt out, and found by both ways of matching.
func FuzzParsePattern(f *testing.F) {
	for _, s := range []string{"/", "/**", "/orders", "/orders/", "/orders/*", "/users/{user}/orders/**", "/caf%C3%A9", "/café",
		"/a@b", "/a%40b", "/%2A", "/{a}/{a}", "/x//y", "/..", "/{", "/a*", "/**/x", "/%2f", "/a;b", "/%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePattern(s)
		if err != nil {
			if p.segments != nil || p.slash {
				t.Fatalf("an error and a pattern: %v", p)
			}
			return
		}
		path, err := gate401.CanonicalPath(p.sample(""))
		if err != nil {
			t.Fatalf("%q matches no request: sample %q: %v", s, p.sample(""), err)
		}
		if !p.matches(path) {
			t.Fatalf("%q does not match its sample %q", s, path)
		}
		c := &compiled{}
		root := &node{}
		root.leaf(p).any = c
		if root.match("GET", path) != c {
			t.Fatalf("%q: the trie does not find %q", s, path)
		}
		if strings.ContainsAny(s, "{}*") || strings.Contains(path, "*") {
			return
		}
		q, err := parsePattern(path)
		if err != nil || q.shape() != p.shape() {
			t.Fatalf("%q and its canonical form %q differ: %v", s, path, err)
		}
	})
}
