package token

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
)

// digest hashes the signing input by the hash of the algorithm.
func digest(alg algID, signed []byte) []byte {
	switch alg.hash() {
	case crypto.SHA256:
		sum := sha256.Sum256(signed)
		return sum[:]
	case crypto.SHA384:
		sum := sha512.Sum384(signed)
		return sum[:]
	}
	sum := sha512.Sum512(signed)
	return sum[:]
}
