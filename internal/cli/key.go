package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/history"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

func (a *app) key() *cobra.Command {
	return a.group("key", "Create, list, rotate and revoke API keys",
		"API keys for programs. A key is printed once, when it is made; only its SHA-256 is kept.",
		a.keyCreate(), a.keyList(), a.keyRevoke(), a.keyRotate(),
		a.trace("ID|KEY", "Tell the life of a key", "ID may also be the key itself, of which only the identifier is used.", "gate401 key trace k-3f0q8zk2ma", history.KindKey, a.completeKeys))
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
		ID: k.ID, Name: k.Name, Owner: k.Owner, Environment: k.Environment, Scopes: k.Scopes, Groups: k.Groups, Hint: k.Hint,
		Created: k.Created.UTC(), Expires: moment(k.Expires), Revoked: moment(k.Revoked), LastUsed: moment(k.LastUsed), Successor: k.Successor,
		State: "active",
	}
	switch {
	case out.Revoked != nil:
		out.State = "revoked"
	case out.Expires != nil && !now.Before(k.Expires):
		out.State = "expired"
	case k.Successor != "":
		out.State = "rotated"
	}
	if out.Scopes == nil {
		out.Scopes = []string{}
	}
	if out.Groups == nil {
		out.Groups = []string{}
	}
	return out
}

// newKeyID is short enough to type, and has no letters that look alike.
func newKeyID() string {
	const letters = "0123456789abcdefghjkmnpqrstvwxyz"
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return "k-" + string(b[:])
}

func (a *app) keyCreate() *cobra.Command {
	var w where
	var record store.APIKey
	var owner string
	var expires expiry
	var allowed scopes
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a key and print it once",
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
				record.Expires = until
			}
			record.Scopes = allowed
			secret, err := token.NewAPIKey(nil, record.Environment)
			if err != nil {
				return usagef("--env live, --env test, ...", "--env: %w", err)
			}
			r, err := a.openOrMake(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			if owner != "" {
				account, err := r.account(ctx, owner)
				if err != nil {
					return err
				}
				record.Owner = account.Name
			}
			record.ID, record.Hash, record.Hint = newKeyID(), secret.Hash(), secret.Display()
			made, err := r.Set.APIKeys.CreateAPIKey(ctx, record)
			if err != nil {
				return storeError(err)
			}
			r.tell(ctx, store.Event{Kind: store.EventIssued, Method: "api-key", Object: made.ID, Subject: made.Owner, Detail: "by " + r.actor})
			detail := map[string]any{"owner": made.Owner, "name": made.Name, "environment": made.Environment, "scopes": made.Scopes}
			if err := r.audit(ctx, "key.create", made.ID, detail); err != nil {
				return err
			}
			return a.madeKey(asJSON, made, secret, "made the key "+made.ID)
		},
	}
	f := cmd.Flags()
	f.StringVar(&owner, "owner", "", "the account that the key speaks for: `NAME`")
	f.StringVar(&record.Name, "name", "", "what the key is for, for lists: `TEXT`")
	f.Var(&allowed, "scope", "let the key use these `SCOPES`, with spaces between; may be repeated")
	f.StringArrayVar(&record.Groups, "group", nil, "put the key into the group `G`; may be repeated")
	f.StringVar(&record.Environment, "env", "live", "the environment that the key is for: `ENV`")
	f.Var(&expires, "expires", "how long the key is good, such as 90d, or until when, such as 2027-01-01; for ever if not given")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("owner", func(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		return a.completePeople(&w)(cmd, nil, prefix)
	})
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
	a.print(secret.Reveal() + "\n")
	a.say("this key is shown once; only its hash is kept")
	return nil
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
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.open(cmd.Context(), w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			if owner != "" {
				account, err := r.account(cmd.Context(), owner)
				if err != nil {
					return err
				}
				owner = account.Name
			}
			keys := []apiKey{}
			var rows [][]string
			err = r.eachKey(cmd.Context(), owner, func(k store.APIKey) {
				out := newAPIKey(k, a.Now())
				keys = append(keys, out)
				rows = append(rows, []string{out.ID, out.State, out.Environment, orDash(explain.Visible(out.Owner)), day(out.Expires), orDash(explain.Visible(out.Name)), words(out.Scopes)})
			})
			if err != nil {
				return storeError(err)
			}
			if asJSON {
				return a.json(keys)
			}
			if len(rows) == 0 {
				a.say(`there are no keys; "gate401 key create" makes one`)
			}
			a.print(a.table([]string{"id", "state", "env", "owner", "expires", "name", "scopes"}, rows))
			return nil
		},
	}
	cmd.Flags().StringVar(&owner, "owner", "", "only the keys of this account: `NAME`")
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

