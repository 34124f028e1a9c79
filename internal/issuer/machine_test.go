package issuer_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// A client speaks for itself, with no more than it is registered for.
func TestClientCredentials(t *testing.T) {
	s := newServer(t)
	s.client(t, store.Client{ID: "nightly", Scopes: []string{"orders:read", "orders:write", "openid"}, Groups: []string{"reports"}})
	s.client(t, store.Client{ID: "narrow", Resources: []string{"https://stock.example"}})
	s.client(t, store.Client{ID: "app", Grants: []string{issuer.GrantRefreshToken}})
	s.client(t, store.Client{ID: "Alice"})
	if _, err := s.set.Accounts.CreateAccount(t.Context(), store.Account{Name: "alice"}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, client string
		form         url.Values
		want         string
		scope        any
		aud          any
	}{
		{"all", "nightly", machine, "", "orders:read orders:write", "orders"},
		{"less", "nightly", with(machine, "scope", "orders:read"), "", "orders:read", "orders"},
		{"more", "nightly", with(machine, "scope", "orders:read admin"), "invalid_scope", nil, nil},
		{"about a person", "nightly", with(machine, "scope", "openid orders:read"), "invalid_scope", nil, nil},
		{"for another API", "nightly", with(machine, "resource", "https://stock.example"), "", "orders:read orders:write", "https://stock.example"},
		{"for a part of the gate", "nightly", with(machine, "resource", "https://issuer.example/mcp"), "", "orders:read orders:write", "https://issuer.example/mcp"},
		{"for both", "nightly", with(machine, "resource", "https://stock.example", "resource", "orders"), "", "orders:read orders:write", []any{"https://stock.example", "orders"}},
		{"for somebody unknown", "nightly", with(machine, "resource", "https://other.example"), "invalid_target", nil, nil},
		{"for a host that begins alike", "nightly", with(machine, "resource", "https://issuer.example.evil"), "invalid_target", nil, nil},
		{"for a fragment", "nightly", with(machine, "resource", "https://issuer.example/#a"), "invalid_target", nil, nil},
		{"for nothing", "nightly", with(machine, "resource", "issuer"), "invalid_target", nil, nil},
		{"what it is for", "narrow", machine, "", nil, "https://stock.example"},
		{"what it is not for", "narrow", with(machine, "resource", "orders"), "invalid_target", nil, nil},
		{"not registered for it", "app", machine, "unauthorized_client", nil, nil},
		{"in the name of a person", "Alice", machine, "unauthorized_client", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, got := post(t, s.tokens, test.client, "secret of "+test.client, test.form)
			if code, _ := got["error"].(string); code != test.want {
				t.Fatalf("%d %v, want %q", w.Code, got, test.want)
			}
			if test.want != "" {
				return
			}
			if _, has := got["refresh_token"]; has || got["scope"] != test.scope || got["expires_in"] != 300.0 {
				t.Errorf("answer %v", got)
			}
			claims := claimsOf(t, got["access_token"])
			for _, name := range []string{"iat", "exp", "jti"} {
				if claims[name] == nil {
					t.Errorf("%s is missing", name)
				}
				delete(claims, name)
			}
			want := map[string]any{"iss": "https://issuer.example", "sub": test.client, "client_id": test.client, "aud": test.aud}
			if test.scope != nil {
				want["scope"] = test.scope
			}
			if test.client == "nightly" {
				want["groups"] = []any{"reports"}
			}
			if diff := cmp.Diff(want, claims); diff != "" {
				t.Errorf("claims (-want +got)\n%s", diff)
			}
		})
	}
}

// What a client was given ends with it, and with a word.
func TestClientRevoked(t *testing.T) {
	s := newServer(t)
	c := s.client(t, store.Client{ID: "nightly"})
	other := s.client(t, store.Client{ID: "other"})
	issue := func(c store.Client) string {
		return must[*issuer.Grant](t)(s.issuer.ClientCredentials(t.Context(), c, nil, nil)).Access.Token
	}
	first, second, others := issue(c), issue(c), issue(other)
	if err := s.issuer.RevokeToken(t.Context(), first, "nightly"); err != nil {
		t.Fatal(err)
	}
	if err := s.issuer.RevokeToken(t.Context(), second, "other"); codeOf(err) != reason.RefreshTokenUnknown {
		t.Errorf("another client revokes a token: %v", err)
	}
	if got := [2]reason.Code{status(t, s.issuer, first), status(t, s.issuer, second)}; got != [2]reason.Code{reason.TokenRevoked, ""} {
		t.Errorf("one of two revoked: %v", got)
	}
	s.advance(time.Second)
	if err := s.set.Clients.DeleteClient(t.Context(), "nightly", s.now(), s.now().Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := [2]reason.Code{status(t, s.issuer, second), status(t, s.issuer, others)}; got != [2]reason.Code{reason.TokenRevoked, ""} {
		t.Errorf("after the client is gone: %v", got)
	}
}

// Times in tokens are whole seconds: one of the second in which everything before
// was revoked could not be told from those.
func TestClientCredentialsAfterRevocation(t *testing.T) {
	s := newServer(t)
	s.client(t, store.Client{ID: "nightly"})
	s.advance(800 * time.Millisecond)
	token := func() string {
		w, got := post(t, s.tokens, "nightly", "secret of nightly", machine)
		if w.Code != 200 {
			t.Fatal(got)
		}
		return got["access_token"].(string)
	}
	old := token()
	for _, r := range []store.Revocation{
		{Kind: store.RevokedClient, ID: "nightly"}, {Kind: store.RevokedSubject, ID: "nightly"}, {Kind: store.RevokedAll, ID: store.Everything},
	} {
		s.advance(time.Second)
		r.At, r.Until = s.now(), s.now().Add(time.Hour)
		if err := s.set.Tokens.Revoke(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		next := token()
		s.advance(time.Second)
		if code := status(t, s.issuer, next); code != "" {
			t.Errorf("%s: a new token is %q", r.Kind, code)
		}
		if code := status(t, s.issuer, old); code != reason.TokenRevoked {
			t.Errorf("%s: a token from before is %q", r.Kind, code)
		}
		old = next
	}
}
