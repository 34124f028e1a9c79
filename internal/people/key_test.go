package people_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

func TestCreateKey(t *testing.T) {
	good := people.NewKey{ID: "k-0123456789", Name: "ci", Environment: "live", Scopes: []string{"orders:read"}, Groups: []string{"staff"}, Expires: start.Add(time.Hour)}
	for _, tt := range []struct {
		name  string
		owner string
		edit  func(*people.NewKey)
		want  error
	}{
		{name: "right"},
		{name: "for ever", edit: func(k *people.NewKey) { k.Expires = time.Time{} }},
		{name: "with nothing", edit: func(k *people.NewKey) { k.Scopes, k.Groups = nil, nil }},
		{name: "a scope too many", edit: func(k *people.NewKey) { k.Scopes = []string{"orders:read", "admin"} }, want: people.ErrBeyond},
		{name: "a group too many", edit: func(k *people.NewKey) { k.Groups = []string{"admin"} }, want: people.ErrBeyond},
		{name: "somebody who has nothing", owner: "bob", want: people.ErrBeyond},
		{name: "over", edit: func(k *people.NewKey) { k.Expires = start }, want: people.ErrKeyInvalid},
		{name: "an id of their own", edit: func(k *people.NewKey) { k.ID = "k-admin" }, want: people.ErrKeyInvalid},
		{name: "no id", edit: func(k *people.NewKey) { k.ID = "" }, want: people.ErrKeyInvalid},
		{name: "a long name", edit: func(k *people.NewKey) { k.Name = strings.Repeat("n", 65) }, want: people.ErrKeyInvalid},
		{name: "a name that terminals obey", edit: func(k *people.NewKey) { k.Name = "ci\x1b[2J" }, want: people.ErrKeyInvalid},
		{name: "a name that turns round", edit: func(k *people.NewKey) { k.Name = "ci\u202e" }, want: people.ErrKeyInvalid},
		{name: "no environment", edit: func(k *people.NewKey) { k.Environment = "" }, want: people.ErrKeyInvalid},
		{name: "nobody", owner: "carol", want: store.ErrNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newTown(t)
			ask, owner := good, "alice"
			if tt.edit != nil {
				tt.edit(&ask)
			}
			if tt.owner != "" {
				owner = tt.owner
			}
			made, secret, err := w.CreateKey(t.Context(), alice, owner, ask)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want != nil {
				if keys, err := w.Keys(t.Context(), "alice"); err != nil || len(keys) != 0 || secret.Reveal() != "" {
					t.Errorf("made all the same: %v, %v", keys, err)
				}
				return
			}
			parsed, err := token.ParseAPIKey(secret.Reveal())
			if err != nil || parsed.Hash() != made.Hash || made.Owner != "alice" {
				t.Errorf("the key is %v, stored %v: %v", secret, made, err)
			}
			// The form again: no second key.
			if _, _, err := w.CreateKey(t.Context(), alice, owner, ask); !errors.Is(err, store.ErrExists) {
				t.Errorf("the same again: %v", err)
			}
		})
	}
}

func TestTooManyKeys(t *testing.T) {
	w := newTown(t)
	for i := range people.MaxKeys {
		if _, _, err := w.CreateKey(t.Context(), alice, "alice", people.NewKey{ID: fmt.Sprintf("k-0000000%03d", i), Environment: "live"}); err != nil {
			t.Fatal(err)
		}
	}
	more := people.NewKey{ID: "k-9999999999", Environment: "live"}
	if _, _, err := w.CreateKey(t.Context(), alice, "alice", more); !errors.Is(err, people.ErrTooManyKeys) {
		t.Fatalf("one more: %v", err)
	}
	if _, err := w.RevokeKey(t.Context(), alice, "alice", "k-0000000000"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.CreateKey(t.Context(), alice, "alice", more); err != nil {
		t.Errorf("in place of a revoked one: %v", err)
	}
}

func TestRotateKey(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	old, _, err := w.CreateKey(ctx, alice, "alice", people.NewKey{ID: "k-0123456789", Name: "ci", Environment: "live", Scopes: []string{"orders:read"}, Expires: w.clock().Add(90 * 24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	w.pass(30 * 24 * time.Hour)
	if _, _, err := w.RotateKey(ctx, people.By{Actor: "bob"}, "bob", old.ID, "k-1111111111", 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("somebody else's: %v", err)
	}
	if _, _, err := w.RotateKey(ctx, alice, "alice", old.ID, "k-1111111111", people.MaxOverlap+1); !errors.Is(err, people.ErrKeyInvalid) {
		t.Errorf("for too long: %v", err)
	}
	next, secret, err := w.RotateKey(ctx, alice, "alice", old.ID, "k-1111111111", 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if next.Name != "ci" || next.Owner != "alice" || len(next.Scopes) != 1 || secret.Hash() != next.Hash || !next.Expires.Equal(w.clock().Add(90*24*time.Hour)) {
		t.Errorf("the new one is %+v", next)
	}
	if old, err = w.Key(ctx, "alice", old.ID); err != nil || !old.Expires.Equal(w.clock().Add(24*time.Hour)) || old.Successor != next.ID {
		t.Errorf("the old one is %+v, %v", old, err)
	}
	if _, _, err := w.RotateKey(ctx, alice, "alice", old.ID, "k-1111111111", 24*time.Hour); !errors.Is(err, store.ErrExists) {
		t.Errorf("the same form again: %v", err)
	}
	if _, _, err := w.RotateKey(ctx, alice, "alice", old.ID, "k-2222222222", 24*time.Hour); !errors.Is(err, people.ErrKeyOver) {
		t.Errorf("another one: %v", err)
	}
}

func TestRevokeKey(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	key, _, err := w.CreateKey(ctx, alice, "alice", people.NewKey{ID: "k-0123456789", Environment: "live"})
	if err != nil {
		t.Fatal(err)
	}
	for _, owner := range []string{"bob", ""} {
		if _, err := w.RevokeKey(ctx, people.By{Actor: owner}, owner, key.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("by %q: %v", owner, err)
		}
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			changed, err := w.RevokeKey(ctx, alice, "alice", key.ID)
			if err != nil {
				t.Error(err)
			}
			if changed {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("revoked %d times", won.Load())
	}
	if _, _, err := w.RotateKey(ctx, alice, "alice", key.ID, "k-1111111111", 0); !errors.Is(err, people.ErrKeyOver) {
		t.Errorf("replaced afterwards: %v", err)
	}
}
