package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
)

func (a *app) clientRotate() *cobra.Command {
	var w where
	var asJSON bool
	overlap := duration(24 * time.Hour)
	cmd := &cobra.Command{
		Use:   "rotate ID",
		Short: "Give a client a new secret, and let the old one end",
		Long: "Makes a new secret and lets the old one end after the overlap. Until then both are good, so that the program can be changed without haste. " +
			"With --overlap 0 the old one ends at once. No token ends by it.",
		Example: "gate401 client rotate shop --overlap 24h",
		Args:    wants(1, 1, "the id"),
		RunE: a.with(&w, func(ctx context.Context, r *records, args []string) error {
			now := a.Now()
			secret := ""
			var ends time.Time
			c, err := r.changeClient(ctx, args[0], func(c *store.Client) error {
				if !hasSecret(c.Method) {
					return fail(ExitProblems, fmt.Errorf("the client %s has no secret: it proves itself by %s", c.ID, c.Method), `"gate401 client update" changes that`)
				}
				text, fresh, err := issuer.NewClientSecret(nil)
				if err != nil {
					return err
				}
				fresh.Created = now
				kept, err := overlapping(c, now, now.Add(time.Duration(overlap)))
				if err != nil {
					return err
				}
				ends = time.Time{}
				if len(kept) > 0 {
					ends = kept[len(kept)-1].Expires
				}
				secret, c.Secrets = text, append(kept, fresh)
				return nil
			})
			if err != nil {
				return err
			}
			detail := map[string]any{}
			fact := "gave the client " + c.ID + " a new secret; the old one is no longer good"
			if !ends.IsZero() {
				detail["until"], fact = ends.UTC(), "gave the client "+c.ID+" a new secret; the old one ends "+explain.Moment(ends)
			}
			if err := r.audit(ctx, "client.rotate", c.ID, detail); err != nil {
				return err
			}
			return a.toldClient(asJSON, c, secret, fact)
		}),
		ValidArgsFunction: a.complete(&w, (*records).clientNames),
	}
	cmd.Flags().Var(&overlap, "overlap", "how long the old secret stays good")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// overlapping are the secrets that go on being good beside a new one.
func overlapping(c *store.Client, now, until time.Time) ([]store.ClientSecret, error) {
	if !until.After(now) {
		return nil, nil
	}
	var kept []store.ClientSecret
	for _, s := range c.Secrets {
		if !s.Expires.IsZero() && !now.Before(s.Expires) {
			continue
		}
		if s.Expires.IsZero() || s.Expires.After(until) {
			s.Expires = until
		}
		kept = append(kept, s)
	}
	if len(kept) >= store.MaxClientSecrets {
		return nil, fail(ExitProblems, fmt.Errorf("the client %s has %d good secrets already; the first of them ends %s", c.ID, len(kept), explain.Moment(kept[0].Expires)),
			"wait until then, or let the old ones end at once with --overlap 0")
	}
	return kept, nil
}

// clientSwitch is the shape of suspend and resume.
func (a *app) clientSwitch(use, short, long string, suspended bool, already, done string) *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Args: wants(1, 1, "the id"), Example: "gate401 client " + use[:len(use)-len(" ID")] + " shop",
		RunE: a.with(&w, func(ctx context.Context, r *records, args []string) error {
			c, err := r.findClient(ctx, args[0])
			if err != nil {
				return err
			}
			fact := fmt.Sprintf(already, c.ID)
			if c.Suspended != suspended {
				fact = fmt.Sprintf(done, c.ID)
				if c, err = r.changeClient(ctx, c.ID, func(c *store.Client) error { c.Suspended = suspended; return nil }); err != nil {
					return err
				}
				action := "client.resume"
				if suspended {
					action = "client.suspend"
				}
				if err := r.audit(ctx, action, c.ID, nil); err != nil {
					return err
				}
			}
			if asJSON {
				return a.json(newClientRecord(c, a.Now()))
			}
			a.say("%s", fact)
			return nil
		}),
		ValidArgsFunction: a.complete(&w, (*records).clientNames),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

func (a *app) clientSuspend() *cobra.Command {
	return a.clientSwitch("suspend ID", "Give a client no tokens until it is resumed",
		"The client gets no new tokens from now on, cannot renew any, and what it has is refused, also on open streams, until it is resumed. \"gate401 token revoke --client ID\" ends that for good.",
		true, "the client %s is suspended already", "suspended the client %s")
}

func (a *app) clientResume() *cobra.Command {
	return a.clientSwitch("resume ID", "Let a suspended client get tokens again", "", false, "the client %s is not suspended", "resumed the client %s")
}

func (a *app) clientRemove() *cobra.Command {
	var w where
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "remove ID",
		Aliases: []string{"rm"},
		Short:   "Remove a client, and end all tokens that it was given",
		Example: "gate401 client remove shop",
		Args:    wants(1, 1, "the id"),
		RunE: a.with(&w, func(ctx context.Context, r *records, args []string) error {
			c, err := r.findClient(ctx, args[0])
			if err != nil {
				return err
			}
			at := a.Now()
			if err := r.Set.Clients.DeleteClient(ctx, c.ID, at, at.Add(store.RevocationKept)); err != nil {
				return storeError(err)
			}
			if err := r.audit(ctx, "client.delete", c.ID, nil); err != nil {
				return err
			}
			if asJSON {
				return a.json(map[string]any{"client_id": c.ID, "removed": true})
			}
			a.say("removed the client %s; its secrets and tokens end", c.ID)
			return nil
		}),
		ValidArgsFunction: a.complete(&w, (*records).clientNames),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}
