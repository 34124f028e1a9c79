package issuer

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrUserCode says that no device waits with that code: it was mistyped, it is
// over, or it was decided.
var ErrUserCode = errors.New("no device waits with that code")

// userAlphabet has no vowels, so that no code is a word, and no two letters that
// look or sound alike to most people (RFC 8628 section 6.1).
const userAlphabet = "BCDFGHJKLMNPQRSTVWXZ"

// userCodeLength gives 20^8, some 34 bits: guesses are counted where codes are
// entered, and a code is good for minutes.
const userCodeLength = 8

// newUserCode makes a code as it is stored, without the hyphen.
func newUserCode(random io.Reader) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	// Octets that would make some letters likelier than others are thrown away.
	const fair = 256 - 256%len(userAlphabet)
	var out [userCodeLength]byte
	for n := 0; n < len(out); {
		var one [1]byte
		if _, err := io.ReadFull(random, one[:]); err != nil {
			return "", fmt.Errorf("random bits: %w", err)
		}
		if int(one[0]) < fair {
			out[n] = userAlphabet[int(one[0])%len(userAlphabet)]
			n++
		}
	}
	return string(out[:]), nil
}

// spaced is a code as people read it.
func spaced(code string) string { return code[:userCodeLength/2] + "-" + code[userCodeLength/2:] }

// readUserCode takes a code as people type it: small letters, spaces and hyphens
// do not matter.
func readUserCode(text string) (string, error) {
	if len(text) > 4*userCodeLength {
		return "", ErrUserCode
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(text) {
		switch {
		case strings.ContainsRune(userAlphabet, r):
			b.WriteRune(r)
		case r == '-' || r == ' ' || r == '.' || r == '_':
		default:
			return "", ErrUserCode
		}
	}
	if b.Len() != userCodeLength {
		return "", ErrUserCode
	}
	return b.String(), nil
}

func userHash(code string) [32]byte { return sha256.Sum256([]byte("user-code " + code)) }
