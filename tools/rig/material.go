package rig

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/storage"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Audience is whom the tokens are for; User may log in with Password.
const (
	Audience = "bench"
	User     = "ada"
	Password = "correct horse battery staple"
)

// Material is what clients send, and the records and files that know it.
type Material struct {
	// Dir has the files: rs256.json, rs256.pem, es256.json, es256.pem and the
	// records, records.db.
	Dir string
	// Tokens are signed tokens of about 800 octets, by algorithm.
	Tokens map[string][]string
	// Bad are tokens that are refused, by what is wrong with them: "garbage",
	// "algorithm", "key" and "signature".
	Bad map[string]string
	// Keys are API keys that the records know.
	Keys []string

	signers map[string]*token.SigningKey
}

// Algorithms are those of the tokens: each has an issuer and a method of its
// own, named after it.
var Algorithms = []string{token.RS256, token.ES256}

// Issuer of the tokens of an algorithm.
func Issuer(alg string) string { return "https://" + strings.ToLower(alg) + ".example" }

// NewMaterial makes n tokens of each algorithm and records with one person and
// that many keys.
func NewMaterial(ctx context.Context, dir string, n, keys int) (*Material, error) {
	m := &Material{Dir: dir, Tokens: map[string][]string{}, Bad: map[string]string{}, signers: map[string]*token.SigningKey{}}
	for _, alg := range Algorithms {
		if err := m.issuer(alg, n); err != nil {
			return nil, fmt.Errorf("%s: %w", alg, err)
		}
	}
	return m, m.records(ctx, keys)
}

// issuer makes the key of an algorithm, its public half for gates and others,
// and tokens.
func (m *Material) issuer(alg string, n int) error {
	var private crypto.Signer
	var err error
	if alg == token.ES256 {
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		return err
	}
	key, err := token.NewSigningKey("key-1", alg, private)
	if err != nil {
		return err
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private.Public(), KeyID: "key-1", Algorithm: alg, Use: "sig"}}})
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return err
	}
	name := filepath.Join(m.Dir, strings.ToLower(alg))
	err = errors.Join(os.WriteFile(name+".json", set, 0o600),
		os.WriteFile(name+".pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600))
	if err != nil {
		return err
	}
	m.signers[alg] = key
	for i := range n {
		t, err := m.Token(alg, i, 24*time.Hour)
		if err != nil {
			return err
		}
		m.Tokens[alg] = append(m.Tokens[alg], t)
	}
	if alg == token.RS256 {
		return m.bad(private)
	}
	return nil
}

// Token signs one more token, for that person, good for that long.
func (m *Material) Token(alg string, i int, lasts time.Duration) (string, error) {
	return m.signers[alg].Sign(claims(alg, i, lasts), "JWT")
}

// claims are those of a person at an ordinary identity provider.
func claims(alg string, i int, lasts time.Duration) map[string]any {
	now := time.Now()
	return map[string]any{
		"iss": Issuer(alg), "aud": Audience, "sub": fmt.Sprintf("user-%04d", i), "jti": fmt.Sprintf("token-%08d", i),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(lasts).Unix(), "auth_time": now.Unix(),
		"scope": "openid profile email orders:read orders:write", "groups": []string{"staff", "orders"},
		"name": fmt.Sprintf("Ada Example %04d", i), "email": fmt.Sprintf("ada.%04d@example.com", i), "email_verified": true,
		"azp": "web", "sid": "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9fa",
	}
}

// bad makes tokens that are refused, each for one reason.
func (m *Material) bad(private crypto.Signer) error {
	stranger, err := token.NewSigningKey("key-9", token.RS256, private)
	if err != nil {
		return err
	}
	if m.Bad["key"], err = stranger.Sign(claims(token.RS256, 0, 24*time.Hour), "JWT"); err != nil {
		return err
	}
	a, b := m.Tokens[token.RS256][0], m.Tokens[token.RS256][len(m.Tokens[token.RS256])-1]
	m.Bad["garbage"] = "not.a.token"
	// The signature of another token.
	if a == b {
		return errors.New("one token is too few")
	}
	m.Bad["signature"] = a[:strings.LastIndexByte(a, '.')] + b[strings.LastIndexByte(b, '.'):]
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"key-1","typ":"JWT"}`))
	m.Bad["algorithm"] = header + a[strings.IndexByte(a, '.'):]
	return nil
}

// records makes the records with one person and keys.
func (m *Material) records(ctx context.Context, keys int) (err error) {
	path := filepath.Join(m.Dir, "records.db")
	cfg := config.Default()
	cfg.Storage.Records = "sqlite:" + path
	s, err := storage.Open(ctx, cfg, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	hash, err := s.Hasher.Hash(ctx, Password)
	if err != nil {
		return err
	}
	if _, err := s.Set.Accounts.CreateAccount(ctx, store.Account{Name: User, Display: User, Password: hash}); err != nil {
		return err
	}
	for i := range keys {
		k, err := token.NewAPIKey(nil, "live")
		if err != nil {
			return err
		}
		record := store.APIKey{ID: fmt.Sprintf("key-%07d", i), Hash: k.Hash(), Hint: k.Display(), Environment: "live", Name: "bench", Scopes: []string{"orders:read"}}
		if _, err := s.Set.APIKeys.CreateAPIKey(ctx, record); err != nil {
			return err
		}
		m.Keys = append(m.Keys, k.Reveal())
	}
	return nil
}
