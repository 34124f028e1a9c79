package oauth_test

import (
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"golang.org/x/oauth2"
)

// form is a form of names and values by turns.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// described tells whether a description has only what RFC 6749 lets it have:
// %x20-21 / %x23-5B / %x5D-7E.
func described(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
}

// locked keeps every other writer out of the records until it is called.
func (g *gate) locked() (unlock func()) {
	g.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(g.dir, "gate401.db")+"?_txlock=immediate&_pragma=busy_timeout(20000)")
	if err != nil {
		g.t.Fatal(err)
	}
	tx, err := db.BeginTx(g.t.Context(), nil)
	if err != nil {
		g.t.Fatal(err)
	}
	return func() { _ = errors.Join(tx.Rollback(), db.Close()) }
}

// Every error of RFC 6749 section 5.2 and its sisters, as it comes over the wire.
func TestTokenErrors(t *testing.T) {
	t.Parallel()
	g := serve(t, "")
	robot := g.client("robot", "--scope", "orders:read", "--resource", g.url+"/orders")
	web := g.client("web", "--redirect-uri", callback, "--scope", "orders:read")
	g.client("gone", "--public", "--redirect-uri", callback)
	g.run("client", "suspend", "gone")
	g.client("app", "--public", "--redirect-uri", callback, "--scope", "orders:read")
	g.client("two", "--public", "--redirect-uri", callback, "--scope", "orders:read")
	first := g.login("app")
	ended := g.login("app")
	g.post("/auth/revoke", "app", "", form("token", ended.refresh))
	alice := g.person()
	used, verifier, err := alice.code(g, "app", "orders:read")
	if err != nil {
		t.Fatal(err)
	}
	if a := g.post("/auth/token", "app", "", exchange(used, verifier)); a.status != http.StatusOK {
		t.Fatal(a)
	}
	fresh := func() (string, string) {
		code, verifier, err := alice.code(g, "app", "orders:read")
		if err != nil {
			t.Fatal(err)
		}
		return code, verifier
	}
	stolen, _ := fresh()
	theirs, theirVerifier := fresh()
	elsewhere, elsewhereVerifier := fresh()
	credentials := form("grant_type", "client_credentials")
	with := func(v url.Values, pairs ...string) url.Values {
		out := form(pairs...)
		for name, values := range v {
			if !out.Has(name) {
				out[name] = values
			}
		}
		return out
	}
	for _, x := range []struct {
		name, client, secret string
		form                 url.Values
		status               int
		code, reason         string // reason is what the operator reads
	}{
		{"no grant_type", "robot", robot, form("scope", "orders:read"), 400, "invalid_request", ""},
		{"a parameter twice", "robot", robot, form("grant_type", "client_credentials", "scope", "a", "scope", "b"), 400, "invalid_request", ""},
		{"no code", "app", "", form("grant_type", "authorization_code"), 400, "invalid_request", ""},
		{"no code_verifier", "app", "", form("grant_type", "authorization_code", "code", used, "redirect_uri", callback), 400, "invalid_request", ""},
		{"no redirect_uri", "app", "", form("grant_type", "authorization_code", "code", used, "code_verifier", verifier), 400, "invalid_request", ""},
		{"no refresh_token", "app", "", form("grant_type", "refresh_token"), 400, "invalid_request", ""},
		{"no device_code", "app", "", form("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), 400, "invalid_request", ""},
		{"two proofs", "robot", robot, with(credentials, "client_id", "robot", "client_secret", robot), 400, "invalid_request", ""},

		{"nobody", "", "", credentials, 401, "invalid_client", ""},
		{"unknown", "nobody", "secret", credentials, 401, "invalid_client", "client-unknown"},
		{"wrong secret", "robot", "wrong", credentials, 401, "invalid_client", "client-secret-wrong"},
		{"no secret", "robot", "", with(credentials, "client_id", "robot"), 401, "invalid_client", "client-secret-wrong"},
		{"suspended", "gone", "", renewal(first.refresh), 401, "invalid_client", ""},
		{"post instead of Basic", "", "", with(credentials, "client_id", "robot", "client_secret", robot), 401, "invalid_client", ""},

		{"unknown code", "app", "", exchange("nothing", verifier), 400, "invalid_grant", "code-unknown"},
		{"code of another client", "two", "", exchange(theirs, theirVerifier), 400, "invalid_grant", "code-unknown"},
		{"another verifier", "app", "", exchange(stolen, oauth2.GenerateVerifier()), 400, "invalid_grant", "code-mismatch"},
		{"another redirect_uri", "app", "", with(exchange(elsewhere, elsewhereVerifier), "redirect_uri", callback+"2"), 400, "invalid_grant", "code-mismatch"},
		{"used code", "app", "", exchange(used, verifier), 400, "invalid_grant", "code-reused"},
		{"unknown refresh token", "app", "", renewal("nothing"), 400, "invalid_grant", "refresh-token-unknown"},
		{"refresh token of another client", "two", "", renewal(first.refresh), 400, "invalid_grant", "refresh-token-unknown"},
		{"refresh token of a login that ended", "app", "", renewal(ended.refresh), 400, "invalid_grant", "refresh-token-revoked"},
		{"an access token as refresh token", "app", "", renewal(first.access), 400, "invalid_grant", "refresh-token-unknown"},
		{"unknown device_code", "app", "", form("grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", "x"), 400, "unauthorized_client", ""},

		{"itself, without being registered", "web", web, credentials, 400, "unauthorized_client", ""},
		{"a public one itself", "app", "", credentials, 400, "unauthorized_client", ""},
		{"a program with a code", "robot", robot, exchange(used, verifier), 400, "unauthorized_client", ""},

		{"password", "robot", robot, form("grant_type", "password", "username", "alice", "password", password), 400, "unsupported_grant_type", ""},
		{"implicit", "robot", robot, form("grant_type", "implicit"), 400, "unsupported_grant_type", ""},
		{"of another specification", "robot", robot, form("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", "x"), 400, "unsupported_grant_type", ""},

		{"more than registered", "robot", robot, with(credentials, "scope", "orders:read orders:write"), 400, "invalid_scope", ""},
		{"no scope at all", "robot", robot, with(credentials, "scope", `"`), 400, "invalid_scope", ""},
		{"more than granted", "app", "", with(renewal(first.refresh), "scope", "orders:write"), 400, "invalid_scope", ""},
		{"another resource", "robot", robot, with(credentials, "resource", g.url+"/write"), 400, "invalid_target", ""},
		{"resource of nobody", "app", "", with(renewal(first.refresh), "resource", "https://elsewhere.example"), 400, "invalid_target", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			a := g.post("/auth/token", x.client, x.secret, x.form)
			if a.status != x.status || a.member("error") != x.code {
				t.Errorf("%d %s, want %d %s", a.status, a.body, x.status, x.code)
			}
			if d := a.member("error_description"); !described(d) {
				t.Errorf("error_description %q", d)
			}
			h := a.header
			if h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "application/json" {
				t.Errorf("%v", h)
			}
			// RFC 6749 section 5.2: who tried by Authorization is told the scheme.
			if x.status == 401 && !strings.HasPrefix(h.Get("WWW-Authenticate"), "Basic ") {
				t.Errorf("WWW-Authenticate: %q", h.Get("WWW-Authenticate"))
			}
			if x.reason != "" {
				soon(t, "the log says "+x.reason, func() bool { return g.logged(`"`+x.reason+`"`, h.Get("X-Request-Id")) })
			}
			for _, secret := range []string{robot, web, first.refresh, ended.refresh, used, stolen} {
				if strings.Contains(a.body, secret) || g.logged(secret) {
					t.Error("a secret is told")
				}
			}
		})
	}
	t.Run("the records are out of reach", func(t *testing.T) {
		unlock := g.locked()
		defer unlock()
		a := g.post("/auth/token", "app", "", renewal(first.refresh))
		if a.status != http.StatusServiceUnavailable || a.member("error") != "temporarily_unavailable" || a.header.Get("Retry-After") == "" {
			t.Errorf("%d %s", a.status, a.body)
		}
		unlock()
		// What was sent is as good as before.
		if a := g.post("/auth/token", "app", "", renewal(first.refresh)); a.status != http.StatusOK {
			t.Errorf("then %d %s", a.status, a.body)
		}
	})
	t.Run("methods", func(t *testing.T) {
		for _, path := range []string{"/auth/token", "/auth/revoke", "/auth/introspect"} {
			hr, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+path+"?grant_type=client_credentials", nil)
			if err != nil {
				t.Fatal(err)
			}
			a, err := ask(hr)
			if err != nil || a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != http.MethodPost {
				t.Errorf("%s: %v %d %s", path, err, a.status, a.body)
			}
		}
	})
}