// eachKey goes through all keys of one owner, or of everyone.
func (r *records) eachKey(ctx context.Context, owner string, each func(store.APIKey)) error {
	for after := ""; ; {
		page, err := r.Set.APIKeys.ListAPIKeys(ctx, owner, after, store.MaxPage)
		if err != nil {
			return err
		}
		for _, k := range page {
			each(k)
		}
		if len(page) < store.MaxPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// findKey finds a key by its ID. Whoever gives the key itself is told not to.
func (r *records) findKey(ctx context.Context, id string) (store.APIKey, error) {
	if strings.HasPrefix(id, token.APIKeyPrefix+"_") {
		return store.APIKey{}, usagef(`"gate401 key list" shows the ids`, "that is a key and not its id; it is in the history of your shell now, so revoke it")
	}
	k, err := r.Set.APIKeys.APIKey(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return k, fail(ExitProblems, fmt.Errorf("there is no key %q", explain.Visible(id)), `"gate401 key list" shows the ids`)
	}
	return k, storeError(err)
}

func (a *app) keyRevoke() *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "revoke ID",
		Short:   "Refuse a key from now on, for good",
		Example: "gate401 key revoke k-3f0q8zk2ma",
		Args:    wants(1, 1, "the id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			r, err := a.open(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			fact := "revoked " + args[0]
			var k store.APIKey
			for try := 1; ; try++ {
				if k, err = r.findKey(ctx, args[0]); err != nil {
					return err
				}
				if !k.Revoked.IsZero() {
					fact = args[0] + " was revoked " + explain.Moment(k.Revoked)
					break
				}
				k.Revoked = a.Now()
				k, err = r.Set.APIKeys.UpdateAPIKey(ctx, k)
				if err == nil {
					r.tell(ctx, store.Event{Kind: store.EventRevoked, Method: "api-key", Object: k.ID, Subject: k.Owner, Detail: "by " + r.actor})
					err = r.audit(ctx, "key.revoke", k.ID, nil)
					break
				}
				if !errors.Is(err, store.ErrConflict) || try == attempts {
					return storeError(err)
				}
			}
			if err != nil {
				return err
			}
			if asJSON {
				return a.json(newAPIKey(k, a.Now()))
			}
			a.say("%s", fact)
			return nil
		},
		ValidArgsFunction: a.completeKeys(&w),
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
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			r, err := a.open(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			old, err := r.findKey(ctx, args[0])
			if err != nil {
				return err
			}
			switch {
			case !old.Revoked.IsZero():
				return fail(ExitProblems, fmt.Errorf("%s is revoked", old.ID), `"gate401 key create" makes a new one`)
			case past(old.Expires, a.Now()):
				return fail(ExitProblems, fmt.Errorf("%s expired %s", old.ID, explain.Moment(old.Expires)), `"gate401 key create" makes a new one`)
			case old.Successor != "":
				return fail(ExitProblems, fmt.Errorf("%s has a successor already: %s", old.ID, old.Successor), "rotate "+old.Successor)
			}
			secret, err := token.NewAPIKey(nil, old.Environment)
			if err != nil {
				return err
			}
			next := store.APIKey{
				ID: newKeyID(), Hash: secret.Hash(), Hint: secret.Display(), Environment: old.Environment, Owner: old.Owner,
				Name: old.Name, Scopes: old.Scopes, Groups: old.Groups,
			}
			switch {
			case expires.set():
				if next.Expires, err = expires.moment(a.Now()); err != nil {
					return err
				}
			case !old.Expires.IsZero():
				next.Expires = a.Now().Add(old.Expires.Sub(old.Created))
			}
			until := a.Now().Add(time.Duration(overlap))
			next, err = r.Set.APIKeys.RotateAPIKey(ctx, old.ID, old.Version, until, next)
			if err != nil {
				return storeError(err)
			}
			r.tell(ctx, store.Event{Kind: store.EventRenewed, Method: "api-key", Object: old.ID, Subject: old.Owner, Detail: "replaced by " + next.ID})
			r.tell(ctx, store.Event{Kind: store.EventIssued, Method: "api-key", Object: next.ID, Subject: next.Owner, Detail: "in place of " + old.ID})
			if err := r.audit(ctx, "key.rotate", old.ID, map[string]any{"successor": next.ID, "until": until.UTC()}); err != nil {
				return err
			}
			if !asJSON {
				if !old.Expires.IsZero() && old.Expires.Before(until) {
					until = old.Expires
				}
				a.say("%s ends %s", old.ID, explain.Moment(until))
			}
			return a.madeKey(asJSON, next, secret, "made its successor "+next.ID)
		},
		ValidArgsFunction: a.completeKeys(&w),
	}
	cmd.Flags().Var(&overlap, "overlap", "how long the old key stays good")
	cmd.Flags().Var(&expires, "expires", "how long the new key is good, or until when; as long as the old one was if not given")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// completeKeys offers the ids of keys that are not revoked.
func (a *app) completeKeys(w *where) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		var out []string
		if len(args) == 0 {
			a.peek(cmd.Context(), *w, func(r *records) {
				_ = r.eachKey(cmd.Context(), "", func(k store.APIKey) {
					if strings.HasPrefix(k.ID, toComplete) && k.Revoked.IsZero() {
						out = append(out, k.ID+"\t"+strings.TrimSpace(k.Owner+" "+k.Name))
					}
				})
			})
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}
