package session_test

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// house is a store with alice, a manager, and a clock.
type house struct {
	*session.Manager
	set   *store.Set
	clock time.Time
	reads atomic.Int64 // of the store of sessions and accounts
	away  atomic.Bool
	// uncounted says that the store does not tell how many live.
	uncounted bool
	lives     []store.Event
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{clock: noon}
	h.set = memory.Open(memory.Options{Now: func() time.Time { return h.clock }})
	t.Cleanup(func() { _ = h.set.Close() })
	h.Manager = &session.Manager{
		Name: "browser", Store: counted{h.set.Sessions, h}, Accounts: people{h.set.Accounts, h}, Revocations: h.set.Tokens, Changes: h.set.Revision,
		Idle: time.Hour, Absolute: 24 * time.Hour, FlushEvery: time.Hour, Now: func() time.Time { return h.clock },
		Record: func(e store.Event) { h.lives = append(h.lives, e) },
	}
	t.Cleanup(func() { _ = h.Manager.Close() })
	h.person(t, "alice", "customers")
	return h
}

func (h *house) person(t *testing.T, name string, groups ...string) store.Account {
	t.Helper()
	a, err := h.set.Accounts.CreateAccount(t.Context(), store.Account{Name: name, Display: "Alice A.", Groups: groups, Scopes: []string{"read"}, Password: "x", PasswordChanged: noon})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (h *house) change(t *testing.T, name string, edit func(*store.Account)) {
	t.Helper()
	a, err := h.set.Accounts.Account(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	edit(&a)
	if _, err := h.set.Accounts.UpdateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

// login begins a session and returns the value of its cookie.
func (h *house) login(t *testing.T, r *gate401.Request) (store.Session, string) {
	t.Helper()
	s, c, err := h.Begin(t.Context(), session.Proved{Subject: "alice", AMR: []string{"pwd"}, PasswordChanged: noon}, r)
	if err != nil {
		t.Fatal(err)
	}
	return s, c.Value
}

// request comes from https://gate.example at the time of the clock.
func (h *house) request(cookies ...string) *gate401.Request {
	r := &gate401.Request{
		Method: http.MethodGet, Path: "/", Host: "gate.example", URL: &url.URL{Scheme: "https", Host: "gate.example", Path: "/"},
		Header: http.Header{}, Client: netip.MustParseAddr("192.0.2.1"), Time: h.clock, ID: "request-1",
	}
	for _, c := range cookies {
		r.Header.Add("Cookie", c)
	}
	return r
}

func (h *house) with(secret string) *gate401.Request { return h.request("__Host-g401=" + secret) }

type away struct{}

func (away) Error() string { return "the store is away" }

// counted counts what is read.
type counted struct {
	store.Sessions
	h *house
}

func (c counted) SessionByHash(ctx context.Context, hash [32]byte) (store.Session, error) {
	c.h.reads.Add(1)
	if c.h.away.Load() {
		return store.Session{}, away{}
	}
	return c.Sessions.SessionByHash(ctx, hash)
}

func (c counted) Session(ctx context.Context, id string) (store.Session, error) {
	c.h.reads.Add(1)
	if c.h.away.Load() {
		return store.Session{}, away{}
	}
	return c.Sessions.Session(ctx, id)
}

func (c counted) LiveSessions(ctx context.Context, subject, issuer string, at time.Time, limit int) ([]store.Session, error) {
	if c.h.uncounted {
		return nil, away{}
	}
	return c.Sessions.LiveSessions(ctx, subject, issuer, at, limit)
}

func (c counted) TouchSessions(ctx context.Context, touched map[string]store.Touch) error {
	if c.h.away.Load() {
		return away{}
	}
	return c.Sessions.TouchSessions(ctx, touched)
}

type people struct {
	store.Accounts
	h *house
}

func (p people) Account(ctx context.Context, name string) (store.Account, error) {
	p.h.reads.Add(1)
	if p.h.away.Load() {
		return store.Account{}, away{}
	}
	return p.Accounts.Account(ctx, name)
}