// The errors of RFC 8628 section 3.5 for a device that waits.
func TestDeviceErrors(t *testing.T) {
	t.Parallel()
	g := serve(t, "")
	g.client("tv", "--public", "--device", "--scope", "orders:read")
	const grant = "urn:ietf:params:oauth:grant-type:device_code"
	asked := g.post("/auth/device", "tv", "", form("scope", "orders:read"))
	poll := func(want string) {
		t.Helper()
		a := g.post("/auth/token", "tv", "", form("grant_type", grant, "device_code", asked.member("device_code")))
		if a.status != http.StatusBadRequest || a.member("error") != want || !described(a.member("error_description")) {
			t.Errorf("%d %s, want %s", a.status, a.body, want)
		}
	}
	poll("authorization_pending")
	poll("slow_down")
	p := g.person()
	if _, page := p.goes(g.url + "/orders"); page != "hello alice" {
		t.Fatal(page)
	}
	// The button that has the person look at what asks comes before the question.
	at, _, page, err := p.opens(asked.member("verification_uri_complete"))
	if err != nil || !strings.Contains(page, asked.member("user_code")) {
		t.Fatalf("%v %v\n%s", err, at, page)
	}
	p.refuses = true
	if away, page := p.goes(asked.member("verification_uri_complete")); away != nil {
		t.Fatalf("%v\n%s", away, page)
	}
	soon(t, "the device is told", func() bool {
		a := g.post("/auth/token", "tv", "", form("grant_type", grant, "device_code", asked.member("device_code")))
		return a.member("error") == "access_denied"
	})
	poll("access_denied")
	if a := g.post("/auth/device", "nobody", "", form("scope", "orders:read")); a.status != http.StatusUnauthorized || a.member("error") != "invalid_client" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A code is good for a moment, and nothing else happens to it then.
func TestLateCode(t *testing.T) {
	t.Parallel()
	g := serve(t, "issuer: {code_ttl: 1s}\n")
	g.client("app", "--public", "--redirect-uri", callback, "--scope", "orders:read")
	code, verifier, err := g.person().code(g, "app", "orders:read")
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	a := g.post("/auth/token", "app", "", exchange(code, verifier))
	if a.status != http.StatusBadRequest || a.member("error") != "invalid_grant" {
		t.Errorf("%d %s", a.status, a.body)
	}
	soon(t, "the log says so", func() bool { return g.logged(`"code-expired"`, a.header.Get("X-Request-Id")) })
}

// Every error of RFC 6749 section 4.1.2.1 and its sisters: told to the client where
// that is known, and to the person where it is not.
func TestAuthorizationErrors(t *testing.T) {
	t.Parallel()
	g := serve(t, "")
	g.client("app", "--public", "--redirect-uri", callback, "--redirect-uri", callback+"2", "--scope", "orders:read admin")
	g.client("tv", "--public", "--device", "--redirect-uri", callback, "--grant", "urn:ietf:params:oauth:grant-type:device_code")
	g.client("trusted", "--redirect-uri", callback, "--scope", "orders:read", "--trusted")
	alice, nobody := g.person(), g.person()
	if _, _, err := alice.code(g, "trusted", "orders:read"); err != nil {
		t.Fatal(err)
	}
	wish := func(change ...string) string {
		v := form("response_type", "code", "client_id", "app", "redirect_uri", callback, "scope", "orders:read", "state", "a b&c",
			"code_challenge", oauth2.S256ChallengeFromVerifier(oauth2.GenerateVerifier()), "code_challenge_method", "S256")
		for name, values := range form(change...) {
			if v[name] = values; values[0] == "" {
				delete(v, name)
			}
		}
		return g.url + "/auth/authorize?" + v.Encode()
	}
	for _, x := range []struct {
		name, address string
		code          string
	}{
		{"no response_type", wish("response_type", ""), "invalid_request"},
		{"no PKCE", wish("code_challenge", "", "code_challenge_method", ""), "invalid_request"},
		{"PKCE without a hash", wish("code_challenge_method", "plain"), "invalid_request"},
		{"a parameter twice", wish("scope", "orders:read") + "&scope=admin", "invalid_request"},
		{"prompt=none and more", wish("prompt", "none login"), "invalid_request"},
		{"not registered for codes", wish("client_id", "tv"), "unauthorized_client"},
		{"token", wish("response_type", "token"), "unsupported_response_type"},
		{"id_token", wish("response_type", "code id_token"), "unsupported_response_type"},
		{"scope of nobody", wish("scope", "world:rule"), "invalid_scope"},
		{"scope that the person has not", wish("scope", "admin"), "invalid_scope"},
		{"another resource", wish("resource", "https://elsewhere.example"), "invalid_target"},
		{"request object", wish("request", "eyJ"), "request_not_supported"},
		{"request_uri", wish("request_uri", "https://elsewhere.example"), "request_uri_not_supported"},
		{"no page, but a question", wish("prompt", "none"), "consent_required"},
	} {
		t.Run(x.name, func(t *testing.T) {
			back, page := alice.goes(x.address)
			told(t, g, back, page, x.code)
		})
	}
	t.Run("no page, but nobody", func(t *testing.T) {
		back, page := nobody.goes(wish("prompt", "none"))
		told(t, g, back, page, "login_required")
	})
	t.Run("the records are out of reach", func(t *testing.T) {
		unlock := g.locked()
		defer unlock()
		back, page := alice.goes(wish("prompt", "none", "client_id", "trusted"))
		told(t, g, back, page, "temporarily_unavailable")
	})
	t.Run("the person says no", func(t *testing.T) {
		alice.refuses = true
		defer func() { alice.refuses = false }()
		back, page := alice.goes(wish())
		told(t, g, back, page, "access_denied")
	})
	// To an address that is not known to be the client's, nothing is sent.
	for name, address := range map[string]string{
		"unknown client":      wish("client_id", "nobody"),
		"no client":           wish("client_id", ""),
		"two clients":         wish() + "&client_id=app",
		"another address":     wish("redirect_uri", "https://evil.example/"),
		"more behind it":      wish("redirect_uri", callback+"/../evil"),
		"two addresses":       wish() + "&redirect_uri=" + url.QueryEscape(callback),
		"which of several":    wish("redirect_uri", ""),
		"somebody in front":   wish("redirect_uri", "http://127.0.0.1:1@evil.example/callback"),
		"another port of TLS": wish("redirect_uri", "https://127.0.0.1:1/callback"),
	} {
		t.Run(name, func(t *testing.T) {
			back, page := alice.goes(address)
			if back != nil || !strings.Contains(page, "The program that sent you here asked wrongly") {
				t.Errorf("sent to %v\n%s", back, page)
			}
		})
	}
}

// told wants that the client was told of an error, by whom and for which request.
func told(t *testing.T, g *gate, back *url.URL, page, code string) {
	t.Helper()
	if back == nil {
		t.Fatalf("nobody was sent back:\n%s", page)
	}
	q := back.Query()
	if q.Get("error") != code || q.Get("state") != "a b&c" || q.Get("iss") != g.url || q.Has("code") || !described(q.Get("error_description")) {
		t.Errorf("sent to %s, want %s", back, code)
	}
	if !strings.HasPrefix(back.String(), callback+"?") {
		t.Errorf("sent to %s", back)
	}
}
