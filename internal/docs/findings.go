package main

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/httpauth"
)

// findings describes what can be wrong with a field.
func findings() string {
	var b strings.Builder
	b.WriteString("# Findings\n\n" + generated)
	b.WriteString("What `gate401 explain --challenge` and `--authorization`, and package httpauth, report about field values. " +
		"An error does not follow the grammar or cannot be used; a warning can be read, but must not or should not be written so; " +
		"a note is allowed and yet worth knowing. Ids never change their meaning.\n\n")
	b.WriteString("| id | severity | what | section |\n|---|---|---|---|\n")
	for _, f := range httpauth.Findings() {
		fmt.Fprintf(&b, "| `%s` | %s | **%s.** %s | %s |\n", f.ID, f.Severity, escape(upper(f.Title)), escape(f.Explain), f.Section)
	}
	return b.String()
}

// escape keeps text inside a cell of a table.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`).Replace(s)
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
