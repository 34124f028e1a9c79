package session_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// lines are accounts of a file, by name.
type lines map[string]store.Account

func (l lines) Account(_ context.Context, name string) (store.Account, error) {
	if a, ok := l[name]; ok {
		return a, nil
	}
	return store.Account{}, store.ErrNotFound
}

// Nothing revokes sessions when a line of the file is edited: they end all the same,
// those that are remembered and those that are not.
func TestChangedLine(t *testing.T) {
	for _, remembered := range []bool{true, false} {
		h := newHouse(t)
		file, edits := lines{"fred": {Name: "fred", Version: 4711}}, uint64(1)
		m := &session.Manager{
			Store: h.set.Sessions, Accounts: file, OfFile: true, Now: h.Now,
			Changes: func() uint64 { return h.set.Revision() + edits },
		}
		t.Cleanup(func() { _ = m.Close() })
		_, cookie, err := m.Begin(t.Context(), session.Proved{Subject: "fred", Version: 4711}, h.request())
		if err != nil {
			t.Fatal(err)
		}
		r := h.with(cookie.Value)
		if _, err := m.Verify(t.Context(), r, cookie.Value); err != nil {
			t.Fatal(err)
		}
		edit := func(a store.Account) {
			file["fred"] = a
			edits++
			if !remembered {
				m = &session.Manager{Store: h.set.Sessions, Accounts: file, OfFile: true, Now: h.Now}
			}
		}
		edit(store.Account{Name: "fred", Version: 4712})
		if _, ok := m.Recall(r, m.Key(cookie.Value)); ok {
			t.Error("remembered, though the password is another one")
		}
		_, err = m.Verify(t.Context(), r, cookie.Value)
		if d := (*gate401.Denial)(nil); !errors.As(err, &d) || d.Reason != reason.SessionRevoked {
			t.Errorf("with another password: %v", err)
		}
		if _, _, err := m.Begin(t.Context(), session.Proved{Subject: "fred", Version: 4711}, h.request()); !errors.Is(err, session.ErrOutdated) {
			t.Errorf("the password was changed while it was proved: %v", err)
		}
		// The line of before, as of a copy that is put back, is what it was.
		edit(store.Account{Name: "fred", Version: 4711})
		if _, err = m.Verify(t.Context(), r, cookie.Value); err != nil {
			t.Error(err)
		}
	}
}
