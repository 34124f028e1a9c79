package memory

import (
	"context"

	"github.com/gate401/gate401/store"
)

type factors struct{ *memory }

var _ store.SecondFactors = factors{}

func (m factors) SecondFactor(ctx context.Context, account string) (found store.SecondFactor, err error) {
	err = m.view(ctx, "reading a second factor", func() error {
		f, ok := m.factors[account]
		if !ok {
			return store.ErrNotFound
		}
		found, err = f.Normal()
		return err
	})
	return found, err
}

func (m factors) PutSecondFactor(ctx context.Context, f store.SecondFactor) (stored store.SecondFactor, err error) {
	err = m.change(ctx, "storing a second factor", func(version int64) error {
		f, err := f.Normal()
		if err != nil {
			return err
		}
		if _, ok := m.accounts[f.Account]; !ok {
			return store.ErrNotFound
		}
		old := m.factors[f.Account] // of version 0 if there is none
		if old.Version != f.Version {
			return store.ErrConflict
		}
		if f.Created = old.Created; f.Version == 0 {
			f.Created = store.Moment(m.now())
		}
		f.Version = version
		m.factors[f.Account] = f
		stored, err = f.Normal()
		return err
	})
	return stored, err
}

func (m factors) DeleteSecondFactor(ctx context.Context, account string) error {
	return m.change(ctx, "deleting a second factor", func(int64) error {
		if _, ok := m.factors[account]; !ok {
			return store.ErrNotFound
		}
		delete(m.factors, account)
		return nil
	})
}
