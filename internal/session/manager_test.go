package session_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// find asks as the method of the gate does: memory first.
func (h *house) find(t *testing.T, secret string) (*gate401.Identity, reason.Code) {
	t.Helper()
	r := h.with(secret)
	if id, ok := h.Recall(r, h.Key(secret)); ok {
		return id, ""
	}
	id, err := h.Verify(t.Context(), r, secret)
	var d *gate401.Denial
	switch {
	case err == nil:
		return id, ""
	case errors.As(err, &d):
		return nil, d.Reason
	}
	return nil, reason.CheckFailed
}

func TestIdentity(t *testing.T) {
	h := newHouse(t)
	s, secret := h.login(t, h.request())
	got, code := h.find(t, secret)
	want := &gate401.Identity{
		Subject: "alice", Method: "session", Name: "browser", Credential: s.ID, Groups: []string{"customers"}, Scopes: []string{"read"},
		AuthTime: noon, Expires: noon.Add(24 * time.Hour), Claims: map[string]any{"amr": []string{"pwd"}},
	}
	if diff := cmp.Diff(want, got); code != "" || diff != "" {
		t.Errorf("%s (-want +got):\n%s", code, diff)
	}
	p, err := h.Find(t.Context(), h.with(secret))
	if err != nil || p.Display != "Alice A." || p.Session != s.ID || !p.Own() || !cmp.Equal(p.AMR, []string{"pwd"}) {
		t.Errorf("%+v, %v", p, err)
	}
	if s.Address != "192.0.2.1" || s.Subject != "alice" {
		t.Errorf("stored %+v", s)
	}
}

func TestWarmRequestReadsNothing(t *testing.T) {
	h := newHouse(t)
	_, secret := h.login(t, h.request())
	h.find(t, secret)
	h.reads.Store(0)
	for range 50 {
		h.clock = h.clock.Add(time.Second)
		if _, code := h.find(t, secret); code != "" {
			t.Fatal(code)
		}
	}
	if n := h.reads.Load(); n != 0 {
		t.Errorf("%d reads for 50 warm requests", n)
	}
	// Something else has changed: one look, and then none.
	h.person(t, "bob")
	h.find(t, secret)
	if n := h.reads.Load(); n != 2 {
		t.Errorf("%d reads after a change, want the session and its account", n)
	}
	h.find(t, secret)
	if n := h.reads.Load(); n != 2 {
		t.Errorf("%d reads, want no further ones", n)
	}
}

func TestEnds(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, h *house, s store.Session)
		want reason.Code
	}{
		{"used", func(_ *testing.T, h *house, _ store.Session) { h.clock = h.clock.Add(59 * time.Minute) }, ""},
		{"not used", func(_ *testing.T, h *house, _ store.Session) { h.clock = h.clock.Add(time.Hour) }, reason.SessionExpired},
		{"revoked", func(t *testing.T, h *house, s store.Session) { no(t, h.End(t.Context(), s.ID, "test")) }, reason.SessionRevoked},
		{"all revoked", func(t *testing.T, h *house, _ store.Session) { no(t, h.EndAll(t.Context(), "alice", "", "test")) }, reason.SessionRevoked},
		{"all of somebody else", func(t *testing.T, h *house, _ store.Session) {
			no(t, h.EndAll(t.Context(), "alice", "https://idp.example", "test"))
		}, ""},
		{"suspended", func(t *testing.T, h *house, _ store.Session) {
			h.change(t, "alice", func(a *store.Account) { a.Suspended = true })
		}, reason.AccountSuspended},
		{"removed", func(t *testing.T, h *house, _ store.Session) {
			no(t, h.set.Accounts.DeleteAccount(t.Context(), "alice"))
		}, reason.SessionRevoked},
		{"store away, known", func(_ *testing.T, h *house, _ store.Session) { h.away.Store(true) }, ""},
		{"store away, changed", func(t *testing.T, h *house, _ store.Session) {
			h.person(t, "bob")
			h.away.Store(true)
		}, reason.CheckFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			s, secret := h.login(t, h.request())
			if _, code := h.find(t, secret); code != "" {
				t.Fatal(code)
			}
			tt.do(t, h, s)
			if _, code := h.find(t, secret); code != tt.want {
				t.Errorf("%q, want %q", code, tt.want)
			}
			_, err := h.Find(t.Context(), h.with(secret))
			if none := errors.Is(err, session.ErrNone); none != (tt.want == reason.SessionExpired || tt.want == reason.SessionRevoked) {
				t.Errorf("Find: %v", err)
			}
		})
	}
}

