package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gate401/gate401/store"
)

// causeReplaced is why a session was revoked that another one replaces.
const causeReplaced = "replaced by a new login"

type sessions struct{ *memory }

var _ store.Sessions = sessions{}

func (m sessions) CreateSession(ctx context.Context, x store.Session, replaces string) (stored store.Session, err error) {
	create := func(int64) error {
		x, err := x.Normal()
		if err != nil {
			return err
		}
		_, idTaken := m.sessions[x.ID]
		_, hashTaken := m.sessionByHash[x.Hash]
		if idTaken || hashTaken {
			return store.ErrExists
		}
		x.Created, x.Revoked, x.Cause = store.Moment(m.now()), time.Time{}, ""
		m.revokeSession(replaces, x.Created, causeReplaced)
		m.sessions[x.ID], m.sessionByHash[x.Hash] = x, x.ID
		stored, err = x.Normal()
		return err
	}
	const op = "creating a session"
	if replaces == "" {
		return stored, m.write(ctx, op, func() error { return create(0) })
	}
	return stored, m.change(ctx, op, create)
}

// revokeSession marks the record, if there is one; the first revocation stands.
func (m *memory) revokeSession(id string, at time.Time, cause string) {
	x, ok := m.sessions[id]
	if !ok || !x.Revoked.IsZero() {
		return
	}
	x.Revoked, x.Cause = store.Moment(at), cause
	m.sessions[id] = x
}

func (m sessions) SessionByHash(ctx context.Context, hash [32]byte) (found store.Session, err error) {
	err = m.view(ctx, "reading a session", func() error {
		found, err = m.find(m.sessionByHash[hash])
		return err
	})
	return found, err
}

func (m sessions) Session(ctx context.Context, id string) (found store.Session, err error) {
	err = m.view(ctx, "reading a session", func() error {
		found, err = m.find(id)
		return err
	})
	return found, err
}

func (m sessions) find(id string) (store.Session, error) {
	x, ok := m.sessions[id]
	if !ok {
		return store.Session{}, store.ErrNotFound
	}
	return x.Normal()
}

func (m sessions) ListSessions(ctx context.Context, subject, after string, limit int) (list []store.Session, err error) {
	err = m.view(ctx, "listing sessions", func() error {
		of := func(x store.Session) bool { return subject == "" || x.Subject == subject }
		for _, id := range page(m.sessions, after, limit, of) {
			x, err := m.find(id)
			if err != nil {
				return err
			}
			list = append(list, x)
		}
		return nil
	})
	return list, err
}

func (m sessions) LiveSessions(ctx context.Context, subject, issuer string, at time.Time, limit int) (list []store.Session, err error) {
	at = store.Moment(at)
	err = m.view(ctx, "listing sessions", func() error {
		for _, x := range m.sessions {
			if x.Subject == subject && x.Issuer == issuer && x.Ends().After(at) {
				list = append(list, x)
			}
		}
		slices.SortFunc(list, func(a, b store.Session) int { return cmp.Or(a.Seen.Compare(b.Seen), cmp.Compare(a.ID, b.ID)) })
		list = list[:min(len(list), store.Page(limit))]
		for i := range list {
			if list[i], err = list[i].Normal(); err != nil { // a copy
				return err
			}
		}
		return nil
	})
	return list, err
}

func (m sessions) TouchSessions(ctx context.Context, touched map[string]store.Touch) error {
	return m.write(ctx, "noting the use of sessions", func() error {
		for id, touch := range touched {
			x, ok := m.sessions[id]
			if !ok || !x.Revoked.IsZero() {
				continue
			}
			if seen := store.Moment(touch.Seen); seen.After(x.Seen) {
				x.Seen = seen
			}
			if idle := store.Moment(touch.Idle); !x.Idle.IsZero() && idle.After(x.Idle) {
				x.Idle = idle
			}
			m.sessions[id] = x
		}
		return nil
	})
}

func (m sessions) RevokeSession(ctx context.Context, id string, at time.Time, cause string) error {
	return m.change(ctx, "revoking a session", func(int64) error {
		if err := store.CheckRevoked(at, cause); err != nil {
			return err
		}
		if _, ok := m.sessions[id]; !ok {
			return store.ErrNotFound
		}
		m.revokeSession(id, at, cause)
		return nil
	})
}

func (m sessions) SweepSessions(ctx context.Context, before time.Time) (n int, err error) {
	err = m.write(ctx, "sweeping sessions", func() error {
		n = sweep(m.sessions, func(x store.Session) bool {
			over := x.Ends().Before(store.Moment(before))
			if over {
				delete(m.sessionByHash, x.Hash)
			}
			return over
		})
		return nil
	})
	return n, err
}
