package secondfactor_test

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/gate401/gate401/store"
)

// records keeps second factors as every backend does: by compare and swap.
type records struct {
	mu   sync.Mutex
	have map[string]store.SecondFactor
	last int64
	// fail is what each call answers, nil for what it should.
	fail error
}

func (m *records) SecondFactor(_ context.Context, account string) (store.SecondFactor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.have[account]
	switch {
	case m.fail != nil:
		return store.SecondFactor{}, m.fail
	case !ok:
		return store.SecondFactor{}, store.ErrNotFound
	}
	return clone(f), nil
}

func (m *records) PutSecondFactor(_ context.Context, f store.SecondFactor) (store.SecondFactor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.fail != nil:
		return store.SecondFactor{}, m.fail
	case m.have[f.Account].Version != f.Version:
		return store.SecondFactor{}, store.ErrConflict
	case m.have == nil:
		m.have = map[string]store.SecondFactor{}
	}
	m.last++
	f = clone(f)
	f.Version, f.Confirmed = m.last, store.Moment(f.Confirmed)
	m.have[f.Account] = f
	return clone(f), nil
}

func (m *records) DeleteSecondFactor(_ context.Context, account string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.have[account]; !ok {
		return store.ErrNotFound
	}
	delete(m.have, account)
	return m.fail
}

func clone(f store.SecondFactor) store.SecondFactor {
	f.Secret, f.Recovery = slices.Clone(f.Secret), slices.Clone(f.Recovery)
	return f
}

var _ store.SecondFactors = (*records)(nil)

var errAway = errors.New("the store is away")
