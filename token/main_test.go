package token_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The moment that all tests happen at.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	issuer   = "https://idp.example.com"
	audience = "orders"
)

type object = map[string]any

// Keys take long to make; they are made once.
var (
	rsaKey = sync.OnceValue(func() *token.SigningKey { return generate(token.RS256) })
	ecKey  = sync.OnceValue(func() *token.SigningKey { return generate(token.ES256) })
	edKey  = sync.OnceValue(func() *token.SigningKey {
		// The same in every process, so that fuzzing in several of them knows it.
		k, err := token.NewSigningKey("", token.EdDSA, ed25519.NewKeyFromSeed([]byte("a seed for tests, of 32 octets..")))
		if err != nil {
			panic(err)
		}
		return k
	})
)

func generate(alg string) *token.SigningKey {
	k, err := token.GenerateKey(alg)
	if err != nil {
		panic(err)
	}
	return k
}

// good is a claims set that passes; overrides replace or (nil) remove claims.
func good(overrides object) object {
	c := object{
		"iss": issuer, "sub": "alice", "aud": audience, "jti": "t1",
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "scope": "orders:read orders:write",
	}
	for name, v := range overrides {
		if c[name] = v; v == nil {
			delete(c, name)
		}
	}
	return c
}

func sign(t testing.TB, k *token.SigningKey, claims any, typ string) string {
	t.Helper()
	text, err := k.Sign(claims, typ)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// raw makes the text of a token from parts that no signer would make.
func raw(header, payload, signature string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(header)) + "." + e([]byte(payload)) + "." + e([]byte(signature))
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func profile(keys ...*token.Key) token.Profile {
	return token.Profile{
		Keys: token.NewKeySet(keys...), Issuer: issuer, Audience: []string{audience},
		Now: func() time.Time { return now },
	}
}

func newVerifier(t testing.TB, p token.Profile) *token.Verifier {
	t.Helper()
	v, err := token.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// codeOf is the reason of a refusal, "" for none, check-failed for anything else.
func codeOf(err error) reason.Code {
	var refused *token.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return refused.Reason
	}
	return reason.CheckFailed
}

// counting tells whether a verification ever asked for a key.
type counting struct {
	token.KeySource
	asked int
}

func (c *counting) Keys(ctx context.Context, kid, alg string) ([]*token.Key, error) {
	c.asked++
	return c.KeySource.Keys(ctx, kid, alg)
}

// A clock that tests set.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: now} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// edSignOptions asks for plain Ed25519.
var edSignOptions = crypto.Hash(0)
