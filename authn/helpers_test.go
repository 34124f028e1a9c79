package authn_test

import (
	"context"
	"encoding/base64"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/authn/authntest"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

// noon is when all requests come in, unless a test says otherwise.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// cheap costs next to nothing: what is tested is which hashes are computed.
func cheap() *password.Hasher {
	return &password.Hasher{Params: password.Params{Memory: 64, Time: 1, Threads: 1}}
}

// request is a request at noon.
func request(target string, fields ...string) *gate401.Request {
	r := authntest.Request(target, fields...)
	r.Time = noon
	return r
}

func basic(user, pass string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+pass))
}

// gate lets everybody in who proves to be somebody.
func gate(guard gate401.Guard, accept ...gate401.Authenticator) *gate401.Gate {
	q := gate401.Requirement{Rule: "rule", Accept: accept}
	q.Prepare()
	return &gate401.Gate{Guard: guard, Policy: func(*gate401.Request) gate401.Requirement { return q }}
}

func decide(t testing.TB, r *gate401.Request, accept ...gate401.Authenticator) gate401.Decision {
	t.Helper()
	return gate(gate401.DangerouslyUnguarded{}, accept...).Decide(t.Context(), r)
}

// wantReason compares a decision with a reason; "" means that it lets in.
func wantReason(t testing.TB, d gate401.Decision, want reason.Code) {
	t.Helper()
	if d.Reason() != want || d.Allow != (want == "") {
		t.Errorf("reason is %q, want %q (%v)", d.Reason(), want, d.Denial)
	}
}

// counting counts hashes by kind and cost.
type counting struct {
	*password.Hasher
	mu             sync.Mutex
	runs           int
	argon2, bcrypt uint64
	hashes         int
}

func (c *counting) note(hash string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, b := authn.CostOf(hash)
	c.runs, c.argon2, c.bcrypt = c.runs+1, c.argon2+a, c.bcrypt+b
}

func (c *counting) Hash(ctx context.Context, pass string) (string, error) {
	c.mu.Lock()
	c.hashes++
	c.mu.Unlock()
	return c.Hasher.Hash(ctx, pass)
}

func (c *counting) Verify(ctx context.Context, hash, pass string) (bool, bool, error) {
	c.note(hash)
	return c.Hasher.Verify(ctx, hash, pass)
}

func (c *counting) Dummy(ctx context.Context, like, pass string) error {
	c.note(like)
	return c.Hasher.Dummy(ctx, like, pass)
}

// take returns what was counted since the last call.
func (c *counting) take() (runs int, argon2, bcrypt uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	runs, argon2, bcrypt = c.runs, c.argon2, c.bcrypt
	c.runs, c.argon2, c.bcrypt = 0, 0, 0
	return runs, argon2, bcrypt
}

var errAway = errors.New("the store is away")

// fakeStore is a memory store that can be away, and counts look-ups.
type fakeStore struct {
	*store.Set
	away    atomic.Bool
	lookups atomic.Int64
}

func newStore() *fakeStore {
	return &fakeStore{Set: memory.Open(memory.Options{Now: func() time.Time { return noon }})}
}

func (f *fakeStore) Account(ctx context.Context, name string) (store.Account, error) {
	f.lookups.Add(1)
	if f.away.Load() {
		return store.Account{}, errAway
	}
	return f.Accounts.Account(ctx, name)
}

func (f *fakeStore) UpdateAccount(ctx context.Context, a store.Account) (store.Account, error) {
	return f.Accounts.UpdateAccount(ctx, a)
}

// reader is the keys of the store, away when the store is.
type reader struct{ *fakeStore }

func (r reader) APIKeyByHash(ctx context.Context, hash [32]byte) (store.APIKey, error) {
	r.lookups.Add(1)
	if r.away.Load() {
		return store.APIKey{}, errAway
	}
	return r.APIKeys.APIKeyByHash(ctx, hash)
}

func (r reader) APIKey(ctx context.Context, id string) (store.APIKey, error) {
	r.lookups.Add(1)
	if r.away.Load() {
		return store.APIKey{}, errAway
	}
	return r.APIKeys.APIKey(ctx, id)
}

