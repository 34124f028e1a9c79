package issuer_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

var alice = issuer.Login{Subject: "alice", Client: "app", Scopes: []string{"orders:read", "orders:write"}, Groups: []string{"admin"}, ACR: "mfa", AMR: []string{"pwd"}}

func TestLogin(t *testing.T) {
	c := newClock()
	s := newIssuer(t, memory.Open(memory.Options{Now: c.now}), c.now, issuer.Policy{})
	g := must[*issuer.Grant](t)(s.Login(t.Context(), alice))
	claims, err := s.Verifier.Verify(t.Context(), g.Access.Token)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"iss": "https://issuer.example", "aud": "orders", "sub": "alice", "client_id": "app", "scope": "orders:read orders:write",
		"groups": []any{"admin"}, "acr": "mfa", "amr": []any{"pwd"}, "sid": g.Family, "jti": g.Access.ID,
	}
	got := claims.Raw()
	for _, name := range []string{"iat", "exp", "auth_time"} {
		delete(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got)\n%s", diff)
	}
	if claims.Type != "at+jwt" || !claims.AuthTime.Equal(c.now()) || !claims.Expires.Equal(c.now().Add(5*time.Minute)) {
		t.Errorf("type %q, auth_time %v, exp %v", claims.Type, claims.AuthTime, claims.Expires)
	}
	if !strings.HasPrefix(g.Refresh.Reveal(), "g401r_test_") {
		t.Errorf("refresh token %s", g.Refresh)
	}
	if _, err := s.Login(t.Context(), issuer.Login{}); err == nil {
		t.Error("nobody logged in")
	}
}

func TestRedeem(t *testing.T) {
	day := 24 * time.Hour
	for _, test := range []struct {
		name   string
		policy issuer.Policy
		do     func(t *testing.T, s *issuer.Issuer, c *clock, first *issuer.Grant) (text string)
		client string
		want   reason.Code
	}{
		{"good", issuer.Policy{}, nil, "app", ""},
		{"of another client", issuer.Policy{}, nil, "other", reason.RefreshTokenUnknown},
		{"nonsense", issuer.Policy{}, func(*testing.T, *issuer.Issuer, *clock, *issuer.Grant) string { return "nonsense" }, "app", reason.RefreshTokenUnknown},
		{"never issued", issuer.Policy{}, func(t *testing.T, _ *issuer.Issuer, _ *clock, _ *issuer.Grant) string {
			return must[token.RefreshToken](t)(token.NewRefreshToken(nil, "test")).Reveal()
		}, "app", reason.RefreshTokenUnknown},
		{"the access token", issuer.Policy{}, func(_ *testing.T, _ *issuer.Issuer, _ *clock, g *issuer.Grant) string { return g.Access.Token }, "app", reason.RefreshTokenUnknown},
		{"idle to the last moment", issuer.Policy{Idle: day}, func(_ *testing.T, _ *issuer.Issuer, c *clock, g *issuer.Grant) string {
			c.advance(day - time.Millisecond)
			return g.Refresh.Reveal()
		}, "app", ""},
		{"idle for too long", issuer.Policy{Idle: day}, func(_ *testing.T, _ *issuer.Issuer, c *clock, g *issuer.Grant) string {
			c.advance(day)
			return g.Refresh.Reveal()
		}, "app", reason.RefreshTokenExpired},
		{"busy beyond the end of the login", issuer.Policy{Idle: day, Absolute: 3 * day}, busy(23*time.Hour, 4), "app", reason.RefreshTokenExpired},
		{"busy before the end of the login", issuer.Policy{Idle: day, Absolute: 3 * day}, busy(23*time.Hour, 3), "app", ""},
		{"busy without rotation", issuer.Policy{Idle: day, Rotation: issuer.Keep}, busy(23*time.Hour, 5), "app", ""},
		{"again within the grace", issuer.Policy{Grace: time.Minute}, again(time.Minute), "app", ""},
		{"again after the grace", issuer.Policy{Grace: time.Minute}, again(time.Minute + time.Millisecond), "app", reason.RefreshTokenReused},
		{"again without grace", issuer.Policy{Grace: -1}, again(0), "app", reason.RefreshTokenReused},
		{"again, default", issuer.Policy{}, again(issuer.DefaultGrace), "app", ""},
		{"again when it would have expired", issuer.Policy{Idle: time.Hour}, again(2 * time.Hour), "app", reason.RefreshTokenReused},
		{"revoked", issuer.Policy{}, func(t *testing.T, s *issuer.Issuer, _ *clock, g *issuer.Grant) string {
			if err := s.RevokeFamily(t.Context(), g.Family, "test"); err != nil {
				t.Fatal(err)
			}
			return g.Refresh.Reveal()
		}, "app", reason.RefreshTokenRevoked},
		{"subject revoked", issuer.Policy{}, func(t *testing.T, s *issuer.Issuer, _ *clock, g *issuer.Grant) string {
			if err := s.RevokeSubject(t.Context(), "alice", "test"); err != nil {
				t.Fatal(err)
			}
			return g.Refresh.Reveal()
		}, "app", reason.RefreshTokenRevoked},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClock()
			for name, set := range sets(t, c.now) {
				s := newIssuer(t, set, c.now, test.policy)
				first := must[*issuer.Grant](t)(s.Login(t.Context(), alice))
				text := first.Refresh.Reveal()
				if test.do != nil {
					text = test.do(t, s, c, first)
				}
				g, err := s.Redeem(t.Context(), issuer.Redemption{Token: text, Client: test.client})
				if codeOf(err) != test.want || (g == nil) == (err == nil) {
					t.Fatalf("%s: %v, want %q", name, err, test.want)
				}
				if g != nil && status(t, s, g.Access.Token) != "" {
					t.Errorf("%s: the new access token is refused: %s", name, status(t, s, g.Access.Token))
				}
				if err != nil && len(text) > 20 && strings.Contains(err.Error(), text[15:]) {
					t.Errorf("%s: the error repeats the token: %v", name, err)
				}
			}
		})
	}
}

