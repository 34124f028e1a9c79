package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/history"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// revokeFlags say what is to be revoked besides one token.
type revokeFlags struct {
	login, client, account string
	all                    bool
}

func (f *revokeFlags) given() bool {
	return f.login != "" || f.client != "" || f.account != "" || f.all
}

func (a *app) tokenRevoke() *cobra.Command {
	var w where
	var f revokeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "revoke ID|TOKEN|- | --login ID | --client ID | --account NAME | --all",
		Short: "Refuse tokens from now on: one, or all of a login, client, account, or of everyone",
		Long: "An access token is named by its identifier (jti) or given itself; a refresh token ends its whole login. " +
			"--client, --account and --all end everything that was issued until now, and nothing that is issued later: " +
			"an account is logged out everywhere, browsers too, and --all logs everyone out. API keys stay good: \"gate401 key revoke\" ends one.\n\n" +
			"\"revoked\" is printed when the store has it, and not before. A gate that is running refuses the tokens at once, also on open streams.",
		Example: `gate401 token revoke AB5DLQ3YPXKX6GJ2UVQ5OZ7K3E
pbpaste | gate401 token revoke -
gate401 token revoke --account alice
gate401 token revoke --all`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.given() {
				return wants(0, 0, "")(cmd, args)
			}
			return wants(1, 1, "the token, --login, --client, --account or --all")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			var ref history.Ref
			if len(args) == 1 {
				var err error
				if ref, err = a.readRef(args[0]); err != nil {
					return err
				}
			}
			r, err := a.open(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			kind, id, fact, err := r.withdraw(ctx, f, ref)
			if err != nil {
				return err
			}
			if asJSON {
				return a.json(map[string]any{"revoked": true, "kind": kind, "id": id})
			}
			a.say("%s", fact)
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	fl := cmd.Flags()
	fl.StringVar(&f.login, "login", "", "all tokens of the login `ID`")
	fl.StringVar(&f.client, "client", "", "all tokens that the client `ID` was given")
	fl.StringVar(&f.account, "account", "", "all logins, browsers and tokens of the account `NAME`, or of the subject of a provider")
	fl.BoolVar(&f.all, "all", false, "everything that was issued before now, to everyone")
	fl.BoolVar(&asJSON, "json", false, "print JSON")
	exclusive(cmd, "login", "client", "account", "all")
	a.completeFlag(cmd, "login", &w, (*records).loginNames)
	a.completeFlag(cmd, "account", &w, (*records).accountNames)
	a.completeFlag(cmd, "client", &w, (*records).clientNames)
	w.flags(cmd)
	return cmd
}

// withdraw revokes what the flags or the ref name, and says what that was.
func (r *records) withdraw(ctx context.Context, f revokeFlags, ref history.Ref) (kind, id, fact string, err error) {
	switch {
	case f.all:
		err = r.users(ctx).EndAll(ctx, r.by())
		return "all", store.Everything, "revoked all tokens and sessions that were issued before now, of everyone; API keys stay good", peopleError(err)
	case f.account != "":
		found, err := r.subjects(ctx, f.account)
		if err != nil {
			return "", "", "", err
		}
		for _, who := range found {
			if err := r.users(ctx).EndEverything(ctx, r.by(), who); err != nil {
				return "", "", "", peopleError(err)
			}
		}
		name := found[0].Subject
		fact = "revoked all logins, sessions and tokens of " + explain.Visible(name)
		if found[0].Issuer == "" {
			fact += "; its API keys stay good"
		}
		return "account", name, fact, nil
	case f.client != "":
		c, err := r.findClient(ctx, f.client)
		if err != nil {
			return "", "", "", err
		}
		err = r.users(ctx).EndClient(ctx, r.by(), c.ID)
		return "client", c.ID, "revoked all tokens that the client " + c.ID + " was given", peopleError(err)
	case f.login != "":
		return r.withdrawLogin(ctx, f.login)
	}
	return r.withdrawRef(ctx, ref)
}

func (r *records) withdrawLogin(ctx context.Context, id string) (kind, login, fact string, err error) {
	f, err := r.findLogin(ctx, id)
	if err != nil {
		return "", "", "", err
	}
	if !f.Revoked.IsZero() {
		return "login", f.ID, f.ID + " was revoked " + explain.Moment(f.Revoked), nil
	}
	err = r.users(ctx).EndLogin(ctx, r.by(), f)
	return "login", f.ID, fmt.Sprintf("revoked the login %s of %s at the client %s, with all of its tokens", f.ID, explain.Visible(f.Subject), orDash(explain.Visible(f.Client))), peopleError(err)
}

// withdrawRef revokes one token, or what else has that name.
func (r *records) withdrawRef(ctx context.Context, ref history.Ref) (kind, id, fact string, err error) {
	life, err := history.Trace(ctx, r.Set, ref)
	switch {
	case errors.Is(err, store.ErrNotFound):
		life = &history.Life{Kind: ref.Kind, ID: ref.ID}
	case err != nil:
		return "", "", "", storeError(err)
	}
	switch {
	case life.Kind == history.KindKey:
		return "", "", "", usagef(`"gate401 key revoke `+life.ID+`"`, "that is an API key and no token")
	case life.Kind == history.KindSession:
		return "", "", "", usagef(`"gate401 session revoke `+life.ID+`"`, "that is a session and no token")
	case life.Family != nil && life.Kind != history.KindToken:
		return r.withdrawLogin(ctx, life.Family.ID)
	case life.Kind == history.KindRefresh:
		return "", "", "", fail(ExitProblems, errors.New("that refresh token is not known"), "it ended long ago, or another gate issued it")
	}
	e, seen := store.Event{Object: life.ID}, life.Family != nil
	for _, was := range life.Events {
		if was.Object != life.ID {
			continue
		}
		e.Family, e.Session, e.Client, e.Subject = was.Family, was.Session, was.Client, was.Subject
		// A revocation is no sign that there was such a token, and accounts have a
		// history of their own.
		seen = seen || was.Method == "bearer" && was.Kind != store.EventRevoked
	}
	if !seen && !token.IsGivenID(life.ID) {
		return "", "", "", r.noToken(ctx, life.ID)
	}
	if err := r.users(ctx).EndToken(ctx, r.by(), e); err != nil {
		return "", "", "", peopleError(err)
	}
	fact = "revoked the access token " + explain.Visible(life.ID)
	if life.Family != nil && life.Family.Revoked.IsZero() {
		r.app.say("note: its login goes on, and can get another one; --login %s ends that too", life.Family.ID)
	}
	if !seen {
		fact += ", which this gate has not seen"
		r.app.say("note: nobody here has seen that token; check the identifier")
	}
	return "token", life.ID, fact, nil
}

// noToken is the error for an identifier that is that of no token, with what else
// is called so.
func (r *records) noToken(ctx context.Context, id string) error {
	hint := `"gate401 token list` + r.at.flagsAgain() + `" lists logins; --account NAME, --client ID and --login ID end all tokens of one`
	if flag := r.called(ctx, id); flag != "" {
		hint = "did you mean " + flag + "?"
	}
	return fail(ExitProblems, fmt.Errorf("nobody here has seen a token %q, and it has not the form of one's identifier", explain.Visible(id)), hint)
}

// called is the flag that names the account or the client of that name; empty for
// none.
func (r *records) called(ctx context.Context, name string) string {
	if who, err := r.subjects(ctx, name); err == nil {
		return "--account " + explain.Visible(who[0].Subject)
	}
	if c, err := r.Set.Clients.Client(ctx, name); err == nil {
		return "--client " + explain.Visible(c.ID)
	}
	return ""
}
