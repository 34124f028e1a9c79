package issuer_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Who asks hears of its own tokens, and of those that are for it; of all others
// they are worth nothing, and nobody hears why.
func TestIntrospection(t *testing.T) {
	s := newServer(t)
	s.advance(time.Second)
	e := &issuer.IntrospectionEndpoint{Desk: s.desk}
	app := s.client(t, store.Client{ID: "app"})
	s.client(t, store.Client{ID: "stock", Resources: []string{"https://stock.example"}})
	s.client(t, store.Client{ID: "other"})
	s.client(t, store.Client{ID: "page", Method: issuer.AuthNone})
	if _, err := s.set.Accounts.CreateAccount(t.Context(), store.Account{Name: "alice", Scopes: []string{"orders:read", "orders:write"}}); err != nil {
		t.Fatal(err)
	}
	s.advance(time.Second)
	login := alice
	login.Audience = []string{"https://stock.example"}
	g := must[*issuer.Grant](t)(s.issuer.Login(t.Context(), login))
	now := float64(s.now().Unix())
	claims := map[string]any{
		"active": true, "token_type": "Bearer", "iss": "https://issuer.example", "sub": "alice", "username": "alice", "client_id": "app",
		"aud": "https://stock.example", "scope": "orders:read orders:write", "groups": []any{"admin"}, "acr": "mfa", "amr": []any{"pwd"},
		"auth_time": now, "iat": now, "exp": now + 300, "jti": g.Access.ID, "sid": g.Family,
	}
	refresh := map[string]any{
		"active": true, "iss": "https://issuer.example", "sub": "alice", "username": "alice", "client_id": "app",
		"scope": "orders:read orders:write", "iat": now, "exp": now + 86400, "sid": g.Family,
	}
	machine := must[*issuer.Grant](t)(s.issuer.ClientCredentials(t.Context(), app, nil, nil)).Access
	strange := must[*token.SigningKey](t)(token.GenerateKey(""))
	forged := must[token.Issued](t)(strange.Issue(token.Grant{Issuer: "https://issuer.example", Subject: "alice", Audience: []string{"orders"}, ClientID: "app", At: s.now()}))
	nothing := map[string]any{"active": false}
	ask := func(client, text string) map[string]any {
		t.Helper()
		w, got := post(t, e, client, "secret of "+client, url.Values{"token": {text}, "token_type_hint": {"nonsense"}})
		if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
		return got
	}
	for _, test := range []struct {
		name, client, text string
		want               map[string]any
	}{
		{"access token, its client", "app", g.Access.Token, claims},
		{"access token, for that API", "stock", g.Access.Token, claims},
		{"access token, another", "other", g.Access.Token, nothing},
		{"refresh token, its client", "app", g.Refresh.Reveal(), refresh},
		{"refresh token, the API", "stock", g.Refresh.Reveal(), nothing},
		{"of a client alone", "app", machine.Token, map[string]any{
			"active": true, "token_type": "Bearer", "iss": "https://issuer.example", "sub": "app", "client_id": "app", "aud": "orders",
			"iat": now, "exp": now + 300, "jti": machine.ID,
		}},
		{"forged", "app", forged.Token, nothing},
		{"nonsense", "app", "nonsense", nothing},
	} {
		if diff := cmp.Diff(test.want, ask(test.client, test.text)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.name, diff)
		}
	}

	for _, test := range []struct {
		name, user string
		form       url.Values
		status     int
		want       string
	}{
		{"nobody", "", url.Values{"token": {"x"}}, 401, "invalid_client"},
		{"a public client", "", url.Values{"token": {g.Access.Token}, "client_id": {"page"}}, 401, "invalid_client"},
		{"no token", "app", url.Values{}, 400, "invalid_request"},
	} {
		if w, got := post(t, e, test.user, "secret of "+test.user, test.form); w.Code != test.status || got["error"] != test.want {
			t.Errorf("%s: %d %v", test.name, w.Code, got)
		}
	}
	hr := httptest.NewRequest(http.MethodGet, tokenURL+"?token=x", nil)
	w := httptest.NewRecorder()
	if e.ServeHTTP(w, hr); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
		t.Errorf("GET: %d %v", w.Code, w.Header())
	}

	s.issuer.Stands = func(context.Context, *token.Claims) error { return &gate401.Denial{Reason: reason.AccountSuspended} }
	if diff := cmp.Diff(nothing, ask("app", g.Access.Token)); diff != "" {
		t.Errorf("of somebody suspended (-want +got)\n%s", diff)
	}
	s.issuer.Stands = func(context.Context, *token.Claims) error { return errAway }
	if w, got := post(t, e, "app", "secret of app", url.Values{"token": {g.Access.Token}}); w.Code != 503 {
		t.Errorf("store away: %d %v", w.Code, got)
	}
	s.issuer.Stands = nil
	if err := s.issuer.RevokeFamily(t.Context(), g.Family, "logout"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{g.Access.Token, g.Refresh.Reveal()} {
		if diff := cmp.Diff(nothing, ask("app", text)); diff != "" {
			t.Errorf("revoked (-want +got)\n%s", diff)
		}
	}
	s.advance(6 * time.Minute)
	if diff := cmp.Diff(nothing, ask("app", machine.Token)); diff != "" {
		t.Errorf("expired (-want +got)\n%s", diff)
	}
}

func TestClaims(t *testing.T) {
	account := &store.Account{Name: "alice", Display: "Alice A.", Updated: time.Unix(1000, 5e8)}
	for _, test := range []struct {
		name   string
		scopes []string
		who    *store.Account
		want   map[string]any
	}{
		{"who alone", []string{"openid"}, account, map[string]any{"sub": "alice"}},
		{"profile", []string{"openid", "profile"}, account, map[string]any{
			"sub": "alice", "preferred_username": "alice", "name": "Alice A.", "updated_at": int64(1000), "groups": []string{"admin"}}},
		{"of a provider", []string{"openid", "profile"}, nil, map[string]any{"sub": "alice", "groups": []string{"admin"}}},
	} {
		if diff := cmp.Diff(test.want, issuer.Claims("alice", test.scopes, []string{"admin"}, test.who)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.name, diff)
		}
	}
}
