package cli

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/reason"
)

// Markdown prints entries of the catalogue as a Markdown document: a table, then
// one section for each.
func Markdown(all []reason.Info) string {
	var b strings.Builder
	if len(all) > 1 {
		b.WriteString("| code | status | error | shown as | retry | what happened |\n|---|---|---|---|---|---|\n")
		for _, i := range all {
			fmt.Fprintf(&b, "| [%s](#%s) | %d | %s | %s | %s | %s |\n", i.Code, i.Code, i.Status, i.Error, shownCell(i), i.Retry, cell(i.Title))
		}
		b.WriteByte('\n')
	}
	for n, i := range all {
		if n > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "## %s\n\n**%d", i.Code, i.Status)
		if i.Error != "" {
			fmt.Fprintf(&b, " `%s`", i.Error)
		}
		fmt.Fprintf(&b, "**: %s. %s\n\n%s\n\n", i.Title, i.Detail, i.Explain)
		switch {
		case i.ShownAs != "":
			fmt.Fprintf(&b, "The caller is told [%s](#%s) and no more.\n\n", i.ShownAs, i.ShownAs)
		case reason.ShownOnly(i.Code):
			b.WriteString("Never a cause itself: it is what the caller is told instead of the true reason.\n\n")
		}
		fmt.Fprintf(&b, "- The person at the browser: %s\n- The developer of the client: %s\n- The operator of the gate: %s\n", i.FixUser, i.FixCaller, i.FixOperator)
		retry := i.Retry.Info()
		fmt.Fprintf(&b, "\nRetry: `%s`, %s. Defined in %s. Since %s.\n", i.Retry, lowerFirst(retry.Title), i.Spec, i.Since)
	}
	return b.String()
}

func shownCell(i reason.Info) string {
	switch {
	case i.ShownAs != "":
		return fmt.Sprintf("[%s](#%s)", i.ShownAs, i.ShownAs)
	case reason.ShownOnly(i.Code):
		return "shown only"
	}
	return ""
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
