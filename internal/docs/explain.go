package main

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/internal/diagnose"
)

// explanations describes what "gate401 explain" recognises.
func explanations() string {
	var b strings.Builder
	b.WriteString("# What explain recognises\n\n" + generated)
	b.WriteString("`gate401 explain` joins the request, the answer, the challenge, the token, the key set, the metadata and the clocks, and names the first cause. " +
		"It takes a curl command, a HAR file, a request and response as text, a Postman collection, a URL, a token, a field or a reason code:\n\n" +
		"```sh\n" +
		"gate401 explain --curl \"curl -H 'Authorization: Token abc' https://api.example.com/orders\"\n" +
		"gate401 explain --har network.har\n" +
		"curl -sv https://api.example.com/orders 2>&1 | gate401 explain --raw -\n" +
		"gate401 explain --postman collection.json\n" +
		"gate401 explain https://api.example.com/orders -H 'Authorization: Bearer ...' --send\n" +
		"```\n\n" +
		"Without `--send` nothing leaves the machine. Secrets are masked, so that the report can go into a ticket; `--show-secrets` shows them. " +
		"The rules are looked at in this order, and the first that holds is the cause; those below it are consequences. " +
		"What no rule knows is admitted, with what was ruled out. Ids never change their meaning.\n\n")
	b.WriteString("| id | where | what |\n|---|---|---|\n")
	for _, r := range diagnose.Rules() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", r.ID, r.ID, r.Fault, escape(upper(r.Title)))
	}
	for _, r := range diagnose.Rules() {
		fmt.Fprintf(&b, "\n## %s\n\n**%s.** %s\n", r.ID, escape(upper(strings.TrimSuffix(r.Title, "."))), escape(r.Explain))
		if r.Example != "" {
			fmt.Fprintf(&b, "\n```\n%s\n```\n", strings.TrimSpace(r.Example))
		}
		var more []string
		if r.Reason != "" {
			more = append(more, fmt.Sprintf("Reason: [`%s`](reasons.md#%s).", r.Reason, r.Reason))
		}
		if r.Spec != "" {
			more = append(more, r.Spec+".")
		}
		if len(more) > 0 {
			b.WriteString("\n" + strings.Join(more, " ") + "\n")
		}
	}
	return b.String()
}
