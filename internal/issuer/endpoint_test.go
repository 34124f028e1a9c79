package issuer_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

// clients are a public one and two with a secret.
type clients struct{}

func (clients) Client(_ context.Context, id string) (store.Client, error) {
	secrets := []store.ClientSecret{{Hash: sha256.Sum256([]byte("s%cret:+"))}}
	grants := []string{issuer.GrantRefreshToken}
	switch id {
	case "app":
		return store.Client{ID: id, Method: issuer.AuthNone, Grants: grants}, nil
	case "we:b":
		return store.Client{ID: id, Method: issuer.AuthBasic, Secrets: secrets, Grants: grants}, nil
	case "web":
		return store.Client{ID: id, Method: issuer.AuthPost, Secrets: secrets, Grants: grants}, nil
	case "broken":
		return store.Client{}, errAway
	}
	return store.Client{}, store.ErrNotFound
}

// desk takes the clients, and requests without client_id for "app".
func desk(s *issuer.Issuer, observe func(*http.Request, issuer.Outcome)) issuer.Desk {
	return issuer.Desk{Issuer: s, Auth: issuer.ClientAuth{Clients: clients{}, AnyClient: "app"}, Realm: "tokens", Problems: "/auth/problems/", Observe: observe}
}

func encoded(t *testing.T, id, secret string) string {
	t.Helper()
	return must[string](t)(httpauth.EncodeBasic(url.QueryEscape(id), url.QueryEscape(secret)))
}

