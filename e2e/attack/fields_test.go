package attack

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/e2e/program"
)

// Whatever the gate itself answers tells caches, robots and browsers what to do
// with it: nothing that is about one caller is kept, nothing but the guide is
// listed, and nobody guesses another type.
func TestFieldsOfOwnAnswers(t *testing.T) {
	cert, key, pool := certificate(t)
	plain := foreign.FreeAddress(t)
	g := newGate(t, `, public_url: "https://api.example"`, "tls: {cert: "+cert+", key: "+key+`, redirect: "`+plain+`"}`+
		strings.Replace(forwardRules("127.0.0.0/8"), "rules:\n", "rules:\n  - {path: \"/cors/**\", cors: {origins: [\"https://app.example\"]}, methods: [partner]}\n", 1)+"defend: {address: {attempts: 3, window: 1h}}\n")
	simple := newGate(t, "", rules+"errors: {format: simple}\n")
	gone := newGate(t, "", rules)
	_ = gone.api.listener.Close()
	admin, _ := g.Ready["admin"].(string)
	good := "Authorization: Bearer " + token(claims(""))
	const page = "Accept: text/html"
	const private = "no-store"
	for _, tt := range []struct {
		name, base, method, target string
		fields                     []string
		status                     int
		cache, robots, vary        string
	}{
		{"a refusal", "gate", "GET", "/private", nil, 401, private, "noindex", ""},
		{"a refusal of HEAD", "gate", "HEAD", "/private", nil, 401, private, "noindex", ""},
		{"a refusal as a page", "gate", "GET", "/private", []string{page}, 401, private, "noindex", ""},
		{"a refusal of GraphQL", "gate", "POST", "/graphql", nil, 401, private, "noindex", ""},
		{"a refusal of gRPC that came by HTTP/1.1", "gate", "POST", "/shop.Orders/Get", []string{"Content-Type: application/grpc"}, 401, private, "noindex", ""},
		{"a simple refusal", "simple", "GET", "/private", nil, 401, private, "noindex", ""},
		{"a refusal of a page of another origin", "gate", "GET", "/cors/x", []string{"Origin: https://app.example"}, 401, private, "noindex", "Origin"},
		{"a 403", "gate", "GET", "/strict", []string{good}, 403, private, "noindex", ""},
		{"a 400", "gate", "GET", "/a;b", nil, 400, private, "noindex", ""},
		{"a 400 as a page", "gate", "GET", "/a;b", []string{page}, 400, private, "noindex", ""},
		{"a preflight", "gate", "OPTIONS", "/cors/x", []string{"Origin: https://app.example", "Access-Control-Request-Method: GET"}, 204, "", "", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"},
		{"the API is away", "gone", "GET", "/public/x", nil, 502, private, "noindex", ""},
		{"the API is away, for a person", "gone", "GET", "/public/x", []string{page}, 502, private, "noindex", ""},
		{"the guide", "gate", "GET", "/auth/problems/", nil, 200, "public, max-age=3600", "", "Accept"},
		{"a page of the guide", "gate", "GET", "/auth/problems/token-expired", nil, 200, "public, max-age=3600", "", "Accept"},
		{"no page of the guide", "gate", "GET", "/auth/problems/nothing", nil, 404, private, "noindex", "Accept"},
		{"the inspector", "gate", "GET", "/auth/inspect", nil, 200, "*", "noindex", ""},
		{"the keys", "gate", "GET", "/auth/jwks.json", nil, 200, "public, max-age=300", "noindex", ""},
		{"the keys, written to", "gate", "POST", "/auth/jwks.json", nil, 405, private, "noindex", ""},
		{"nothing below the prefix", "gate", "GET", "/auth/nothing", nil, 404, private, "noindex", ""},
		{"metadata", "gate", "GET", "/.well-known/oauth-protected-resource/private", nil, 200, "public, max-age=300", "noindex", ""},
		{"no metadata", "gate", "GET", "/.well-known/oauth-protected-resource/public/x", nil, 404, private, "noindex", ""},
		{"a preflight of the metadata", "gate", "OPTIONS", "/.well-known/oauth-protected-resource/private", []string{"Origin: https://app.example", "Access-Control-Request-Method: GET"}, 204, private, "noindex", ""},
		{"a check that passes", "gate", "GET", "/auth/check/caddy", []string{"X-Forwarded-Method: GET", "X-Forwarded-Proto: http", "X-Forwarded-Host: api.example", "X-Forwarded-Uri: /public/x", "X-Forwarded-For: 192.0.2.7"}, 200, private, "", ""},
		{"a check that is refused", "gate", "GET", "/auth/check/caddy", []string{"X-Forwarded-Method: GET", "X-Forwarded-Proto: http", "X-Forwarded-Host: api.example", "X-Forwarded-Uri: /private", "X-Forwarded-For: 192.0.2.7"}, 401, private, "noindex", ""},
		{"a check that nobody understands", "gate", "GET", "/auth/check", nil, 503, private, "noindex", ""},
		{"the redirect", "plain", "GET", "/private", nil, 308, "max-age=3600", "", ""},
		{"a credential by plain http", "plain", "GET", "/private", []string{good}, 403, private, "noindex", ""},
		{"another host by plain http", "plain", "GET", "http://evil.example/", nil, 421, private, "noindex", ""},
		{"health", "admin", "GET", "/healthz", nil, 200, private, "noindex", ""},
		{"readiness", "admin", "GET", "/readyz", nil, 200, private, "noindex", ""},
		{"traces", "admin", "GET", "/api/traces", nil, 200, private, "noindex", ""},
		{"no trace", "admin", "GET", "/api/traces/nothing", nil, 404, private, "noindex", ""},
		{"limits", "admin", "GET", "/api/limits", nil, 200, private, "noindex", ""},
		{"nothing at the admin listener", "admin", "GET", "/nothing", nil, 404, private, "noindex", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := map[string]string{"gate": "https://api.example", "plain": "http://api.example", "simple": "http://" + simple.addr, "gone": "http://" + gone.addr, "admin": admin}[tt.base]
			to := map[string]string{"gate": g.addr, "plain": plain}[tt.base]
			target := base + tt.target
			if strings.HasPrefix(tt.target, "http") {
				target = tt.target
			}
			res := ask(t, pool, to, tt.method, target, tt.fields)
			if res.StatusCode != tt.status {
				t.Errorf("%d, want %d", res.StatusCode, tt.status)
			}
			for name, want := range map[string]string{"Cache-Control": tt.cache, "X-Robots-Tag": tt.robots, "Vary": tt.vary, "X-Content-Type-Options": "nosniff"} {
				got := strings.Join(res.Header[name], ", ")
				// Of an answer without content there is nothing to guess; the one to a
				// gateway nobody else sees.
				bare := res.StatusCode == 204 || tt.name == "a check that passes"
				if name == "X-Content-Type-Options" && bare || want == "*" && got != "" {
					continue
				}
				if got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if hsts := res.Header.Get("Strict-Transport-Security"); (hsts != "") != (tt.base == "gate") {
				t.Errorf("Strict-Transport-Security %q", hsts)
			}
			if res.StatusCode == 401 && len(res.Header["Www-Authenticate"]) == 0 {
				t.Error("a 401 without a challenge")
			}
		})
	}
}

// ask sends one request on a connection of its own, to an address if there is
// one.
func ask(t *testing.T, pool *x509.CertPool, address, method, target string, fields []string) *http.Response {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
	if address != "" {
		tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Header.Set(name, value)
	}
	res, err := (&http.Client{Transport: tr, Timeout: program.Patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res
}