func (r reader) ListAPIKeys(ctx context.Context, owner, after string, limit int) ([]store.APIKey, error) {
	return r.APIKeys.ListAPIKeys(ctx, owner, after, limit)
}

// person stores an account with a password, hashed cheaply.
func (f *fakeStore) person(t testing.TB, name, pass string, change func(*store.Account)) store.Account {
	t.Helper()
	a := store.Account{Name: name}
	if pass != "" {
		a.SetPassword(hash(t, pass), noon)
	}
	if change != nil {
		change(&a)
	}
	a, err := f.Accounts.CreateAccount(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// edit changes an account.
func (f *fakeStore) edit(t testing.TB, name string, change func(*store.Account)) {
	t.Helper()
	a, err := f.Accounts.Account(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	change(&a)
	if _, err := f.Accounts.UpdateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

// key stores an API key and returns its text.
func (f *fakeStore) key(t testing.TB, id, environment string, change func(*store.APIKey)) string {
	t.Helper()
	k, err := token.NewAPIKey(nil, environment)
	if err != nil {
		t.Fatal(err)
	}
	record := store.APIKey{ID: id, Hash: k.Hash(), Environment: environment}
	if change != nil {
		change(&record)
	}
	if _, err := f.APIKeys.CreateAPIKey(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	return k.Reveal()
}

func (f *fakeStore) editKey(t testing.TB, id string, change func(*store.APIKey)) {
	t.Helper()
	k, err := f.APIKeys.APIKey(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	change(&k)
	if _, err := f.APIKeys.UpdateAPIKey(t.Context(), k); err != nil {
		t.Fatal(err)
	}
}

func hash(t testing.TB, pass string) string {
	t.Helper()
	h, err := cheap().Hash(t.Context(), pass)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// newBasic takes the people of a store.
func newBasic(f *fakeStore, h authn.Hasher) *authn.Basic {
	return &authn.Basic{Name: "password", Realm: "orders", Hasher: h,
		Sources: []authn.Passwords{&authn.StorePasswords{Accounts: f, Changes: f.Revision}}}
}

// newKeys takes the keys of a store.
func newKeys(t testing.TB, f *fakeStore) *authn.Keys {
	k := &authn.Keys{Name: "key", Store: reader{f}, Accounts: f, Changes: f.Revision, Used: f.APIKeys, FlushEvery: time.Hour}
	t.Cleanup(func() { _ = k.Close() })
	return k
}

// issuer signs tokens, and its keys can be out of reach.
type issuer struct {
	*token.SigningKey
	name string
	away atomic.Bool
	asks atomic.Int64
}

func newIssuer(t testing.TB, name, alg string) *issuer {
	t.Helper()
	k, err := token.GenerateKey(alg)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{SigningKey: k, name: name}
}

// Keys counts the verifications that got as far as the signature.
func (i *issuer) Keys(ctx context.Context, kid, alg string) ([]*token.Key, error) {
	i.asks.Add(1)
	if i.away.Load() {
		return nil, errAway
	}
	return token.NewKeySet(i.Public()).Keys(ctx, kid, alg)
}

// verifier accepts the issuer's tokens for "orders", at noon.
func (i *issuer) verifier(t testing.TB, now func() time.Time) authn.TokenVerifier {
	t.Helper()
	if now == nil {
		now = func() time.Time { return noon }
	}
	v, err := token.New(token.Profile{Keys: i, Issuer: i.name, Audience: []string{"orders"}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return authn.TokenVerifier{Name: "partner", Verifier: v, Issuer: i.name}
}

type claims = map[string]any

// token signs claims, with those of a good token where they are not given; nil
// leaves a claim out.
func (i *issuer) token(t testing.TB, own claims) string {
	t.Helper()
	all := claims{"iss": i.name, "sub": "alice", "aud": "orders", "jti": "token-1",
		"iat": noon.Add(-time.Minute).Unix(), "exp": noon.Add(time.Hour).Unix()}
	for name, v := range own {
		if v == nil {
			delete(all, name)
			continue
		}
		all[name] = v
	}
	text, err := i.Sign(all, "at+jwt")
	if err != nil {
		t.Fatal(err)
	}
	return text
}
