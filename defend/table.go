package defend

import (
	"crypto/sha256"
	"encoding/hex"
	"hash/maphash"
	"net/netip"
	"sync"
)

// shards of a table. A table holds its maximum to within the unevenness of the
// hash over shards.
const shards = 16

// key names a bucket. Which fields are set depends on the table.
type key struct {
	network netip.Prefix
	account string
	known   bool
}

// bucket is one GCRA counter: full is the moment at which it will be empty
// again, so that a bucket whose full has passed need not be kept.
type bucket struct {
	key     key
	full    int64 // nanoseconds of Unix time
	pending int32 // attempts that were admitted and are not settled yet
	waiting int32 // callers that wait for one of them
	index   int   // in shard.heap; -1 once forgotten
	wake    chan struct{}
}

// table is a bounded set of buckets of one kind, all with the same rate. When it
// is full, the bucket that would be empty soonest is forgotten, so buckets that
// refuse outlive fresh ones, and one is forgotten early only if everything else
// in its shard is as full as it is.
type table struct {
	rate  rate // changed only with the locks of all shards held
	max   int  // per shard
	seed  maphash.Seed
	shard [shards]shard
}

type shard struct {
	mu   sync.Mutex
	byID map[key]*bucket
	heap []*bucket // least full on top
	_    [64]byte  // keeps the locks of neighbours apart
}

func newTable(r rate, maximum int) *table {
	return &table{rate: r, max: max(maximum/shards, 1), seed: maphash.MakeSeed()}
}

// of finds the shard of a key. The seed is secret, so nobody can aim at a shard.
func (t *table) of(k key) *shard { return &t.shard[maphash.Comparable(t.seed, k)%shards] }

// add makes the bucket of k, which is not there. The caller holds s.mu.
func (t *table) add(s *shard, k key, now int64) *bucket {
	if s.byID == nil {
		s.byID = make(map[key]*bucket)
	}
	// Two for one: the shard shrinks while it is used, without a goroutine.
	for range 2 {
		if len(s.heap) > 0 && s.heap[0].idle(now) {
			s.forget(s.heap[0])
		}
	}
	for len(s.heap) >= t.max {
		s.forget(s.heap[0])
	}
	b := &bucket{key: k, full: now, index: len(s.heap)}
	s.byID[k] = b
	s.heap = append(s.heap, b)
	s.up(b.index)
	return b
}

// idle tells whether forgetting b changes nothing.
func (b *bucket) idle(now int64) bool { return b.full <= now && b.pending == 0 }

// wait is how long until b admits one more attempt; 0 for now. refund is what
// is assumed to be given back until then.
func (b *bucket) wait(r rate, now, refund int64) int64 {
	return max(max(b.full-refund, now)+r.every-r.burst-now, 0)
}

// charge counts one attempt. The caller holds s.mu and has seen that wait is 0.
func (s *shard) charge(b *bucket, r rate, now int64) {
	b.full = max(b.full, now) + r.every
	b.pending++
	s.fix(b)
}

// settle ends an attempt. Only what has not drained by now is given back:
// charged is where full stood when the attempt was counted.
func (s *shard) settle(b *bucket, r rate, now, charged int64, back bool) {
	if b.pending > 0 {
		b.pending--
	}
	if back {
		b.full -= min(max(charged-now, 0), r.every)
	}
	if b.wake != nil {
		close(b.wake)
		b.wake = nil
	}
	switch {
	case b.index < 0:
	case b.idle(now):
		s.forget(b)
	default:
		s.fix(b)
	}
}

// forget takes b out of the shard.
func (s *shard) forget(b *bucket) {
	delete(s.byID, b.key)
	i, last := b.index, len(s.heap)-1
	s.swap(i, last)
	s.heap[last] = nil
	s.heap = s.heap[:last]
	b.index = -1
	if i < last {
		s.fix(s.heap[i])
	}
}

func (s *shard) swap(i, j int) {
	s.heap[i], s.heap[j] = s.heap[j], s.heap[i]
	s.heap[i].index, s.heap[j].index = i, j
}

func (s *shard) fix(b *bucket) {
	if b.index >= 0 && !s.down(b.index) {
		s.up(b.index)
	}
}

func (s *shard) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if s.heap[parent].full <= s.heap[i].full {
			return
		}
		s.swap(i, parent)
		i = parent
	}
}

func (s *shard) down(i int) (moved bool) {
	for {
		child := 2*i + 1
		if child >= len(s.heap) {
			return moved
		}
		if child+1 < len(s.heap) && s.heap[child+1].full < s.heap[child].full {
			child++
		}
		if s.heap[i].full <= s.heap[child].full {
			return moved
		}
		s.swap(i, child)
		i, moved = child, true
	}
}

// each calls f for every bucket, shard by shard under its lock. f may forget
// the bucket.
func (t *table) each(f func(*shard, *bucket)) {
	for i := range t.shard {
		s := &t.shard[i]
		s.mu.Lock()
		for _, b := range s.byID {
			f(s, b)
		}
		s.mu.Unlock()
	}
}

// longestName is how much of an account name is kept. Names come from
// strangers, and tables are bounded in bytes only if their keys are.
const longestName = 128

// shortened keeps long names apart without keeping them.
func shortened(account string) string {
	if len(account) <= longestName {
		return account
	}
	sum := sha256.Sum256([]byte(account))
	return account[:longestName-64] + hex.EncodeToString(sum[:])
}

// networkOf is what counts as one client: an address of IPv4, and the /64 that
// a site gets of IPv6 (RFC 6177), inside of which addresses cost nothing. Clients
// without an address are one.
func networkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
