package cli

import (
	"context"
	"errors"
	"strings"
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
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show one account, and how much it holds",
		Example: "gate401 user show alice",
		Args:    wants(1, 1, "the name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			r, err := a.open(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			account, err := r.account(ctx, args[0])
			if err != nil {
				return err
			}
			out, err := r.detail(ctx, account)
			if err != nil {
				return storeError(err)
			}
			if asJSON {
				return a.json(out)
			}
			a.print(a.personText(out))
			return nil
		},
		ValidArgsFunction: a.completePeople(&w),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
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
	err = r.eachLogin(ctx, account.Name, func(f store.TokenFamily) {
		if f.Issuer == "" && newLogin(f, now).State == "active" {
			out.Logins++
		}
	})
	if err != nil {
		return out, err
	}
	err = r.eachKey(ctx, account.Name, func(k store.APIKey) {
		if s := newAPIKey(k, now).State; s == "active" || s == "rotated" {
			out.Keys++
		}
	})
	return out, err
}

func (a *app) personText(p personDetail) string {
	rows := [][2]string{{"name", explain.Visible(p.Name)}, {"state", accountState(p.person)}}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, [2]string{name, explain.Visible(value)})
		}
	}
	add("display", p.Display)
	add("groups", strings.Join(p.Groups, " "))
	add("scopes", strings.Join(p.Scopes, " "))
	add("created", explain.Moment(p.Created))
	if p.PasswordChanged != nil {
		add("password set", explain.Moment(*p.PasswordChanged)+" ("+ago(*p.PasswordChanged, a.Now())+")")
	}
	switch {
	case p.SecondFactor:
		add("second factor", "one-time password; "+counted(p.RecoveryCodes, "recovery code left", "recovery codes left"))
	default:
		add("second factor", "none")
	}
	add("holds", counted(p.Sessions, "session", "sessions")+", "+counted(p.Logins, "login of a client", "logins of clients")+", "+counted(p.Keys, "API key", "API keys"))
	return a.style.Pairs("", rows)
}

func (a *app) userLink() *cobra.Command {
	var w where
	var asJSON bool
	ttl := duration(people.DefaultLinkTTL)
	cmd := &cobra.Command{
		Use:   "link NAME",
		Short: "Make a link by which a person sets a new password, once",
		Long: "For somebody who has forgotten the password, or never had one. Give the link to that person alone, by a way that you trust: " +
			"whoever opens it first sets the password. It is good once, until it expires or the password is changed.",
		Example: "gate401 user link alice --ttl 1h",
		Args:    wants(1, 1, "the name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if time.Duration(ttl) <= 0 || time.Duration(ttl) > people.MaxLinkTTL {
				return usagef("", "--ttl: between 1s and 7d")
			}
			r, err := a.open(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			account, err := r.account(ctx, args[0])
			if err != nil {
				return err
			}
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
		},
		ValidArgsFunction: a.completePeople(&w),
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
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			r, err := a.open(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			account, err := r.account(ctx, args[0])
			if err != nil {
				return err
			}
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
		},
		ValidArgsFunction: a.completePeople(&w),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}
