package access_test

import (
	"slices"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
)

// Every names each rule that decides about a URL for some verb, once.
func TestEvery(t *testing.T) {
	p := compile(t, access.Rule{},
		access.Rule{Name: "read", Path: "/orders/**", Verbs: []string{"GET"}},
		access.Rule{Name: "drop", Path: "/orders/{id}", Verbs: []string{"DELETE"}},
		access.Rule{Name: "any", Path: "/orders/**"},
		access.Rule{Name: "shop", Host: "shop.example", Path: "/orders/7", Verbs: []string{"POST"}},
	)
	for _, tt := range []struct {
		host, path string
		want       []string
	}{
		{"", "/orders", []string{"any", "read"}},
		{"", "/orders/7", []string{"any", "read", "drop"}},
		{"shop.example", "/orders/7", []string{"any", "read", "drop", "shop"}},
		{"", "/else", []string{"default"}},
		{"", "", nil},
	} {
		var got []string
		for _, q := range p.Every(&gate401.Request{Host: tt.host, Path: tt.path}) {
			got = append(got, q.Rule)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s%s: %q, want %q", tt.host, tt.path, got, tt.want)
		}
	}
	var all []string
	for _, q := range p.All() {
		all = append(all, q.Rule)
	}
	if !slices.Equal(all, []string{"read", "drop", "any", "shop", "default"}) {
		t.Errorf("all: %q", all)
	}
	if none := (*access.Policy)(nil); none.Every(&gate401.Request{Path: "/"}) != nil || none.All() != nil {
		t.Error("nothing is asked by no policy")
	}
}
