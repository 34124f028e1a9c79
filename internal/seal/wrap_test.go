package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/gate401/gate401/internal/seal"
)

func TestWrap(t *testing.T) {
	master := bytes.Repeat([]byte{7}, seal.KeySize)
	wrapped, err := seal.Wrap(master, []byte("correct horse"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(wrapped) > seal.MaxWrapped || bytes.Contains(wrapped, master) {
		t.Errorf("%d octets: %q", len(wrapped), wrapped)
	}
	got, err := seal.Unwrap(wrapped, []byte("correct horse"))
	if err != nil || !bytes.Equal(got, master) {
		t.Errorf("%x, %v", got, err)
	}
	if _, err := seal.Unwrap(wrapped, []byte("Correct horse")); !errors.Is(err, seal.ErrPassphrase) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	changed := bytes.Clone(wrapped)
	changed[len(changed)-1] ^= 1
	if _, err := seal.Unwrap(changed, []byte("correct horse")); !errors.Is(err, seal.ErrPassphrase) {
		t.Errorf("a changed octet: %v", err)
	}
	costly := bytes.Clone(wrapped)
	costly[bytes.IndexByte(costly, '\n')+1] = 0xff
	for name, bad := range map[string][]byte{"nothing": nil, "cut": wrapped[:len(wrapped)-1], "costly": costly, "other": bytes.Repeat([]byte("x"), len(wrapped))} {
		if _, err := seal.Unwrap(bad, []byte("correct horse")); err == nil {
			t.Errorf("%s: unwrapped", name)
		}
	}
	if _, err := seal.Wrap(master[1:], []byte("x"), nil); err == nil {
		t.Error("half a key was wrapped")
	}
}
