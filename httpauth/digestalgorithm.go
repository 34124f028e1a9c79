package httpauth

import (
	"crypto/md5" //nolint:gosec // what old clients and servers speak (RFC 7616 section 3.7); never offered alone
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"
)

// DigestAlgorithm is the algorithm of a Digest challenge or credential as it was
// spelt: the name of a hash, and "-sess" behind it where H(A1) is mixed with the
// nonces (RFC 7616 section 3.4.2). Names compare case-insensitively. The empty
// one was not named and means MD5 (section 3.3).
type DigestAlgorithm string

// The registered algorithms (RFC 7616 section 6.1), and SHA-512, which is not
// registered and yet spoken by some servers.
const (
	DigestMD5           DigestAlgorithm = "MD5"
	DigestMD5Sess       DigestAlgorithm = "MD5-sess"
	DigestSHA256        DigestAlgorithm = "SHA-256"
	DigestSHA256Sess    DigestAlgorithm = "SHA-256-sess"
	DigestSHA512256     DigestAlgorithm = "SHA-512-256" // SHA-512/256 of FIPS 180-4
	DigestSHA512256Sess DigestAlgorithm = "SHA-512-256-sess"
	DigestSHA512        DigestAlgorithm = "SHA-512"
	DigestSHA512Sess    DigestAlgorithm = "SHA-512-sess"
)

// digestHash is what is known of one hash.
type digestHash struct {
	name       DigestAlgorithm
	sess       DigestAlgorithm
	size       int // in octets
	strength   int
	registered bool
	make       func() hash.Hash
}

var digestHashes = [...]digestHash{
	{DigestMD5, DigestMD5Sess, md5.Size, 1, true, md5.New},
	{DigestSHA256, DigestSHA256Sess, sha256.Size, 2, true, sha256.New},
	{DigestSHA512256, DigestSHA512256Sess, sha512.Size256, 3, true, sha512.New512_256},
	{DigestSHA512, DigestSHA512Sess, sha512.Size, 4, false, sha512.New},
}

// find returns what is known of the hash, and whether "-sess" follows its name.
func (a DigestAlgorithm) find() (h *digestHash, sess, ok bool) {
	if a == "" {
		return &digestHashes[0], false, true
	}
	base := cutSess(string(a))
	for i := range digestHashes {
		if equalFold(base, string(digestHashes[i].name)) {
			return &digestHashes[i], len(base) < len(a), true
		}
	}
	return nil, false, false
}

// Known tells whether the algorithm is one that can be computed.
func (a DigestAlgorithm) Known() bool { _, _, ok := a.find(); return ok }

// Registered tells whether RFC 7616 has the algorithm.
func (a DigestAlgorithm) Registered() bool {
	h, _, ok := a.find()
	return ok && h.registered
}

// Canonical is the algorithm as it is registered; MD5 if none was named, and the
// algorithm itself if it is not known.
func (a DigestAlgorithm) Canonical() DigestAlgorithm {
	switch h, sess, ok := a.find(); {
	case !ok:
		return a
	case sess:
		return h.sess
	default:
		return h.name
	}
}

// Base is the algorithm without "-sess", as it is registered. Accounts keep
// H(A1) by it.
func (a DigestAlgorithm) Base() DigestAlgorithm {
	if h, _, ok := a.find(); ok {
		return h.name
	}
	return DigestAlgorithm(cutSess(string(a)))
}

// Session tells whether "-sess" follows the name of the hash.
func (a DigestAlgorithm) Session() bool { return len(cutSess(string(a))) < len(a) }

// Strength orders algorithms: a stronger hash has a greater one; 0 is not known.
func (a DigestAlgorithm) Strength() int {
	if h, _, ok := a.find(); ok {
		return h.strength
	}
	return 0
}

// HexLen is how many hexadecimal digits a hash has; 0 if the algorithm is not known.
func (a DigestAlgorithm) HexLen() int {
	if h, _, ok := a.find(); ok {
		return 2 * h.size
	}
	return 0
}

// New returns the hash, for a body that is read in pieces; see
// [DigestCredentials.Compute]. It is nil if the algorithm is not known.
func (a DigestAlgorithm) New() hash.Hash {
	if h, _, ok := a.find(); ok {
		return h.make()
	}
	return nil
}

// Hash returns the hash of data in hexadecimal digits: H(data) of RFC 7616
// section 3.3. It is empty if the algorithm is not known.
func (a DigestAlgorithm) Hash(data []byte) string {
	h := a.New()
	if h == nil {
		return ""
	}
	_, _ = h.Write(data)
	return hexSum(h)
}

// join hashes parts with a colon between them.
func (a DigestAlgorithm) join(parts ...string) string {
	h := a.New()
	if h == nil {
		return ""
	}
	for i, p := range parts {
		if i > 0 {
			_, _ = io.WriteString(h, ":")
		}
		_, _ = io.WriteString(h, p)
	}
	return hexSum(h)
}

func hexSum(h hash.Hash) string {
	var sum [sha512.Size]byte
	return hex.EncodeToString(h.Sum(sum[:0]))
}

// DigestQOP is a quality of protection as it was spelt (RFC 7616 section 3.3).
// The empty one is that of RFC 2069, without a counter.
type DigestQOP string

// The qualities of protection.
const (
	DigestAuth    DigestQOP = "auth"
	DigestAuthInt DigestQOP = "auth-int" // the body is hashed too
)

// Known tells whether it is auth or auth-int.
func (q DigestQOP) Known() bool { return q.Is(DigestAuth) || q.Is(DigestAuthInt) }

// Is compares case-insensitively.
func (q DigestQOP) Is(other DigestQOP) bool { return equalFold(string(q), string(other)) }