func no(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A session that is used ends at a fixed time all the same.
func TestAbsoluteEnd(t *testing.T) {
	h := newHouse(t)
	_, secret := h.login(t, h.request())
	for h.clock.Before(noon.Add(23*time.Hour + 30*time.Minute)) {
		h.clock = h.clock.Add(30 * time.Minute)
		if _, code := h.find(t, secret); code != "" {
			t.Fatalf("%s: %s", h.clock, code)
		}
	}
	h.clock = noon.Add(24 * time.Hour)
	if _, code := h.find(t, secret); code != reason.SessionExpired {
		t.Errorf("%q after a day", code)
	}
}

// Groups are those of the account now.
func TestGroupsAreFresh(t *testing.T) {
	h := newHouse(t)
	_, secret := h.login(t, h.request())
	h.find(t, secret)
	h.change(t, "alice", func(a *store.Account) { a.Groups = []string{"admin"} })
	if id, code := h.find(t, secret); code != "" || !id.InGroup("admin") || id.InGroup("customers") {
		t.Errorf("%q %+v", code, id)
	}
}

// Another process, which remembers nothing of it, hears of signs of life.
func TestTouches(t *testing.T) {
	h := newHouse(t)
	s, secret := h.login(t, h.request())
	h.clock = h.clock.Add(50 * time.Minute)
	h.find(t, secret)
	h.away.Store(true)
	if err := h.Flush(t.Context()); err == nil {
		t.Error("no error from a store that is away")
	}
	h.away.Store(false)
	no(t, h.Flush(t.Context()))
	stored, err := h.set.Sessions.Session(t.Context(), s.ID)
	no(t, err)
	if !stored.Seen.Equal(h.clock) || !stored.Idle.Equal(h.clock.Add(time.Hour)) {
		t.Errorf("seen %s, idle %s", stored.Seen, stored.Idle)
	}
	other := &session.Manager{Store: h.set.Sessions, Accounts: h.set.Accounts, Changes: h.set.Revision, Idle: time.Hour, Absolute: 24 * time.Hour}
	defer func() { _ = other.Close() }()
	h.clock = noon.Add(100 * time.Minute)
	if _, err := other.Verify(t.Context(), h.with(secret), secret); err != nil {
		t.Errorf("the other one: %v", err)
	}
	// What nobody flushed is flushed by Close.
	h.find(t, secret)
	no(t, h.Manager.Close())
	if stored, err = h.set.Sessions.Session(t.Context(), s.ID); err != nil || !stored.Seen.Equal(h.clock) {
		t.Errorf("after Close seen %s, %v", stored.Seen, err)
	}
	no(t, h.Manager.Close())
}

// The identifier changes at a login, and the one that was there is worth nothing,
// whoever put it there.
func TestFixation(t *testing.T) {
	h := newHouse(t)
	first, planted := h.login(t, h.request())
	second, secret := h.login(t, h.with(planted))
	if first.ID == second.ID || planted == secret {
		t.Fatal("the same session")
	}
	if _, code := h.find(t, planted); code != reason.SessionRevoked {
		t.Errorf("the planted one is %q", code)
	}
	if _, code := h.find(t, secret); code != "" {
		t.Errorf("the new one is %q", code)
	}
	// A value that no gate made does not become one.
	_, third := h.login(t, h.with("g401s_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
	if third == "g401s_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
		t.Error("a value of the client became the secret")
	}
	var kinds []store.EventKind
	for _, e := range h.lives {
		kinds = append(kinds, e.Kind)
	}
	if diff := cmp.Diff([]store.EventKind{store.EventIssued, store.EventRevoked, store.EventIssued, store.EventIssued}, kinds); diff != "" {
		t.Error(diff)
	}
}

// What was proved has to be true when the session begins.
func TestOutdatedProof(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*store.Account)
	}{
		{"password", func(a *store.Account) { a.SetPassword("y", noon.Add(time.Second)) }},
		{"suspended", func(a *store.Account) { a.Suspended = true }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.change(t, "alice", tt.edit)
			_, c, err := h.Begin(t.Context(), session.Proved{Subject: "alice", PasswordChanged: noon}, h.request())
			if !errors.Is(err, session.ErrOutdated) || c != nil {
				t.Errorf("%v, %v", c, err)
			}
			all, err := h.List(t.Context(), "alice")
			if err != nil || len(all) != 1 || all[0].Revoked.IsZero() {
				t.Errorf("left behind: %+v, %v", all, err)
			}
		})
	}
	h := newHouse(t)
	if _, _, err := h.Begin(t.Context(), session.Proved{Subject: "nobody"}, h.request()); !errors.Is(err, session.ErrOutdated) {
		t.Errorf("an account that does not exist: %v", err)
	}
	// The person of a provider has no account.
	if _, _, err := h.Begin(t.Context(), session.Proved{Subject: "nobody", Issuer: "https://idp.example"}, h.request()); err != nil {
		t.Error(err)
	}
}

