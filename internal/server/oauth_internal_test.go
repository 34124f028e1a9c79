package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/store"
)

// endpointsOf are those of a gate with that configuration.
func endpointsOf(t *testing.T, text string) (*build.System, http.Handler) {
	t.Helper()
	cfg, err := config.Load("gate401.yaml", []byte("storage: {records: memory}\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	stores, err := build.InMemory(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stores.Close() })
	public := &url.URL{Scheme: "https", Host: "gate.example"}
	system, err := build.New(cfg, stores, build.Options{PublicURL: public})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = system.Close() })
	h := &house{stores: stores}
	g := &generation{config: cfg, public: public, system: system, house: h}
	r := newRoutes(cfg.Gate.Prefix, stores.Keyring, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	r.oauth = h.endpoints(g)
	return system, r
}

func ask(h http.Handler, method, path, body string, fields ...string) *httptest.ResponseRecorder {
	hr := httptest.NewRequest(method, "https://gate.example"+path, strings.NewReader(body))
	if body != "" {
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(fields); i += 2 {
		hr.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, hr)
	return w
}

// What the metadata says there is, there is, and nothing else.
func TestEndpoints(t *testing.T) {
	const nothing, missing = http.StatusTeapot, http.StatusNotFound
	const own = "methods: {own: {type: bearer, audience: orders}}\n"
	const people = "methods: {own: {type: bearer, audience: orders}, browser: {type: session}}\n"
	const none = "methods: {password: {type: basic}}\n"
	for _, test := range []struct {
		name, file string
		want       map[string]int // by what is asked
		grants     []any
	}{
		{"no tokens of its own", none, map[string]int{
			"GET " + serverMetadata: nothing, "GET " + openidMetadata: nothing, "POST /auth/token": missing, "POST /auth/revoke": missing,
			"POST /auth/introspect": missing, "POST /auth/register": missing, "POST /auth/device": missing, "GET /auth/userinfo": missing,
		}, nil},
		{"a section alone", none + "issuer: {}", map[string]int{
			"GET " + serverMetadata: 200, "GET " + openidMetadata: nothing, "POST /auth/token": 400, "POST /auth/revoke": 400,
			"POST /auth/introspect": 400, "POST /auth/register": missing, "POST /auth/device": missing, "GET /auth/userinfo": missing,
		}, []any{"client_credentials", "refresh_token"}},
		{"tokens", own, map[string]int{
			"GET " + serverMetadata: 200, "GET " + openidMetadata: nothing, "POST /auth/token": 400, "GET /auth/token": 405,
			"POST /auth/device": missing, "GET /auth/userinfo": missing, "POST " + serverMetadata: 405, "HEAD " + serverMetadata: 200,
		}, []any{"client_credentials", "refresh_token"}},
		{"people", people + "issuer: {registration: open}", map[string]int{
			"GET " + serverMetadata: 200, "GET " + openidMetadata: 200, "POST /auth/token": 400, "POST /auth/revoke": 400, "POST /auth/introspect": 400,
			"POST /auth/register": 400, "POST /auth/device": 400, "GET /auth/userinfo": 401, "POST /auth/userinfo": 401, "GET /auth/jwks.json": 200,
		}, []any{"authorization_code", "client_credentials", "refresh_token", issuer.GrantDeviceCode}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, h := endpointsOf(t, test.file)
			for what, want := range test.want {
				method, path, _ := strings.Cut(what, " ")
				if w := ask(h, method, path, ""); w.Code != want {
					t.Errorf("%s: %d, want %d: %s", what, w.Code, want, w.Body)
				}
			}
			if test.grants == nil {
				return
			}
			var m map[string]any
			if err := json.Unmarshal(ask(h, "GET", serverMetadata, "").Body.Bytes(), &m); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.grants, m["grant_types_supported"]); diff != "" || m["issuer"] != "https://gate.example" {
				t.Errorf("issuer %v, grants (-want +got)\n%s", m["issuer"], diff)
			}
			for name, value := range m {
				at, ok := value.(string)
				if !ok || !strings.HasSuffix(name, "_endpoint") && name != "jwks_uri" || name == "authorization_endpoint" {
					continue
				}
				path := strings.TrimPrefix(at, "https://gate.example")
				if w := ask(h, "OPTIONS", path, "", "Origin", "https://app.example", "Access-Control-Request-Method", "POST"); name != "jwks_uri" && w.Code != http.StatusNoContent {
					t.Errorf("%s at %s: preflight %d", name, at, w.Code)
				}
				if w := ask(h, "GET", path, "", "Origin", "https://app.example"); w.Code == missing || w.Code == nothing {
					if name != "device_authorization_endpoint" { // the page of people is not mounted here
						t.Errorf("%s at %s: %d", name, at, w.Code)
					}
				} else if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s: fields %v", name, w.Header())
				}
			}
		})
	}
}

