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
	"github.com/gate401/gate401/internal/keyring"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

func (a *app) signingKey() *cobra.Command {
	return a.group("signing-key", "List, rotate and revoke the keys that sign tokens",
		"The key pairs by which the gate signs its own tokens. A gate that runs lets them follow each other by itself "+
			"(issuer.rotate_keys, 90 days): the next one is published an hour before it signs, and the old one stays published until the last token "+
			"that it signed is over. Nothing has to be restarted.",
		a.signingKeyList(), a.signingKeyAdd(), a.signingKeyRotate(), a.signingKeyRetire(), a.signingKeyRevoke())
}

// signingKeyRecord is a signing key as JSON, without the private half.
type signingKeyRecord struct {
	ID        string     `json:"kid"`
	Algorithm string     `json:"alg"`
	State     string     `json:"state"`
	Created   time.Time  `json:"created"`
	NotBefore time.Time  `json:"signs_from"`
	Retired   *time.Time `json:"signs_until,omitempty"`
	Expires   *time.Time `json:"published_until,omitempty"`
}

// The states of a signing key.
const (
	keyWaiting = "published" // it will sign
	keySigning = "signing"
	keyRetired = "retired" // what it signed is good
	keyExpired = "expired"
)

func newSigningKey(k store.SigningKey, now time.Time) signingKeyRecord {
	out := signingKeyRecord{
		ID: k.ID, Algorithm: k.Algorithm, State: keySigning, Created: k.Created.UTC(), NotBefore: k.NotBefore.UTC(),
		Retired: moment(k.Retired), Expires: moment(k.Expires),
	}
	switch {
	case !k.Expires.IsZero() && !now.Before(k.Expires):
		out.State = keyExpired
	case !k.Retired.IsZero() && !now.Before(k.Retired):
		out.State = keyRetired
	case now.Before(k.NotBefore):
		out.State = keyWaiting
	}
	return out
}

// ofKeys are the keys as the commands print them.
func (a *app) ofKeys(ctx context.Context, r *records) ([]signingKeyRecord, error) {
	list, err := r.Keyring.List(ctx)
	if err != nil {
		return nil, storeError(err)
	}
	keys := []signingKeyRecord{}
	for _, k := range list {
		keys = append(keys, newSigningKey(k, a.Now()))
	}
	return keys, nil
}

