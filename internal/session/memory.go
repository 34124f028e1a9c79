package session

import (
	"crypto/rand"
	"crypto/sha256"

	"github.com/maypok86/otter/v2"
)

// memory is a bounded map by fingerprint. A nil one remembers nothing.
type memory struct {
	cache *otter.Cache[[32]byte, *live]
}

func newMemory(entries int) *memory {
	if entries <= 0 {
		entries = DefaultEntries
	}
	// The options are fixed and right: New cannot fail.
	return &memory{otter.Must(&otter.Options[[32]byte, *live]{MaximumSize: entries})}
}

func (m *memory) get(key [32]byte) (*live, bool) {
	if m == nil {
		return nil, false
	}
	return m.cache.GetIfPresent(key)
}

func (m *memory) set(key [32]byte, l *live) {
	if m != nil {
		m.cache.Set(key, l)
	}
}

func (m *memory) forget(key [32]byte) {
	if m != nil {
		m.cache.Invalidate(key)
	}
}

// fingerprint turns secrets into keys of the memory: SHA-256 over a random key
// and the secret, so that what stays in memory does not tell it.
type fingerprint struct{ key [32]byte }

func newFingerprint() (f fingerprint) {
	// crypto/rand does not fail: it ends the process instead.
	_, _ = rand.Read(f.key[:])
	return f
}

func (f *fingerprint) of(secret string) [32]byte {
	var buf [128]byte
	return sha256.Sum256(append(append(buf[:0], f.key[:]...), secret...))
}
