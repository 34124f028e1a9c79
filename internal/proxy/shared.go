package proxy

import (
	"net/http"
	"slices"
	"strings"
)

var private = []string{"private"}

// unshared makes of an answer for one caller one that no cache in front of the
// gate gives to others: the upstream cannot know that a credential was needed,
// because it did not see one. A cache keeps its hands off what was asked for with
// Authorization unless it is told otherwise, by must-revalidate too; of other
// fields and of cookies it knows nothing (RFC 9111 section 3.5).
func (x *passage) unshared(h http.Header) {
	fields := h["Cache-Control"]
	if len(fields) == 0 {
		if x.request.Header["Authorization"] == nil {
			h["Cache-Control"] = private
		}
		return
	}
	all := strings.Split(strings.Join(fields, ","), ",")
	alone := slices.ContainsFunc(all, func(directive string) bool {
		directive = strings.TrimSpace(directive)
		return strings.EqualFold(directive, "private") || strings.EqualFold(directive, "no-store")
	})
	kept := slices.DeleteFunc(slices.Clone(all), shares)
	if alone && len(kept) == len(all) {
		return
	}
	if !alone {
		kept = append([]string{"private"}, kept...)
	}
	h["Cache-Control"] = []string{strings.Join(kept, ",")}
}

// shares tells whether a directive lets a shared cache keep an answer.
func shares(directive string) bool {
	name, _, _ := strings.Cut(strings.TrimSpace(directive), "=")
	return strings.EqualFold(name, "public") || strings.EqualFold(name, "s-maxage")
}
