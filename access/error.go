package access

import (
	"fmt"
	"strings"
)

// Error is one fault of one rule. [Compile] joins all that it finds.
type Error struct {
	// Index is that of the rule in the list, and -1 for the default.
	Index int
	// Rule is the name of the rule.
	Rule string
	// Field is the field of [Rule] in lower case with underscores, as it is
	// spelt in configuration files: "path", "max_age".
	Field string
	// Other is the index of the rule that this one is at odds with, which Message
	// calls "rule 0" and so on; -1 where there is none.
	Other int
	// Message says what is wrong.
	Message string
	// Err is the cause, if there is one.
	Err error
}

// Error names rule and field.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Index < 0 {
		b.WriteString("default")
	} else {
		fmt.Fprintf(&b, "rule %d", e.Index)
		if e.Rule != "" {
			fmt.Fprintf(&b, " (%s)", e.Rule)
		}
	}
	if e.Field != "" {
		b.WriteString(", ")
		b.WriteString(e.Field)
	}
	b.WriteString(": ")
	b.WriteString(e.Message)
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
