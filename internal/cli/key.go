package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/history"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

func (a *app) key() *cobra.Command {
	return a.group("key", "Create, list, rotate and revoke API keys",
		"API keys for programs. A key is printed once, when it is made; only its SHA-256 is kept.",
		a.keyCreate(), a.keyList(), a.keyRevoke(), a.keyRotate(),
		a.trace("ID|KEY", "Tell the life of a key", "ID may also be the key itself, of which only the identifier is used.", "gate401 key trace k-3f0q8zk2ma", history.KindKey, (*records).keyNames))
}

// apiKey is an API key as JSON.
type apiKey struct {
	ID          string     `json:"id"`
	Name        string     `json:"name,omitempty"`
	Owner       string     `json:"owner,omitempty"`
	Environment string     `json:"environment"`
	Scopes      []string   `json:"scopes"`
	Groups      []string   `json:"groups"`
	State       string     `json:"state"`
	Hint        string     `json:"hint"`
	Created     time.Time  `json:"created"`
	Expires     *time.Time `json:"expires,omitempty"`
	Revoked     *time.Time `json:"revoked,omitempty"`
	LastUsed    *time.Time `json:"last_used,omitempty"`
	Successor   string     `json:"successor,omitempty"`
	// Value is there only when the key was made just now.
	Value string `json:"value,omitempty"`
}

func newAPIKey(k store.APIKey, now time.Time) apiKey {
	out := apiKey{
		ID: k.ID, Name: k.Name, Owner: k.Owner, Environment: k.Environment, Scopes: orNone(k.Scopes), Groups: orNone(k.Groups), Hint: k.Hint,
		Created: k.Created.UTC(), Expires: moment(k.Expires), Revoked: moment(k.Revoked), LastUsed: moment(k.LastUsed), Successor: k.Successor,
		State: active,
	}
	switch {
	case out.Revoked != nil:
		out.State = "revoked"
	case out.Expires != nil && !now.Before(k.Expires):
		out.State = "expired"
	case k.Successor != "":
		out.State = rotated
	}
	return out
}

func (a *app) keyCreate() *cobra.Command {
	var w where
	var ask people.NewKey
	var owner string
	var expires expiry
	var allowed scopes
	var beyond, asJSON bool
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a key and print it once",
		Long: "Makes a key that may do what its scopes and groups say. With an owner it may not do more than that account; " +
			"later changes of the account do not change its keys, and suspending or removing it stops them.",
		Example: `gate401 key create --owner alice --name ci --scope orders:read --expires 90d

# into a file that only you can read
(umask 077; gate401 key create --owner alice > key.txt)`,
		Args: wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if expires.set() {
				until, err := expires.moment(a.Now())
				if err != nil {
					return err
				}
				ask.Expires = until
			}
			ask.Scopes = allowed
			// What is wrong in the command is told before anything is opened.
			if _, err := token.NewAPIKey(nil, ask.Environment); err != nil {
				return usagef("--env live, --env test, ...", "--env: %w", err)
			}
			r, err := a.open(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			var account *store.Account
			if owner != "" {
				found, err := r.account(ctx, owner)
				if err != nil {
					return err
				}
				if err := r.keyWithin(found, ask, beyond); err != nil {
					return err
				}
				owner, account = found.Name, &found
			}
			if err := r.keyEnvironment(ask.Environment); err != nil {
				return err
			}
			made, secret, err := r.users(ctx).AddKey(ctx, r.by(), owner, ask)
			if err != nil {
				return peopleError(err)
			}
			a.keyDoubts(account, ask)
			return a.madeKey(asJSON, made, secret, "made the key "+made.ID)
		},
	}
	f := cmd.Flags()
	f.StringVar(&owner, "owner", "", "the account that the key speaks for: `NAME`")
	f.StringVar(&ask.Name, "name", "", "what the key is for, for lists: `TEXT`")
	f.Var(&allowed, "scope", "let the key use these `SCOPES`, with spaces between; may be repeated")
	f.StringArrayVar(&ask.Groups, "group", nil, "put the key into the group `G`; may be repeated")
	f.StringVar(&ask.Environment, "env", "live", "the environment that the key is for: `ENV`")
	f.BoolVar(&beyond, "beyond-owner", false, "let the key do more than its owner may")
	f.Var(&expires, "expires", "how long the key is good, such as 90d, or until when, such as 2027-01-01; for ever if not given")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	a.completeFlag(cmd, "owner", &w, (*records).accountNames)
	return cmd
}

// madeKey prints a key, the only time that it can be seen.
func (a *app) madeKey(asJSON bool, record store.APIKey, secret token.APIKey, fact string) error {
	if asJSON {
		out := newAPIKey(record, a.Now())
		out.Value = secret.Reveal()
		return a.json(out)
	}
	until := "does not expire"
	if !record.Expires.IsZero() {
		until = "expires " + explain.Moment(record.Expires)
	}
	a.say("%s, which %s", fact, until)
	a.once(secret.Reveal(), "key")
	return nil
}

// owner is the canonical name of the account that --owner names, if it does.
func (r *records) owner(ctx context.Context, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	account, err := r.account(ctx, name)
	return account.Name, err
}