func TestEndIsConfirmedOnceStored(t *testing.T) {
	h := newHouse(t)
	if err := h.End(t.Context(), "s_nothing", "test"); !errors.Is(err, session.ErrNone) {
		t.Errorf("%v, want ErrNone", err)
	}
	s, _ := h.login(t, h.request())
	no(t, h.set.Close())
	if err := h.End(context.Background(), s.ID, "test"); err == nil || errors.Is(err, session.ErrNone) {
		t.Errorf("%v, want an error of the store", err)
	}
}

func TestCookie(t *testing.T) {
	h := newHouse(t)
	_, c, err := h.Begin(t.Context(), session.Proved{Subject: "alice"}, h.request())
	no(t, err)
	if c.Name != "__Host-g401" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("%+v", c)
	}
	plain := h.request()
	plain.URL.Scheme = "http"
	if _, _, err := h.Begin(t.Context(), session.Proved{Subject: "alice"}, plain); !errors.Is(err, session.ErrInsecure) {
		t.Errorf("plain http elsewhere: %v", err)
	}
	plain.Host = "127.0.0.1"
	_, c, err = h.Begin(t.Context(), session.Proved{Subject: "alice"}, plain)
	if err != nil || c.Name != "g401" || c.Secure {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestCookieValue(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct {
		name    string
		cookies []string
		want    string
		found   bool
	}{
		{"none", nil, "", false},
		{"others", []string{"a=b; g401=x; __Host-g401x=y; x__Host-g401=z"}, "", false},
		{"one", []string{"a=b; __Host-g401=x; c=d"}, "x", true},
		{"in another field", []string{"a=b", "__Host-g401=x"}, "x", true},
		{"twice the same", []string{"__Host-g401=x; __Host-g401=x"}, "x", true},
		{"twice", []string{"__Host-g401=x; __Host-g401=y"}, "", true},
		{"empty", []string{"__Host-g401="}, "", true},
		{"no value", []string{"__Host-g401"}, "", false},
	} {
		if got, found := session.CookieValue(h.request(tt.cookies...), session.CookieName); got != tt.want || found != tt.found {
			t.Errorf("%s: %q, %v; want %q, %v", tt.name, got, found, tt.want, tt.found)
		}
	}
}
