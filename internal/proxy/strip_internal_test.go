package proxy

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gate401/gate401/internal/identity"
)

// Whatever is in a query or a Cookie field: none of our names is left, and what
// is left stood there before, in the same order.
func TestStrippingProperties(t *testing.T) {
	piece := rapid.SampledFrom([]string{"key", "k%65y", "sid", "=", "&", ";", " ", "%", "+", "a", "\"", ",", "%3d", "\t", "keys"})
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOf(piece).Draw(t, "in"), "")

		query := stripQuery(in, []string{"key"})
		for pair := range strings.SplitSeq(query, "&") {
			name, _, _ := strings.Cut(pair, "=")
			if plain, err := url.QueryUnescape(name); name == "key" || (err == nil && plain == "key") {
				t.Fatalf("query %q became %q", in, query)
			}
		}
		if !subsequence(query, in) || stripQuery(query, []string{"key"}) != query {
			t.Fatalf("query %q became %q", in, query)
		}

		cookie := identity.WithoutCookies(in, []string{"sid"})
		for pair := range strings.SplitSeq(cookie, ";") {
			if name, _, _ := strings.Cut(pair, "="); strings.Trim(name, " \t") == "sid" {
				t.Fatalf("cookie %q became %q", in, cookie)
			}
		}
		if !subsequence(cookie, in) || identity.WithoutCookies(cookie, []string{"sid"}) != cookie {
			t.Fatalf("cookie %q became %q", in, cookie)
		}
	})
}

func subsequence(s, of string) bool {
	for i := 0; i < len(of) && s != ""; i++ {
		if s[0] == of[i] {
			s = s[1:]
		}
	}
	return s == ""
}
