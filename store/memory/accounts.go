package memory

import (
	"context"
	"maps"
	"slices"

	"github.com/gate401/gate401/store"
)

// Why the logins of an account end.
const (
	causePassword       = "the password was changed"
	causeDeletedAccount = "the account was deleted"
)

type accounts struct{ *memory }

var _ store.Accounts = accounts{}

func (m accounts) Account(ctx context.Context, name string) (found store.Account, err error) {
	err = m.view(ctx, "reading an account", func() error {
		a, ok := m.accounts[name]
		if !ok {
			return store.ErrNotFound
		}
		found, err = a.Normal()
		return err
	})
	return found, err
}

func (m accounts) CreateAccount(ctx context.Context, a store.Account) (stored store.Account, err error) {
	err = m.change(ctx, "creating an account", func(version int64) error {
		a, err := a.Normal()
		if err != nil {
			return err
		}
		if _, taken := m.accounts[a.Name]; taken {
			return store.ErrExists
		}
		a.Updated = store.Moment(m.now())
		a.Created, a.Version = a.Updated, version
		m.accounts[a.Name] = a
		stored, err = a.Normal()
		return err
	})
	return stored, err
}

func (m accounts) UpdateAccount(ctx context.Context, a store.Account) (stored store.Account, err error) {
	err = m.change(ctx, "updating an account", func(version int64) error {
		a, err := a.Normal()
		if err != nil {
			return err
		}
		old, ok := m.accounts[a.Name]
		switch {
		case !ok:
			return store.ErrNotFound
		case old.Version != a.Version:
			return store.ErrConflict
		}
		a.Created, a.Updated, a.Version = old.Created, store.Moment(m.now()), version
		m.accounts[a.Name] = a
		if a.PasswordDiffers(old) {
			m.endLogins(a.Name, causePassword)
		}
		stored, err = a.Normal()
		return err
	})
	return stored, err
}

func (m accounts) DeleteAccount(ctx context.Context, name string) error {
	return m.change(ctx, "deleting an account", func(version int64) error {
		if _, ok := m.accounts[name]; !ok {
			return store.ErrNotFound
		}
		delete(m.accounts, name)
		for id, k := range m.keys {
			if k.Owner == name && k.Revoked.IsZero() {
				k.Revoked, k.Version = store.Moment(m.now()), version
				m.keys[id] = k
			}
		}
		delete(m.factors, name)
		maps.DeleteFunc(m.consents, func(k consentKey, _ store.Consent) bool { return k.subject == name && k.issuer == "" })
		m.endLogins(name, causeDeletedAccount)
		return nil
	})
}

func (m accounts) ListAccounts(ctx context.Context, after string, limit int) (list []store.Account, err error) {
	err = m.view(ctx, "listing accounts", func() error {
		for _, name := range page(m.accounts, after, limit, nil) {
			a, err := m.accounts[name].Normal()
			if err != nil {
				return err
			}
			list = append(list, a)
		}
		return nil
	})
	return list, err
}

// page returns the keys of one page of records.
func page[T any](records map[string]T, after string, limit int, want func(T) bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(records)) {
		if name <= after || want != nil && !want(records[name]) {
			continue
		}
		if names = append(names, name); len(names) == store.Page(limit) {
			break
		}
	}
	return names
}
