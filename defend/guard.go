package defend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// Guard is a gate401.Guard that counts in memory. The zero value has the default
// limits. Its fields are set before the first use; it is safe for concurrent
// use and must not be copied after.
type Guard struct {
	// Limits are what is admitted, until Change says otherwise.
	Limits Limits
	// MaxEntries bounds each of the three kinds of buckets; 0 means 65,536,
	// which takes about 40 MiB if all of them are in use.
	MaxEntries int
	// Wait is how long an attempt may wait for others that were admitted before
	// it and are being verified, when it would be admitted if they prove right;
	// 0 means 2 s, below 0 not at all. Without it a hundred right credentials
	// that arrive at once would exceed a limit that none of them counts against.
	Wait time.Duration
	// Since tells when that by which an account proves itself was last changed, and
	// the zero time where nobody knows. A network from which the account proved
	// itself before is not known for it any more: a stolen password is changed to
	// shut somebody out. It is asked about the attempts from known networks alone;
	// after an error they stay known. nil means never.
	Since func(ctx context.Context, account string) (time.Time, error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	once                   sync.Once
	pairs, networks, names *table // locked in this order
	known                  known
}

// DefaultMaxEntries is the default of Guard.MaxEntries.
const DefaultMaxEntries = 65_536

const defaultWait = 2 * time.Second

// maxWaiting bounds how many attempts wait on one bucket: whoever sends more at
// once is no person with a page full of requests.
const maxWaiting = 256

// lockedOut is the wait beyond which an account that anyone may drain counts as
// locked out, rather than as limited.
const lockedOut = time.Minute

func (g *Guard) start() {
	fallback := DefaultLimits()
	entries := g.MaxEntries
	if entries < 1 {
		entries = DefaultMaxEntries
	}
	g.pairs = newTable(g.Limits.AddressAccount.rate(fallback.AddressAccount), entries)
	g.networks = newTable(g.Limits.Address.rate(fallback.Address), entries)
	g.names = newTable(g.Limits.Account.rate(fallback.Account), entries)
	g.known.max = entries
}

func (g *Guard) now() int64 {
	if g.Now != nil {
		return g.Now().UnixNano()
	}
	return time.Now().UnixNano()
}

// held is one bucket of a reservation; bucket is nil while nothing was counted
// in it yet.
type held struct {
	table   *table
	shard   *shard
	key     key
	bucket  *bucket
	charged int64
}

// reservation is one attempt in flight.
type reservation struct {
	guard   *Guard
	account string
	network netip.Prefix
	held    [3]held // the first n are in use
	n       int
	settled atomic.Bool
}

// Reserve counts one attempt in all its buckets or in none. The returned settle
// gives it back when the credential was right, when it could not be checked, or
// when the refusal says that the proof itself was right; a second call changes
// nothing, and without a call the attempt stays counted.
//
// A refusal is rate-limited, or locked-out when strangers have drained the
// account's own bucket, with Retry-After. It charges nothing, so that attempts
// over the limit do not make the wait longer.
func (g *Guard) Reserve(ctx context.Context, r *gate401.Request, c gate401.Credential) (settle func(error), err error) {
	g.once.Do(g.start)
	account, _ := c.Account()
	res := &reservation{guard: g, account: shortened(account), network: networkOf(r.Client)}
	if g.Since != nil && g.known.has(res.account, res.network, g.now()) {
		if since, err := g.Since(ctx, account); err == nil && !since.IsZero() {
			g.known.forgetBefore(res.account, since.UnixNano())
		}
	}
	var deadline <-chan time.Time
	for {
		full, wait := res.take(g.now())
		if full == nil {
			return res.settle, nil
		}
		if wait == nil {
			return nil, res.denial(full)
		}
		if deadline == nil {
			d := g.Wait
			if d == 0 {
				d = defaultWait
			}
			timer := time.NewTimer(d)
			defer timer.Stop()
			deadline = timer.C
		}
		select {
		case <-wait.wake:
			wait.done(false)
		case <-ctx.Done():
			wait.done(false)
			return nil, ctx.Err()
		case <-deadline:
			wait.done(true)
			return nil, res.denial(full)
		}
	}
}

// over is the bucket that refuses for longest.
type over struct {
	table *table
	wait  int64
}

// take charges all buckets, or none and says which one is full. All shards are
// locked at once, so that nothing is charged for an attempt that another bucket
// refuses.
func (res *reservation) take(now int64) (*over, *waiting) {
	g := res.guard
	res.n = 0
	if res.account != "" {
		known := g.known.has(res.account, res.network, now)
		pair := key{network: res.network, account: res.account}
		name := key{account: res.account}
		if known {
			// Where the account proved itself before, strangers do not count.
			name = pair
		}
		res.lock(g.pairs, pair)
		res.lock(g.networks, key{network: res.network, known: known})
		res.lock(g.names, name)
	} else {
		res.lock(g.networks, key{network: res.network})
	}
	defer res.unlock()

	var full *over
	for i := range res.held[:res.n] {
		h := &res.held[i]
		if h.bucket = h.shard.byID[h.key]; h.bucket == nil {
			continue
		}
		if w := h.bucket.wait(h.table.rate, now, 0); w > 0 && (full == nil || w > full.wait) {
			full = &over{h.table, w}
		}
	}
	if full != nil {
		return full, res.queue(now)
	}
	for i := range res.held[:res.n] {
		h := &res.held[i]
		if h.bucket == nil {
			h.bucket = h.table.add(h.shard, h.key, now)
		}
		h.shard.charge(h.bucket, h.table.rate, now)
		h.charged = h.bucket.full
	}
	return nil, nil
}

// queue takes a place behind the attempts in flight, if every full bucket would
// have room were they given back; nil if not.
func (res *reservation) queue(now int64) *waiting {
	if res.guard.Wait < 0 {
		return nil
	}
	var on *held
	for i := range res.held[:res.n] {
		h := &res.held[i]
		b, every := h.bucket, h.table.rate.every
		if b == nil || b.wait(h.table.rate, now, 0) == 0 {
			continue
		}
		if b.waiting >= maxWaiting || b.wait(h.table.rate, now, int64(b.pending)*every) > 0 {
			return nil
		}
		on = h
	}
	b := on.bucket
	if b.wake == nil {
		b.wake = make(chan struct{})
	}
	b.waiting++
	return &waiting{shard: on.shard, bucket: b, wake: b.wake}
}

// lock locks the shard of k. The order of the tables is that of the calls, and
// one reservation takes one shard of each: no two of them can wait for each
// other.
func (res *reservation) lock(t *table, k key) {
	s := t.of(k)
	s.mu.Lock()
	res.held[res.n] = held{table: t, shard: s, key: k}
	res.n++
}

func (res *reservation) unlock() {
	for i := range res.held[:res.n] {
		res.held[i].shard.mu.Unlock()
	}
}

// waiting is a place in the queue of a bucket whose attempts are in flight.
type waiting struct {
	shard  *shard
	bucket *bucket
	wake   chan struct{}
}

// done leaves the queue. When nothing at all was settled in time, those attempts
// count as lost, so that nobody else waits for them.
func (w *waiting) done(lost bool) {
	w.shard.mu.Lock()
	defer w.shard.mu.Unlock()
	w.bucket.waiting--
	if lost && w.bucket.wake == w.wake {
		w.bucket.pending = 0
		close(w.bucket.wake)
		w.bucket.wake = nil
	}
}

// settle ends the attempt with what came of it.
func (res *reservation) settle(err error) {
	if res.settled.Swap(true) {
		return
	}
	g := res.guard
	now := g.now()
	back := free(err)
	if err == nil && res.account != "" {
		g.known.add(res.account, res.network, now)
	}
	for i := range res.held[:res.n] {
		h := &res.held[i]
		h.shard.mu.Lock()
		h.shard.settle(h.bucket, h.table.rate, now, h.charged, back)
		h.shard.mu.Unlock()
	}
}

// free tells whether an attempt with this outcome costs nothing. Everything
// that is no Denial could not be checked. Some refusals are given only to those
// who hold a real secret, and so teach a guesser nothing: counting them would
// turn the useful answer of a client with an expired key into 429.
func free(err error) bool {
	var d *gate401.Denial
	if err == nil || !errors.As(err, &d) || d == nil {
		return true
	}
	switch d.Reason {
	case reason.CheckFailed, reason.DigestStale, reason.AccountSuspended, reason.AuthenticationTooWeak,
		reason.APIKeyExpired, reason.APIKeyRevoked, reason.APIKeyWrongPlace, reason.TokenExpired:
		return true
	}
	return false
}

// denial is the refusal by the bucket that refuses for longest.
func (res *reservation) denial(full *over) error {
	code := reason.RateLimited
	var what string
	switch g := res.guard; full.table {
	case g.names:
		what = fmt.Sprintf("too many attempts on account %q", res.account)
		if time.Duration(full.wait) > lockedOut {
			code = reason.LockedOut
		}
	case g.networks:
		what = fmt.Sprintf("too many attempts from %s", res.network)
	default:
		what = fmt.Sprintf("too many attempts on account %q from %s", res.account, res.network)
	}
	seconds := max((full.wait+int64(time.Second)-1)/int64(time.Second), 1)
	return &gate401.Denial{
		Reason:  code,
		Err:     fmt.Errorf("%s, the next is admitted in %d s", what, seconds),
		Header:  http.Header{"Retry-After": {strconv.FormatInt(seconds, 10)}},
		Subject: res.account,
	}
}

var _ gate401.Guard = (*Guard)(nil)