// busy refreshes n times, every so often, and returns the last token.
func busy(every time.Duration, n int) func(*testing.T, *issuer.Issuer, *clock, *issuer.Grant) string {
	return func(t *testing.T, s *issuer.Issuer, c *clock, g *issuer.Grant) string {
		text := g.Refresh.Reveal()
		for range n {
			if next, err := s.Redeem(t.Context(), issuer.Redemption{Token: text, Client: "app"}); err == nil {
				if s.Policy.Rotation != issuer.Keep {
					text = next.Refresh.Reveal()
				}
			} else if codeOf(err) != reason.RefreshTokenExpired {
				t.Fatal(err)
			}
			c.advance(every)
		}
		return text
	}
}

// again redeems a token and waits.
func again(wait time.Duration) func(*testing.T, *issuer.Issuer, *clock, *issuer.Grant) string {
	return func(t *testing.T, s *issuer.Issuer, c *clock, g *issuer.Grant) string {
		must[*issuer.Grant](t)(s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app"}))
		c.advance(wait)
		return g.Refresh.Reveal()
	}
}

// Reuse ends the whole login: the newest refresh token and every access token.
func TestReuseEndsTheLogin(t *testing.T) {
	for _, test := range []struct {
		name             string
		rotation         issuer.Rotation
		refresh, refused reason.Code
	}{
		{"detected", issuer.RotateAndDetect, reason.RefreshTokenRevoked, reason.TokenRevoked},
		{"ignored", issuer.RotateOnly, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClock()
			for name, set := range sets(t, c.now) {
				s := newIssuer(t, set, c.now, issuer.Policy{Rotation: test.rotation, Grace: time.Second})
				other := must[*issuer.Grant](t)(s.Login(t.Context(), alice))
				first := must[*issuer.Grant](t)(s.Login(t.Context(), alice))
				redeem := func(g *issuer.Grant) (*issuer.Grant, error) {
					return s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app"})
				}
				second := must[*issuer.Grant](t)(redeem(first))
				c.advance(time.Minute)
				before := set.Revision()
				if _, err := redeem(first); codeOf(err) != reason.RefreshTokenReused {
					t.Fatalf("%s: %v", name, err)
				}
				if moved := set.Revision() != before; moved != (test.refused != "") {
					t.Errorf("%s: revision moved %t", name, moved)
				}
				for _, g := range []*issuer.Grant{first, second} {
					if got := status(t, s, g.Access.Token); got != test.refused {
						t.Errorf("%s: access token is %q, want %q", name, got, test.refused)
					}
				}
				if _, err := redeem(second); codeOf(err) != test.refresh {
					t.Errorf("%s: the newest refresh token: %v, want %q", name, err, test.refresh)
				}
				if got := status(t, s, other.Access.Token); got != "" {
					t.Errorf("%s: another login of the same person is %q", name, got)
				}
			}
		})
	}
}

