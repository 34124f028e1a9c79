package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

// personDetail is an account with what it holds, as JSON.
type personDetail struct {
	person
	// SecondFactor tells that a one-time password is asked for; RecoveryCodes is
	// how many are left.
	SecondFactor  bool `json:"second_factor"`
	RecoveryCodes int  `json:"recovery_codes"`
	Sessions      int  `json:"sessions"`
	Logins        int  `json:"logins"`
	Keys          int  `json:"keys"`
}

func (a *app) userShow() *cobra.Command {
	return show(a, &cobra.Command{Use: "show NAME", Short: "Show one account, and how much it holds", Example: "gate401 user show alice"}, (*records).accountNames,
		func(ctx context.Context, r *records, name string) (personDetail, error) {
			account, err := r.account(ctx, name)
			if err != nil {
				return personDetail{}, err
			}
			out, err := r.detail(ctx, account)
			return out, storeError(err)
		}, a.showPerson)
}

// detail counts what an account holds that is good.
func (r *records) detail(ctx context.Context, account store.Account) (personDetail, error) {
	out := personDetail{person: newPerson(account)}
	now := r.app.Now()
	factor, err := r.Set.Factors.SecondFactor(ctx, account.Name)
	switch {
	case err == nil:
		out.SecondFactor = !factor.Confirmed.IsZero()
		out.RecoveryCodes = len(factor.Recovery)
	case !errors.Is(err, store.ErrNotFound):
		return out, err
	}
	sessions, err := r.users(ctx).Sessions(ctx, people.Who{Subject: account.Name})
	if err != nil {
		return out, err
	}
	out.Sessions = len(sessions)
	for f, err := range r.logins(ctx, account.Name) {
		if err != nil {
			return out, err
		}
		if f.Issuer == "" && newLogin(f, now).State == active {
			out.Logins++
		}
	}
	for k, err := range r.keys(ctx, account.Name) {
		if err != nil {
			return out, err
		}
		if s := newAPIKey(k, now).State; s == active || s == rotated {
			out.Keys++
		}
	}
	return out, nil
}

func (a *app) showPerson(p personDetail) {
	f := facts{app: a}
	f.add("name", p.Name)
	f.add("state", p.State)
	f.add("display", p.Display)
	f.list("groups", p.Groups)
	f.list("scopes", p.Scopes)
	f.add("created", explain.Moment(p.Created))
	f.at("password set", p.PasswordChanged)
	factor := "none"
	if p.SecondFactor {
		factor = "one-time password; " + counted(p.RecoveryCodes, "recovery code left", "recovery codes left")
	}
	f.add("second factor", factor)
	f.add("holds", counted(p.Sessions, "session", "sessions")+", "+counted(p.Logins, "login of a client", "logins of clients")+", "+counted(p.Keys, "API key", "API keys"))
	f.print()
}

func (a *app) userLink() *cobra.Command {
	var w where
	var asJSON bool
	ttl := duration(people.DefaultLinkTTL)
	cmd := &cobra.Command{
		Use:   "link NAME",
		Short: "Make a link by which a person sets a new password, once",
		Long: "For somebody who has forgotten the password, or never had one. Give the link to that person alone, by a way that you trust: " +
			"whoever opens it first sets the password. It is good once, until it expires or the password is changed. A link made before stays good beside it; " +
			"if that one went to somebody else, \"gate401 user passwd NAME\" ends both, and then make a new one.",
		Example: "gate401 user link alice --ttl 1h",
		Args:    wants(1, 1, "the name"),
		PreRunE: func(*cobra.Command, []string) error {
			if time.Duration(ttl) <= 0 || time.Duration(ttl) > people.MaxLinkTTL {
				return usagef("", "--ttl: between 1s and 7d")
			}
			return nil
		},
		RunE: a.withAccount(&w, func(ctx context.Context, r *records, account store.Account) error {
			base, err := r.Issuer(ctx, r.cfg)
			if err != nil {
				return storeError(err)
			}
			link, err := r.users(ctx).MakeLink(ctx, r.by(), account.Name, time.Duration(ttl))
			if err != nil {
				return peopleError(err)
			}
			address := link.URL(base + r.cfg.Gate.Prefix + "/link")
			if asJSON {
				return a.json(map[string]any{"name": account.Name, "url": address, "secret": link.Reveal(), "expires": link.Expires.UTC()})
			}
			a.say("%s sets a new password there, once, until %s", account.Name, explain.Moment(link.Expires))
			a.print(address + "\n")
			a.say("whoever opens it first sets the password; it is shown once")
			return nil
		}),
		ValidArgsFunction: a.complete(&w, (*records).accountNames),
	}
	cmd.Flags().Var(&ttl, "ttl", "how long the link is good, at most 7d")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

func (a *app) userTOTP() *cobra.Command {
	return a.group("totp", "Take the second factor of an account away",
		"For somebody who has lost the app that makes one-time passwords, and the recovery codes.", a.userTOTPReset())
}

func (a *app) userTOTPReset() *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "reset NAME",
		Short: "Let an account log in by its password alone, until it sets up an app again",
		Long: "Make sure who is asking: from then on the password alone lets in. Sessions and tokens stay as they are; " +
			"\"gate401 token revoke --account NAME\" logs the account out everywhere.",
		Example: "gate401 user totp reset alice",
		Args:    wants(1, 1, "the name"),
		RunE: a.withAccount(&w, func(ctx context.Context, r *records, account store.Account) error {
			had, err := r.users(ctx).ResetSecondFactor(ctx, r.by(), account.Name)
			switch {
			case err != nil:
				return peopleError(err)
			case asJSON:
				return a.json(map[string]any{"name": account.Name, "reset": had})
			case had:
				a.say("%s has no second factor any more", account.Name)
			default:
				a.say("%s had no second factor", account.Name)
			}
			return nil
		}),
		ValidArgsFunction: a.complete(&w, (*records).accountNames),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}
