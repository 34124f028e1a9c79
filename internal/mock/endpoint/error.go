package endpoint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gate401/gate401/internal/nearest"
)

// Error is one fault of a definition.
type Error struct {
	// File is the name that was given to Decode, empty for none.
	File string `json:"file,omitempty"`
	// Line and Column begin at 1; Column counts characters. Both are 0 where the
	// definition has no text.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Path is the key, such as endpoints[2].answers[0].status.
	Path string `json:"path,omitempty"`
	// Message says what is wrong, and Hint, which may be empty, what to write.
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Error is one line: file, place, key and message.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		if e.File == "" {
			b.WriteString("line ")
		} else {
			b.WriteByte(':')
		}
		fmt.Fprintf(&b, "%d:%d", e.Line, e.Column)
	}
	for _, s := range [...]string{e.Path, e.Message} {
		if s != "" {
			if b.Len() > 0 {
				b.WriteString(": ")
			}
			b.WriteString(s)
		}
	}
	return b.String()
}

// Errors are all faults of a definition, in the order of their places.
type Errors []*Error

// Error is one line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults one by one.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// Detail is Error with the hints, for people.
func (e Errors) Detail() string {
	var b strings.Builder
	for _, one := range e {
		b.WriteString(one.Error())
		b.WriteByte('\n')
		if one.Hint != "" {
			b.WriteString("  hint: " + one.Hint + "\n")
		}
	}
	return b.String()
}

// maxErrors is how many faults are collected.
const maxErrors = 50

// fail makes an *Error without a place.
func fail(hint, format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...), Hint: hint}
}

// quote quotes at most the beginning of what somebody wrote.
func quote(s string) string {
	if n := 40; len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "..."
	}
	return strconv.Quote(s)
}

// suggest names the most similar of known words, or returns otherwise.
func suggest(got string, known []string, otherwise string) string {
	if len(got) > 64 || got == "" {
		return otherwise
	}
	best, least := "", 1+max(1, len(got)/3)
	for _, k := range known {
		if d := nearest.Slips(strings.ToLower(got), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return otherwise
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// sorted puts errors in the order of their places.
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b *Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return e
}
