package main

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/internal/cli"
	"github.com/gate401/gate401/reason"
)

// reasons describes the catalogue.
func reasons() string {
	var b strings.Builder
	b.WriteString("# Reasons\n\n" + generated)
	b.WriteString("Every reason for which a gate refuses a request. The code is in the body of the refusal, the log line, the trace, " +
		"and at the end of the address that explains it. Codes are a contract: one is never renamed.\n\n")
	b.WriteString("*Shown as* is what the caller is told where the true reason would tell too much; the operator sees the true one. " +
		"*Retry* is what a client should do:\n\n| retry | what it means |\n|---|---|\n")
	for _, r := range reason.Retries() {
		fmt.Fprintf(&b, "| `%s` | **%s.** %s |\n", r.Retry, r.Title, r.Explain)
	}
	b.WriteString("\n" + cli.Markdown(reason.All()))
	return b.String()
}
