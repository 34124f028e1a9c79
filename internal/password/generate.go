package password

import (
	"crypto/rand"
	"fmt"
	"io"
)

// alphabet is Crockford's base 32 in lower case: no i, l, o or u, which are
// misread on paper. Its size divides 256, so no character is likelier.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// Generate returns a new random password of 100 bits, for a person to copy:
// "q7tqd-00x4m-cs9kz-5v2ea". A nil reader means crypto/rand.
func Generate(random io.Reader) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	var raw [20]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("generating a password: %w", err)
	}
	var out []byte
	for i, b := range raw {
		if i > 0 && i%5 == 0 {
			out = append(out, '-')
		}
		out = append(out, alphabet[b%byte(len(alphabet))])
	}
	return string(out), nil
}