func (a *app) keyList() *cobra.Command {
	var w where
	var owner string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List keys",
		Example: "gate401 key list --owner alice",
		Args:    wants(0, 0, ""),
		RunE: a.with(&w, func(ctx context.Context, r *records, _ []string) error {
			of, err := r.owner(ctx, owner)
			if err != nil {
				return err
			}
			keys := listing[apiKey]{head: []string{"id", "state", "env", "owner", "expires", "name", "scopes"}}
			for k, err := range r.keys(ctx, of) {
				if err != nil {
					return storeError(err)
				}
				out := newAPIKey(k, a.Now())
				keys.add(out, out.ID, out.State, out.Environment, orDash(explain.Visible(out.Owner)), day(out.Expires), orDash(explain.Visible(out.Name)), words(out.Scopes))
			}
			return keys.print(a, asJSON, `there are no keys; "gate401 key create" makes one`)
		}),
	}
	cmd.Flags().StringVar(&owner, "owner", "", "only the keys of this account: `NAME`")
	a.completeFlag(cmd, "owner", &w, (*records).accountNames)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

func day(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.Format(time.DateOnly)
}

// findKey finds a key by its ID, for the commands of these names. Whoever gives the
// key itself gets them with its ID: others may know the key by now.
func (r *records) findKey(ctx context.Context, id string, verbs ...string) (store.APIKey, error) {
	if strings.HasPrefix(id, token.APIKeyPrefix+"_") {
		return store.APIKey{}, r.ratherID(ctx, id, verbs)
	}
	k, err := r.users(ctx).AnyKey(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return k, unknown("key", id, r.keyNames(ctx), "key list")
	}
	return k, storeError(err)
}

// ratherID names the commands with the ID of a key that was given itself, and never
// the key.
func (r *records) ratherID(ctx context.Context, text string, verbs []string) error {
	list := `"gate401 key list` + r.at.flagsAgain() + `" shows the ids`
	key, err := token.ParseAPIKey(text)
	if err != nil {
		return usagef(list, "that is no id, and no whole key either: %w", err)
	}
	k, err := r.Set.APIKeys.APIKeyByHash(ctx, key.Hash())
	if errors.Is(err, store.ErrNotFound) {
		return usagef(list+"; -c FILE or --store sqlite:FILE names other records", "that is a key and not its id, and it is none of these records; it is in the history of your shell now")
	} else if err != nil {
		return storeError(err)
	}
	commands := make([]string, len(verbs))
	for i, verb := range verbs {
		commands[i] = "gate401 key " + verb + " " + k.ID + r.at.flagsAgain()
	}
	return usagef(strings.Join(commands, ", and then "), "that is the key itself and not its id, %s; it is in the history of your shell now", k.ID)
}

func (a *app) keyRevoke() *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "revoke ID",
		Short:   "Refuse a key from now on, for good",
		Example: "gate401 key revoke k-3f0q8zk2ma",
		Args:    wants(1, 1, "the id"),
		RunE: a.with(&w, func(ctx context.Context, r *records, args []string) error {
			k, err := r.findKey(ctx, args[0], "revoke")
			if err != nil {
				return err
			}
			k, revoked, err := r.users(ctx).RevokeAnyKey(ctx, r.by(), k.ID)
			switch {
			case err != nil:
				return peopleError(err)
			case asJSON:
				return a.json(newAPIKey(k, a.Now()))
			case revoked:
				a.say("revoked %s", k.ID)
			default:
				a.say("%s was revoked %s", k.ID, explain.Moment(k.Revoked))
			}
			return nil
		}),
		ValidArgsFunction: a.complete(&w, (*records).keyNames),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

func (a *app) keyRotate() *cobra.Command {
	var w where
	var asJSON bool
	overlap := duration(24 * time.Hour)
	var expires expiry
	cmd := &cobra.Command{
		Use:   "rotate ID",
		Short: "Make the key that replaces another",
		Long: "Makes a key with the same owner, name, scopes and groups, and lets the old one end after the overlap. " +
			"Until then both are good, so that nobody is locked out while the new one is rolled out.",
		Example: "gate401 key rotate k-3f0q8zk2ma --overlap 24h",
		Args:    wants(1, 1, "the id"),
		RunE: a.with(&w, func(ctx context.Context, r *records, args []string) error {
			old, err := r.findKey(ctx, args[0], "rotate", "revoke")
			if err != nil {
				return err
			}
			ask := people.Replacement{Overlap: time.Duration(overlap)}
			if expires.set() {
				if ask.Expires, err = expires.moment(a.Now()); err != nil {
					return err
				}
			}
			next, secret, err := r.users(ctx).RotateAnyKey(ctx, r.by(), old.ID, ask)
			switch {
			case errors.Is(err, people.ErrKeyOver):
				return over(old, err, a.Now())
			case err != nil:
				return peopleError(err)
			}
			if !asJSON {
				until := a.Now().Add(ask.Overlap)
				if !old.Expires.IsZero() && old.Expires.Before(until) {
					until = old.Expires
				}
				a.say("%s ends %s", old.ID, explain.Moment(until))
			}
			return a.madeKey(asJSON, next, secret, "made its successor "+next.ID)
		}),
		ValidArgsFunction: a.complete(&w, (*records).keyNames),
	}
	cmd.Flags().Var(&overlap, "overlap", "how long the old key stays good")
	cmd.Flags().Var(&expires, "expires", "how long the new key is good, or until when; as long as the old one was if not given")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// over says why a key cannot be replaced, as far as the record that was read tells
// it.
func over(k store.APIKey, err error, now time.Time) error {
	fresh := `"gate401 key create" makes a new one`
	switch {
	case !k.Revoked.IsZero():
		return fail(ExitProblems, fmt.Errorf("%s is revoked", k.ID), fresh)
	case past(k.Expires, now):
		return fail(ExitProblems, fmt.Errorf("%s expired %s", k.ID, explain.Moment(k.Expires)), fresh)
	case k.Successor != "":
		return fail(ExitProblems, fmt.Errorf("%s has a successor already: %s", k.ID, k.Successor), "rotate "+k.Successor)
	}
	return fail(ExitProblems, err)
}
