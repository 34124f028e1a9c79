package authn

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// DefaultNonceLife is how long a nonce is good.
const DefaultNonceLife = 5 * time.Minute

// nonceClock is how far ahead of ours the clock may be that made a nonce, where
// several processes share the key.
const nonceClock = 30 * time.Second

// ErrNonceForgotten says that it is no longer known which counts of a nonce were
// used, so that it has to count as too old.
var ErrNonceForgotten = errors.New("the counts of this nonce are no longer known")

// errCountUsed says that a count was used, or may have been.
var errCountUsed = errors.New("the count was used before")

// Nonces makes and judges the nonces of Digest. A nonce carries its time and
// proves by itself that it is ours, so one that nobody answers costs nothing
// however many are asked for; only nonces of right answers are kept, in Counts.
// Do not copy it, and do not change its fields, after first use.
type Nonces struct {
	// Key makes nonces unforgeable; empty means a random one, and then nonces
	// end with the process. Processes that share it have to share Counts too.
	Key []byte
	// Life is how long a nonce is good; 0 means DefaultNonceLife.
	Life time.Duration
	// Counts knows which counts were used; nil means a NonceMemory.
	Counts NonceCounts
	// Rand is where the random part comes from; nil means crypto/rand.
	Rand io.Reader
	// Now is the clock where there is no request; nil means time.Now.
	Now func() time.Time

	once sync.Once
	key  []byte
}

// NonceID identifies a nonce that was answered.
type NonceID struct {
	// ID is its random part.
	ID [nonceRandom]byte
	// Issued is when it was made, and Ends when it stops being good.
	Issued, Ends time.Time
}

// half tells whether a nonce is past half of its life.
func (n NonceID) half(now time.Time) bool { return now.Sub(n.Issued) > n.Ends.Sub(n.Issued)/2 }

// NonceState is which counts of a nonce were used.
type NonceState struct {
	// High is the highest one; 0 while none was used.
	High uint32
	// Window has a bit for High and each of the 63 below it, High the lowest.
	Window uint64
}

// NonceCounts keeps the states of nonces, shared by all that accept them. Its two
// methods are the halves of a compare-and-swap.
type NonceCounts interface {
	// NonceState returns the state, the zero one for a nonce that was not used;
	// or ErrNonceForgotten if it may have been used and nobody knows how.
	NonceState(ctx context.Context, n NonceID) (NonceState, error)
	// SwapNonceState stores next until n.Ends if the state is still old.
	SwapNonceState(ctx context.Context, n NonceID, old, next NonceState) (swapped bool, err error)
}

const (
	nonceTime   = 8
	nonceRandom = 12
	nonceMAC    = 16
	nonceSize   = nonceTime + nonceRandom + nonceMAC
)

func (n *Nonces) setup() {
	n.key = n.Key
	if len(n.key) == 0 {
		f := newFingerprint()
		n.key = f.key[:]
	}
	if n.Counts == nil {
		n.Counts = &NonceMemory{}
	}
}

func (n *Nonces) now(at time.Time) time.Time {
	switch {
	case !at.IsZero():
		return at
	case n.Now != nil:
		return n.Now()
	}
	return time.Now()
}

// issue makes a nonce.
func (n *Nonces) issue(at time.Time) string {
	n.once.Do(n.setup)
	var b [nonceSize]byte
	binary.BigEndian.PutUint64(b[:], uint64(n.now(at).UnixMicro()))
	source := n.Rand
	if source == nil {
		source = rand.Reader
	}
	if _, err := io.ReadFull(source, b[nonceTime:nonceTime+nonceRandom]); err != nil {
		// crypto/rand does not fail; a source that does must not make equal nonces.
		_, _ = rand.Read(b[nonceTime : nonceTime+nonceRandom])
	}
	mac := n.mac(b[:nonceTime+nonceRandom])
	copy(b[nonceTime+nonceRandom:], mac[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (n *Nonces) mac(text []byte) (out [nonceMAC]byte) {
	h := hmac.New(sha256.New, n.key)
	_, _ = io.WriteString(h, "gate401 digest nonce\x00")
	_, _ = h.Write(text)
	copy(out[:], h.Sum(nil))
	return out
}

// read judges a nonce: whether it is ours and still good.
func (n *Nonces) read(text string, at time.Time) (NonceID, bool) {
	n.once.Do(n.setup)
	var id NonceID
	var b [nonceSize]byte
	if len(text) != base64.RawURLEncoding.EncodedLen(nonceSize) {
		return id, false
	}
	if _, err := base64.RawURLEncoding.Strict().Decode(b[:], []byte(text)); err != nil {
		return id, false
	}
	want := n.mac(b[:nonceTime+nonceRandom])
	if !hmac.Equal(want[:], b[nonceTime+nonceRandom:]) {
		return id, false
	}
	id.Issued = time.UnixMicro(int64(binary.BigEndian.Uint64(b[:])))
	id.Ends = id.Issued.Add(or(n.Life, DefaultNonceLife))
	copy(id.ID[:], b[nonceTime:])
	now := n.now(at)
	return id, now.Before(id.Ends) && id.Issued.Before(now.Add(nonceClock))
}

// use takes a count, once.
func (n *Nonces) use(ctx context.Context, id NonceID, count uint32) error {
	n.once.Do(n.setup)
	// Losing the race again and again means that others use counts of the same
	// nonce at that moment; there are 2^32 of them, and a few clients.
	const tries = 100
	for range tries {
		if err := ctx.Err(); err != nil {
			return err
		}
		old, err := n.Counts.NonceState(ctx, id)
		if err != nil {
			return err
		}
		next, ok := old.with(count)
		if !ok {
			return errCountUsed
		}
		swapped, err := n.Counts.SwapNonceState(ctx, id, old, next)
		if err != nil || swapped {
			return err
		}
	}
	return fmt.Errorf("%d attempts were overtaken", tries)
}

// with uses a count. Counts may come out of order, as parallel requests do, as
// far as the window goes; what is behind it may have been used (RFC 7616 section
// 3.4.5 leaves it to the server).
func (s NonceState) with(count uint32) (NonceState, bool) {
	switch {
	case count == 0:
		return s, false
	case count > s.High:
		shift := count - s.High
		if shift >= 64 {
			s.Window = 0
		} else {
			s.Window <<= shift
		}
		s.High, s.Window = count, s.Window|1
		return s, true
	case s.High-count >= 64:
		return s, false
	}
	bit := uint64(1) << (s.High - count)
	if s.Window&bit != 0 {
		return s, false
	}
	s.Window |= bit
	return s, true
}