func (a *app) signingKeyList() *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the keys, and when each signs",
		Example: "gate401 signing-key list",
		Args:    wants(0, 0, ""),
		RunE: a.with(&w, func(ctx context.Context, r *records, _ []string) error {
			keys, err := a.ofKeys(ctx, r)
			if err != nil {
				return err
			}
			list := listing[signingKeyRecord]{head: []string{"kid", "state", "alg", "signs from", "signs until", "published until"}}
			for _, k := range keys {
				list.add(k, k.ID, k.State, k.Algorithm, explain.Moment(k.NotBefore), orAlways(k.Retired), orAlways(k.Expires))
			}
			return list.print(a, asJSON, `there are no signing keys; the gate makes one when it needs it, "gate401 signing-key rotate" does now`)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

func orAlways(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return explain.Moment(*t)
}

// signingKeyNew is the shape of add and rotate.
func (a *app) signingKeyNew(cmd *cobra.Command, algorithm func() (string, error), action string) *cobra.Command {
	var w where
	var asJSON, now bool
	lead := duration(keyring.DefaultLead)
	cmd.Args = wants(0, 0, "")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		alg, err := algorithm()
		if err != nil {
			return err
		}
		if now {
			lead = 0
		}
		r, err := a.open(ctx, w)
		if err != nil {
			return err
		}
		defer func() { _ = r.Close() }()
		before, err := r.Keyring.List(ctx)
		if err != nil {
			return storeError(err)
		}
		made, err := r.Keyring.Rotate(ctx, alg, time.Duration(lead))
		if errors.Is(err, keyring.ErrWaiting) {
			return fail(ExitProblems, fmt.Errorf("%s: %s waits to sign already, from %s on", cmd.CommandPath(), made.ID, explain.Moment(made.NotBefore)),
				"--now lets a key sign at once: that one, if it is of the kind", `"gate401 signing-key retire `+made.ID+`" withdraws it; then make another`)
		}
		if err != nil {
			return storeError(err)
		}
		forward := slices.ContainsFunc(before, func(k store.SigningKey) bool { return k.ID == made.ID })
		if err := r.audit(ctx, action, made.ID, map[string]any{"alg": made.Algorithm, "signs_from": made.NotBefore.UTC()}); err != nil {
			return err
		}
		if asJSON {
			return a.json(newSigningKey(made, a.Now()))
		}
		switch {
		case forward:
			a.say("brought the key %s (%s) forward: it is published since %s and signs from now on", made.ID, made.Algorithm, explain.Moment(made.Created))
		case now:
			a.say("made the key %s (%s), which signs from now on", made.ID, made.Algorithm)
			a.say("note: whoever keeps the key set in a cache may refuse its first tokens for some minutes")
		default:
			a.say("made the key %s (%s), which is published now and signs from %s on", made.ID, made.Algorithm, explain.Moment(made.NotBefore))
		}
		return nil
	}
	cmd.Flags().Var(&lead, "lead", "how long the key is published before it signs: longer than anybody caches the key set")
	cmd.Flags().BoolVar(&now, "now", false, "let it sign at once, or the one that waits; caches may not have it yet")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	exclusive(cmd, "lead", "now")
	w.flags(cmd)
	return cmd
}

func (a *app) signingKeyAdd() *cobra.Command {
	var alg string
	known := []string{token.ES256, token.EdDSA, token.RS256}
	cmd := a.signingKeyNew(&cobra.Command{
		Use:   "add --alg ALG",
		Short: "Make a key for an algorithm, which signs after the lead",
		Long:  "Makes a key for another algorithm. It is published at once and signs after the lead; then the key before it retires, and the keys that follow are of its kind.",
		Example: `# for verifiers that know nothing but RSA
gate401 signing-key add --alg RS256`,
	}, func() (string, error) {
		for _, k := range known {
			if alg == k {
				return alg, nil
			}
		}
		if alg == "" {
			return "", usagef("--alg ES256, EdDSA or RS256", "signing-key add: --alg is missing")
		}
		_, err := algorithms([]string{alg})
		if err == nil {
			err = usagef("ES256, EdDSA or RS256", "--alg: no keys are made for %s", alg)
		}
		return "", err
	}, "signing-key.create")
	cmd.Flags().StringVar(&alg, "alg", "", "the `ALG`orithm: "+strings.Join(known, ", "))
	_ = cmd.RegisterFlagCompletionFunc("alg", cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) signingKeyRotate() *cobra.Command {
	return a.signingKeyNew(&cobra.Command{
		Use:   "rotate",
		Short: "Make the key that follows the one that signs",
		Long: "Makes the next key, of the same kind. It is published at once and signs after the lead; then the one that signs now retires, " +
			"and goes when the last token that it signed is over. Nobody is logged out.\n\n" +
			"There is one successor at a time: while one waits, the exit status is 1, and --now lets that one sign at once.",
		Example: `gate401 signing-key rotate
gate401 signing-key rotate --now`,
	}, func() (string, error) { return "", nil }, "signing-key.rotate")
}

// keyError says which keys there are.
func (r *records) keyError(ctx context.Context, id string, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return storeError(err)
	}
	return unknown("signing key", id, r.signingKeyNames(ctx), "signing-key list")
}

func (a *app) signingKeyRetire() *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "retire KID",
		Short: "Let a key sign no more, from now on",
		Long: "What the key has signed stays good until it expires. If no other key can sign, the one that is published, or a new one, does from now on. " +
			"For a key that somebody may have stolen, revoke it.",
		Example: "gate401 signing-key retire bDFQ4yeHe0Aj",
		Args:    wants(1, 1, "the key"),
		RunE: a.with(&w, func(ctx context.Context, r *records, args []string) error {
			k, err := r.Keyring.Retire(ctx, args[0])
			if err != nil {
				return r.keyError(ctx, args[0], err)
			}
			if err := r.audit(ctx, "signing-key.retire", k.ID, nil); err != nil {
				return err
			}
			if asJSON {
				return a.json(newSigningKey(k, a.Now()))
			}
			a.say("%s signs no more; it is published until %s, when the last of its tokens is over", k.ID, explain.Moment(k.Expires))
			return a.nowSigns(ctx, r)
		}),
		ValidArgsFunction: a.complete(&w, (*records).signingKeyNames),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// nowSigns says which key signs.
func (a *app) nowSigns(ctx context.Context, r *records) error {
	signer, err := r.Keyring.Signer(ctx)
	if err != nil {
		return storeError(err)
	}
	a.say("%s signs", signer.ID())
	return nil
}

func (a *app) signingKeyRevoke() *cobra.Command {
	var w where
	var asJSON, now bool
	cmd := &cobra.Command{
		Use:   "revoke KID --now",
		Short: "Withdraw a key at once: all that it signed is refused",
		Long: "For an emergency: the private key may be in wrong hands. Every token that it signed is refused from now on, by this gate at once and by others " +
			"when they read the key set again (5 minutes, where they do as they are told). Clients with a refresh token get new ones; all others log in again. " +
			"If no other key can sign, a new one does.",
		Example: "gate401 signing-key revoke bDFQ4yeHe0Aj --now",
		Args:    wants(1, 1, "the key"),
		PreRunE: func(_ *cobra.Command, args []string) error {
			if !now {
				return usagef("say --now to do it; \"gate401 signing-key retire "+explain.Visible(args[0])+"\" lets it end in order",
					"signing-key revoke: all tokens that the key signed would be refused at once")
			}
			return nil
		},
		RunE: a.with(&w, func(ctx context.Context, r *records, args []string) error {
			if err := r.Keyring.Revoke(ctx, args[0]); err != nil {
				return r.keyError(ctx, args[0], err)
			}
			if err := r.audit(ctx, "signing-key.revoke", args[0], nil); err != nil {
				return err
			}
			if asJSON {
				keys, err := a.ofKeys(ctx, r)
				if err != nil {
					return err
				}
				return a.json(map[string]any{"kid": args[0], "revoked": true, "keys": keys})
			}
			a.say("revoked %s: every token that it signed is refused", args[0])
			return a.nowSigns(ctx, r)
		}),
		ValidArgsFunction: a.complete(&w, (*records).signingKeyNames),
	}
	cmd.Flags().BoolVar(&now, "now", false, "yes, at once")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}