func TestTokenEndpoint(t *testing.T) {
	c := newClock()
	s := newIssuer(t, memory.Open(memory.Options{Now: c.now}), c.now, issuer.Policy{})
	const form = "application/x-www-form-urlencoded"
	right := encoded(t, "we:b", "s%cret:+")
	for _, test := range []struct {
		name, method, query, contentType, authorization, body, client string
		status                                                        int
		want                                                          string
		reason                                                        reason.Code
	}{
		{"good", "POST", "", form, "", "grant_type=refresh_token&client_id=app&refresh_token=REFRESH", "app", 200, "", ""},
		{"good, with charset", "POST", "", form + "; charset=UTF-8", "", "grant_type=refresh_token&client_id=app&refresh_token=REFRESH", "app", 200, "", ""},
		{"good, unknown parameter", "POST", "", form, "", "grant_type=refresh_token&client_id=app&refresh_token=REFRESH&x=1", "app", 200, "", ""},
		{"good, by Basic", "POST", "", form, right, "grant_type=refresh_token&refresh_token=REFRESH", "we:b", 200, "", ""},
		{"good, by Basic and its id", "POST", "", form, right, "grant_type=refresh_token&client_id=we:b&refresh_token=REFRESH", "we:b", 200, "", ""},
		{"good, by body", "POST", "", form, "", "grant_type=refresh_token&client_id=web&client_secret=s%25cret:%2B&refresh_token=REFRESH", "web", 200, "", ""},
		{"good, anybody", "POST", "", form, "", "grant_type=refresh_token&refresh_token=REFRESH", "app", 200, "", ""},
		{"GET", "GET", "?grant_type=refresh_token", "", "", "", "app", 405, "invalid_request", ""},
		{"in the URL", "POST", "?refresh_token=x", form, "", "grant_type=refresh_token", "app", 400, "invalid_request", ""},
		{"JSON", "POST", "", "application/json", "", `{"grant_type":"refresh_token"}`, "app", 400, "invalid_request", ""},
		{"no type", "POST", "", "", "", "grant_type=refresh_token", "app", 400, "invalid_request", ""},
		{"twice", "POST", "", form, "", "grant_type=refresh_token&refresh_token=REFRESH&refresh_token=REFRESH", "app", 400, "invalid_request", ""},
		{"not encoded", "POST", "", form, "", "grant_type=%zz", "app", 400, "invalid_request", ""},
		{"large", "POST", "", form, "", "grant_type=refresh_token&refresh_token=" + strings.Repeat("x", issuer.MaxForm), "app", 413, "invalid_request", ""},
		{"no grant", "POST", "", form, "", "refresh_token=REFRESH", "app", 400, "invalid_request", ""},
		{"empty grant", "POST", "", form, "", "grant_type=&refresh_token=REFRESH", "app", 400, "invalid_request", ""},
		{"another grant", "POST", "", form, "", "grant_type=password&username=a&password=b", "app", 400, "unsupported_grant_type", ""},
		{"no token", "POST", "", form, "", "grant_type=refresh_token", "app", 400, "invalid_request", ""},
		{"wider", "POST", "", form, "", "grant_type=refresh_token&refresh_token=REFRESH&scope=root", "app", 400, "invalid_scope", ""},
		{"nonsense", "POST", "", form, "", "grant_type=refresh_token&refresh_token=nonsense", "app", 400, "invalid_grant", reason.RefreshTokenUnknown},
		{"of another client", "POST", "", form, "", "grant_type=refresh_token&refresh_token=REFRESH", "web", 400, "invalid_grant", reason.RefreshTokenUnknown},
		{"client unknown", "POST", "", form, "", "grant_type=refresh_token&client_id=nobody&refresh_token=REFRESH", "app", 401, "invalid_client", reason.ClientUnknown},
		{"secret wrong", "POST", "", form, "", "grant_type=refresh_token&client_id=web&client_secret=x&refresh_token=REFRESH", "web", 401, "invalid_client", reason.ClientSecretWrong},
		{"secret missing", "POST", "", form, "", "grant_type=refresh_token&client_id=web&refresh_token=REFRESH", "web", 401, "invalid_client", reason.ClientSecretWrong},
		{"secret of a public client", "POST", "", form, "", "grant_type=refresh_token&client_id=app&client_secret=x&refresh_token=REFRESH", "app", 401, "invalid_client", reason.ClientSecretWrong},
		{"in two ways", "POST", "", form, right, "grant_type=refresh_token&client_secret=x&refresh_token=REFRESH", "we:b", 400, "invalid_request", ""},
		{"two clients", "POST", "", form, right, "grant_type=refresh_token&client_id=app&refresh_token=REFRESH", "we:b", 400, "invalid_request", ""},
		{"Bearer", "POST", "", form, "Bearer x", "grant_type=refresh_token&refresh_token=REFRESH", "app", 401, "invalid_client", reason.ClientUnknown},
		{"clients away", "POST", "", form, "", "grant_type=refresh_token&client_id=broken&refresh_token=REFRESH", "app", 503, "temporarily_unavailable", reason.CheckFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			login := alice
			login.Client = test.client
			first := must[*issuer.Grant](t)(s.Login(t.Context(), login))
			var observed reason.Code
			e := &issuer.TokenEndpoint{Desk: desk(s, func(_ *http.Request, o issuer.Outcome) { observed = codeOf(o.Err) })}
			hr := httptest.NewRequest(test.method, "/token"+test.query, strings.NewReader(strings.ReplaceAll(test.body, "REFRESH", first.Refresh.Reveal())))
			hr.Header.Set("Content-Type", test.contentType)
			if test.authorization != "" {
				hr.Header.Set("Authorization", test.authorization)
			}
			w := httptest.NewRecorder()
			e.ServeHTTP(w, hr)
			var body map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatalf("%v in %s", err, w.Body)
			}
			if got, _ := body["error"].(string); w.Code != test.status || got != test.want {
				t.Errorf("%d %s, want %d %q", w.Code, w.Body, test.status, test.want)
			}
			if test.reason != "" && observed != test.reason {
				t.Errorf("observed %q, want %q", observed, test.reason)
			}
			h := w.Header()
			if h.Get("Cache-Control") != "no-store" || h.Get("Pragma") != "no-cache" || h.Get("Content-Type") != "application/json" {
				t.Errorf("fields %v", h)
			}
			if (h.Get("WWW-Authenticate") != "") != (w.Code == 401) || (h.Get("Allow") == "POST") != (w.Code == 405) || (h.Get("Retry-After") != "") != (w.Code == 503) {
				t.Errorf("fields %v of a %d", h, w.Code)
			}
			if test.status != 200 {
				if strings.Contains(w.Body.String(), first.Refresh.Reveal()) {
					t.Errorf("the answer repeats the token: %s", w.Body)
				}
				return
			}
			access, _ := body["access_token"].(string)
			delete(body, "access_token")
			if refresh, _ := body["refresh_token"].(string); refresh == first.Refresh.Reveal() || !strings.HasPrefix(refresh, "g401r_") {
				t.Errorf("refresh token %q", refresh)
			}
			delete(body, "refresh_token")
			want := map[string]any{"token_type": "Bearer", "expires_in": 300.0, "scope": "orders:read orders:write"}
			if diff := cmp.Diff(want, body); diff != "" {
				t.Errorf("body (-want +got)\n%s", diff)
			}
			if got := status(t, s, access); got != "" {
				t.Errorf("access token is %q", got)
			}
		})
	}
}