// Userinfo is for tokens of people who logged in by OpenID Connect, and says no
// more than the scopes ask for.
func TestUserinfo(t *testing.T) {
	system, h := endpointsOf(t, "methods: {own: {type: bearer, audience: orders}, browser: {type: session}}\n")
	set := system.Stores.Set
	if _, err := set.Accounts.CreateAccount(t.Context(), store.Account{Name: "alice", Display: "Alice A."}); err != nil {
		t.Fatal(err)
	}
	login := func(audience string, scopes ...string) *issuer.Grant {
		g, err := system.Issuing.Issuer.Login(t.Context(), issuer.Login{
			Subject: "alice", Client: "app", Scopes: scopes, Groups: []string{"admin"}, Audience: []string{audience}, AuthTime: time.Now(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	all := login("orders", "openid", "profile")
	for _, test := range []struct {
		name, method, token string
		status              int
		want                map[string]any
	}{
		{"GET", "GET", all.Access.Token, 200, map[string]any{"sub": "alice", "name": "Alice A.", "preferred_username": "alice", "groups": []any{"admin"}}},
		{"POST", "POST", all.Access.Token, 200, map[string]any{"sub": "alice", "name": "Alice A.", "preferred_username": "alice", "groups": []any{"admin"}}},
		{"who alone", "GET", login("orders", "openid").Access.Token, 200, map[string]any{"sub": "alice"}},
		{"not by OpenID Connect", "GET", login("orders", "orders:read").Access.Token, 403, nil},
		{"for a part of the gate", "GET", login("https://gate.example/auth/userinfo", "openid").Access.Token, 200, map[string]any{"sub": "alice"}},
		{"for another part of it", "GET", login("https://gate.example/mcp", "openid").Access.Token, 200, map[string]any{"sub": "alice"}},
		{"for another host that begins alike", "GET", login("https://gate.example.evil.example/mcp", "openid").Access.Token, 401, nil},
		{"for another API, which shows it here", "GET", login("https://stock.example", "openid", "profile").Access.Token, 401, nil},
		{"nonsense", "GET", "x.y.z", 401, nil},
		{"DELETE", "DELETE", all.Access.Token, 405, nil},
	} {
		w := ask(h, test.method, "/auth/userinfo", "", "Authorization", "Bearer "+test.token)
		if w.Code != test.status {
			t.Errorf("%s: %d %s, want %d", test.name, w.Code, w.Body, test.status)
			continue
		}
		if test.want == nil {
			continue
		}
		var got map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		delete(got, "updated_at")
		if diff := cmp.Diff(test.want, got); diff != "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v (-want +got)\n%s", test.name, w.Header(), diff)
		}
	}
	if err := system.Issuing.Issuer.RevokeFamily(t.Context(), all.Family, "logout"); err != nil {
		t.Fatal(err)
	}
	if w := ask(h, "GET", "/auth/userinfo", "", "Authorization", "Bearer "+all.Access.Token); w.Code != 401 ||
		!strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`) {
		t.Errorf("after the logout: %d %v", w.Code, w.Header())
	}
}

// Whom the gate answers nothing, it gives no tokens.
func TestBlockedFromEndpoints(t *testing.T) {
	_, h := endpointsOf(t, "methods: {own: {type: bearer, audience: orders}, browser: {type: session}}\nissuer: {registration: open}\ndefend: {block: [192.0.2.0/24]}\n")
	for _, path := range []string{"token", "revoke", "introspect", "register", "device", "userinfo"} {
		if w := ask(h, http.MethodPost, "/auth/"+path, "grant_type=client_credentials"); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// What came of a request has one line in the log, with who asked and why not.
func TestEndpointsAreLogged(t *testing.T) {
	cfg, err := config.Load("gate401.yaml", []byte("storage: {records: memory}\n"))
	if err != nil {
		t.Fatal(err)
	}
	stores, err := build.InMemory(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stores.Close() })
	var log bytes.Buffer
	seen := watch.New(&log, watch.Options{})
	system, err := build.New(cfg, stores, build.Options{PublicURL: &url.URL{Scheme: "https", Host: "gate.example"}, Watch: seen})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = system.Close() })
	secret, kept, err := issuer.NewClientSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stores.Set.Clients.CreateClient(t.Context(), store.Client{ID: "nightly", Method: issuer.AuthPost,
		Secrets: []store.ClientSecret{kept}, Grants: []string{issuer.GrantClientCredentials}}); err != nil {
		t.Fatal(err)
	}
	h := &issuer.TokenEndpoint{Desk: system.Issuing.Desk, Grants: issuer.Grants()}
	for _, test := range []struct{ form, want string }{
		{"grant_type=client_credentials&client_id=nightly&client_secret=" + secret, ""},
		{"grant_type=client_credentials&client_id=nightly&client_secret=x", "client-secret-wrong"},
		{"grant_type=client_credentials&scope=a&client_id=nightly&client_secret=" + secret, "request-malformed"},
	} {
		ask(h, http.MethodPost, "/auth/token", test.form)
		if err := seen.Log.Flush(); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		var line struct{ Rule, Method, Subject, Reason, Path string }
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &line); err != nil {
			t.Fatal(err)
		}
		if line.Rule != build.RuleIssuer || line.Method != "client" || line.Subject != "nightly" || line.Reason != test.want || line.Path != "/auth/token" {
			t.Errorf("%+v, want the reason %q", line, test.want)
		}
	}
	if err := seen.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), secret) {
		t.Error("the log holds the secret")
	}
}
