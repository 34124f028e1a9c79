package issuer_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/token"
)

func registrar(t testing.TB) (*server, *issuer.RegistrationEndpoint) {
	t.Helper()
	s := newServer(t)
	return s, &issuer.RegistrationEndpoint{
		Desk: s.desk, Clients: s.set.Clients, Scopes: []string{"openid", "orders:read"},
		Limit: &defend.Guard{Now: s.now, Limits: defend.Limits{
			Address: defend.Limit{Attempts: 1000, Window: time.Hour}, AddressAccount: defend.Limit{Attempts: 1000, Window: time.Hour}, Account: defend.Limit{Attempts: 1000, Window: time.Hour},
		}},
	}
}

func register(t testing.TB, e http.Handler, body, authorization string) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	hr := httptest.NewRequest(http.MethodPost, "https://issuer.example/auth/register", strings.NewReader(body))
	hr.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		hr.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, hr)
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return w, out
}

func TestRegister(t *testing.T) {
	s, e := registrar(t)
	w, got := register(t, e, `{"redirect_uris":["http://127.0.0.1:33418/callback","https://app.example/cb"],"client_name":"An app",
		"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","logo_uri":"https://x.example/l.png"}`, "")
	id, _ := got["client_id"].(string)
	if w.Code != http.StatusCreated || !strings.HasPrefix(id, "reg_") || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", w.Code, got)
	}
	delete(got, "client_id")
	want := map[string]any{
		"client_id_issued_at": float64(s.now().Unix()), "token_endpoint_auth_method": "none", "client_name": "An app",
		"grant_types": []any{"authorization_code", "refresh_token"}, "response_types": []any{"code"}, "scope": "openid orders:read",
		"redirect_uris": []any{"http://127.0.0.1:33418/callback", "https://app.example/cb"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got)\n%s", diff)
	}
	kept, err := s.set.Clients.Client(t.Context(), id)
	if err != nil || !kept.Registered || kept.Trusted || len(kept.Groups) > 0 || kept.Method != issuer.AuthNone {
		t.Errorf("%+v, %v", kept, err)
	}

	// By default it has a secret, which is shown once and works.
	_, got = register(t, e, `{"redirect_uris":["https://app.example/cb"],"scope":"orders:read admin","grant_types":["authorization_code","refresh_token"]}`, "")
	secret, _ := got["client_secret"].(string)
	id, _ = got["client_id"].(string)
	if got["token_endpoint_auth_method"] != issuer.AuthBasic || got["scope"] != "orders:read" || got["client_secret_expires_at"] != 0.0 {
		t.Errorf("%v", got)
	}
	if w, got := post(t, s.tokens, id, secret, with(nil, "grant_type", "refresh_token", "refresh_token", "x")); w.Code != 400 || got["error"] != "invalid_grant" {
		t.Errorf("with its secret: %d %v", w.Code, got)
	}
}

func TestRegisterRefuses(t *testing.T) {
	s, e := registrar(t)
	key := must[*token.SigningKey](t)(token.GenerateKey(token.ES256))
	private := string(must[[]byte](t)(key.MarshalPrivate()))
	const uris = `"redirect_uris":["https://app.example/cb"]`
	const metadata, redirect, request = "invalid_client_metadata", "invalid_redirect_uri", "invalid_request"
	for _, test := range []struct{ name, body, want string }{
		{"no JSON", `redirect_uris=x`, metadata},
		{"a list", `[]`, metadata},
		{"of another kind", `{"redirect_uris":"https://app.example/cb"}`, metadata},
		{"not UTF-8", "{\"client_name\":\"\xff\"}", metadata},
		{"no redirect", `{}`, redirect},
		{"plain http", `{"redirect_uris":["http://app.example/cb"]}`, redirect},
		{"a scheme of its own", `{"redirect_uris":["com.example.app:/cb"]}`, redirect},
		{"javascript", `{"redirect_uris":["javascript:alert(1)"]}`, redirect},
		{"a fragment", `{"redirect_uris":["https://app.example/cb#x"]}`, redirect},
		{"a user", `{"redirect_uris":["https://app.example@evil.example/cb"]}`, redirect},
		{"relative", `{"redirect_uris":["/cb"]}`, redirect},
		{"many", `{"redirect_uris":["https://a.example"` + strings.Repeat(`,"https://a.example"`, 10) + `]}`, redirect},
		{"long", `{"redirect_uris":["https://a.example/` + strings.Repeat("x", 2048) + `"]}`, redirect},
		{"for itself", `{` + uris + `,"grant_types":["client_credentials"]}`, metadata},
		{"implicit", `{` + uris + `,"grant_types":["implicit"]}`, metadata},
		{"refresh alone", `{` + uris + `,"grant_types":["refresh_token"]}`, metadata},
		{"token", `{` + uris + `,"response_types":["token"]}`, metadata},
		{"a method that is none", `{` + uris + `,"token_endpoint_auth_method":"client_secret_jwt"}`, metadata},
		{"a key without a key", `{` + uris + `,"token_endpoint_auth_method":"private_key_jwt"}`, metadata},
		{"a private key", `{` + uris + `,"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[` + private + `]}}`, metadata},
		{"keys to fetch", `{` + uris + `,"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"http://169.254.169.254/"}`, metadata},
		{"a hidden name", `{` + uris + `,"client_name":"gate\u202e401"}`, metadata},
		{"a blank name", `{` + uris + `,"client_name":"\u3164"}`, metadata},
		{"a name in blank Braille", `{` + uris + `,"client_name":"\u2800 \u2800"}`, metadata},
		{"a name of signs", `{` + uris + `,"client_name":"..."}`, metadata},
		{"a name with a blank in it", `{` + uris + `,"client_name":"Bank\u3164"}`, metadata},
		{"a name that is written over others", `{` + uris + `,"client_name":"a` + strings.Repeat(`\u0301`, 5) + `"}`, metadata},
		{"keys with much beside", `{` + uris + `,"jwks":{"x":"` + strings.Repeat("x", 17<<10) + `","keys":[]}}`, metadata},
		{"a long name", `{` + uris + `,"client_name":"` + strings.Repeat("x", 101) + `"}`, metadata},
		{"scopes that are none", `{` + uris + `,"scope":"admin"}`, metadata},
		{"a statement", `{` + uris + `,"software_statement":"x.y.z"}`, "invalid_software_statement"},
		{"large", `{"x":"` + strings.Repeat("x", issuer.MaxRegistration) + `"}`, request},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, got := register(t, e, test.body, "")
			if got["error"] != test.want || w.Code < 400 || w.Code > 413 {
				t.Errorf("%d %v, want %s", w.Code, got, test.want)
			}
			if text, _ := got["error_description"].(string); strings.Contains(text, "...") || strings.ContainsAny(text, "\"\\") {
				t.Errorf("what is wrong is cut off, or has what it must not have (RFC 6749 section 5.2): %q", text)
			}
		})
	}
	if all := must[int](t)(count(t, s)); all != 0 {
		t.Errorf("%d clients were made", all)
	}
}

