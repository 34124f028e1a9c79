package token_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401/token"
)

// An idp publishes keys, as the test says.
type idp struct {
	*httptest.Server
	mu      sync.Mutex
	handler http.HandlerFunc
	fetches atomic.Int32
}

func newIDP(t *testing.T, keys ...*token.SigningKey) *idp {
	t.Helper()
	s := &idp{}
	s.publish(t, keys...)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fetches.Add(1)
		s.mu.Lock()
		h := s.handler
		s.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *idp) serve(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handler = h
}

func (s *idp) publish(t *testing.T, keys ...*token.SigningKey) {
	t.Helper()
	set, err := token.PublicKeySet(keys...)
	if err != nil {
		t.Fatal(err)
	}
	s.serve(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(set) })
}

func (s *idp) away() {
	s.serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
}

func (s *idp) wantFetches(t *testing.T, want int) {
	t.Helper()
	if got := int(s.fetches.Load()); got != want {
		t.Errorf("%d fetches, want %d", got, want)
	}
}

func remote(t *testing.T, s *idp, c *clock) *token.RemoteKeys {
	t.Helper()
	r := &token.RemoteKeys{URL: s.URL + "/jwks.json", Now: c.Now}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

type outcome int

const (
	found   outcome = iota
	unknown         // refused
	away            // nobody knows
)

func ask(t *testing.T, r token.KeySource, k *token.SigningKey, want outcome) {
	t.Helper()
	askID(t, r, k.ID(), want)
}

func askID(t *testing.T, r token.KeySource, kid string, want outcome) {
	t.Helper()
	keys, err := r.Keys(t.Context(), kid, token.EdDSA)
	got := away
	switch {
	case err == nil && len(keys) == 1:
		got = found
	case errors.Is(err, token.ErrKeyUnknown):
		got = unknown
	}
	if got != want {
		t.Errorf("key %.8s: got %v, %v, want outcome %d", kid, keys, err, want)
	}
}

func TestRemoteKeysCache(t *testing.T) {
	a, b := generate(token.EdDSA), generate(token.EdDSA)
	c := newClock()
	s := newIDP(t, a)
	r := remote(t, s, c)
	s.wantFetches(t, 0)
	ask(t, r, a, found)
	ask(t, r, a, found)
	s.wantFetches(t, 1)

	// In the last fifth of the TTL: renewed behind the caller's back, once.
	s.publish(t, b)
	c.add(9 * time.Minute)
	ask(t, r, a, found)
	r.Idle()
	s.wantFetches(t, 2)
	ask(t, r, b, found)
	ask(t, r, a, unknown) // a removed key stops working; this looks once more
	s.wantFetches(t, 3)

	// Beyond the TTL: renewed before it is used.
	s.publish(t, a)
	c.add(11 * time.Minute)
	ask(t, r, b, unknown)
	ask(t, r, a, found)
	s.wantFetches(t, 4)
}

func TestRemoteKeysUnknownKid(t *testing.T) {
	a, b, other := generate(token.EdDSA), generate(token.EdDSA), generate(token.EdDSA)
	c := newClock()
	s := newIDP(t, a)
	r := remote(t, s, c)
	ask(t, r, a, found)

	// A rotation is noticed at once.
	s.publish(t, a, b)
	ask(t, r, b, found)
	s.wantFetches(t, 2)

	// Invented kids cost two fetches in two cooldowns, however many they are.
	// Nobody knows about those that the issuer was not asked for.
	for i := range 100 {
		want := away
		if i == 0 {
			want = unknown
		}
		askID(t, r, fmt.Sprint("invented-", i), want)
	}
	askID(t, r, "invented-0", unknown)
	s.wantFetches(t, 3)

	// The same kid again is remembered; another one may ask after the cooldown.
	c.add(2 * token.DefaultKeyCooldown)
	askID(t, r, "invented-0", unknown)
	s.wantFetches(t, 3)
	askID(t, r, "invented-1000", unknown)
	s.wantFetches(t, 4)

	// A first look that already fetched does not fetch again.
	fresh := remote(t, s, c)
	before := int(s.fetches.Load())
	ask(t, fresh, other, unknown)
	s.wantFetches(t, before+1)

	// A kid that was unknown works as soon as a renewal brings it.
	s.publish(t, a, b, other)
	if err := fresh.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(t, fresh, other, found)
}

// Whoever uses up the fetches with invented kids must not have the good tokens
// of a new key refused: a client drops a token that is refused, and sends one
// again that could not be checked.
func TestRemoteKeysRotationBehindInventedKids(t *testing.T) {
	a, b := generate(token.EdDSA), generate(token.EdDSA)
	c := newClock()
	s := newIDP(t, a)
	r := remote(t, s, c)
	ask(t, r, a, found)
	for _, kid := range []string{"invented-1", "invented-2"} {
		askID(t, r, kid, unknown)
	}
	askID(t, r, "invented-3", away)
	s.wantFetches(t, 3)

	s.publish(t, a, b)
	ask(t, r, b, away)
	s.wantFetches(t, 3)
	// What was looked up stays refused, and costs nothing.
	askID(t, r, "invented-1", unknown)
	c.add(2 * token.DefaultKeyCooldown)
	ask(t, r, b, found)
	s.wantFetches(t, 4)

	// A refusal is forgotten after a while: the issuer may have it by then.
	s.publish(t, a)
	askID(t, r, "invented-4", unknown)
	c.add(6 * token.DefaultKeyCooldown)
	askID(t, r, "invented-5", unknown)
	askID(t, r, "invented-6", unknown)
	askID(t, r, "invented-4", away)
	s.wantFetches(t, 7)
}

// Keys without an ID stand in for a kid that nobody was asked for.
func TestRemoteKeysStandIn(t *testing.T) {
	a := generate(token.EdDSA)
	c := newClock()
	s := newIDP(t, a)
	s.serve(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	})
	r := remote(t, s, c)
	for i := range 5 {
		askID(t, r, fmt.Sprint("any-", i), found)
	}
	s.wantFetches(t, 3)
}

