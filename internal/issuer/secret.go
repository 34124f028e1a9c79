package issuer

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/gate401/gate401/store"
)

// secretPrefix starts every client secret that the gate makes, so that scanners
// for leaked secrets know one.
const secretPrefix = "g401c_"

// hintLength is how much of a secret lists may show.
const hintLength = len(secretPrefix) + 4

// NewClientSecret makes a client secret with 256 random bits, and what is to be
// kept of it. The text is shown once. random nil means crypto/rand.
func NewClientSecret(random io.Reader) (text string, record store.ClientSecret, err error) {
	if random == nil {
		random = rand.Reader
	}
	var bits [32]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		return "", store.ClientSecret{}, fmt.Errorf("random bits: %w", err)
	}
	// Of characters that no client encodes in two ways (RFC 6749 section 2.3.1).
	text = secretPrefix + base64.RawURLEncoding.EncodeToString(bits[:])
	return text, store.ClientSecret{Hash: sha256.Sum256([]byte(text)), Hint: text[:hintLength]}, nil
}
