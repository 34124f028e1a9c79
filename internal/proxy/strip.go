package proxy

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/identity"
)

// stripQuery takes the parameters of those names out of a raw query and leaves
// every other octet of it alone.
func stripQuery(raw string, names []string) string {
	if raw == "" || len(names) == 0 {
		return raw
	}
	// Most queries hold none of them, and are looked through without a copy.
	for rest, more := raw, true; more; {
		var pair string
		pair, rest, more = strings.Cut(rest, "&")
		if !named(pair, names) {
			continue
		}
		kept := make([]string, 0, 8)
		for pair := range strings.SplitSeq(raw, "&") {
			if !named(pair, names) {
				kept = append(kept, pair)
			}
		}
		return strings.Join(kept, "&")
	}
	return raw
}

// named tells whether a parameter has one of the names, which are compared
// decoded.
func named(pair string, names []string) bool {
	name, _, _ := strings.Cut(pair, "=")
	if strings.IndexByte(name, '%') >= 0 || strings.IndexByte(name, '+') >= 0 {
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
	}
	return slices.Contains(names, name)
}

// stripCookies takes the cookies of those names out of the Cookie fields (RFC
// 6265 section 4.2.1) and leaves every other cookie octet by octet. A field
// that has none left goes.
func stripCookies(h http.Header, names []string) {
	in := h["Cookie"]
	if len(in) == 0 || len(names) == 0 {
		return
	}
	var out []string
	for i, field := range in {
		kept := identity.WithoutCookies(field, names)
		if out == nil && kept != field {
			// The fields are shared with the inbound request: write to a copy.
			out = append(make([]string, 0, len(in)), in[:i]...)
		}
		if out != nil && kept != "" {
			out = append(out, kept)
		}
	}
	switch {
	case out == nil:
	case len(out) == 0:
		delete(h, "Cookie")
	default:
		h["Cookie"] = out
	}
}
