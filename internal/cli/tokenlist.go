package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/store"
)

// loginRecord is a login, with all of its tokens, as JSON.
type loginRecord struct {
	ID       string     `json:"id"`
	State    string     `json:"state"`
	Subject  string     `json:"subject"`
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
		ID: f.ID, State: active, Subject: f.Subject, Issuer: f.Issuer, Client: f.Client, Session: f.Session, Scopes: orNone(f.Scopes), Audience: f.Audience,
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
		RunE: a.with(&w, func(ctx context.Context, r *records, _ []string) error {
			subject, err := r.subject(ctx, account)
			if err != nil {
				return err
			}
			now := a.Now()
			logins := listing[loginRecord]{head: []string{"id", "state", "who", "client", "since", "ends", "scopes"}}
			for f, err := range r.logins(ctx, subject) {
				if err != nil {
					return storeError(err)
				}
				out := newLogin(f, now)
				if (!all && out.State != active) || (client != "" && f.Client != client) {
					continue
				}
				logins.add(out, out.ID, out.State, explain.Visible(out.Subject), orDash(explain.Visible(out.Client)), ago(out.Created, now), ends(out.Expires, out.State, now), words(out.Scopes))
			}
			// The logins of a client outlive it in the list of all.
			if client != "" && len(logins.items) == 0 {
				if _, err := r.findClient(ctx, client); err != nil {
					return err
				}
			}
			return logins.print(a, asJSON, "there are no logins")
		}),
	}
	cmd.Flags().StringVar(&account, "account", "", "only those of this account, or of this subject of a provider: `NAME`")
	cmd.Flags().StringVar(&client, "client", "", "only those of this client: `ID`")
	cmd.Flags().BoolVar(&all, "all", false, "also those that are over")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.completeFlag(cmd, "account", &w, (*records).accountNames)
	a.completeFlag(cmd, "client", &w, (*records).clientNames)
	w.flags(cmd)
	return cmd
}

// findLogin finds a login by its ID.
func (r *records) findLogin(ctx context.Context, id string) (store.TokenFamily, error) {
	f, err := r.Set.Tokens.TokenFamily(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return f, unknown("login", id, r.loginNames(ctx), "token list --all")
	}
	return f, storeError(err)
}
