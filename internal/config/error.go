package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/yamldoc"
)

// Error is one fault of a file, with the place where it is.
type Error struct {
	// File is the name that was given to Load.
	File string
	// Line and Column begin at 1; Column counts characters. Both are 0 for what
	// has no place in the file.
	Line, Column int
	// Path is the key, such as rules[2].owner.
	Path string
	// Message says what is wrong, and holds no secret.
	Message string
	// Hint says what to write instead; may be empty.
	Hint string

	snippet string
}

// Error is one line: file, place, key and message.
func (e *Error) Error() string {
	return yamldoc.Line(e.File, e.Line, e.Column, e.Path, e.Message)
}

// Detail is Error with the line of the file, a mark below the place, and the
// hint.
func (e *Error) Detail() string {
	var b strings.Builder
	b.WriteString(e.Error())
	b.WriteByte('\n')
	b.WriteString(e.snippet)
	if e.Hint != "" {
		fmt.Fprintf(&b, "  hint: %s\n", e.Hint)
	}
	return b.String()
}

// Faults are all errors of a file, in the order of their places.
type Faults []*Error

// Touch tells whether a fault is about what is understood together with path: a
// rule, a method, or another key alone. What was found out about that is perhaps
// only a consequence.
func (e Faults) Touch(path string) bool {
	return slices.ContainsFunc(e, func(f *Error) bool {
		return unit(f.Path) == unit(path) || f.Path == "" || strings.HasPrefix(path, f.Path+".") || strings.HasPrefix(path, f.Path+"[")
	})
}

// Has tells whether a fault is at path or below it.
func (e Faults) Has(path string) bool {
	return slices.ContainsFunc(e, func(f *Error) bool { return within(f.Path, path) })
}

// Error is one line for each fault.
func (e Faults) Error() string {
	return yamldoc.Lines(e)
}

// Unwrap returns the faults one by one.
func (e Faults) Unwrap() []error {
	return yamldoc.Each(e)
}

// Detail is Detail of each fault.
func (e Faults) Detail() string {
	var b strings.Builder
	for _, one := range e {
		b.WriteString(one.Detail())
	}
	return b.String()
}

// Sorted puts faults in the order of their places, those without one last, and
// returns them.
func (e Faults) Sorted() Faults {
	slices.SortStableFunc(e, func(a, b *Error) int {
		switch {
		case a.Line == 0 && b.Line > 0:
			return 1
		case b.Line == 0 && a.Line > 0:
			return -1
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return e
}
