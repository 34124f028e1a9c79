package session_test

import (
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

// A warm request: the decision of the gate about a session that it remembers.
func BenchmarkWarm(b *testing.B) {
	set := memory.Open(memory.Options{})
	defer func() { _ = set.Close() }()
	if _, err := set.Accounts.CreateAccount(b.Context(), store.Account{Name: "alice"}); err != nil {
		b.Fatal(err)
	}
	m := &session.Manager{Store: set.Sessions, Accounts: set.Accounts, Changes: set.Revision}
	defer func() { _ = m.Close() }()
	h := &house{}
	r := h.request()
	r.Time = time.Now()
	_, c, err := m.Begin(b.Context(), session.Proved{Subject: "alice"}, r)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Cookie", "theme=dark; __Host-g401="+c.Value)
	accept := []gate401.Authenticator{&authn.Session{Sessions: m}}
	g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement {
		return gate401.Requirement{Rule: "all", Accept: accept}
	}}
	if d := g.Decide(b.Context(), r); !d.Allow {
		b.Fatal(d.Denial)
	}
	b.ReportAllocs()
	for b.Loop() {
		if d := g.Decide(b.Context(), r); !d.Allow {
			b.Fatal(d.Denial)
		}
	}
}
