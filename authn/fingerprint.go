package authn

import (
	"crypto/rand"
	"crypto/sha256"
)

// fingerprint turns credentials into the keys of caches: SHA-256 over a random
// key and the credential. Without the key nobody can look for collisions, and
// what stays in memory after a request does not tell the credential.
type fingerprint struct{ key [32]byte }

func newFingerprint() (f fingerprint) {
	// crypto/rand does not fail: it ends the process instead.
	_, _ = rand.Read(f.key[:])
	return f
}

// of needs no length prefix: there is one part, behind a key of fixed length.
func (f *fingerprint) of(credential string) [32]byte {
	// Most tokens fit; the buffer stays on the stack.
	var buf [1280]byte
	b := append(buf[:0], f.key[:]...)
	return sha256.Sum256(append(b, credential...))
}