func count(t *testing.T, s *server) (int, error) {
	t.Helper()
	all, err := s.set.Clients.ListClients(t.Context(), "", 0)
	return len(all), err
}

func TestRegisterNames(t *testing.T) {
	_, e := registrar(t)
	for _, name := range []string{"", "Tôi cần ấy", "שָׁלוֹם", "Приложение 2", "हिन्दी ऐप", "アプリ", "앱", "Shop ❤️"} {
		body := must[[]byte](t)(json.Marshal(map[string]any{"redirect_uris": []string{"https://app.example/cb"}, "client_name": name}))
		if w, got := register(t, e, string(body), ""); w.Code != http.StatusCreated {
			t.Errorf("%q: %d %v", name, w.Code, got)
		}
	}
}

// The token for registering is asked for as RFC 6750 has it, and guesses at it
// are counted.
func TestRegisterToken(t *testing.T) {
	s, e := registrar(t)
	e.Token = sha256.Sum256([]byte("let me in"))
	e.Limit = &defend.Guard{Now: s.now, Limits: defend.Limits{Address: defend.Limit{Attempts: 5, Window: time.Hour}}}
	const good = `{"redirect_uris":["https://app.example/cb"]}`
	for _, test := range []struct {
		name, authorization string
		status              int
		challenge           string
	}{
		{"none", "", 401, `Bearer realm="tokens"`},
		{"wrong", "Bearer wrong", 401, `Bearer realm="tokens", error="invalid_token"`},
		{"another scheme", "Basic bGV0IG1lIGlu", 401, `Bearer realm="tokens", error="invalid_token"`},
		{"right", "Bearer let-me-in", 401, `Bearer realm="tokens", error="invalid_token"`},
	} {
		if w, got := register(t, e, good, test.authorization); w.Code != test.status || w.Header().Get("WWW-Authenticate") != test.challenge {
			t.Errorf("%s: %d %v %q", test.name, w.Code, got, w.Header().Get("WWW-Authenticate"))
		}
	}
	e.Token = sha256.Sum256([]byte("let-me-in"))
	for _, want := range []int{201, 201, 429} {
		if w, got := register(t, e, good, "Bearer let-me-in"); w.Code != want || (w.Header().Get("Retry-After") != "") != (want == 429) {
			t.Errorf("%d %v, want %d", w.Code, got, want)
		}
	}
}

// Whoever guesses at the token, from many addresses, uses up nobody's registrations.
func TestRegisterTokenStrangers(t *testing.T) {
	s, e := registrar(t)
	e.Token = sha256.Sum256([]byte("let-me-in"))
	e.Limit = &defend.Guard{Now: s.now, Limits: defend.Limits{Account: defend.Limit{Attempts: 20, Window: time.Hour}}}
	const good = `{"redirect_uris":["https://app.example/cb"]}`
	for stranger := range 50 {
		hr := httptest.NewRequest(http.MethodPost, "/auth/register", strings.NewReader(good))
		hr.Header.Set("Content-Type", "application/json")
		hr.Header.Set("Authorization", "Bearer guess")
		hr.RemoteAddr = fmt.Sprintf("198.51.%d.1:1", stranger)
		e.ServeHTTP(httptest.NewRecorder(), hr)
	}
	if w, got := register(t, e, good, "Bearer let-me-in"); w.Code != http.StatusCreated {
		t.Errorf("%d %v", w.Code, got)
	}
}

func FuzzReadRegistration(f *testing.F) {
	f.Add([]byte(`{"redirect_uris":["https://app.example/cb"],"client_name":"x","jwks":{"keys":[]}}`))
	f.Add([]byte(`{"grant_types":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _ := registrar(t)
		r, err := issuer.ReadRegistration(data)
		if err != nil {
			return
		}
		c, _, err := s.issuer.Register(t.Context(), s.set.Clients, r, []string{"openid"})
		if err == nil && (!c.Registered || !utf8.ValidString(c.Name) || len(c.Groups) > 0) {
			t.Errorf("%+v", c)
		}
	})
}
