package authn

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"time"
)

// table is a bounded map by fingerprint for very many small values. A value is
// kept in place, without a block of memory of its own, and V must hold no pointer:
// the garbage collector then passes over a million of them at once. What many
// values share stands behind one pointer, R.
//
// When it is full, one that has ended goes, or else any: of values that are used
// in turn, an order by age would throw out the very one that is asked for next.
//
// A nil table keeps nothing.
type table[V, R any] struct {
	shards []shard[V, R]
}

// Sizes of a table.
const (
	maxShards  = 64
	shardLeast = 1024 // values below which no further shard is worth it
	chunkSize  = 256  // values that are allocated together
	indexLeast = 64
	victims    = 4 // values that are looked at for one that has ended
)

// shard is a part of the table with its own lock: a slab of slots, and an index
// into it by open addressing. The fingerprint is random, so that its own octets
// serve as the hash: the first ones choose the shard, others the place.
type shard[V, R any] struct {
	mu     sync.Mutex
	index  []uint32 // slot + 1; 0 for none
	chunks []chunk[V, R]
	n, max int
	random uint64
}

// chunk keeps slots and pointers apart: only the latter are looked at by the
// garbage collector.
type chunk[V, R any] struct {
	slots *[chunkSize]slot[V]
	refs  *[chunkSize]*R
}

type slot[V any] struct {
	key   [32]byte
	ends  int64 // Unix nanoseconds
	value V
}

// newTable holds limit values, and some more where they are many: they do not
// spread quite evenly.
func newTable[V, R any](limit int) *table[V, R] {
	n := 1
	for n < maxShards && limit/n >= 2*shardLeast {
		n *= 2
	}
	each := limit
	if n > 1 {
		each = limit/n + limit/n/16 + 1
	}
	t := &table[V, R]{shards: make([]shard[V, R], n)}
	for i := range t.shards {
		t.shards[i].max = each
	}
	return t
}

func (t *table[V, R]) shard(key *[32]byte) *shard[V, R] {
	return &t.shards[int(key[0])&(len(t.shards)-1)]
}

// get returns what is kept, ended or not.
func (t *table[V, R]) get(key [32]byte) (value V, ref *R, ends time.Time, ok bool) {
	if t == nil {
		return value, nil, ends, false
	}
	s := t.shard(&key)
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.find(&key)
	if !ok {
		return value, nil, ends, false
	}
	x, r := s.slot(s.index[at] - 1)
	return x.value, *r, time.Unix(0, x.ends).UTC(), true
}

// set keeps a value until ends, replacing what was there.
func (t *table[V, R]) set(key [32]byte, value V, ref *R, ends, now time.Time) {
	if t == nil {
		return
	}
	s := t.shard(&key)
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.find(&key)
	if !ok {
		if s.n >= s.max {
			s.evict(now.UnixNano())
			at, _ = s.find(&key)
		}
		if (s.n+1)*4 > len(s.index)*3 {
			s.grow()
			at, _ = s.find(&key)
		}
		if s.n == len(s.chunks)*chunkSize {
			s.chunks = append(s.chunks, chunk[V, R]{new([chunkSize]slot[V]), new([chunkSize]*R)})
		}
		s.n++
		s.index[at] = uint32(s.n)
	}
	x, r := s.slot(s.index[at] - 1)
	x.key, x.value, x.ends, *r = key, value, ends.UnixNano(), ref
}

// remove forgets a value.
func (t *table[V, R]) remove(key [32]byte) {
	if t == nil {
		return
	}
	s := t.shard(&key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.find(&key); ok {
		s.remove(at)
	}
}

func (s *shard[V, R]) slot(i uint32) (*slot[V], **R) {
	c := &s.chunks[i/chunkSize]
	return &c.slots[i%chunkSize], &c.refs[i%chunkSize]
}

// home is where a key stands in the index if the place is free.
func (s *shard[V, R]) home(key *[32]byte) int {
	return int(binary.LittleEndian.Uint64(key[8:]) & uint64(len(s.index)-1))
}

// find returns the place of the key in the index, or the free one that it gets.
func (s *shard[V, R]) find(key *[32]byte) (at int, ok bool) {
	if len(s.index) == 0 {
		return 0, false
	}
	for at = s.home(key); s.index[at] != 0; at = (at + 1) & (len(s.index) - 1) {
		if x, _ := s.slot(s.index[at] - 1); x.key == *key {
			return at, true
		}
	}
	return at, false
}

// grow doubles the index.
func (s *shard[V, R]) grow() {
	s.index = make([]uint32, max(indexLeast, 2*len(s.index)))
	for i := range uint32(s.n) {
		x, _ := s.slot(i)
		at, _ := s.find(&x.key)
		s.index[at] = i + 1
	}
}

// evict makes room for one.
func (s *shard[V, R]) evict(now int64) {
	var key [32]byte
	for i := range victims {
		x, _ := s.slot(s.any())
		if ended := x.ends <= now; i == 0 || ended {
			if key = x.key; ended {
				break
			}
		}
	}
	if at, ok := s.find(&key); ok {
		s.remove(at)
	}
}

// any is some slot. A linear congruential generator (Knuth's MMIX) will do: only
// what was right is kept, so that nobody gains by guessing who goes.
func (s *shard[V, R]) any() uint32 {
	s.random = s.random*6364136223846793005 + 1442695040888963407
	hi, _ := bits.Mul64(s.random, uint64(s.n))
	return uint32(hi)
}

// remove takes the entry at a place of the index out, and moves the last slot
// into the one that became free.
func (s *shard[V, R]) remove(at int) {
	free := s.index[at] - 1
	s.close(at)
	s.n--
	last := uint32(s.n)
	to, toRef := s.slot(free)
	from, fromRef := s.slot(last)
	if free != last {
		moved, _ := s.find(&from.key)
		s.index[moved] = free + 1
		*to, *toRef = *from, *fromRef
	}
	*from, *fromRef = slot[V]{}, nil
}

// close frees a place of the index and moves up what stands behind it, so that
// no search ends at the gap (Knuth, The Art of Computer Programming 6.4, R).
func (s *shard[V, R]) close(gap int) {
	mask := len(s.index) - 1
	for at := (gap + 1) & mask; s.index[at] != 0; at = (at + 1) & mask {
		x, _ := s.slot(s.index[at] - 1)
		// It may stay if its home lies behind the gap.
		if home := s.home(&x.key); (at-home)&mask < (at-gap)&mask {
			continue
		}
		s.index[gap] = s.index[at]
		gap = at
	}
	s.index[gap] = 0
}
