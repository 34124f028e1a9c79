package gate401

import (
	"math/rand/v2"
	"time"
)

// crockford is the alphabet of request ids: sortable, and safe in URLs, shells
// and double clicks.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newRequestID makes an identifier of 26 characters whose first ten are the
// time in milliseconds, so that ids sort by time, as in ULID.
func newRequestID(t time.Time) string {
	var b [26]byte
	ms := uint64(t.UnixMilli())
	for i := 9; i >= 0; i-- {
		b[i] = crockford[ms&31]
		ms >>= 5
	}
	hi, lo := rand.Uint64(), rand.Uint64() //nolint:gosec // an identifier, not a secret; the source is ChaCha8 all the same
	for i := 10; i < 18; i++ {
		b[i] = crockford[hi&31]
		hi >>= 5
	}
	for i := 18; i < 26; i++ {
		b[i] = crockford[lo&31]
		lo >>= 5
	}
	return string(b[:])
}

// inboundID keeps what is harmless of the client's own request id: it goes to
// the log, where nothing a stranger writes may look like ours.
func inboundID(v []string) string {
	if len(v) == 0 {
		return ""
	}
	id := v[0]
	if len(id) > 64 {
		id = id[:64]
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c >= 0x7f {
			return "(unprintable)"
		}
	}
	return id
}
