package endpoint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gate401/gate401/internal/yamldoc"
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
	return yamldoc.Line(e.File, e.Line, e.Column, e.Path, e.Message)
}

// Errors are all faults of a definition, in the order of their places.
type Errors []*Error

// Error is one line for each.
func (e Errors) Error() string {
	return yamldoc.Lines(e)
}

// Unwrap returns the faults one by one.
func (e Errors) Unwrap() []error {
	return yamldoc.Each(e)
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
	if hint := yamldoc.Similar(got, known); hint != "" {
		return hint
	}
	return otherwise
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
