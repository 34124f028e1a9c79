package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/gate401/gate401/store"
)

type signingKeys struct{ *memory }

var _ store.SigningKeys = signingKeys{}

func (m signingKeys) ListSigningKeys(ctx context.Context) (list []store.SigningKey, err error) {
	err = m.view(ctx, "listing signing keys", func() error {
		for _, k := range m.signing {
			k, err := k.Normal()
			if err != nil {
				return err
			}
			list = append(list, k)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b store.SigningKey) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

func (m signingKeys) CreateSigningKey(ctx context.Context, k store.SigningKey) (stored store.SigningKey, err error) {
	err = m.change(ctx, "creating a signing key", func(version int64) error {
		k, err := k.Normal()
		if err != nil {
			return err
		}
		if _, taken := m.signing[k.ID]; taken {
			return store.ErrExists
		}
		k.Created, k.Version = store.Moment(m.now()), version
		m.signing[k.ID] = k
		stored, err = k.Normal()
		return err
	})
	return stored, err
}

func (m signingKeys) UpdateSigningKey(ctx context.Context, k store.SigningKey) (stored store.SigningKey, err error) {
	err = m.change(ctx, "updating a signing key", func(version int64) error {
		k, err := k.Normal()
		if err != nil {
			return err
		}
		old, ok := m.signing[k.ID]
		switch {
		case !ok:
			return store.ErrNotFound
		case old.Version != k.Version:
			return store.ErrConflict
		}
		old.Private, old.NotBefore, old.Retired, old.Expires, old.Version = k.Private, k.NotBefore, k.Retired, k.Expires, version
		m.signing[k.ID] = old
		stored, err = old.Normal()
		return err
	})
	return stored, err
}

func (m signingKeys) DeleteSigningKey(ctx context.Context, id string) error {
	return m.change(ctx, "deleting a signing key", func(int64) error {
		if _, ok := m.signing[id]; !ok {
			return store.ErrNotFound
		}
		delete(m.signing, id)
		return nil
	})
}
