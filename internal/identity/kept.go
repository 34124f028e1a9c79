package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401"
)

// signed is an Assertion as it was signed.
type signed struct {
	key         string // that signed it
	epoch       uint64
	from, until time.Time
	value       string
}

// good tells whether it is used again. A clock that was set back does not lend it
// a longer life.
func (s *signed) good(key string, epoch uint64, now time.Time) bool {
	return s != nil && s.key == key && s.epoch == epoch && now.Before(s.until) && !now.Before(s.from)
}

// entry is the last one for somebody.
type entry struct {
	last atomic.Pointer[signed]
	mu   sync.Mutex // held by who signs
}

// room is how many are kept before the oldest half is let go.
const room = 10_000

// kept are the last ones. Those that were asked for lately stay.
type kept struct {
	mu          sync.RWMutex
	now, before map[string]*entry
}

// of is the entry of whoever is told in about, as it stands there word by word.
func (k *kept) of(about []byte) *entry {
	k.mu.RLock()
	e := k.now[string(about)]
	k.mu.RUnlock()
	if e != nil {
		return e
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if e = k.now[string(about)]; e != nil {
		return e
	}
	if e = k.before[string(about)]; e == nil {
		e = &entry{}
	}
	if k.now == nil || len(k.now) >= room/2 {
		k.before, k.now = k.now, make(map[string]*entry)
	}
	k.now[string(about)] = e
	return e
}

// about appends all that an Assertion says of id, each part with its length, so
// that no two identities are written alike.
func about(b []byte, id *gate401.Identity) []byte {
	b = part(b, id.Subject)
	b = part(b, id.Issuer)
	b = part(b, id.Method)
	b = instant(b, id.Expires)
	b = instant(b, id.AuthTime)
	b = part(b, text(id, "acr"))
	b = part(b, text(id, "client_id"))
	for _, list := range [...][]string{id.Groups, id.Scopes, means(id)} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, s := range list {
			b = part(b, s)
		}
	}
	return b
}

func part(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func instant(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, 0)
	}
	return binary.BigEndian.AppendUint64(append(b, 1), uint64(t.Unix()))
}

// longest is how long a key may be: memory is bounded by what is told of people,
// too.
const longest = 1 << 10

// bounded writes a long one shorter. None that is short has that length.
func bounded(about []byte) []byte {
	if len(about) <= longest {
		return about
	}
	sum := sha256.Sum256(about)
	return append(about[:longest+1-len(sum)], sum[:]...)
}