// Twenty requests that refresh with one token at once all get on.
func TestParallelRefresh(t *testing.T) {
	c := newClock()
	for name, set := range sets(t, c.now) {
		s := newIssuer(t, set, c.now, issuer.Policy{})
		first := must[*issuer.Grant](t)(s.Login(t.Context(), alice))
		var all sync.WaitGroup
		grants := make([]*issuer.Grant, 20)
		for i := range grants {
			all.Go(func() {
				g, err := s.Redeem(context.Background(), issuer.Redemption{Token: first.Refresh.Reveal(), Client: "app"})
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				grants[i] = g
			})
		}
		all.Wait()
		c.advance(time.Minute) // the grace is over
		for _, g := range grants {
			if g == nil {
				continue
			}
			if code := status(t, s, g.Access.Token); code != "" {
				t.Errorf("%s: an access token is %q", name, code)
			}
			if _, err := s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app"}); err != nil {
				t.Errorf("%s: a refresh token of the grace: %v", name, err)
			}
		}
	}
}

func TestScopes(t *testing.T) {
	c := newClock()
	s := newIssuer(t, memory.Open(memory.Options{Now: c.now}), c.now, issuer.Policy{})
	first := must[*issuer.Grant](t)(s.Login(t.Context(), alice))
	if _, err := s.Redeem(t.Context(), issuer.Redemption{Token: first.Refresh.Reveal(), Client: "app", Scopes: []string{"root"}}); !errors.Is(err, issuer.ErrScope) {
		t.Errorf("a wider scope: %v", err)
	}
	narrow := must[*issuer.Grant](t)(s.Redeem(t.Context(), issuer.Redemption{Token: first.Refresh.Reveal(), Client: "app", Scopes: []string{"orders:read"}}))
	wide := must[*issuer.Grant](t)(s.Redeem(t.Context(), issuer.Redemption{Token: narrow.Refresh.Reveal(), Client: "app"}))
	if diff := cmp.Diff([][]string{{"orders:read"}, alice.Scopes}, [][]string{narrow.Scopes, wide.Scopes}); diff != "" {
		t.Errorf("scopes (-want +got)\n%s", diff)
	}
}

