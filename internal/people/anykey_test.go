package people_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

func TestAdministratorsKeys(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	// More than the owner may do, and nobody's.
	hers, _, err := w.AddKey(ctx, root, "Alice", people.NewKey{Environment: "live", Scopes: []string{"admin"}})
	if err != nil || hers.Owner != "alice" || !strings.HasPrefix(hers.ID, "k-") {
		t.Fatalf("made %+v, %v", hers, err)
	}
	free, secret, err := w.AddKey(ctx, root, "", people.NewKey{ID: "k-robot", Environment: "test", Expires: w.clock().Add(time.Hour)})
	if err != nil || free.Owner != "" || free.ID != "k-robot" || secret.Hash() != free.Hash {
		t.Fatalf("made %+v, %v", free, err)
	}
	for name, bad := range map[string]struct {
		owner string
		ask   people.NewKey
		want  error
	}{
		"nobody of that name": {"carol", people.NewKey{Environment: "live"}, store.ErrNotFound},
		"no environment":      {"", people.NewKey{Environment: "LIVE"}, people.ErrKeyInvalid},
		"over":                {"", people.NewKey{Environment: "live", Expires: w.clock()}, people.ErrKeyInvalid},
		"the same id":         {"", people.NewKey{ID: "k-robot", Environment: "live"}, store.ErrExists},
	} {
		if _, _, err := w.AddKey(ctx, root, bad.owner, bad.ask); !errors.Is(err, bad.want) {
			t.Errorf("%s: %v, want %v", name, err, bad.want)
		}
	}

	// A person's own ways lead to no key of nobody.
	if _, _, err := w.RotateKey(ctx, alice, "", free.ID, "k-1111111111", 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("replaced by nobody: %v", err)
	}
	w.pass(time.Minute)
	until := w.clock().Add(300 * 24 * time.Hour)
	next, _, err := w.RotateAnyKey(ctx, root, free.ID, people.Replacement{Overlap: 60 * 24 * time.Hour, Expires: until})
	if err != nil || next.Owner != "" || next.Environment != "test" || !next.Expires.Equal(until) {
		t.Fatalf("replaced by %+v, %v", next, err)
	}
	if _, _, err := w.RotateAnyKey(ctx, root, free.ID, people.Replacement{}); !errors.Is(err, people.ErrKeyOver) {
		t.Errorf("replaced twice: %v", err)
	}
	if _, _, err := w.RotateAnyKey(ctx, root, next.ID, people.Replacement{Overlap: -1}); !errors.Is(err, people.ErrKeyInvalid) {
		t.Errorf("replaced before now: %v", err)
	}

	for _, want := range []bool{true, false} {
		key, revoked, err := w.RevokeAnyKey(ctx, root, next.ID)
		if err != nil || revoked != want || !key.Revoked.Equal(w.clock()) {
			t.Errorf("revoked %v (%v), %v; want %v", revoked, key.Revoked, err, want)
		}
	}
	if _, _, err := w.RevokeAnyKey(ctx, root, "k-nothing"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a key that is not there: %v", err)
	}
	who := "command line:root "
	want := who + "key.create " + hers.ID + "; " + who + "key.create k-robot; " + who + "key.rotate k-robot; " + who + "key.revoke " + next.ID
	if got := w.actions(t); got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
	var told []string
	for _, e := range w.events {
		told = append(told, string(e.Kind)+" "+e.Object)
	}
	if got, want := strings.Join(told, "; "), "issued "+hers.ID+"; issued k-robot; renewed k-robot; issued "+next.ID+"; revoked "+next.ID; got != want {
		t.Errorf("the history hears %q, want %q", got, want)
	}
}
