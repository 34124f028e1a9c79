package proxy

import (
	"net/url"
	"slices"
	"strings"
)

// overrides are the fields by which some servers let a request be of another
// method than its line says, as [fold] writes them.
var overrides = [...]string{"x-http-method", "x-http-method-override", "x-method-override"}

// withoutOverride takes the parameters out of a raw query by which some servers
// let a request be of another method: what was judged is the method of the line.
// Every other octet stays.
func withoutOverride(raw string) string {
	// The letters are in every spelling that nobody encoded.
	if raw == "" || strings.IndexByte(raw, '%') < 0 && !containsFold(raw, "method") {
		return raw
	}
	var b strings.Builder
	changed := false
	for rest, first := raw, true; rest != ""; {
		// Some servers part at ";" too.
		end := strings.IndexAny(rest, "&;")
		pair, sep := rest, ""
		if end >= 0 {
			pair, sep = rest[:end], rest[end:end+1]
		}
		rest = rest[len(pair)+len(sep):]
		if isOverride(pair) {
			changed = true
			if sep == "" && !first {
				// What stood before it has no successor any more.
				kept := b.String()
				b.Reset()
				b.WriteString(kept[:len(kept)-1])
			}
			continue
		}
		first = false
		b.WriteString(pair)
		b.WriteString(sep)
	}
	if !changed {
		return raw
	}
	return b.String()
}

// isOverride tells whether a parameter is called _method, or like one of the
// fields, by the names that servers make of what was sent: PHP reads ".method",
// "[method" and " _method" as the same.
func isOverride(pair string) bool {
	name, _, _ := strings.Cut(pair, "=")
	if strings.IndexByte(name, '%') >= 0 || strings.IndexByte(name, '+') >= 0 {
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
	}
	name, _, _ = strings.Cut(strings.TrimLeft(name, " "), "\x00")
	if len(name) > 64 {
		return false
	}
	if len(name) == len("_method") && strings.IndexByte("_.[ ", name[0]) >= 0 && strings.EqualFold(name[1:], "method") {
		return true
	}
	var buf [64]byte
	return slices.Contains(overrides[:], string(fold(&buf, name)))
}

// containsFold tells whether s contains word, which is lower case, in any case.
func containsFold(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}
