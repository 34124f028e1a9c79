package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/keyring"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

// mark is a sealer that only marks what it seals, and checks the binding.
type mark struct{}

func (mark) Seal(kind, id string, plain []byte) ([]byte, error) {
	return append([]byte(kind+"|"+id+"|"), plain...), nil
}

func (mark) Open(kind, id string, sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(kind+"|"+id+"|"))
	if !ok {
		return nil, errors.New("sealed as something else")
	}
	return plain, nil
}

func verify(t *testing.T, k *keyring.Keyring, text string) error {
	t.Helper()
	v, err := token.New(token.Profile{Keys: k, Issuer: "https://gate.example", Audience: []string{"orders"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(context.Background(), text)
	return err
}

func TestKeyring(t *testing.T) {
	set := memory.Open(memory.Options{})
	defer func() { _ = set.Close() }()
	now := time.Now()
	clock := func() time.Time { return now }
	ring, err := keyring.Open(t.Context(), set, mark{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	issue := func() string {
		t.Helper()
		issued, err := ring.Issue(t.Context(), token.Grant{Issuer: "https://gate.example", Subject: "alice", Audience: []string{"orders"}})
		if err != nil {
			t.Fatal(err)
		}
		return issued.Token
	}
	old := issue()
	if err := verify(t, ring, old); err != nil {
		t.Fatal(err)
	}
	// Opened again, it makes no second key and reads the first.
	again, err := keyring.Open(t.Context(), set, mark{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t, again, old); err != nil {
		t.Errorf("after opening again: %v", err)
	}
	// A newer key signs, and the older one goes on verifying.
	now = now.Add(time.Second)
	id, err := ring.Create(t.Context(), token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	if signer, err := ring.Signer(t.Context()); err != nil || signer.ID() != id {
		t.Errorf("signs with %v, %v; want %s", signer, err, id)
	}
	for _, text := range []string{old, issue()} {
		if err := verify(t, again, text); err != nil {
			t.Errorf("after another key was made: %v", err)
		}
	}
	// A key that has expired verifies nothing, from that moment on.
	records, err := set.SigningKeys.ListSigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Both may be of the same millisecond.
	first := records[slices.IndexFunc(records, func(k store.SigningKey) bool { return k.ID != id })]
	first.Retired, first.Expires = now, now.Add(time.Minute)
	if _, err := set.SigningKeys.UpdateSigningKey(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := verify(t, ring, old); err != nil {
		t.Errorf("retired, not expired: %v", err)
	}
	now = now.Add(time.Minute)
	if err := verify(t, ring, old); err == nil {
		t.Error("verified by an expired key")
	}
	published, err := ring.PublicKeySet(t.Context())
	if err != nil || bytes.Contains(published, []byte(first.ID)) || bytes.Contains(published, []byte(`"d"`)) {
		t.Errorf("published %s, %v", published, err)
	}
}

// A sealed key that was put into another record is not used.
func TestSwappedKeyIsRefused(t *testing.T) {
	set := memory.Open(memory.Options{})
	defer func() { _ = set.Close() }()
	ring, err := keyring.Open(t.Context(), set, mark{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ring.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := signer.MarshalPrivate()
	sealed, _ := mark{}.Seal("signing-key", "other", plain)
	if _, err := set.SigningKeys.CreateSigningKey(t.Context(), store.SigningKey{ID: "other", Algorithm: token.ES256, Private: sealed, Public: []byte("{}"), NotBefore: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Signer(t.Context()); err == nil {
		t.Error("a key stored under another name was used")
	}
}
