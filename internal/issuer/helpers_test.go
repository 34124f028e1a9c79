package issuer_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/store/sqlite"
	"github.com/gate401/gate401/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func sets(t testing.TB, now func() time.Time) map[string]*store.Set {
	t.Helper()
	lite, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "g.db"), Now: now, Poll: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lite.Close(); err != nil {
			t.Error(err)
		}
	})
	return map[string]*store.Set{"memory": memory.Open(memory.Options{Now: now}), "sqlite": lite}
}

// tester is a test or a property.
type tester interface {
	Helper()
	Fatal(args ...any)
	Context() context.Context
}

// newIssuer issues tokens of "https://issuer.example" for "orders".
func newIssuer(t tester, set *store.Set, now func() time.Time, p issuer.Policy) *issuer.Issuer {
	t.Helper()
	key, err := token.GenerateKey("")
	if err != nil {
		t.Fatal(err)
	}
	v, err := token.New(token.Profile{Keys: token.NewKeySet(key.Public()), Issuer: "https://issuer.example", DangerouslyAnyAudience: true, Leeway: -1, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return &issuer.Issuer{
		Name: "https://issuer.example", Audience: []string{"orders"}, Environment: "test", Tokens: set.Tokens,
		Signer:   func(context.Context) (issuer.Signer, error) { return key, nil },
		Verifier: v, Policy: p, Now: now,
	}
}

// status says what the gate would of an access token.
func status(t tester, s *issuer.Issuer, text string) reason.Code {
	t.Helper()
	claims, err := s.Verifier.Verify(t.Context(), text)
	if err == nil {
		err = s.Check(t.Context(), claims)
	}
	return codeOf(err)
}

// codeOf is the reason of a refusal: "" for none, check-failed where nobody
// could tell.
func codeOf(err error) reason.Code {
	var d *gate401.Denial
	var bad *token.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &d):
		return d.Reason
	case errors.As(err, &bad):
		return bad.Reason
	}
	return reason.CheckFailed
}

func must[T any](t tester) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

var errAway = errors.New("the store is away")

// away is a store of which some calls fail.
type away struct {
	store.Tokens
	redeem, revoke, read bool
}

func (a *away) RedeemRefreshToken(ctx context.Context, hash [32]byte, at, since time.Time, next store.RefreshToken) error {
	if a.redeem {
		return errAway
	}
	return a.Tokens.RedeemRefreshToken(ctx, hash, at, since, next)
}

func (a *away) Revoke(ctx context.Context, r store.Revocation) error {
	if a.revoke {
		return errAway
	}
	return a.Tokens.Revoke(ctx, r)
}

func (a *away) RefreshToken(ctx context.Context, hash [32]byte) (store.RefreshToken, error) {
	if a.read {
		return store.RefreshToken{}, errAway
	}
	return a.Tokens.RefreshToken(ctx, hash)
}

func (a *away) Revoked(ctx context.Context, t store.AccessToken) (store.Revocation, error) {
	if a.read {
		return store.Revocation{}, errAway
	}
	return a.Tokens.Revoked(ctx, t)
}

// claimsOf are the claims of a token that was answered; nobody judges it.
func claimsOf(t tester, text any) map[string]any {
	t.Helper()
	s, _ := text.(string)
	claims := token.Decode(s).Claims
	if claims == nil {
		t.Fatal("no token: ", s)
	}
	return claims.Raw()
}
