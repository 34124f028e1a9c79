package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

// show is a command that prints the one record that its argument names, as JSON
// or as text.
func show[T any](a *app, cmd *cobra.Command, names func(*records, context.Context) []named, find func(ctx context.Context, r *records, name string) (T, error), text func(T)) *cobra.Command {
	var w where
	var asJSON bool
	_, argument, _ := strings.Cut(cmd.Use, " ")
	cmd.Args = wants(1, 1, "the "+strings.ToLower(argument))
	cmd.RunE = a.with(&w, func(ctx context.Context, r *records, args []string) error {
		out, err := find(ctx, r, args[0])
		switch {
		case err != nil:
			return err
		case asJSON:
			return a.json(out)
		}
		text(out)
		return nil
	})
	cmd.ValidArgsFunction = a.complete(&w, names)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}
