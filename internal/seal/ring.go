package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeySize is the size of a master key in bytes.
const KeySize = 32

// MaxSecret is the largest secret that can be sealed: keys, not files.
const MaxSecret = 1 << 20

var (
	// ErrWrongKey says that something was sealed with a master key that is not
	// in the ring.
	ErrWrongKey = errors.New("sealed with another master key")
	// ErrDamaged says that what was sealed has been changed or cut, or belongs
	// to another record.
	ErrDamaged = errors.New("sealed secret is damaged or belongs to another record")
)

// What is sealed begins with a version byte and the ID of the master key, both
// authenticated; a nonce and the ciphertext follow. The nonces of XChaCha20
// are long enough to be random (draft-irtf-cfrg-xchacha, Section 2.1).
const (
	version    = 1
	idSize     = 8
	headerSize = 1 + idSize
	nonceSize  = chacha20poly1305.NonceSizeX
)

// Ring is a set of master keys: the first seals, all of them open. It is safe
// for concurrent use. The zero value refuses everything.
type Ring struct {
	keys []key
	rand io.Reader
}

type key struct {
	id   [idSize]byte
	aead cipher.AEAD
}

// New returns a ring. After a change of the master key, old are the keys before
// it, until everything has been sealed anew.
func New(current []byte, old ...[]byte) (*Ring, error) {
	r := &Ring{rand: rand.Reader}
	for _, master := range append([][]byte{current}, old...) {
		k, err := derive(master)
		if err != nil {
			return nil, err
		}
		r.keys = append(r.keys, k)
	}
	return r, nil
}

// derive makes the key for the cipher and the public ID from the master key
// (RFC 5869), so that the ID says nothing about the key.
func derive(master []byte) (key, error) {
	if len(master) != KeySize {
		return key{}, fmt.Errorf("master key has %d bytes, want %d", len(master), KeySize)
	}
	if bytes.Equal(master, make([]byte, KeySize)) {
		return key{}, errors.New("master key is all zeros")
	}
	secret, err := hkdf.Key(sha256.New, master, nil, "gate401 seal v1 key", chacha20poly1305.KeySize)
	if err != nil {
		return key{}, fmt.Errorf("deriving a key: %w", err)
	}
	id, err := hkdf.Key(sha256.New, master, nil, "gate401 seal v1 id", idSize)
	if err != nil {
		return key{}, fmt.Errorf("deriving a key id: %w", err)
	}
	k := key{id: [idSize]byte(id)}
	if k.aead, err = chacha20poly1305.NewX(secret); err != nil {
		return key{}, fmt.Errorf("making the cipher: %w", err)
	}
	return k, nil
}

// KeyID names the master key that seals, in hex. It is no secret: keep it among
// the settings of the store and compare at start, before anything is sealed
// with the wrong key.
func (r *Ring) KeyID() string {
	if len(r.keys) == 0 {
		return ""
	}
	return hex.EncodeToString(r.keys[0].id[:])
}

// Seal encrypts secret for the record of that kind and id.
func (r *Ring) Seal(kind, id string, secret []byte) ([]byte, error) {
	if len(r.keys) == 0 {
		return nil, errors.New("no master key")
	}
	if len(secret) > MaxSecret {
		return nil, fmt.Errorf("secret is over %d bytes", MaxSecret)
	}
	k := r.keys[0]
	out := make([]byte, headerSize+nonceSize, headerSize+nonceSize+len(secret)+k.aead.Overhead())
	out[0] = version
	copy(out[1:], k.id[:])
	nonce := out[headerSize:]
	if _, err := io.ReadFull(r.rand, nonce); err != nil {
		return nil, fmt.Errorf("making a nonce: %w", err)
	}
	return k.aead.Seal(out, nonce, secret, bound(out[:headerSize], kind, id)), nil
}

// Open decrypts what Seal returned for the same kind and id, else ErrWrongKey
// or ErrDamaged. It never returns part of a secret.
func (r *Ring) Open(kind, id string, sealed []byte) ([]byte, error) {
	if len(sealed) < headerSize+nonceSize+chacha20poly1305.Overhead || sealed[0] != version {
		return nil, fmt.Errorf("opening %s %q: %w", kind, id, ErrDamaged)
	}
	at := slices.IndexFunc(r.keys, func(k key) bool { return bytes.Equal(k.id[:], sealed[1:headerSize]) })
	if at < 0 {
		return nil, fmt.Errorf("opening %s %q: %w (%x, have %s)", kind, id, ErrWrongKey, sealed[1:headerSize], r.KeyID())
	}
	header, nonce, text := sealed[:headerSize], sealed[headerSize:headerSize+nonceSize], sealed[headerSize+nonceSize:]
	secret, err := r.keys[at].aead.Open(nil, nonce, text, bound(header, kind, id))
	if err != nil {
		return nil, fmt.Errorf("opening %s %q: %w", kind, id, ErrDamaged)
	}
	return secret, nil
}

// Stale tells whether sealed should be sealed anew because the key that seals
// is another by now.
func (r *Ring) Stale(sealed []byte) bool {
	return len(r.keys) > 0 && (len(sealed) < headerSize || !bytes.Equal(r.keys[0].id[:], sealed[1:headerSize]))
}

// bound is the associated data. With the length of kind in front, no two
// records share it.
func bound(header []byte, kind, id string) []byte {
	data := append([]byte{}, header...)
	data = binary.BigEndian.AppendUint64(data, uint64(len(kind)))
	data = append(data, kind...)
	return append(data, id...)
}
