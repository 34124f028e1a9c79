package issuer_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

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
