package identity_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/internal/component"
)

const jwt = `identity: {jwt: {audience: orders-api}}
`

// Whoever is asking, by whatever method, the API learns it from a token that jose
// verifies by the keys that the gate publishes.
func TestJose(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"Gate401-Token", "Authorization"} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			address := foreign.FreeAddress(t)
			api := foreign.Node(t, "identity.mjs", "http://"+address, "orders-api", header)
			g := serve(t, address, api.URL, fmt.Sprintf("identity: {jwt: {audience: orders-api, header: %s}}\n", header))
			key := g.run("key", "create", "--owner", "alice", "--scope", "orders:read")
			own := g.run("token", "issue", "--sub", "alice", "--aud", "orders", "--scope", "orders:read", "--ttl", "5m")
			browser := g.browser()

			for _, x := range []struct {
				name, method string
				client       *http.Client
				fields       []string
				amr          string
			}{
				{"a password", "basic", http.DefaultClient, []string{"Authorization", basic}, "[pwd]"},
				{"a key", "api-key", http.DefaultClient, []string{"X-API-Key", key}, "<nil>"},
				{"a token", "bearer", http.DefaultClient, []string{"Authorization", "Bearer " + own}, "<nil>"},
				{"a session", "session", browser, nil, "[pwd]"},
			} {
				first := told(t, x.client, g.url+"/orders", x.fields...)
				again := told(t, x.client, g.url+"/orders", x.fields...)
				p := first.Payload
				if p["iss"] != g.url || p["aud"] != "orders-api" || p["sub"] != "alice" || p["method"] != x.method || fmt.Sprint(p["amr"]) != x.amr || p["scope"] != "orders:read" {
					t.Errorf("%s: the API was told %v", x.name, p)
				}
				if life := p["exp"].(float64) - p["iat"].(float64); life != 60 {
					t.Errorf("%s: it is good for %v s", x.name, life)
				}
				if first.ProtectedHeader["alg"] != "ES256" || first.Token != again.Token {
					t.Errorf("%s: %v; signed again: %t", x.name, first.ProtectedHeader, first.Token != again.Token)
				}

				// It is no access token, here or at another endpoint of the gate.
				stolen := strings.TrimPrefix(first.Token, "Bearer ")
				if status, body := get(t, http.DefaultClient, g.url+"/orders", "Authorization", "Bearer "+stolen); status != http.StatusUnauthorized || !strings.Contains(body, "token-type-wrong") {
					t.Errorf("%s: taken for an access token: %d %s", x.name, status, body)
				}
				if status, _ := get(t, http.DefaultClient, g.url+"/auth/userinfo", "Authorization", "Bearer "+stolen); status != http.StatusUnauthorized {
					t.Errorf("%s: userinfo answers %d", x.name, status)
				}

				// What a client sends there is not believed, in any spelling.
				forged := append([]string{header, "forged", "gate401-token", "forged", "Gate401_Token", "forged", "GATE401.TOKEN", "forged"}, x.fields...)
				if header == "Authorization" {
					forged = forged[2:]
				}
				if v := told(t, x.client, g.url+"/orders", forged...); v.Token != first.Token {
					t.Errorf("%s: the API got %v", x.name, v.Token)
				}
			}
			v := told(t, http.DefaultClient, g.url+"/open/door", "Gate401-Token", "forged", "Gate401_Token", "forged", "Authorization", "Bearer forged")
			for name := range v.Headers {
				if strings.HasPrefix(name, "gate401") && strings.HasSuffix(name, "token") || name == "authorization" {
					t.Errorf("the API got %s from a client that nobody asked who it is", name)
				}
			}
			if !v.Anonymous {
				t.Errorf("somebody was told to be %v", v.Payload)
			}
		})
	}
}

const basic = "Basic YWxpY2U6Y29ycmVjdCBob3JzZSBiYXR0ZXJ5" // alice, password

