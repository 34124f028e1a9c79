package memory

import (
	"context"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
)

type tokens struct{ *memory }

var _ store.Tokens = tokens{}

func (m tokens) CreateTokenFamily(ctx context.Context, f store.TokenFamily, first store.RefreshToken) (stored store.TokenFamily, err error) {
	err = m.write(ctx, "creating a token family", func() error {
		stored, err = m.insertFamily(f, &first)
		return err
	})
	return stored, err
}

// insertFamily stores a family, with its first refresh token unless that is nil,
// or nothing.
func (m tokens) insertFamily(f store.TokenFamily, first *store.RefreshToken) (store.TokenFamily, error) {
	f, err := f.Normal()
	if err != nil {
		return store.TokenFamily{}, err
	}
	if first != nil && first.Family != f.ID {
		return store.TokenFamily{}, fmt.Errorf("%w: the refresh token is of another family", store.ErrInvalid)
	}
	if _, taken := m.families[f.ID]; taken {
		return store.TokenFamily{}, store.ErrExists
	}
	if first != nil {
		if err := m.insert(*first); err != nil {
			return store.TokenFamily{}, err
		}
	}
	f.Created, f.Revoked, f.Cause = store.Moment(m.now()), time.Time{}, ""
	m.families[f.ID] = f
	return f.Normal()
}

func (m tokens) insert(t store.RefreshToken) error {
	t, err := t.Normal()
	if err != nil {
		return err
	}
	if _, taken := m.refresh[t.Hash]; taken {
		return store.ErrExists
	}
	t.Created, t.Used, t.Repeats = store.Moment(m.now()), time.Time{}, 0
	m.refresh[t.Hash] = t
	return nil
}

func (m tokens) TokenFamily(ctx context.Context, id string) (found store.TokenFamily, err error) {
	err = m.view(ctx, "reading a token family", func() error {
		f, ok := m.families[id]
		if !ok {
			return store.ErrNotFound
		}
		found, err = f.Normal()
		return err
	})
	return found, err
}

func (m tokens) ListTokenFamilies(ctx context.Context, subject, after string, limit int) (list []store.TokenFamily, err error) {
	err = m.view(ctx, "listing token families", func() error {
		of := func(f store.TokenFamily) bool { return subject == "" || f.Subject == subject }
		for _, id := range page(m.families, after, limit, of) {
			f, err := m.families[id].Normal()
			if err != nil {
				return err
			}
			list = append(list, f)
		}
		return nil
	})
	return list, err
}

func (m tokens) RefreshToken(ctx context.Context, hash [32]byte) (found store.RefreshToken, err error) {
	err = m.view(ctx, "reading a refresh token", func() error {
		t, ok := m.refresh[hash]
		if !ok {
			return store.ErrNotFound
		}
		found = t
		return nil
	})
	return found, err
}

func (m tokens) RedeemRefreshToken(ctx context.Context, hash [32]byte, at, since time.Time, next store.RefreshToken) error {
	return m.write(ctx, "redeeming a refresh token", func() error {
		if at.IsZero() {
			return fmt.Errorf("%w: redeemed at no time", store.ErrInvalid)
		}
		t, ok := m.refresh[hash]
		if !ok {
			return store.ErrNotFound
		}
		if next.Family != t.Family {
			return fmt.Errorf("%w: the next refresh token is of another family", store.ErrInvalid)
		}
		if !m.families[t.Family].Revoked.IsZero() {
			return store.ErrConflict
		}
		if t.Used.IsZero() {
			t.Used = store.Moment(at)
		} else {
			if since.IsZero() || t.Used.Before(store.Moment(since)) || t.Repeats >= store.MaxRepeats {
				return store.ErrConflict
			}
			t.Repeats++
		}
		if err := m.insert(next); err != nil {
			return err
		}
		m.refresh[hash] = t
		return nil
	})
}

func (m tokens) RenewRefreshToken(ctx context.Context, hash [32]byte, until time.Time) error {
	return m.write(ctx, "renewing a refresh token", func() error {
		t, ok := m.refresh[hash]
		switch {
		case !ok:
			return store.ErrNotFound
		case !t.Used.IsZero(), !m.families[t.Family].Revoked.IsZero():
			return store.ErrConflict
		}
		t.Expires = store.Moment(until)
		m.refresh[hash] = t
		return nil
	})
}

func (m tokens) SweepTokens(ctx context.Context, before time.Time) (n int, err error) {
	err = m.write(ctx, "sweeping tokens", func() error {
		over := func(t time.Time) bool { return !t.IsZero() && t.Before(store.Moment(before)) }
		gone := sweep(m.families, func(f store.TokenFamily) bool { return over(f.Expires) })
		tokens := sweep(m.refresh, func(t store.RefreshToken) bool {
			_, kept := m.families[t.Family]
			return over(t.Expires) || !kept
		})
		n = gone + tokens + sweep(m.revoked, func(r store.Revocation) bool { return over(r.Until) })
		return nil
	})
	return n, err
}

// sweep forgets what is over.
func sweep[K comparable, V any](records map[K]V, over func(V) bool) (n int) {
	for k, v := range records {
		if over(v) {
			delete(records, k)
			n++
		}
	}
	return n
}
