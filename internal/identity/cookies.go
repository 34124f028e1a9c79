package identity

import (
	"slices"
	"strings"
)

// WithoutCookies is what is left of a Cookie field (RFC 6265 section 4.2.1)
// without the cookies of those names, which prove to the gate who is asking and
// would let the upstream act as them. Every other one stays octet by octet.
func WithoutCookies(field string, names []string) string {
	ours := func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.Contains(names, strings.Trim(name, " \t"))
	}
	found := false
	for pair := range strings.SplitSeq(field, ";") {
		found = found || ours(pair)
	}
	if !found {
		return field
	}
	var kept []string
	for pair := range strings.SplitSeq(field, ";") {
		if !ours(pair) {
			kept = append(kept, pair)
		}
	}
	return strings.TrimLeft(strings.Join(kept, ";"), " \t")
}