func TestRemoteKeysIssuerAway(t *testing.T) {
	a, b := generate(token.EdDSA), generate(token.EdDSA)
	c := newClock()
	s := newIDP(t, a)

	// Never fetched: nobody knows, and the issuer is not flooded, but soon asked
	// again.
	s.away()
	r := remote(t, s, c)
	ask(t, r, a, away)
	ask(t, r, a, away)
	s.wantFetches(t, 1)
	c.add(time.Second)
	ask(t, r, a, away)
	ask(t, r, a, away)
	s.wantFetches(t, 2)
	c.add(time.Second)
	ask(t, r, a, away)
	s.wantFetches(t, 2) // the pauses grow
	s.publish(t, a)
	c.add(time.Second)
	ask(t, r, a, found)
	s.wantFetches(t, 3)

	// Fetched once: keys go on working, also beyond the TTL.
	s.away()
	c.add(time.Hour)
	ask(t, r, a, found)
	s.wantFetches(t, 4)
	ask(t, r, a, found)
	s.wantFetches(t, 4)
	c.add(time.Hour)
	ask(t, r, a, found) // does not wait for the issuer that is known to be away
	r.Idle()
	s.wantFetches(t, 5)
	if st := r.Status(); st.LastError == nil || st.Keys != 1 || !st.LastSuccess.Equal(now.Add(3*time.Second)) {
		t.Errorf("status %+v", st)
	}

	// A kid that is not at hand may be new: not refused.
	ask(t, r, b, away)

	// Not for ever.
	c.add(token.DefaultKeyMaxStale)
	ask(t, r, a, away)

	// And back.
	s.publish(t, a, b)
	c.add(token.DefaultKeyCooldown)
	ask(t, r, b, found)
	if st := r.Status(); st.LastError != nil || st.Keys != 2 {
		t.Errorf("status %+v", st)
	}
}

// Whoever remembers verified tokens asks for the epoch alone. Withdrawn keys must
// be noticed all the same.
func TestRemoteKeysEpoch(t *testing.T) {
	a, b := generate(token.EdDSA), generate(token.EdDSA)
	c := newClock()
	s := newIDP(t, a)
	r := remote(t, s, c)
	if got := r.Epoch(); got != 0 {
		t.Errorf("epoch %d before the first fetch", got)
	}
	s.wantFetches(t, 0)
	ask(t, r, a, found)
	steps := []struct {
		name    string
		do      func()
		fetches int
		want    uint64
	}{
		{"fresh", func() {}, 1, 1},
		{"due, nothing new", func() { c.add(9 * time.Minute) }, 2, 1},
		{"due, other keys", func() { s.publish(t, b); c.add(9 * time.Minute) }, 3, 2},
		{"due, issuer away", func() { s.away(); c.add(20 * time.Minute) }, 4, 2},
	}
	for _, step := range steps {
		step.do()
		r.Epoch()
		r.Idle()
		if got := r.Epoch(); got != step.want {
			t.Errorf("%s: epoch %d, want %d", step.name, got, step.want)
		}
		s.wantFetches(t, step.fetches)
	}
}

func TestRemoteKeysSingleFlight(t *testing.T) {
	a := generate(token.EdDSA)
	s := newIDP(t, a)
	set, err := token.PublicKeySet(a)
	if err != nil {
		t.Fatal(err)
	}
	arrived, release := make(chan struct{}), make(chan struct{})
	s.serve(func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-release
		_, _ = w.Write(set)
	})
	r := remote(t, s, newClock())
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { ask(t, r, a, found) })
	}
	<-arrived
	// One who does not want to wait is not made to, and disturbs nobody.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Keys(ctx, a.ID(), token.EdDSA); !errors.Is(err, context.Canceled) {
		t.Errorf("impatient caller: %v", err)
	}
	close(release)
	wg.Wait()
	s.wantFetches(t, 1)
}

func TestRemoteKeysClose(t *testing.T) {
	a := generate(token.EdDSA)
	s := newIDP(t, a)
	arrived := make(chan struct{})
	s.serve(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	r := remote(t, s, newClock())
	done := make(chan error)
	go func() {
		_, err := r.Keys(t.Context(), a.ID(), token.EdDSA)
		done <- err
	}()
	<-arrived
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil || errors.Is(err, token.ErrKeyUnknown) {
		t.Errorf("a caller who waited: %v", err)
	}
	if _, err := r.Keys(t.Context(), a.ID(), token.EdDSA); !errors.Is(err, token.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := r.Refresh(t.Context()); !errors.Is(err, token.ErrClosed) {
		t.Errorf("Refresh after Close: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
