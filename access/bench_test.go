package access_test

import (
	"fmt"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
)

// many makes n rules of the kinds that files have.
func many(n int) []access.Rule {
	rules := make([]access.Rule, 0, n)
	for i := range n {
		switch i % 4 {
		case 0:
			rules = append(rules, access.Rule{Path: fmt.Sprintf("/v1/things%d/**", i)})
		case 1:
			rules = append(rules, access.Rule{Path: fmt.Sprintf("/v1/users/{user}/r%d", i), Owner: "{user}"})
		case 2:
			rules = append(rules, access.Rule{Path: fmt.Sprintf("/v1/users/*/s%d/*", i), Verbs: []string{"GET"}})
		case 3:
			rules = append(rules, access.Rule{Host: fmt.Sprintf("h%d.example.com", i), Path: "/**"})
		}
	}
	return rules
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := compile(b, access.Rule{}, many(n)...)
			r := &gate401.Request{Method: "GET", Host: "api.example.com", Path: "/v1/users/ada/r5"}
			if q := p.Requirement(r); q.Owner != "ada" {
				b.Fatalf("%+v", q)
			}
			b.ReportAllocs()
			for b.Loop() {
				p.Requirement(r)
			}
		})
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	p := compile(t, access.Rule{}, append(many(100), access.Rule{Path: "/café/@me/**"}, access.Rule{Host: "*.example.org", Path: "/x"})...)
	for _, r := range []*gate401.Request{
		{Method: "GET", Path: "/v1/users/ada/r5"},
		{Method: "POST", Path: "/caf%C3%A9/%40me/x"},
		{Method: "GET", Host: "a.b.example.org", Path: "/nothing/here/"},
	} {
		if n := testing.AllocsPerRun(100, func() { p.Requirement(r) }); n != 0 {
			t.Errorf("%s%s: %v allocations", r.Host, r.Path, n)
		}
	}
}