// An API for which the token is not, or that wants another type, refuses it.
func TestWrongAPI(t *testing.T) {
	t.Parallel()
	address := foreign.FreeAddress(t)
	other := foreign.Node(t, "identity.mjs", "http://"+address, "billing-api", "Gate401-Token")
	g := serve(t, address, other.URL, jwt)
	if status, body := get(t, http.DefaultClient, g.url+"/orders", "Authorization", basic); status != http.StatusForbidden || !strings.Contains(body, "ERR_JWT_CLAIM_VALIDATION_FAILED") {
		t.Errorf("%d %s", status, body)
	}
	access := foreign.Node(t, "identity.mjs", "http://"+address, "orders-api", "Gate401-Token", "at+jwt")
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
	g = serve(t, address, access.URL, jwt)
	if status, body := get(t, http.DefaultClient, g.url+"/orders", "Authorization", basic); status != http.StatusForbidden || !strings.Contains(body, `\"typ\"`) {
		t.Errorf("%d %s", status, body)
	}
}

// Each API gets a token of its own, through the proxy and by forward-auth, which
// the other one refuses.
func TestTwoAPIs(t *testing.T) {
	t.Parallel()
	address := foreign.FreeAddress(t)
	orders := foreign.Node(t, "identity.mjs", "http://"+address, "orders-api", "Gate401-Token")
	billing := foreign.Node(t, "identity.mjs", "http://"+address, "billing-api", "Gate401-Token")
	g := serve(t, address, "orders", fmt.Sprintf(`
identity: {jwt: {audience: orders-api}}
upstreams:
  orders: {urls: [%q]}
  billing: {urls: [%q], audience: billing-api}
forward: {}
`, orders.URL, billing.URL), `{path: "/bills/**", upstream: billing}`)
	first := told(t, http.DefaultClient, g.url+"/orders", "Authorization", basic)
	second := told(t, http.DefaultClient, g.url+"/bills/1", "Authorization", basic)
	if first.Payload["aud"] != "orders-api" || second.Payload["aud"] != "billing-api" || first.Token == second.Token {
		t.Errorf("the tokens are for %v and %v", first.Payload["aud"], second.Payload["aud"])
	}
	if again := told(t, http.DefaultClient, g.url+"/orders", "Authorization", basic); again.Token != first.Token {
		t.Error("one API makes the gate sign anew for the other")
	}
	for _, x := range []struct{ api, token string }{{orders.URL, second.Token}, {billing.URL, first.Token}} {
		if status, body := get(t, http.DefaultClient, x.api+"/", "Gate401-Token", x.token); status != http.StatusForbidden || !strings.Contains(body, "ERR_JWT_CLAIM_VALIDATION_FAILED") {
			t.Errorf("the token of the other API: %d %s", status, body)
		}
	}
	for path, want := range map[string]string{"/orders": first.Token, "/bills/1": second.Token} {
		if got := g.check(path).Get("Gate401-Token"); got != want {
			t.Errorf("a gateway is told for %s %q", path, got)
		}
	}
}

// keep is an API that keeps the tokens that it gets.
func keep(t *testing.T, address, settings string) (*gate, func(fields ...string) string) {
	t.Helper()
	got := make(chan string, 1)
	api := listen(t, func(w http.ResponseWriter, r *http.Request) { got <- r.Header.Get("Gate401-Token") })
	g := serve(t, address, api, settings)
	return g, func(fields ...string) string {
		if status, body := get(t, http.DefaultClient, g.url+"/orders", fields...); status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
		return <-got
	}
}

const pyjwt = `
import jwt, json, sys
issuer, token = sys.argv[1:]
if jwt.get_unverified_header(token).get("typ") != "gate401-identity+jwt":
    raise PermissionError("not a token of the gate for an API")
key = jwt.PyJWKClient(issuer + "/auth/jwks.json").get_signing_key_from_jwt(token)
print(json.dumps(jwt.decode(token, key.key, algorithms=["ES256"], audience="orders-api", issuer=issuer,
    options={"require": ["exp", "iat", "sub", "aud", "iss", "jti"]})))
`

