package oauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/gate401/gate401/e2e/foreign"
)

// patience is how long a program of Node may take on a busy machine.
const patience = 3 * time.Minute

// node runs a program of e2e/npm and reads the object that it prints.
func node(t *testing.T, into any, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := foreign.NodeCommand(t, name, args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s: %v\n%s%s", name, err, &out, &errs)
	}
	if err := json.Unmarshal([]byte(out.String()), into); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, &out)
	}
}

// compare wants every line that is wanted, and no other.
func compare(t *testing.T, got map[string]any, want map[string]any) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s: %q, want %q", name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %q is not expected", name, got[name])
		}
	}
}

// newKey is a key of a client, and the set that it publishes.
func newKey(t *testing.T) (private jose.JSONWebKey, keys []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private = jose.JSONWebKey{Key: key, KeyID: "first", Algorithm: "ES256", Use: "sig"}
	if keys, err = json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private.Public()}}); err != nil {
		t.Fatal(err)
	}
	return private, keys
}

// judged is a gate with a client of each kind, as JSON for the programs of Node.
func judged(t *testing.T) (g *gate, clients string) {
	t.Helper()
	g = serve(t, "issuer: {registration: open}\n")
	private, keys := newKey(t)
	if err := os.WriteFile(filepath.Join(g.dir, "keys.json"), keys, 0o600); err != nil {
		t.Fatal(err)
	}
	about := []string{"--redirect-uri", callback, "--scope", "openid profile offline_access orders:read"}
	able := append(about, "--grant", "authorization_code", "--grant", "refresh_token", "--grant", "client_credentials")
	g.client("app", append(about, "--public")...)
	g.client("tv", "--public", "--device", "--scope", "openid profile offline_access orders:read")
	g.client("jwt", append(able, "--method", "private_key_jwt", "--jwks", "keys.json")...)
	text, err := json.Marshal(map[string]any{
		"password": password,
		"basic":    g.client("basic", able...),
		"post":     g.client("post", append(able, "--method", "client_secret_post")...),
		"key":      private,
	})
	if err != nil {
		t.Fatal(err)
	}
	return g, string(text)
}

func TestOpenIDClient(t *testing.T) {
	t.Parallel()
	g, clients := judged(t)
	var got map[string]any
	node(t, &got, "openid.mjs", g.url, clients)
	want := map[string]any{
		"device":     "alice bearer",
		"registered": "alice openid profile offline_access orders:read",
	}
	for _, name := range []string{"public", "basic", "post", "jwt"} {
		for _, metadata := range []string{" oidc", " oauth2"} {
			want[name+metadata] = "alice alice Alice Adler 200 hello alice true"
			want[name+metadata+" ended"] = "invalid_grant true alice false"
			if name == "public" {
				want[name+metadata+" ended"] = "invalid_grant   "
			}
		}
		if name != "public" {
			want[name+" itself"] = "bearer orders:read hello " + name
			want[name+" wrong resource"] = "invalid_target"
			want[name+" wrong scope"] = "invalid_scope"
		}
	}
	compare(t, got, want)
}

func TestOAuth4WebAPI(t *testing.T) {
	t.Parallel()
	g, clients := judged(t)
	var got map[string]any
	node(t, &got, "oauth4.mjs", g.url, clients)
	want := map[string]any{
		"methods":        "S256",
		"same":           true,
		"wrong scope":    "invalid_scope",
		"wrong resource": "invalid_target",
		"wrong type":     "unsupported_response_type",
		"wrong plain":    "invalid_request",
		"wrong secret":   "401 basic",
		"device":         "authorization_pending alice",
		"registered":     "alice openid profile offline_access orders:read",
	}
	for _, name := range []string{"app", "basic", "post", "jwt"} {
		want[name] = "alice alice hello alice"
		want[name+" claims"] = "true alice " + name + " openid profile offline_access orders:read " + g.url + "/orders"
		want[name+" thief"] = "400 invalid_grant"
		want[name+" again"] = "400 invalid_grant"
		want[name+" ended"] = "400 invalid_grant"
		if name != "app" {
			want[name+" active"] = "true false"
			want[name+" itself"] = "orders:read without"
		}
	}
	compare(t, got, want)
}