// What is left is never rounded down to a second less than was promised.
func TestExpiresIn(t *testing.T) {
	c := newClock()
	c.advance(700 * time.Millisecond)
	s := newIssuer(t, memory.Open(memory.Options{Now: c.now}), c.now, issuer.Policy{Access: time.Minute})
	g := must[*issuer.Grant](t)(s.Login(t.Context(), alice))
	if got := (&issuer.TokenEndpoint{Desk: desk(s, nil)}).Success(g).Fields["expires_in"]; got != int64(60) {
		t.Errorf("expires_in %v, want 60", got)
	}
}

func TestRevocationEndpoint(t *testing.T) {
	c := newClock()
	fails := &away{Tokens: memory.Open(memory.Options{Now: c.now}).Tokens}
	s := newIssuer(t, &store.Set{Tokens: fails}, c.now, issuer.Policy{})
	e := &issuer.RevocationEndpoint{Desk: desk(s, nil)}
	for _, test := range []struct {
		name, body, client string
		away               bool
		status             int
		want               string
		refused            reason.Code
	}{
		{"refresh token", "token=REFRESH", "app", false, 200, "", reason.TokenRevoked},
		{"with a wrong hint", "token=REFRESH&token_type_hint=access_token", "app", false, 200, "", reason.TokenRevoked},
		{"access token", "token=ACCESS&token_type_hint=nonsense", "app", false, 200, "", reason.TokenRevoked},
		{"nonsense", "token=nonsense", "app", false, 200, "", ""},
		{"no token", "token_type_hint=x", "app", false, 400, "invalid_request", ""},
		{"of another client", "token=REFRESH", "web", false, 400, "invalid_grant", ""},
		{"client unknown", "token=REFRESH&client_id=nobody", "app", false, 401, "invalid_client", ""},
		{"cannot be stored", "token=REFRESH", "app", true, 503, "temporarily_unavailable", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			login := alice
			login.Client = test.client
			g := must[*issuer.Grant](t)(s.Login(t.Context(), login))
			fails.revoke = test.away
			body := strings.NewReplacer("REFRESH", g.Refresh.Reveal(), "ACCESS", g.Access.Token).Replace(test.body)
			hr := httptest.NewRequest(http.MethodPost, "/revoke", strings.NewReader(body))
			hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			e.ServeHTTP(w, hr)
			fails.revoke = false
			var fields struct{ Error string }
			if w.Body.Len() > 0 {
				if err := json.Unmarshal(w.Body.Bytes(), &fields); err != nil {
					t.Fatal(err)
				}
			}
			if w.Code != test.status || fields.Error != test.want || (w.Body.Len() == 0) != (test.status == 200) {
				t.Errorf("%d %s, want %d %q", w.Code, w.Body, test.status, test.want)
			}
			if got := status(t, s, g.Access.Token); got != test.refused {
				t.Errorf("the access token is %q, want %q", got, test.refused)
			}
		})
	}
}
