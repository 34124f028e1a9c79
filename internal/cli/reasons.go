package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
)

func (a *app) reasons() *cobra.Command {
	var asJSON, openAPI, markdown bool
	cmd := &cobra.Command{
		Use:   "reasons [CODE] [--json | --markdown | --openapi]",
		Short: "List every reason for a refusal, or explain one",
		Long: "The catalogue of reasons: what a gate can refuse, with which status, and what a client should do then.\n\n" +
			"The same codes are in the body of a refusal, the log line, the trace and the pages below /auth/problems/.",
		Example: `gate401 reasons
gate401 reasons token-expired

# the 401, 403 and 429 responses for your own OpenAPI document
gate401 reasons --openapi > refusals.json`,
		Args: wants(0, 1, ""),
		RunE: func(_ *cobra.Command, args []string) error {
			all := reason.All()
			if len(args) == 1 {
				info, err := lookupReason(args[0])
				if err != nil {
					return err
				}
				all = []reason.Info{info}
			}
			switch {
			case openAPI && len(args) == 1:
				return usagef("leave the code out", "--openapi describes the whole catalogue")
			case openAPI:
				a.print(string(reason.OpenAPI()))
			case markdown:
				a.print(Markdown(all))
			case asJSON && len(args) == 1:
				return a.json(explain.NewEntry(all[0]))
			case asJSON:
				return a.json(entries(all))
			case len(args) == 1:
				a.print(explain.Reason(all[0]).Text(a.style))
			default:
				a.print(a.reasonTable(all))
			}
			return nil
		},
		ValidArgsFunction: completeReasons,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&openAPI, "openapi", false, "print the refusals as components of an OpenAPI 3.1 document")
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print Markdown")
	exclusive(cmd, "json", "openapi", "markdown")
	return cmd
}

func entries(all []reason.Info) []explain.Entry {
	out := make([]explain.Entry, len(all))
	for i := range all {
		out[i] = explain.NewEntry(all[i])
	}
	return out
}

// lookupReason finds a code, or says which one was meant.
func lookupReason(code string) (reason.Info, error) {
	if info, ok := reason.Lookup(reason.Code(strings.ToLower(code))); ok {
		return info, nil
	}
	hint := `"gate401 reasons" lists them all`
	if answer, ok := explain.LookupAnswer(strings.ToLower(code)); ok {
		hint = "it is an answer of the gate in place of the API, and nobody was refused: gate401 explain " + answer.Code
	} else if meant := closestReason(code); meant != "" {
		hint = "did you mean " + meant + "?"
	}
	return reason.Info{}, usagef(hint, "there is no reason %q", explain.Visible(code))
}

func closestReason(code string) string {
	var codes []string
	for _, i := range reason.All() {
		codes = append(codes, string(i.Code))
	}
	return closest(strings.ToLower(code), codes)
}

// reasonTable shows what fits: on a narrow terminal the title, elsewhere also
// what a client does and what the caller is told.
func (a *app) reasonTable(all []reason.Info) string {
	var rows [][]string
	full := a.wide || a.style.Width >= 110
	head := []string{"status", "code", "title"}
	if full {
		head = []string{"status", "code", "retry", "shown as", "title"}
	}
	for _, i := range all {
		r := []string{strconv.Itoa(i.Status), string(i.Code)}
		if full {
			shown := orDash(string(i.ShownAs))
			if reason.ShownOnly(i.Code) {
				shown = "(only shown)"
			}
			r = append(r, string(i.Retry), shown)
		}
		rows = append(rows, append(r, i.Title))
	}
	return a.table(head, rows)
}

func completeReasons(_ *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, i := range reason.All() {
		if strings.HasPrefix(string(i.Code), toComplete) {
			out = append(out, fmt.Sprintf("%s\t%d %s", i.Code, i.Status, i.Title))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
