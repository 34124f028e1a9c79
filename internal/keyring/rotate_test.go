package keyring_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/keyring"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

// world is a store, a clock, and rings that share both.
type world struct {
	t   *testing.T
	set *store.Set

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	w.set = memory.Open(memory.Options{Now: w.clock})
	t.Cleanup(func() { _ = w.set.Close() })
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) ring() *keyring.Keyring {
	w.t.Helper()
	r, err := keyring.Open(w.t.Context(), w.set, mark{}, w.clock)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) turn(r *keyring.Keyring) keyring.Turned {
	w.t.Helper()
	done, err := r.Turn(w.t.Context(), keyring.Schedule{})
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

// issue signs a token that is good for as long as any may be.
func (w *world) issue(r *keyring.Keyring) string {
	w.t.Helper()
	issued, err := r.Issue(w.t.Context(), token.Grant{Issuer: "https://gate.example", Subject: "alice", Audience: []string{"orders"}, TTL: token.MaxTTL})
	if err != nil {
		w.t.Fatal(err)
	}
	return issued.Token
}

// good verifies a token by the keys alone, at the time of the world.
func (w *world) good(r *keyring.Keyring, text string) error {
	w.t.Helper()
	v, err := token.New(token.Profile{Keys: r, Issuer: "https://gate.example", Audience: []string{"orders"}, Now: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = v.Verify(w.t.Context(), text)
	return err
}

func (w *world) signer(r *keyring.Keyring) string {
	w.t.Helper()
	s, err := r.Signer(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return s.ID()
}

func (w *world) published(r *keyring.Keyring, id string) bool {
	w.t.Helper()
	set, err := r.PublicKeySet(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Contains(string(set), id)
}

// A key is published before it signs, and the one before verifies until the last
// token that it signed is over.
func TestScheduleOverlaps(t *testing.T) {
	w := newWorld(t)
	r := w.ring()
	first := w.signer(r)
	before := w.turn(r)
	if len(before.Made) != 0 || !before.Next.Equal(w.clock().Add(keyring.DefaultEvery-keyring.DefaultLead)) {
		t.Fatalf("a new key is followed at %s: %+v", before.Next, before)
	}
	w.pass(keyring.DefaultEvery - keyring.DefaultLead)
	done := w.turn(r)
	if len(done.Made) != 1 || len(done.Retired) != 1 || done.Retired[0] != first {
		t.Fatalf("turned %+v", done)
	}
	second := done.Made[0]
	if w.signer(r) != first || !w.published(r, second) {
		t.Fatal("the successor signs before it was published for long enough")
	}
	w.pass(keyring.DefaultLead - time.Second)
	old := w.issue(r) // the last second
	w.pass(time.Second)
	if w.signer(r) != second {
		t.Fatal("the successor does not sign in time")
	}
	fresh := w.issue(r)
	w.pass(token.MaxTTL - time.Second)
	for name, text := range map[string]string{"old": old, "new": fresh} {
		if err := w.good(r, text); err != nil {
			t.Errorf("the %s token before it is over: %v", name, err)
		}
	}
	w.pass(token.MaxLeeway + time.Second)
	if w.published(r, first) {
		t.Error("the old key is still published")
	}
	if done = w.turn(r); len(done.Deleted) != 1 || done.Deleted[0] != first {
		t.Errorf("turned %+v, want the old key deleted", done)
	}
	if list, _ := r.List(t.Context()); len(list) != 1 || list[0].ID != second {
		t.Errorf("left are %v", list)
	}
	// And so on: the schedule counts from when the successor began.
	if want := list0(t, r).NotBefore.Add(keyring.DefaultEvery - keyring.DefaultLead); !done.Next.Equal(want) {
		t.Errorf("next at %s, want %s", done.Next, want)
	}
}

func list0(t *testing.T, r *keyring.Keyring) store.SigningKey {
	t.Helper()
	list, err := r.List(t.Context())
	if err != nil || len(list) == 0 {
		t.Fatalf("%v, %v", list, err)
	}
	return list[0]
}

// A gate that was off for a year signs with what it has, and publishes first.
func TestScheduleAfterALongTime(t *testing.T) {
	w := newWorld(t)
	r := w.ring()
	first := w.signer(r)
	w.pass(400 * 24 * time.Hour)
	done := w.turn(r)
	if len(done.Made) != 1 || w.signer(r) != first {
		t.Fatalf("turned %+v, signs %s", done, w.signer(r))
	}
	w.pass(keyring.DefaultLead)
	if w.signer(r) != done.Made[0] {
		t.Fatal("the successor does not sign")
	}
}

// Of many processes with one store, one makes the successor, and the first key.
func TestProcessesMakeOneSuccessor(t *testing.T) {
	w := newWorld(t)
	const processes = 8
	rings := make([]*keyring.Keyring, processes)
	together := func(do func(i int) error) {
		t.Helper()
		var wg sync.WaitGroup
		failed := make([]error, processes)
		for i := range processes {
			wg.Go(func() { failed[i] = do(i) })
		}
		wg.Wait()
		if err := errors.Join(failed...); err != nil {
			t.Fatal(err)
		}
	}
	together(func(i int) (err error) {
		rings[i], err = keyring.Open(context.Background(), w.set, mark{}, w.clock)
		return err
	})
	if list, _ := rings[0].List(t.Context()); len(list) != 1 {
		t.Fatalf("the start made %d keys", len(list))
	}
	for round := range 5 {
		w.pass(keyring.DefaultEvery)
		var mu sync.Mutex
		made := map[string]bool{}
		together(func(i int) error {
			done, err := rings[i].Turn(context.Background(), keyring.Schedule{})
			mu.Lock()
			defer mu.Unlock()
			for _, id := range done.Made {
				made[id] = true
			}
			return err
		})
		if len(made) != 1 {
			t.Fatalf("round %d made %v", round, made)
		}
		w.pass(keyring.DefaultLead)
		signer := w.signer(rings[0])
		for _, r := range rings {
			if w.signer(r) != signer || !made[signer] {
				t.Fatalf("round %d: they sign with different keys", round)
			}
			if list, _ := r.List(t.Context()); len(list) != 2 {
				t.Fatalf("round %d: %d keys", round, len(list))
			}
		}
		w.pass(keyring.Keep)
		w.turn(rings[round])
	}
}

// Whatever a process did not finish that died, the next one does.
func TestUnfinishedRotation(t *testing.T) {
	for name, lost := range map[string]func(*store.Set) func(){
		"before anybody knew of the key": func(s *store.Set) func() {
			old := s.Settings
			s.Settings = brokenSettings{old}
			return func() { s.Settings = old }
		},
		"before it was said when it signs": func(s *store.Set) func() {
			old := s.SigningKeys
			s.SigningKeys = &brokenKeys{SigningKeys: old}
			return func() { s.SigningKeys = old }
		},
		"before the old one was retired": func(s *store.Set) func() {
			old := s.SigningKeys
			s.SigningKeys = &brokenKeys{SigningKeys: old, updates: 1}
			return func() { s.SigningKeys = old }
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.signer(w.ring())
			mend := lost(w.set)
			dying := w.ring()
			w.pass(keyring.DefaultEvery)
			if _, err := dying.Turn(t.Context(), keyring.Schedule{}); !errors.Is(err, errDied) {
				t.Fatalf("it did not die: %v", err)
			}
			mend()
			r := w.ring()
			w.turn(r)
			if w.signer(r) != first {
				t.Fatal("a key signs that was not published for long enough")
			}
			w.pass(keyring.DefaultLead)
			second := w.signer(r)
			if second == first {
				t.Fatal("there is no successor")
			}
			w.pass(2 * time.Hour)
			w.turn(r)
			if list, _ := w.set.SigningKeys.ListSigningKeys(t.Context()); len(list) != 1 || list[0].ID != second {
				t.Fatalf("left are %v, want %s alone", list, second)
			}
		})
	}
}

var errDied = errors.New("the process died")

type brokenSettings struct{ store.Settings }

func (brokenSettings) UpdateSetting(context.Context, string, string, string) error { return errDied }

// brokenKeys allows some updates, and no deletion.
type brokenKeys struct {
	store.SigningKeys
	updates int
}

func (b *brokenKeys) UpdateSigningKey(ctx context.Context, k store.SigningKey) (store.SigningKey, error) {
	if b.updates--; b.updates < 0 {
		return k, errDied
	}
	return b.SigningKeys.UpdateSigningKey(ctx, k)
}

func (b *brokenKeys) DeleteSigningKey(context.Context, string) error { return errDied }

func TestRotateNow(t *testing.T) {
	w := newWorld(t)
	r := w.ring()
	old := w.issue(r)
	w.pass(time.Minute)
	made, err := r.Rotate(t.Context(), token.EdDSA, 0)
	if err != nil || made.Algorithm != token.EdDSA {
		t.Fatalf("%v, %v", made, err)
	}
	if w.signer(r) != made.ID {
		t.Fatal("it does not sign at once")
	}
	for _, text := range []string{old, w.issue(r)} {
		if err := w.good(r, text); err != nil {
			t.Error(err)
		}
	}
	// The successor of that one is of its kind.
	w.pass(keyring.DefaultEvery)
	w.turn(r)
	w.pass(keyring.DefaultLead)
	if s, _ := r.Signer(t.Context()); s.Alg() != token.EdDSA || s.ID() == made.ID {
		t.Errorf("signs with %s, want another EdDSA key", s)
	}
}

// A key that leaked is worth nothing at once, and somebody signs all the same.
func TestRevoke(t *testing.T) {
	w := newWorld(t)
	r, other := w.ring(), w.ring()
	first := w.signer(r)
	stolen := w.issue(r)
	if err := w.good(other, stolen); err != nil {
		t.Fatal(err)
	}
	if err := r.Revoke(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	for name, ring := range map[string]*keyring.Keyring{"here": r, "elsewhere": other} {
		if err := w.good(ring, stolen); err == nil {
			t.Errorf("%s: a token of the withdrawn key is good", name)
		}
		if err := w.good(ring, w.issue(ring)); err != nil {
			t.Errorf("%s: nobody can sign: %v", name, err)
		}
	}
	if err := r.Revoke(t.Context(), first); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
	// The schedule goes on.
	w.pass(keyring.DefaultEvery)
	if done := w.turn(r); len(done.Made) != 1 {
		t.Errorf("turned %+v", done)
	}
}

// If the key that waits is withdrawn, the one that signs goes on.
func TestRevokeTheNextOne(t *testing.T) {
	w := newWorld(t)
	r := w.ring()
	first := w.signer(r)
	made, err := r.Rotate(t.Context(), "", keyring.DefaultLead)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Revoke(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	w.pass(2*keyring.DefaultLead + keyring.Keep)
	if w.signer(r) != first {
		t.Fatal("the key that signed is gone")
	}
	if err := w.good(r, w.issue(r)); err != nil {
		t.Fatal(err)
	}
	w.pass(keyring.DefaultEvery)
	if done := w.turn(r); len(done.Made) != 1 {
		t.Errorf("turned %+v, want a successor", done)
	}
}

func TestRetire(t *testing.T) {
	w := newWorld(t)
	r := w.ring()
	first := w.signer(r)
	old := w.issue(r)
	made, err := r.Rotate(t.Context(), "", keyring.DefaultLead)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	if _, err := r.Retire(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if w.signer(r) != made.ID {
		t.Fatal("the key that waited does not sign")
	}
	if err := w.good(r, old); err != nil {
		t.Errorf("what a retired key signed: %v", err)
	}
	// The only one: a new one signs.
	if _, err := r.Retire(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	if s := w.signer(r); s == made.ID || s == first {
		t.Fatal("a retired key signs")
	}
	if _, err := r.Retire(t.Context(), "nothing"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// Records of before rotation have no order yet.
func TestKeysOfAnOlderProgram(t *testing.T) {
	w := newWorld(t)
	r := w.ring()
	first := w.signer(r)
	w.set.Settings = noSettings{w.set.Settings}
	r = w.ring()
	w.pass(keyring.DefaultEvery)
	done := w.turn(r)
	if len(done.Made) != 1 || w.signer(r) != first {
		t.Fatalf("turned %+v", done)
	}
}

// noSettings knows nothing until something is created.
type noSettings struct{ store.Settings }

func (n noSettings) Setting(ctx context.Context, name string) (string, error) {
	return n.Settings.Setting(ctx, name+"'")
}

func (n noSettings) CreateSetting(ctx context.Context, name, value string) error {
	return n.Settings.CreateSetting(ctx, name+"'", value)
}

func (n noSettings) UpdateSetting(ctx context.Context, name, old, value string) error {
	return n.Settings.UpdateSetting(ctx, name+"'", old, value)
}

// Who reads the metadata once must know by what the next key signs, before it does.
func TestAlgorithms(t *testing.T) {
	w := newWorld(t)
	r := w.ring()
	expect := func(want ...string) {
		t.Helper()
		if got, err := r.Algorithms(t.Context()); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
	}
	expect(token.ES256)
	if _, err := r.Rotate(t.Context(), token.RS256, time.Hour); err != nil {
		t.Fatal(err)
	}
	expect(token.ES256, token.RS256)
	w.pass(time.Hour)
	w.turn(r)
	expect(token.RS256, token.ES256)
	w.pass(keyring.Keep)
	w.turn(r)
	expect(token.RS256)
}
