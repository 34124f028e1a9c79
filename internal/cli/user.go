package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

func (a *app) user() *cobra.Command {
	return a.group("user", "Add, list and change accounts",
		"The accounts of people who log in at the page or with Basic, and of machines with a password: the methods session and basic know them.\n\n"+
			"A change counts at once, also for a gate that is running on the same store.",
		a.userAdd(), a.userImport(), a.userList(), a.userShow(), a.userPasswd(), a.userLink(), a.userTOTP(), a.userSuspend(), a.userResume(), a.userGroups(), a.userScopes(), a.userRemove())
}

// person is an account as JSON: everything but the hashes.
type person struct {
	Name            string     `json:"name"`
	State           string     `json:"state"`
	Display         string     `json:"display,omitempty"`
	Groups          []string   `json:"groups"`
	Scopes          []string   `json:"scopes"`
	Suspended       bool       `json:"suspended"`
	HasPassword     bool       `json:"has_password"`
	PasswordChanged *time.Time `json:"password_changed,omitempty"`
	Created         time.Time  `json:"created"`
	// Password is there only when it was generated just now.
	Password string `json:"password,omitempty"`
}

func newPerson(a store.Account) person {
	p := person{
		Name: a.Name, State: active, Display: a.Display, Groups: orNone(a.Groups), Scopes: orNone(a.Scopes), Suspended: a.Suspended,
		HasPassword: a.Password != "", PasswordChanged: moment(a.PasswordChanged), Created: a.Created.UTC(),
	}
	switch {
	case p.Suspended:
		p.State = "suspended"
	case !p.HasPassword:
		p.State = "no password"
	}
	return p
}

// moment is nil for the zero time, so that JSON leaves it out.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (a *app) userAdd() *cobra.Command {
	var w where
	var groups []string
	var allowed scopes
	var display string
	var asJSON bool
	var pw passwordFlags
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an account",
		Long:  "Adds an account. Without a flag for the password one is generated and printed once.",
		Example: `gate401 user add alice --group admin
pass show alice | gate401 user add alice --password-stdin`,
		Args: wants(1, 1, "the name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			name, err := store.Canonical(args[0])
			if err != nil {
				return usagef("", "%w", err)
			}
			if strings.Contains(name, ":") {
				return usagef("choose a name without one", "%q has a colon, so nobody could log in with it: Basic ends the name at the first colon (RFC 7617 section 2)", explain.Visible(name))
			}
			secret, err := pw.read(a, name, true)
			if err != nil {
				return err
			}
			r, err := a.begin(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			account, err := r.users(ctx).Add(ctx, r.by(), store.Account{Name: name, Display: display, Groups: groups, Scopes: allowed}, people.NewPassword{Text: secret.text}, "added")
			switch {
			case errors.Is(err, store.ErrExists):
				return fail(ExitProblems, fmt.Errorf("there is an account %q already", name), `"gate401 user passwd `+name+`" gives it a new password`)
			case err != nil:
				return peopleError(err)
			}
			return a.told(asJSON, account, secret, "added "+name)
		},
	}
	cmd.Flags().StringArrayVar(&groups, "group", nil, "put the account into the group `G`; may be repeated")
	cmd.Flags().Var(&allowed, "scope", "let the account use these `SCOPES`, with spaces between; may be repeated")
	cmd.Flags().StringVar(&display, "display", "", "the `NAME` as the person writes it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	pw.flags(cmd)
	w.flags(cmd)
	return cmd
}

// told reports a changed account, with its password if that was made up.
func (a *app) told(asJSON bool, account store.Account, secret secret, fact string) error {
	if asJSON {
		p := newPerson(account)
		if secret.generated {
			p.Password = secret.text
		}
		return a.json(p)
	}
	a.say("%s", fact)
	if secret.generated {
		a.once(secret.text, "password")
	}
	return nil
}

