package keyring_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/keyring"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

// read counts how often the keys are read.
type read struct {
	store.SigningKeys
	n int
}

func (r *read) ListSigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	r.n++
	return r.SigningKeys.ListSigningKeys(ctx)
}

// A process that has not yet heard of a new key finds it, and names of keys that
// somebody invents do not make it read all the time.
func TestKeyThatOthersMade(t *testing.T) {
	set := memory.Open(memory.Options{})
	defer func() { _ = set.Close() }()
	now := time.Now()
	clock := func() time.Time { return now }
	ring, err := keyring.Open(t.Context(), set, mark{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	// The other one hears of nothing.
	reads, deaf := &read{SigningKeys: set.SigningKeys}, *set
	deaf.SigningKeys, deaf.Revision = reads, func() uint64 { return 1 }
	other, err := keyring.Open(t.Context(), &deaf, mark{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		now = now.Add(time.Second)
		if _, err := ring.Rotate(t.Context(), "", 0); err != nil {
			t.Fatal(err)
		}
		issued, err := ring.Issue(t.Context(), token.Grant{Issuer: "https://gate.example", Subject: "alice", Audience: []string{"orders"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(t, other, issued.Token); err != nil {
			t.Errorf("a token of the new key: %v", err)
		}
	}
	now = now.Add(time.Second)
	reads.n = 0
	for range 100 {
		if _, err := other.Keys(t.Context(), "invented", token.ES256); !errors.Is(err, token.ErrKeyUnknown) {
			t.Fatal(err)
		}
	}
	if reads.n != 1 {
		t.Errorf("%d reads", reads.n)
	}
	// Whoever stole a key cannot hide which one it was.
	if _, err := other.Keys(t.Context(), "", token.ES256); !errors.Is(err, token.ErrKeyUnknown) {
		t.Errorf("a token that names no key: %v", err)
	}
}