// The same token, as PyJWT reads it; and after the keys have followed each other.
func TestPyJWT(t *testing.T) {
	t.Parallel()
	python := foreign.Python(t, "jwt")
	g, ask := keep(t, "127.0.0.1:0", jwt+"forward: {}\n")
	verify := func(token string) map[string]any {
		out, err := exec.Command(python, "-c", pyjwt, g.url, token).CombinedOutput()
		var claims map[string]any
		if err != nil || json.Unmarshal(out, &claims) != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return claims
	}
	before := ask("Authorization", basic)
	if c := verify(before); c["sub"] != "alice" || fmt.Sprint(c["groups"]) != "[customers]" {
		t.Error(c)
	}
	// A gateway that asks before it forwards gets the same.
	if got := g.check("/orders").Get("Gate401-Token"); got != before {
		t.Errorf("the gateway is told %q", got)
	}
	g.run("signing-key", "rotate", "--now")
	deadline := time.Now().Add(time.Minute)
	after := before
	for ; after == before && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		after = ask("Authorization", basic)
	}
	if after == before {
		t.Fatal("the key that signed before still does")
	}
	if c := verify(after); c["sub"] != "alice" {
		t.Error(c)
	}
	verify(before) // what it signed stays good
}

// HAProxy as the API: it lets pass what is signed by the key of the gate, for it.
func TestHAProxy(t *testing.T) {
	t.Parallel()
	haproxy := component.Need(t, "haproxy", "haproxy")
	address, at, dir := foreign.FreeAddress(t), foreign.FreeAddress(t), t.TempDir()
	g := serve(t, address, "http://"+at, jwt)
	public := filepath.Join(dir, "gate.pem")
	if err := os.WriteFile(public, publicKey(t, g), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "haproxy.cfg")
	text := fmt.Sprintf(`
global
  maxconn 100
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 30s
frontend api
  bind %[1]s
  http-request set-var(txn.token) req.hdr(Gate401-Token)
  http-request deny deny_status 403 content-type text/plain string "no token" unless { var(txn.token) -m found }
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
  http-request set-var(txn.typ) var(txn.token),jwt_header_query('$.typ')
  http-request set-var(txn.iss) var(txn.token),jwt_payload_query('$.iss')
  http-request set-var(txn.aud) var(txn.token),jwt_payload_query('$.aud')
  http-request set-var(txn.sub) var(txn.token),jwt_payload_query('$.sub')
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 403 content-type text/plain string "algorithm" unless { var(txn.alg) -m str ES256 }
  http-request deny deny_status 403 content-type text/plain string "type" unless { var(txn.typ) -m str gate401-identity+jwt }
  http-request deny deny_status 403 content-type text/plain string "issuer" unless { var(txn.iss) -m str http://%[2]s }
  http-request deny deny_status 403 content-type text/plain string "audience" unless { var(txn.aud) -m str orders-api }
  http-request deny deny_status 403 content-type text/plain string "signature" unless { var(txn.token),jwt_verify(txn.alg,"%[3]s") -m int 1 }
  http-request deny deny_status 403 content-type text/plain string "over" if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request return status 200 content-type text/plain lf-string "%%[var(txn.sub)]"
`, at, address, public)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign.Start(t, exec.Command(haproxy, "-db", "-f", file), at)
	if status, body := get(t, http.DefaultClient, g.url+"/orders", "Authorization", basic); status != http.StatusOK || body != "alice" {
		t.Errorf("%d %s", status, body)
	}
	for _, x := range []struct{ name, token, want string }{
		{"none", "", "no token"},
		{"an access token for the same API", g.run("token", "issue", "--sub", "alice", "--aud", "orders-api", "--ttl", "5m"), "type"},
	} {
		var fields []string
		if x.token != "" {
			fields = []string{"Gate401-Token", x.token}
		}
		if status, body := get(t, http.DefaultClient, "http://"+at+"/orders", fields...); status != http.StatusForbidden || body != x.want {
			t.Errorf("%s: %d %s", x.name, status, body)
		}
	}
}

// publicKey is the key that the gate publishes, as HAProxy reads it.
func publicKey(t *testing.T, g *gate) []byte {
	t.Helper()
	_, body := get(t, http.DefaultClient, g.url+"/auth/jwks.json")
	var set struct {
		Keys []struct{ X, Y string } `json:"keys"`
	}
	if err := json.Unmarshal([]byte(body), &set); err != nil || len(set.Keys) != 1 {
		t.Fatal(err, body)
	}
	point := []byte{4} // uncompressed (SEC 1 section 2.3.3)
	for _, s := range []string{set.Keys[0].X, set.Keys[0].Y} {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		point = append(point, b...)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}
