package issuer_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

// Where that is the policy, a program ends with the session in which it was let in.
func TestWithSession(t *testing.T) {
	c := newClock()
	open := store.Session{ID: "s_1", Expires: c.now().Add(2 * time.Hour), Idle: c.now().Add(time.Hour)}
	for _, test := range []struct {
		name   string
		change func(sessions)
		wait   time.Duration
		want   reason.Code
	}{
		{"open", func(sessions) {}, 0, ""},
		{"logged out", func(s sessions) { s["s_1"] = store.Session{ID: "s_1", Expires: open.Expires, Revoked: c.now()} }, 0, reason.RefreshTokenRevoked},
		{"forgotten", func(s sessions) { delete(s, "s_1") }, 0, reason.RefreshTokenRevoked},
		{"not used", func(sessions) {}, time.Hour, reason.RefreshTokenRevoked},
		{"at its end", func(s sessions) { s["s_1"] = store.Session{ID: "s_1", Expires: open.Expires} }, 2 * time.Hour, reason.RefreshTokenRevoked},
	} {
		for _, with := range []bool{true, false} {
			c := newClock()
			s := coder(t, c, issuer.Policy{WithSession: with})
			live := sessions{"s_1": open}
			s.Sessions = live
			g := must[*issuer.Grant](t)(s.RedeemCode(t.Context(), redemption(code(t, s), "app")))
			test.change(live)
			c.advance(test.wait)
			want := test.want
			if !with {
				want = ""
			}
			if _, err := s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app"}); codeOf(err) != want {
				t.Errorf("%s, %v: %v, want %q", test.name, with, err, want)
			}
		}
	}
	s := coder(t, c, issuer.Policy{WithSession: true})
	live := sessions{"s_1": open}
	s.Sessions = live
	g := must[*issuer.Grant](t)(s.RedeemCode(t.Context(), redemption(code(t, s), "app")))
	s.Sessions = awaySessions{}
	if _, err := s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app"}); !errors.Is(err, errAway) {
		t.Errorf("a store that is away: %v", err)
	}
}

type awaySessions struct{}

func (awaySessions) Session(context.Context, string) (store.Session, error) {
	return store.Session{}, errAway
}

// A login never grants more than the account has now: who is taken out of a group
// is out of it with the next token, not when the login ends. What the account
// gets later is not in it either.
func TestRenewedForLess(t *testing.T) {
	c := newClock()
	set := memory.Open(memory.Options{Now: c.now})
	s := newIssuer(t, set, c.now, issuer.Policy{})
	s.Accounts = set.Accounts
	account := must[store.Account](t)(set.Accounts.CreateAccount(t.Context(), store.Account{
		Name: "alice", Scopes: []string{"orders:read", "orders:write"}, Groups: []string{"admin", "staff"},
	}))
	login := issuer.Login{Subject: "alice", Client: "app", Scopes: []string{"openid", "orders:read", "orders:write"}, Groups: account.Groups}
	g := must[*issuer.Grant](t)(s.Login(t.Context(), login))
	renew := func(scopes ...string) (*issuer.Grant, error) {
		next, err := s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app", Scopes: scopes})
		if err == nil {
			g = next
		}
		return next, err
	}
	account.Scopes, account.Groups = []string{"orders:read", "billing"}, []string{"staff", "owners"}
	account = must[store.Account](t)(set.Accounts.UpdateAccount(t.Context(), account))
	next := must[*issuer.Grant](t)(renew())
	said := payload(t, next.Access.Token)
	if diff := cmp.Diff([]any{"openid orders:read", []any{"staff"}}, []any{said["scope"], said["groups"]}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := renew("orders:write"); !errors.Is(err, issuer.ErrScope) {
		t.Errorf("a scope that was taken away: %v", err)
	}
	// What comes back, comes back.
	account.Scopes = append(account.Scopes, "orders:write")
	must[store.Account](t)(set.Accounts.UpdateAccount(t.Context(), account))
	if next = must[*issuer.Grant](t)(renew()); len(next.Scopes) != 3 {
		t.Errorf("given back: %v", next.Scopes)
	}
	// Somebody of a provider is not judged by our account of that name.
	login.Issuer = "https://idp.example"
	g = must[*issuer.Grant](t)(s.Login(t.Context(), login))
	if next = must[*issuer.Grant](t)(renew()); len(next.Scopes) != 3 {
		t.Errorf("of a provider: %v", next.Scopes)
	}
}