func TestAccounts(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(t *testing.T, set *store.Set, a store.Account)
		want reason.Code
	}{
		{"there", func(*testing.T, *store.Set, store.Account) {}, ""},
		{"suspended", func(t *testing.T, set *store.Set, a store.Account) {
			a.Suspended = true
			must[store.Account](t)(set.Accounts.UpdateAccount(t.Context(), a))
		}, reason.RefreshTokenRevoked},
		{"removed", func(t *testing.T, set *store.Set, a store.Account) {
			if err := set.Accounts.DeleteAccount(t.Context(), a.Name); err != nil {
				t.Fatal(err)
			}
		}, reason.RefreshTokenRevoked},
		{"made anew", func(t *testing.T, set *store.Set, a store.Account) {
			if err := set.Accounts.DeleteAccount(t.Context(), a.Name); err != nil {
				t.Fatal(err)
			}
			must[store.Account](t)(set.Accounts.CreateAccount(t.Context(), store.Account{Name: a.Name}))
		}, reason.RefreshTokenRevoked},
		{"away", func(t *testing.T, set *store.Set, _ store.Account) {
			if err := set.Close(); err != nil {
				t.Fatal(err)
			}
		}, reason.CheckFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClock()
			set := memory.Open(memory.Options{Now: c.now})
			s := newIssuer(t, set, c.now, issuer.Policy{})
			s.Accounts = set.Accounts
			a := must[store.Account](t)(set.Accounts.CreateAccount(t.Context(), store.Account{Name: "alice"}))
			first := must[*issuer.Grant](t)(s.Login(t.Context(), alice))
			c.advance(time.Second)
			test.do(t, set, a)
			_, err := s.Redeem(t.Context(), issuer.Redemption{Token: first.Refresh.Reveal(), Client: "app"})
			if codeOf(err) != test.want {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// What could not be done is never invalid_grant, and costs nothing.
func TestStoreAway(t *testing.T) {
	c := newClock()
	fails := &away{Tokens: memory.Open(memory.Options{Now: c.now}).Tokens}
	s := newIssuer(t, &store.Set{Tokens: fails}, c.now, issuer.Policy{Grace: -1})
	first := must[*issuer.Grant](t)(s.Login(t.Context(), alice))
	redeem := func(g *issuer.Grant) (*issuer.Grant, error) {
		return s.Redeem(t.Context(), issuer.Redemption{Token: g.Refresh.Reveal(), Client: "app"})
	}
	fails.read = true
	if _, err := redeem(first); !errors.Is(err, errAway) {
		t.Errorf("reading: %v", err)
	}
	if got := status(t, s, first.Access.Token); got != reason.CheckFailed {
		t.Errorf("an access token that nobody can judge is %q", got)
	}
	fails.read, fails.redeem = false, true
	if _, err := redeem(first); !errors.Is(err, errAway) {
		t.Errorf("redeeming: %v", err)
	}
	fails.redeem = false
	second := must[*issuer.Grant](t)(redeem(first))
	// A reuse whose consequence cannot be stored is not reported as one.
	fails.revoke = true
	if _, err := redeem(first); !errors.Is(err, errAway) {
		t.Errorf("revoking: %v", err)
	}
	if err := s.RevokeToken(t.Context(), second.Refresh.Reveal(), "app"); !errors.Is(err, errAway) {
		t.Errorf("revoking by the client: %v", err)
	}
	// A key that is out of reach does not use up the refresh token.
	sign := s.Signer
	s.Signer = func(context.Context) (issuer.Signer, error) { return nil, errAway }
	if _, err := redeem(second); !errors.Is(err, errAway) {
		t.Errorf("signing: %v", err)
	}
	s.Signer = sign
	must[*issuer.Grant](t)(redeem(second))
}

func TestRevokeToken(t *testing.T) {
	c := newClock()
	for name, set := range sets(t, c.now) {
		s := newIssuer(t, set, c.now, issuer.Policy{})
		first := must[*issuer.Grant](t)(s.Login(t.Context(), alice))
		second := must[*issuer.Grant](t)(s.Redeem(t.Context(), issuer.Redemption{Token: first.Refresh.Reveal(), Client: "app"}))
		for _, step := range []struct {
			name, text, client  string
			want, first, second reason.Code
		}{
			{"nonsense", "nonsense", "app", "", "", ""},
			{"of another client", second.Refresh.Reveal(), "other", reason.RefreshTokenUnknown, "", ""},
			{"access token of another client", first.Access.Token, "other", reason.RefreshTokenUnknown, "", ""},
			{"an access token", first.Access.Token, "app", "", reason.TokenRevoked, ""},
			{"the same again", first.Access.Token, "app", "", reason.TokenRevoked, ""},
			{"a refresh token", second.Refresh.Reveal(), "app", "", reason.TokenRevoked, reason.TokenRevoked},
			{"the same again", second.Refresh.Reveal(), "app", "", reason.TokenRevoked, reason.TokenRevoked},
		} {
			if err := s.RevokeToken(t.Context(), step.text, step.client); codeOf(err) != step.want {
				t.Errorf("%s: %s: %v, want %q", name, step.name, err, step.want)
			}
			if got := status(t, s, first.Access.Token); got != step.first {
				t.Errorf("%s: %s: first access token is %q, want %q", name, step.name, got, step.first)
			}
			if got := status(t, s, second.Access.Token); got != step.second {
				t.Errorf("%s: %s: second access token is %q, want %q", name, step.name, got, step.second)
			}
		}
	}
}
