package config

import (
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// ScopeWords say what scopes allow, in the words that people are asked with.
type ScopeWords map[string]string

// maxWords bounds a line of a page that people must be able to read at a glance.
const (
	maxWords  = 120
	maxScopes = 200
)

// scopeWords reads a mapping of scopes to words.
func (d *decoder) scopeWords(n *yaml.Node, path string, to *ScopeWords) {
	out := ScopeWords{}
	d.pairs(n, path, func(key, value *yaml.Node, at place, below string) {
		words, ok := d.text(value, below)
		switch {
		case !isScope(key.Value):
			d.fault(at, below, `such as orders:read: "Read your orders"`, "this is no scope")
		case !ok:
		case strings.TrimSpace(words) == "" || len(words) > maxWords || strings.ContainsFunc(words, unicode.IsControl):
			d.fault(d.src.places[below], below, "people read it as: It asks to: Read your orders", "the words are one line of 1 to %d octets", maxWords)
		case len(out) == maxScopes:
			d.fault(at, below, "", "there are more than %d scopes", maxScopes)
		default:
			out[key.Value] = words
		}
	})
	*to = out
}
