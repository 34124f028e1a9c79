package oauth_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A JWT by which a client proves itself is good once: not at another process, and
// not after the one that took it was killed.
func TestAssertionOnce(t *testing.T) {
	t.Parallel()
	w := fixed(t, "")
	private, keys := newKey(t)
	if err := os.WriteFile(filepath.Join(w.dir, "keys.json"), keys, 0o600); err != nil {
		t.Fatal(err)
	}
	w.client("robot", "--method", "private_key_jwt", "--jwks", "keys.json", "--scope", "orders:read")
	sign := func(change map[string]any) string {
		claims := map[string]any{"iss": "robot", "sub": "robot", "aud": w.url, "jti": "first", "exp": time.Now().Add(time.Minute).Unix()}
		for name, value := range change {
			claims[name] = value
		}
		text, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private}, nil)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(text)
		if err != nil {
			t.Fatal(err)
		}
		out, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	ask := func(at *gate, assertion string, status int) {
		t.Helper()
		a := at.post("/auth/token", "", "", form("grant_type", "client_credentials", "client_assertion", assertion,
			"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))
		if a.status != status {
			t.Errorf("%d %s, want %d", a.status, a.body, status)
		}
	}
	once, other := sign(nil), w.second()
	ask(w.gate, once, http.StatusOK)
	ask(w.gate, once, http.StatusUnauthorized)
	ask(other, once, http.StatusUnauthorized)
	ask(other, sign(map[string]any{"aud": w.url + "/auth/token", "jti": "second"}), http.StatusOK)
	w.kill()
	w.start()
	ask(w.gate, once, http.StatusUnauthorized)
	ask(w.gate, sign(map[string]any{"jti": "third"}), http.StatusOK)
	ask(w.gate, sign(map[string]any{"jti": "fourth", "aud": "https://elsewhere.example"}), http.StatusUnauthorized)
	ask(w.gate, sign(map[string]any{"jti": "fifth", "exp": time.Now().Add(time.Hour).Unix()}), http.StatusUnauthorized)
}
