package keyring_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/keyring"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

func TestRotateWhereOneWaits(t *testing.T) {
	for _, test := range []struct {
		name, alg string
		lead      time.Duration
		err       error
		forward   bool // the one that waits signs now
	}{
		{"a second one that waits", "", keyring.DefaultLead, keyring.ErrWaiting, false},
		{"one of another kind that waits", token.EdDSA, keyring.DefaultLead, keyring.ErrWaiting, false},
		{"now", "", 0, nil, true},
		{"now, of the same kind", token.ES256, 0, nil, true},
		{"now, of another kind", token.EdDSA, 0, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			r := w.ring()
			w.pass(24 * time.Hour)
			first, err := r.Rotate(t.Context(), "", keyring.DefaultLead)
			if err != nil {
				t.Fatal(err)
			}
			w.pass(time.Minute)
			got, err := r.Rotate(t.Context(), test.alg, test.lead)
			if !errors.Is(err, test.err) {
				t.Fatalf("%v, want %v", err, test.err)
			}
			if test.err != nil {
				if got.ID != first.ID || len(w.waiting(r)) != 1 {
					t.Errorf("got %s and %d waiting, want %s alone", got.ID, len(w.waiting(r)), first.ID)
				}
				return
			}
			if (got.ID == first.ID) != test.forward {
				t.Errorf("got %s, waiting was %s", got.ID, first.ID)
			}
			// It signs from now on, and nothing that was made before takes over.
			for range 4 {
				signer, err := r.Signer(t.Context())
				if err != nil || signer.ID() != got.ID {
					t.Fatalf("%s: %s signs (%v), want %s", w.clock(), signer.ID(), err, got.ID)
				}
				w.pass(time.Hour)
				w.turn(r)
			}
		})
	}
}

func (w *world) waiting(r *keyring.Keyring) (list []store.SigningKey) {
	w.t.Helper()
	all, err := r.List(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, one := range all {
		if one.NotBefore.After(w.clock()) && one.Retired.IsZero() {
			list = append(list, one)
		}
	}
	return list
}
