package seal

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// The form of a wrapped key: a line that says what it is, the cost, the salt and
// the nonce, then what is encrypted. The cost is the second choice of RFC 9106
// section 4: it is paid once for a backup, and by whoever guesses each time.
const (
	wrapMagic   = "gate401 master key, wrapped 1\n"
	wrapTime    = 3
	wrapMemory  = 64 << 10 // KiB
	wrapThreads = 4
	wrapSalt    = 16
	wrapHead    = 9 // time, memory, threads
)

// MaxWrapped bounds what Unwrap reads.
const MaxWrapped = 1024

// ErrPassphrase says that the passphrase is wrong, or that what it should open
// was changed: one cannot tell.
var ErrPassphrase = errors.New("the passphrase is wrong, or the wrapped key is damaged")

// Wrap encrypts a master key with a passphrase, for a copy that leaves the
// machine. A nil reader means crypto/rand.
func Wrap(master, passphrase []byte, random io.Reader) ([]byte, error) {
	if len(master) != KeySize {
		return nil, fmt.Errorf("want %d bytes, got %d", KeySize, len(master))
	}
	if random == nil {
		random = rand.Reader
	}
	out := []byte(wrapMagic)
	out = binary.BigEndian.AppendUint32(out, wrapTime)
	out = binary.BigEndian.AppendUint32(out, wrapMemory)
	out = append(out, wrapThreads)
	fresh := make([]byte, wrapSalt+chacha20poly1305.NonceSizeX)
	if _, err := io.ReadFull(random, fresh); err != nil {
		return nil, fmt.Errorf("making a salt: %w", err)
	}
	out = append(out, fresh...)
	aead, err := chacha20poly1305.NewX(argon2.IDKey(passphrase, fresh[:wrapSalt], wrapTime, wrapMemory, wrapThreads, chacha20poly1305.KeySize))
	if err != nil {
		return nil, err
	}
	return aead.Seal(out, fresh[wrapSalt:], master, out[:len(wrapMagic)+wrapHead+wrapSalt]), nil
}

// Unwrap is the inverse of Wrap.
func Unwrap(wrapped, passphrase []byte) ([]byte, error) {
	const head = len(wrapMagic) + wrapHead + wrapSalt
	const nonce = head + chacha20poly1305.NonceSizeX
	if len(wrapped) != nonce+KeySize+chacha20poly1305.Overhead || string(wrapped[:len(wrapMagic)]) != wrapMagic {
		return nil, errors.New("this is no wrapped master key")
	}
	b := wrapped[len(wrapMagic):]
	time, memory, threads := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]), b[8]
	// A file must not make us spend more than we would.
	if time < 1 || time > 2*wrapTime || memory < 8*uint32(threads) || memory > 2*wrapMemory || threads < 1 || threads > 16 {
		return nil, errors.New("the cost of the wrapped key is out of bounds")
	}
	aead, err := chacha20poly1305.NewX(argon2.IDKey(passphrase, b[wrapHead:wrapHead+wrapSalt], time, memory, threads, chacha20poly1305.KeySize))
	if err != nil {
		return nil, err
	}
	master, err := aead.Open(nil, wrapped[head:nonce], wrapped[nonce:], wrapped[:head])
	if err != nil {
		return nil, ErrPassphrase
	}
	return master, nil
}
