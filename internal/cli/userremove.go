package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

func (a *app) userRemove() *cobra.Command {
	var w where
	var asJSON, yes bool
	cmd := &cobra.Command{
		Use:     "remove NAME --yes",
		Aliases: []string{"rm"},
		Short:   "Remove an account, its sessions, tokens and API keys",
		Example: "gate401 user remove alice --yes",
		Long: "Removes an account for good: its password and second factor, its sessions, its API keys and the tokens that were issued to it end, also at a gate " +
			"that is running. There is no way back but a backup. To keep it and lock it out, suspend it.\n\n" +
			"On a terminal it asks first; elsewhere it wants --yes.",
		Args: wants(1, 1, "the name"),
		PreRunE: func(_ *cobra.Command, args []string) error {
			if !yes && !isTerminal(a.In) {
				return usagef("say --yes to do it; \"gate401 user suspend "+word(explain.Visible(args[0]))+w.flagsAgain()+"\" locks the account out and keeps it",
					"user remove: the account would be gone for good, with its sessions, API keys and tokens")
			}
			return nil
		},
		RunE: a.withAccount(&w, func(ctx context.Context, r *records, account store.Account) error {
			if !yes {
				if err := r.askRemoval(ctx, account.Name); err != nil {
					return err
				}
			}
			err := r.users(ctx).Delete(ctx, r.by(), account.Name)
			switch {
			case err != nil:
				return peopleError(err)
			case asJSON:
				err = a.json(map[string]any{"name": account.Name, "removed": true})
			default:
				a.say("removed %s; its password, sessions, API keys and tokens end", account.Name)
			}
			if left, failed := r.Set.Accounts.ListAccounts(ctx, "", 1); failed == nil && len(left) == 0 {
				a.say(`note: that was the last account; "gate401 user add NAME" makes one`)
			}
			return err
		}),
		ValidArgsFunction: a.complete(&w, (*records).accountNames),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do it without asking")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// askRemoval says on the terminal what goes with an account, and asks. Whatever is
// not yes is no.
func (r *records) askRemoval(ctx context.Context, name string) error {
	users := r.users(ctx)
	sessions, err := users.Sessions(ctx, people.Who{Subject: name})
	if err != nil {
		return storeError(err)
	}
	all, err := users.Keys(ctx, name)
	if err != nil {
		return storeError(err)
	}
	keys := 0
	for _, k := range all {
		if state := newAPIKey(k, r.app.Now()).State; state == active || state == rotated {
			keys++
		}
	}
	r.app.say("with %s go the password and the second factor, %s, %s, and the logins and tokens of programs; there is no way back but a backup",
		name, counted(len(sessions), "session", "sessions"), counted(keys, "API key", "API keys"))
	fmt.Fprintf(r.app.Err, "Remove %s for good? [y/N] ", name)
	answer, err := bufio.NewReader(io.LimitReader(r.app.In, 100)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fail(ExitUntested, err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return fail(ExitProblems, errors.New("nothing was removed"))
}