func (a *app) userList() *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List accounts",
		Example: "gate401 user list",
		Args:    wants(0, 0, ""),
		RunE: a.with(&w, func(ctx context.Context, r *records, _ []string) error {
			list := listing[person]{head: []string{"name", "state", "created", "groups", "scopes"}}
			for account, err := range r.accounts(ctx) {
				if err != nil {
					return storeError(err)
				}
				p := newPerson(account)
				list.add(p, explain.Visible(p.Name), p.State, p.Created.Format(time.DateOnly), words(p.Groups), words(p.Scopes))
			}
			return list.print(a, asJSON, `there are no accounts; "gate401 user add NAME" makes one`)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

func (a *app) userPasswd() *cobra.Command {
	var w where
	var asJSON bool
	var pw passwordFlags
	cmd := &cobra.Command{
		Use:     "passwd NAME",
		Aliases: []string{"password"},
		Short:   "Give an account a new password",
		Long: "Asks twice for the new password, or reads it with --password-stdin. With --generate, and where there is no terminal to ask, " +
			"one is made up and printed once. The old one stops working at once, and all that hung on it ends: sessions, and the tokens of clients; not API keys.",
		Example: "gate401 user passwd alice\npass show alice | gate401 user passwd alice --password-stdin",
		Args:    wants(1, 1, "the name"),
		RunE: a.withAccount(&w, func(ctx context.Context, r *records, account store.Account) error {
			secret, err := pw.read(a, account.Name, !isTerminal(a.In))
			if err != nil {
				return err
			}
			if account, err = r.users(ctx).SetPassword(ctx, r.by(), account.Name, secret.text); err != nil {
				return peopleError(err)
			}
			return a.told(asJSON, account, secret, "changed the password of "+account.Name)
		}),
		ValidArgsFunction: a.complete(&w, (*records).accountNames),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	pw.flags(cmd)
	w.flags(cmd)
	return cmd
}

// withAccount is a command on the account that the argument names.
func (a *app) withAccount(w *where, run func(context.Context, *records, store.Account) error) func(*cobra.Command, []string) error {
	return a.with(w, func(ctx context.Context, r *records, args []string) error {
		account, err := r.account(ctx, args[0])
		if err != nil {
			return err
		}
		return run(ctx, r, account)
	})
}

// userChange is the shape of the commands that change one thing of an account.
func (a *app) userChange(cmd *cobra.Command, change func(ctx context.Context, r *records, name string) (changed store.Account, fact string, err error)) *cobra.Command {
	var w where
	var asJSON bool
	cmd.Args = wants(1, 1, "the name")
	cmd.RunE = a.withAccount(&w, func(ctx context.Context, r *records, account store.Account) error {
		changed, fact, err := change(ctx, r, account.Name)
		switch {
		case err != nil:
			return err
		case asJSON:
			return a.json(newPerson(changed))
		}
		a.say("%s", fact)
		return nil
	})
	cmd.ValidArgsFunction = a.complete(&w, (*records).accountNames)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

func (a *app) userSuspend() *cobra.Command {
	return a.userChange(&cobra.Command{
		Use: "suspend NAME", Short: "Lock an account out until it is resumed", Example: "gate401 user suspend alice",
		Long: "The account, its sessions, tokens and API keys are refused from now on (403), and told so only after their proof was right. Nothing of it ends.",
	}, func(ctx context.Context, r *records, name string) (store.Account, string, error) {
		account, changed, err := r.users(ctx).Suspend(ctx, r.by(), name)
		if !changed {
			return account, name + " is suspended already", peopleError(err)
		}
		return account, "suspended " + name, peopleError(err)
	})
}

func (a *app) userResume() *cobra.Command {
	return a.userChange(&cobra.Command{
		Use: "resume NAME", Short: "Let a suspended account in again", Example: "gate401 user resume alice",
	}, func(ctx context.Context, r *records, name string) (store.Account, string, error) {
		account, changed, err := r.users(ctx).Resume(ctx, r.by(), name)
		if !changed {
			return account, name + " is not suspended", peopleError(err)
		}
		return account, "resumed " + name, peopleError(err)
	})
}

func (a *app) userGroups() *cobra.Command {
	var add, remove []string
	cmd := a.userChange(&cobra.Command{
		Use: "groups NAME", Short: "Show or change the groups of an account",
		Example: "gate401 user groups alice\ngate401 user groups alice --add admin --remove support",
	}, func(ctx context.Context, r *records, name string) (store.Account, string, error) {
		for _, g := range add {
			if g == "" || strings.ContainsAny(g, " ,\t") {
				return store.Account{}, "", usagef("", "%q cannot be the name of a group", g)
			}
		}
		account, _, err := r.users(ctx).ChangeGroups(ctx, r.by(), name, add, remove)
		fact := account.Name + " is in no group"
		if len(account.Groups) > 0 {
			fact = account.Name + " is in " + strings.Join(account.Groups, ", ")
		}
		return account, fact, peopleError(err)
	})
	cmd.Flags().StringArrayVar(&add, "add", nil, "put the account into the group `G`; may be repeated")
	cmd.Flags().StringArrayVar(&remove, "remove", nil, "take the account out of the group `G`; may be repeated")
	return cmd
}

// betterPassword is what helps when one is refused.
const betterPassword = "take a long sentence, or leave the choice to --generate"

// weak says why a password is refused, before anything is opened or asked again.
func weak(text, name string) error {
	if err := password.Check(text, name); err != nil {
		return fail(ExitProblems, err, betterPassword)
	}
	return nil
}
