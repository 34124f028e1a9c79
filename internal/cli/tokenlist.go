package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/store"
)

// loginRecord is a login, with all of its tokens, as JSON.
type loginRecord struct {
	ID       string     `json:"id"`
	State    string     `json:"state"`
	Account  string     `json:"account"`
	Issuer   string     `json:"issuer,omitempty"`
	Client   string     `json:"client_id"`
	Session  string     `json:"session,omitempty"`
	Scopes   []string   `json:"scopes"`
	Audience []string   `json:"audience,omitempty"`
	AuthTime *time.Time `json:"auth_time,omitempty"`
	Created  time.Time  `json:"created"`
	Expires  *time.Time `json:"expires,omitempty"`
	Revoked  *time.Time `json:"revoked,omitempty"`
	Cause    string     `json:"cause,omitempty"`
}

func newLogin(f store.TokenFamily, now time.Time) loginRecord {
	out := loginRecord{
		ID: f.ID, State: "active", Account: f.Subject, Issuer: f.Issuer, Client: f.Client, Session: f.Session, Scopes: orNone(f.Scopes), Audience: f.Audience,
		AuthTime: moment(f.AuthTime), Created: f.Created.UTC(), Expires: moment(f.Expires), Revoked: moment(f.Revoked), Cause: f.Cause,
	}
	switch {
	case !f.Revoked.IsZero():
		out.State = "revoked"
	case past(f.Expires, now):
		out.State = "expired"
	}
	return out
}

// eachLogin goes through the logins of one subject, or of everyone.
func (r *records) eachLogin(ctx context.Context, subject string, each func(store.TokenFamily)) error {
	for after := ""; ; {
		page, err := r.Set.Tokens.ListTokenFamilies(ctx, subject, after, store.MaxPage)
		if err != nil {
			return err
		}
		for _, f := range page {
			each(f)
		}
		if len(page) < store.MaxPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

func (a *app) tokenList() *cobra.Command {
	var w where
	var account, client string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List logins, each with all of its tokens",
		Long: "A login is what a client got from a person, or by a device: a refresh token and the access tokens that come of it. " +
			"Lists those that are good; with --all also those that are over and still remembered. " +
			"Access tokens are not stored; \"gate401 token trace ID\" tells which there were.",
		Example: "gate401 token list --account alice",
		Args:    wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.open(cmd.Context(), w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			now := a.Now()
			logins := []loginRecord{}
			var rows [][]string
			err = r.eachLogin(cmd.Context(), subjectName(account), func(f store.TokenFamily) {
				out := newLogin(f, now)
				if (!all && out.State != "active") || (client != "" && f.Client != client) {
					return
				}
				logins = append(logins, out)
				rows = append(rows, []string{out.ID, out.State, explain.Visible(out.Account), orDash(explain.Visible(out.Client)), ago(out.Created, now), ends(out.Expires, out.State, now), words(out.Scopes)})
			})
			if err != nil {
				return storeError(err)
			}
			if asJSON {
				return a.json(logins)
			}
			if len(rows) == 0 {
				a.say("there are no logins")
			}
			a.print(a.table([]string{"login", "state", "account", "client", "since", "ends", "scopes"}, rows))
			return nil
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "only those of this account: `NAME`")
	cmd.Flags().StringVar(&client, "client", "", "only those of this client: `ID`")
	cmd.Flags().BoolVar(&all, "all", false, "also those that are over")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.completeAccount(cmd, &w)
	a.completeClient(cmd, &w)
	w.flags(cmd)
	return cmd
}

// completeClient offers clients for --client.
func (a *app) completeClient(cmd *cobra.Command, w *where) {
	_ = cmd.RegisterFlagCompletionFunc("client", func(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		return a.completeClients(w)(cmd, nil, prefix)
	})
}

// completeLogins offers the ids of logins that are good.
func (a *app) completeLogins(w *where) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		var out []string
		if len(args) == 0 {
			a.peek(cmd.Context(), *w, func(r *records) {
				_ = r.eachLogin(cmd.Context(), "", func(f store.TokenFamily) {
					if strings.HasPrefix(f.ID, toComplete) && newLogin(f, a.Now()).State == "active" {
						out = append(out, f.ID+"\t"+strings.TrimSpace(f.Subject+" "+f.Client))
					}
				})
			})
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// findLogin finds a login by its ID.
func (r *records) findLogin(ctx context.Context, id string) (store.TokenFamily, error) {
	f, err := r.Set.Tokens.TokenFamily(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return f, fail(ExitProblems, fmt.Errorf("there is no login %q", explain.Visible(id)), `"gate401 token list --all" shows the ids`)
	}
	return f, storeError(err)
}
