package cli

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/store"
)

// named is something that an argument can name, and a note on it for shells.
type named struct{ id, note string }

// maxNamed bounds what is looked through for a completion or a hint.
const maxNamed = 10 * store.MaxPage

// namesOf reads the names of records; those without an id are left out, and so
// are errors: they only help.
func namesOf[T any](records iter.Seq2[T, error], name func(T) named) []named {
	var all []named
	for one, err := range records {
		if err != nil || len(all) == maxNamed {
			break
		}
		if n := name(one); n.id != "" {
			all = append(all, n)
		}
	}
	return all
}

func (r *records) accountNames(ctx context.Context) []named {
	return namesOf(r.accounts(ctx), func(a store.Account) named { return named{id: a.Name} })
}

func (r *records) clientNames(ctx context.Context) []named {
	return namesOf(r.clients(ctx), func(c store.Client) named { return named{id: c.ID} })
}

// keyNames are those that are not revoked.
func (r *records) keyNames(ctx context.Context) []named {
	return namesOf(r.keys(ctx, ""), func(k store.APIKey) named {
		if !k.Revoked.IsZero() {
			return named{}
		}
		return named{k.ID, k.Owner + " " + k.Name}
	})
}

// sessionNames are those that are good.
func (r *records) sessionNames(ctx context.Context) []named {
	return namesOf(r.sessions(ctx, ""), func(s store.Session) named {
		if newSession(s, r.app.Now()).State != active {
			return named{}
		}
		return named{s.ID, s.Subject}
	})
}

// loginNames are those that are good.
func (r *records) loginNames(ctx context.Context) []named {
	return namesOf(r.logins(ctx, ""), func(f store.TokenFamily) named {
		if newLogin(f, r.app.Now()).State != active {
			return named{}
		}
		return named{f.ID, f.Subject + " " + f.Client}
	})
}

func (r *records) signingKeyNames(ctx context.Context) []named {
	list, err := r.Keyring.List(ctx)
	if err != nil {
		return nil
	}
	var all []named
	for _, k := range list {
		all = append(all, named{id: k.ID})
	}
	return all
}

// unknown is the error for a name that nothing has: the one that was meant, or the
// command that lists them.
func unknown(kind, id string, known []named, list string) error {
	ids := make([]string, len(known))
	for i, n := range known {
		ids[i] = n.id
	}
	hint := `"gate401 ` + list + `" lists them all`
	if meant := closest(id, ids); meant != "" {
		hint = "did you mean " + explain.Visible(meant) + "?"
	}
	return fail(ExitProblems, fmt.Errorf("there is no %s %q", kind, explain.Visible(id)), hint)
}

// complete offers names for the first argument, without making a store.
func (a *app) complete(w *where, names func(*records, context.Context) []named) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		var out []string
		if len(args) == 0 {
			a.peek(cmd.Context(), *w, func(r *records) {
				for _, n := range names(r, cmd.Context()) {
					if strings.HasPrefix(n.id, prefix) {
						out = append(out, strings.TrimSpace(n.id+"\t"+strings.TrimSpace(n.note)))
					}
				}
			})
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFlag offers names for a flag.
func (a *app) completeFlag(cmd *cobra.Command, flag string, w *where, names func(*records, context.Context) []named) {
	offer := a.complete(w, names)
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		return offer(cmd, nil, prefix)
	})
}
