package proxy

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// stripQuery takes the parameters of those names out of a raw query and leaves
// every other octet of it alone. Names are compared decoded.
func stripQuery(raw string, names []string) string {
	if raw == "" || len(names) == 0 {
		return raw
	}
	kept, changed := make([]byte, 0, len(raw)), false
	for pair := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if strings.IndexByte(name, '%') >= 0 || strings.IndexByte(name, '+') >= 0 {
			if plain, err := url.QueryUnescape(name); err == nil {
				name = plain
			}
		}
		if slices.Contains(names, name) {
			changed = true
			continue
		}
		if len(kept) > 0 {
			kept = append(kept, '&')
		}
		kept = append(kept, pair...)
	}
	if !changed {
		return raw
	}
	return string(kept)
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
		kept := stripCookie(field, names)
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

func stripCookie(field string, names []string) string {
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
