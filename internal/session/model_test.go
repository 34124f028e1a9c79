package session_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// model is what is true of one session.
type model struct {
	secret        string
	id            string
	idle, expires time.Time
	revoked       bool
}

// Whatever happens in whatever order, in two processes on the same records: a
// request passes if and only if its session lives, and where it does not the
// reason is the right one.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := newHouse(t)
		other := &session.Manager{
			Name: "browser", Store: h.set.Sessions, Accounts: h.set.Accounts, Revocations: h.set.Tokens, Changes: h.set.Revision,
			Idle: time.Hour, Absolute: 24 * time.Hour, FlushEvery: time.Hour, Now: func() time.Time { return h.clock },
		}
		managers := []*session.Manager{h.Manager, other}
		// The process at the other end hears of signs of life when they are flushed.
		defer func() { _ = other.Close() }()
		var all []*model
		suspended := false
		pick := func(rt *rapid.T) (*session.Manager, *model) {
			if len(all) == 0 {
				rt.Skip("nobody is logged in")
			}
			return managers[rapid.IntRange(0, 1).Draw(rt, "process")], all[rapid.IntRange(0, len(all)-1).Draw(rt, "session")]
		}
		flush := func(rt *rapid.T) {
			for _, m := range managers {
				if err := m.Flush(t.Context()); err != nil {
					rt.Fatal(err)
				}
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"log in": func(rt *rapid.T) {
				if suspended || len(all) > 8 {
					rt.Skip("not now")
				}
				r := h.request()
				if len(all) > 0 && rapid.Bool().Draw(rt, "again") {
					before := all[rapid.IntRange(0, len(all)-1).Draw(rt, "before")]
					r, before.revoked = h.with(before.secret), true
				}
				m := managers[rapid.IntRange(0, 1).Draw(rt, "process")]
				s, c, err := m.Begin(t.Context(), session.Proved{Subject: "alice"}, r)
				if err != nil {
					rt.Fatal(err)
				}
				all = append(all, &model{secret: c.Value, id: s.ID, idle: h.clock.Add(time.Hour), expires: h.clock.Add(24 * time.Hour)})
			},
			"ask": func(rt *rapid.T) {
				m, s := pick(rt)
				r := h.with(s.secret)
				id, ok := m.Recall(r, m.Key(s.secret))
				var err error
				if !ok {
					id, err = m.Verify(t.Context(), r, s.secret)
				}
				var want reason.Code
				switch {
				case s.revoked:
					want = reason.SessionRevoked
				case !h.clock.Before(s.expires), !h.clock.Before(s.idle):
					want = reason.SessionExpired
				case suspended:
					want = reason.AccountSuspended
				}
				var d *gate401.Denial
				switch {
				case want == "" && (err != nil || id == nil || id.Credential != s.id):
					rt.Fatalf("session %s: %v, %v", s.id, id, err)
				case want != "" && (!errors.As(err, &d) || d.Reason != want):
					rt.Fatalf("session %s: %v, %v; want %s", s.id, id, err, want)
				case want == "":
					s.idle = h.clock.Add(time.Hour)
					if s.expires.Before(s.idle) {
						s.idle = s.expires
					}
					flush(rt)
				}
			},
			"wait": func(rt *rapid.T) {
				h.clock = h.clock.Add(time.Duration(rapid.IntRange(1, 90).Draw(rt, "minutes")) * time.Minute)
			},
			"end": func(rt *rapid.T) {
				m, s := pick(rt)
				if err := m.End(t.Context(), s.id, "test"); err != nil {
					rt.Fatal(err)
				}
				s.revoked = true
			},
			"end all": func(rt *rapid.T) {
				m, _ := pick(rt)
				if err := m.EndAll(t.Context(), "alice", "", "test"); err != nil {
					rt.Fatal(err)
				}
				for _, s := range all {
					s.revoked = true
				}
			},
			"suspend or not": func(*rapid.T) {
				suspended = !suspended
				h.change(t, "alice", func(a *store.Account) { a.Suspended = suspended })
			},
		})
	})
}
