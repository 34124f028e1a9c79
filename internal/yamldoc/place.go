package yamldoc

import (
	"fmt"
	"strings"
)

// Line is how an error with a place is told on one line: the file, the place, and
// those of the words that are not empty, such as the key and what is wrong.
func Line(file string, line, column int, words ...string) string {
	var b strings.Builder
	b.WriteString(file)
	if line > 0 {
		if file == "" {
			b.WriteString("line ")
		} else {
			b.WriteByte(':')
		}
		fmt.Fprintf(&b, "%d:%d", line, column)
	}
	for _, s := range words {
		if s == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(s)
	}
	return b.String()
}

// Lines is one line for each error.
func Lines[E error](all []E) string {
	lines := make([]string, len(all))
	for i, one := range all {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Each are the errors one by one, for the Unwrap of a list of them.
func Each[E error](all []E) []error {
	out := make([]error, len(all))
	for i, one := range all {
		out[i] = one
	}
	return out
}
