package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
)

var (
	someSegments = []string{"a", "b", "é", "x@y", "{p}", "{q}", "*", "**"}
	someHosts    = []string{"", "h.example", "*.example", "*.h.example", "a.h.example"}
	someVerbs    = []string{"GET", "HEAD", "POST", "X"}
)

func drawRules(t *rapid.T) []access.Rule {
	var rules []access.Rule
	seen := map[string]bool{}
	for i := range rapid.IntRange(0, 12).Draw(t, "rules") {
		var path strings.Builder
		for range rapid.IntRange(0, 4).Draw(t, "depth") {
			s := rapid.SampledFrom(someSegments).Draw(t, "segment")
			if strings.Contains(path.String(), "**") || (s[0] == '{' && strings.Contains(path.String(), s)) {
				break
			}
			path.WriteString("/" + s)
		}
		if path.Len() == 0 || (!strings.HasSuffix(path.String(), "**") && rapid.Bool().Draw(t, "slash")) {
			path.WriteByte('/')
		}
		r := access.Rule{Name: fmt.Sprint(i), Path: path.String(), Host: rapid.SampledFrom(someHosts).Draw(t, "host")}
		if v := rapid.SampledFrom([]string{"", "GET", "POST"}).Draw(t, "verb"); v != "" {
			r.Verbs = []string{v}
		}
		key := fmt.Sprint(r.Host, strings.NewReplacer("{p}", "{}", "{q}", "{}").Replace(r.Path), r.Verbs)
		if !seen[key] {
			seen[key] = true
			rules = append(rules, r)
		}
	}
	return rules
}

func drawPath(t *rapid.T) string {
	var path strings.Builder
	for range rapid.IntRange(0, 5).Draw(t, "depth") {
		path.WriteString("/" + rapid.SampledFrom([]string{"a", "b", "é", "x@y", "x%40y", "%61", "z", "%C3%A9", "*"}).Draw(t, "part"))
	}
	if path.Len() == 0 || rapid.Bool().Draw(t, "slash") {
		path.WriteByte('/')
	}
	return path.String()
}

// naive is the documentation read word by word: all that match, sorted.
func naive(rules []access.Rule, verb, host, path string) string {
	slash := path != "/" && strings.HasSuffix(path, "/")
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	best, bestRank := access.DefaultRule, ""
	for _, r := range rules {
		rank := ""
		switch suffix, wild := strings.CutPrefix(r.Host, "*"); {
		case r.Host == "":
			rank = "9 "
		case wild && strings.HasSuffix(host, suffix) && len(host) > len(suffix):
			rank = fmt.Sprintf("5%03d ", 999-len(suffix))
		case r.Host == host:
			rank = "0 "
		default:
			continue
		}
		if len(r.Verbs) > 0 && r.Verbs[0] != verb && (r.Verbs[0] != "GET" || verb != "HEAD") {
			continue
		}
		want := strings.FieldsFunc(r.Path, func(c rune) bool { return c == '/' })
		ok := true
		for i, w := range want {
			if w == "**" {
				rank += "4"
				parts = parts[:len(parts):len(parts)]
				break
			}
			if i >= len(parts) {
				ok = false
				break
			}
			switch {
			case w[0] == '{':
				rank += "2"
			case w == "*":
				rank += "3"
			case w == parts[i]:
				rank += "1"
			default:
				ok = false
			}
		}
		open := strings.HasSuffix(r.Path, "**")
		if !ok || (!open && len(want) != len(parts)) {
			continue
		}
		if r.Path != "/" && strings.HasSuffix(r.Path, "/") {
			if !slash {
				continue
			}
			rank += " 0"
		} else {
			rank += " 1"
		}
		rank += fmt.Sprint(" ", 1-len(r.Verbs))
		if bestRank == "" || rank < bestRank {
			best, bestRank = r.Name, rank
		}
	}
	return best
}

// decoded is the spelling in which the naive matcher compares.
func decoded(path string) string {
	return strings.NewReplacer("%40", "@", "%61", "a", "%C3%A9", "é").Replace(path)
}

func TestTrieAgreesWithNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		p, err := access.Compile(rules, access.Rule{}, anyMethods)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			path := drawPath(t)
			verb := rapid.SampledFrom(someVerbs).Draw(t, "verb")
			host := rapid.SampledFrom([]string{"", "h.example", "a.h.example", "b.h.example", "z.example", "example"}).Draw(t, "host")
			canonical, err := gate401.CanonicalPath(path)
			if err != nil {
				t.Fatal(err)
			}
			got := p.Requirement(&gate401.Request{Method: verb, Host: host, Path: canonical}).Rule
			if want := naive(rules, verb, host, decoded(path)); got != want {
				t.Fatalf("%s %s%s: rule %s, want %s", verb, host, path, got, want)
			}
			candidates := p.Explain(verb, host, canonical)
			i := slices.IndexFunc(candidates, func(c access.Candidate) bool { return c.Won })
			if i < 0 || candidates[i].Rule != got {
				t.Fatalf("%s %s%s: explained as %+v, judged by %s", verb, host, path, candidates, got)
			}
		}
	})
}

// TestSpellingDoesNotMatter holds that however a path is written, what
// CanonicalPath accepts is judged by the rule of the plain spelling.
func TestSpellingDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		p, err := access.Compile(rules, access.Rule{}, anyMethods)
		if err != nil {
			t.Fatal(err)
		}
		plain := drawPath(t)
		var spelt strings.Builder
		for i := range len(decoded(plain)) {
			c := decoded(plain)[i]
			switch {
			case c != '/' && rapid.Bool().Draw(t, "encode"):
				fmt.Fprintf(&spelt, rapid.SampledFrom([]string{"%%%02X", "%%%02x"}).Draw(t, "case"), c)
			default:
				spelt.WriteByte(c)
			}
		}
		ruleOf := func(path string) string {
			canonical, err := gate401.CanonicalPath(path)
			if err != nil {
				t.Fatal(err)
			}
			return p.Requirement(&gate401.Request{Method: "GET", Path: canonical}).Rule
		}
		if a, b := ruleOf(plain), ruleOf(spelt.String()); a != b {
			t.Fatalf("%s is judged by %s, %s by %s", plain, a, spelt.String(), b)
		}
	})
}
