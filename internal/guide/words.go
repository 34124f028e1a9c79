package guide

import (
	"strings"

	"github.com/gate401/gate401/reason"
)

// retrySame says in a sentence what the two flags of a Retry mean.
func retrySame(r reason.Retry) string {
	info := r.Info()
	switch {
	case info.Same:
		return "The same credential may be sent again."
	case info.Person:
		return "The same credential must not be sent again; usually a person has to act first."
	}
	return "The same credential must not be sent again."
}

// specText turns "RFC 6750 3, 3.1" into words.
func specText(clause string) string {
	series, rest := "", clause
	if after, ok := strings.CutPrefix(clause, "RFC "); ok {
		series, rest = "RFC ", after
	}
	document, sections, ok := strings.Cut(rest, " ")
	switch {
	case !ok:
		return clause
	case strings.Contains(sections, ", "):
		return series + document + ", sections " + sections
	}
	return series + document + ", section " + sections
}
