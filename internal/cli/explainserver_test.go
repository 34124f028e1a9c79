package cli_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/gate401/gate401/token"
	"github.com/rogpeppe/go-internal/testscript"
)

// explainServer is an API that refuses every token, with an issuer whose
// metadata and keys can be found from its challenge. The scripts have its
// address in $SHOP and tokens in $FORGED (of another key) and $GENUINE.
func explainServer(env *testscript.Env) error {
	key, public, err := keyPair()
	if err != nil {
		return err
	}
	other, err := token.GenerateKey("")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	api := httptest.NewServer(mux)
	env.Defer(api.Close)
	answer := func(path string, v any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(v) })
	}
	answer("/.well-known/oauth-protected-resource", map[string]any{"resource": api.URL, "authorization_servers": []string{api.URL}})
	answer("/.well-known/openid-configuration", map[string]any{"issuer": api.URL, "jwks_uri": api.URL + "/jwks"})
	answer("/jwks", map[string]any{"keys": []any{public}})
	mux.HandleFunc("/orders", func(w http.ResponseWriter, r *http.Request) {
		challenge := fmt.Sprintf("Bearer realm=%q, resource_metadata=%q", "orders", api.URL+"/.well-known/oauth-protected-resource")
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			challenge += `, error="invalid_token"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
		w.WriteHeader(http.StatusUnauthorized)
	})
	mux.HandleFunc("/old", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/orders", http.StatusFound) })
	mux.HandleFunc("/fine", func(http.ResponseWriter, *http.Request) {})
	env.Setenv("SHOP", api.URL)
	for name, signer := range map[string]*token.SigningKey{"GENUINE": key, "FORGED": other} {
		now := time.Now()
		text, err := signer.Sign(map[string]any{
			"iss": api.URL, "sub": "alice", "aud": api.URL, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": "1", "client_id": "c",
		}, "at+jwt")
		if err != nil {
			return err
		}
		env.Setenv(name, text)
	}
	return nil
}

// keyPair is a key, and its public half as a JWK (RFC 7518 section 6.2).
func keyPair() (*token.SigningKey, map[string]string, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	key, err := token.NewSigningKey("k1", "ES256", private)
	if err != nil {
		return nil, nil, err
	}
	public, err := private.PublicKey.ECDH()
	if err != nil {
		return nil, nil, err
	}
	point := public.Bytes()[1:]
	encode := base64.RawURLEncoding.EncodeToString
	return key, map[string]string{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1", "x": encode(point[:32]), "y": encode(point[32:])}, nil
}
