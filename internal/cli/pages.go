package cli

import (
	"context"
	"iter"

	"github.com/gate401/gate401/store"
)

// pages goes through all records of a kind, which the store gives out by the
// page, each starting behind the id of the last one. It ends with an error.
func pages[T any](list func(after string) ([]T, error), id func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for after := ""; ; {
			page, err := list(after)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, one := range page {
				if !yield(one, nil) {
					return
				}
			}
			if len(page) < store.MaxPage {
				return
			}
			after = id(page[len(page)-1])
		}
	}
}

// accounts are all of them.
func (r *records) accounts(ctx context.Context) iter.Seq2[store.Account, error] {
	return pages(func(after string) ([]store.Account, error) {
		return r.Set.Accounts.ListAccounts(ctx, after, store.MaxPage)
	},
		func(a store.Account) string { return a.Name })
}

// clients are all of them.
func (r *records) clients(ctx context.Context) iter.Seq2[store.Client, error] {
	return pages(func(after string) ([]store.Client, error) {
		return r.Set.Clients.ListClients(ctx, after, store.MaxPage)
	},
		func(c store.Client) string { return c.ID })
}

// keys are the API keys of one owner, or ("") of everyone.
func (r *records) keys(ctx context.Context, owner string) iter.Seq2[store.APIKey, error] {
	return pages(func(after string) ([]store.APIKey, error) {
		return r.Set.APIKeys.ListAPIKeys(ctx, owner, after, store.MaxPage)
	}, func(k store.APIKey) string { return k.ID })
}

// sessions are those of one subject, or ("") of everyone.
func (r *records) sessions(ctx context.Context, subject string) iter.Seq2[store.Session, error] {
	return pages(func(after string) ([]store.Session, error) {
		return r.Set.Sessions.ListSessions(ctx, subject, after, store.MaxPage)
	}, func(s store.Session) string { return s.ID })
}

// logins are those of one subject, or ("") of everyone.
func (r *records) logins(ctx context.Context, subject string) iter.Seq2[store.TokenFamily, error] {
	return pages(func(after string) ([]store.TokenFamily, error) {
		return r.Set.Tokens.ListTokenFamilies(ctx, subject, after, store.MaxPage)
	}, func(f store.TokenFamily) string { return f.ID })
}
