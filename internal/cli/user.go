package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
		"The accounts that the method basic knows: people, and machines with a password.\n\n"+
			"A change counts at once, also for a gate that is running on the same store.",
		a.userAdd(), a.userImport(), a.userList(), a.userShow(), a.userPasswd(), a.userLink(), a.userTOTP(), a.userSuspend(), a.userResume(), a.userGroups(), a.userRemove())
}

// person is an account as JSON: everything but the hashes.
type person struct {
	Name            string     `json:"name"`
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
		Name: a.Name, Display: a.Display, Groups: a.Groups, Scopes: a.Scopes, Suspended: a.Suspended,
		HasPassword: a.Password != "", PasswordChanged: moment(a.PasswordChanged), Created: a.Created.UTC(),
	}
	if p.Groups == nil {
		p.Groups = []string{}
	}
	if p.Scopes == nil {
		p.Scopes = []string{}
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
			r, err := a.openOrMake(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			hash, err := r.Hasher.Hash(ctx, secret.text)
			if err != nil {
				return err
			}
			account := store.Account{Name: name, Display: display, Groups: groups, Scopes: allowed}
			account.SetPassword(hash, a.Now())
			account, err = r.Set.Accounts.CreateAccount(ctx, account)
			if errors.Is(err, store.ErrExists) {
				return fail(ExitProblems, fmt.Errorf("there is an account %q already", name), `"gate401 user passwd `+name+`" gives it a new password`)
			} else if err != nil {
				return storeError(err)
			}
			if err := r.audit(ctx, "account.create", name, map[string][]string{"groups": groups, "scopes": allowed}); err != nil {
				return err
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
		a.print(secret.text + "\n")
		a.say("this password is shown once; only its hash is kept")
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
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.open(cmd.Context(), w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			people := []person{}
			var rows [][]string
			for after := ""; ; {
				page, err := r.Set.Accounts.ListAccounts(cmd.Context(), after, store.MaxPage)
				if err != nil {
					return storeError(err)
				}
				for _, account := range page {
					p := newPerson(account)
					people = append(people, p)
					rows = append(rows, []string{explain.Visible(p.Name), accountState(p), p.Created.Format(time.DateOnly), words(p.Groups), words(p.Scopes)})
				}
				if len(page) < store.MaxPage {
					break
				}
				after = page[len(page)-1].Name
			}
			if asJSON {
				return a.json(people)
			}
			if len(rows) == 0 {
				a.say(`there are no accounts; "gate401 user add NAME" makes one`)
			}
			a.print(a.table([]string{"name", "state", "created", "groups", "scopes"}, rows))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

func accountState(p person) string {
	switch {
	case p.Suspended:
		return "suspended"
	case !p.HasPassword:
		return "no password"
	}
	return "active"
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
			"one is made up and printed once. The old one stops to work at once, and all that hung on it ends: sessions, and the tokens of clients; not API keys.",
		Example: "gate401 user passwd alice\npass show alice | gate401 user passwd alice --password-stdin",
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
			secret, err := pw.read(a, account.Name, !isTerminal(a.In))
			if err != nil {
				return err
			}
			if account, err = r.users(ctx).SetPassword(ctx, r.by(), account.Name, secret.text); err != nil {
				return peopleError(err)
			}
			return a.told(asJSON, account, secret, "changed the password of "+account.Name)
		},
		ValidArgsFunction: a.completePeople(&w),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	pw.flags(cmd)
	w.flags(cmd)
	return cmd
}

// userChange is the shape of the commands that change one thing of an account.
func (a *app) userChange(use, short, long, action string, edit func(*store.Account) (fact string, changed bool, err error)) *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Args: wants(1, 1, "the name"),
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
			fact, changed, err := edit(&account)
			if err != nil {
				return err
			}
			if changed {
				account, err = r.change(ctx, account.Name, func(account *store.Account) error {
					_, _, err := edit(account)
					return err
				})
				if err != nil {
					return err
				}
				detail := map[string]any{"groups": account.Groups, "suspended": account.Suspended}
				if err := r.audit(ctx, action, account.Name, detail); err != nil {
					return err
				}
			}
			if asJSON {
				return a.json(newPerson(account))
			}
			a.say("%s", fact)
			return nil
		},
		ValidArgsFunction: a.completePeople(&w),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// userStanding is the shape of suspend and resume.
func (a *app) userStanding(cmd *cobra.Command, change func(*people.People, context.Context, people.By, string) (store.Account, bool, error), done, already string) *cobra.Command {
	var w where
	var asJSON bool
	cmd.Args = wants(1, 1, "the name")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
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
		account, changed, err := change(r.users(ctx), ctx, r.by(), account.Name)
		switch {
		case err != nil:
			return peopleError(err)
		case asJSON:
			return a.json(newPerson(account))
		case changed:
			a.say(done, account.Name)
		default:
			a.say(already, account.Name)
		}
		return nil
	}
	cmd.ValidArgsFunction = a.completePeople(&w)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

func (a *app) userSuspend() *cobra.Command {
	return a.userStanding(&cobra.Command{
		Use: "suspend NAME", Short: "Lock an account out until it is resumed", Example: "gate401 user suspend alice",
		Long: "The account, its sessions, tokens and API keys are refused from now on (403), and told so only after their proof was right. Nothing of it ends.",
	}, (*people.People).Suspend, "suspended %s", "%s is suspended already")
}

func (a *app) userResume() *cobra.Command {
	return a.userStanding(&cobra.Command{
		Use: "resume NAME", Short: "Let a suspended account in again", Example: "gate401 user resume alice",
	}, (*people.People).Resume, "resumed %s", "%s is not suspended")
}

func (a *app) userGroups() *cobra.Command {
	var add, remove []string
	cmd := a.userChange("groups NAME", "Show or change the groups of an account", "", "account.groups",
		func(account *store.Account) (string, bool, error) {
			before := slices.Clone(account.Groups)
			for _, g := range add {
				if g == "" || strings.ContainsAny(g, " ,\t") {
					return "", false, usagef("", "%q cannot be the name of a group", g)
				}
				if !slices.Contains(account.Groups, g) {
					account.Groups = append(account.Groups, g)
				}
			}
			account.Groups = slices.DeleteFunc(account.Groups, func(g string) bool { return slices.Contains(remove, g) })
			fact := account.Name + " is in no group"
			if len(account.Groups) > 0 {
				fact = account.Name + " is in " + strings.Join(account.Groups, ", ")
			}
			return fact, !slices.Equal(before, account.Groups), nil
		})
	cmd.Example = "gate401 user groups alice\ngate401 user groups alice --add admin --remove support"
	cmd.Flags().StringArrayVar(&add, "add", nil, "put the account into the group `G`; may be repeated")
	cmd.Flags().StringArrayVar(&remove, "remove", nil, "take the account out of the group `G`; may be repeated")
	return cmd
}

func (a *app) userRemove() *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "remove NAME",
		Aliases: []string{"rm"},
		Short:   "Remove an account, its API keys and its tokens",
		Example: "gate401 user remove alice",
		Long: "Removes an account for good: its password, its API keys and the tokens that were issued to it end, also at a gate that is running. " +
			"To keep it and lock it out, suspend it.",
		Args: wants(1, 1, "the name"),
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
			if err := r.users(ctx).Delete(ctx, r.by(), account.Name); err != nil {
				return peopleError(err)
			}
			if asJSON {
				err = a.json(map[string]any{"name": account.Name, "removed": true})
			} else {
				a.say("removed %s; its password, API keys and tokens end", account.Name)
			}
			if left, failed := r.Set.Accounts.ListAccounts(ctx, "", 1); failed == nil && len(left) == 0 {
				a.say(`note: that was the last account; "gate401 user add NAME" makes one`)
			}
			return err
		},
		ValidArgsFunction: a.completePeople(&w),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// weak says why a password is refused, as wrong use.
func weak(text, name string) error {
	if err := password.Check(text, name); err != nil {
		return fail(ExitProblems, err, "take a long sentence, or leave the choice to --generate")
	}
	return nil
}
