package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/store"
)

func (a *app) userScopes() *cobra.Command {
	var add, remove scopes
	cmd := a.userChange(&cobra.Command{
		Use: "scopes NAME", Short: "Show or change the scopes of an account",
		Long: "Shows or changes what an account may do: its passwords and sessions have these scopes, and programs that it logs in to get no others. " +
			"It holds at the next request, and from the next refresh for tokens.",
		Example: "gate401 user scopes alice\ngate401 user scopes alice --add orders:write --remove orders:read",
	}, func(ctx context.Context, r *records, name string) (store.Account, string, error) {
		account, _, err := r.users(ctx).ChangeScopes(ctx, r.by(), name, add, remove)
		fact := account.Name + " has no scope"
		if len(account.Scopes) > 0 {
			fact = account.Name + " has " + strings.Join(account.Scopes, ", ")
		}
		return account, fact, peopleError(err)
	})
	cmd.Flags().Var(&add, "add", "give the account these `SCOPES`, with spaces between; may be repeated")
	cmd.Flags().Var(&remove, "remove", "take these `SCOPES` from the account; may be repeated")
	return cmd
}
