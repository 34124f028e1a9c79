package authn

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"
)

// keyOf makes a fingerprint; those of one place share the place in the index.
func keyOf(n, place uint64) (key [32]byte) {
	binary.LittleEndian.PutUint64(key[24:], n)
	binary.LittleEndian.PutUint64(key[8:], place)
	key[0] = byte(n)
	return key
}

// The table does what a map does, as long as it is not full, however the keys
// fall: a few places make long runs, which are closed again when keys go.
func TestTableIsAMap(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, places := range []uint64{1, 7, 64, 1 << 40} {
		for _, limit := range []int{2000, 20_000} {
			rng := rand.New(rand.NewPCG(places, 1))
			tab, want := newTable[uint64, int](limit), make(map[[32]byte]uint64)
			refs := make(map[[32]byte]*int)
			for i := range 20_000 {
				n := rng.Uint64N(600)
				key := keyOf(n, n*2654435761%places)
				if rng.IntN(3) == 0 {
					tab.remove(key)
					delete(want, key)
				} else {
					ref := new(int)
					tab.set(key, uint64(i), ref, now, now)
					want[key], refs[key] = uint64(i), ref
				}
			}
			held := 0
			for i := range tab.shards {
				held += tab.shards[i].n
			}
			if held != len(want) {
				t.Errorf("places %d: %d values, want %d", places, held, len(want))
			}
			for n := range uint64(600) {
				key := keyOf(n, n*2654435761%places)
				v, ref, ends, ok := tab.get(key)
				w, has := want[key]
				if ok != has || v != w || (ok && (ref != refs[key] || !ends.Equal(now))) {
					t.Fatalf("places %d, key %d: %d, %t, want %d, %t", places, n, v, ok, w, has)
				}
			}
		}
	}
}

// It holds as many as it may, and lets go of those first that have ended.
func TestTableIsBounded(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, limit := range []int{1, 3, 300, 100_000} {
		tab := newTable[uint64, int](limit)
		rng := rand.New(rand.NewPCG(1, 2))
		random := func() (key [32]byte) {
			for i := 0; i < len(key); i += 8 {
				binary.LittleEndian.PutUint64(key[i:], rng.Uint64())
			}
			return key
		}
		for range 3 * limit {
			key := random()
			tab.set(key, 1, nil, now.Add(time.Second), now)
			if _, _, _, ok := tab.get(key); !ok {
				t.Fatalf("limit %d: the last one is not there", limit)
			}
		}
		held := 0
		for i := range tab.shards {
			held += tab.shards[i].n
		}
		if least, most := limit, limit+limit/8; held < least || held > most {
			t.Errorf("limit %d: holds %d", limit, held)
		}
	}
	// Half have ended: a good one seldom has to go.
	tab, good := newTable[uint64, int](1000), 0
	for n := range uint64(1000) {
		tab.set(keyOf(n, n*2654435761), n, nil, now.Add(time.Duration(n%2)*time.Hour), now)
	}
	for n := range uint64(300) {
		tab.set(keyOf(5000+n, n*2654435761), n, nil, now.Add(time.Hour), now)
	}
	for n := uint64(1); n < 1000; n += 2 {
		if _, _, _, ok := tab.get(keyOf(n, n*2654435761)); ok {
			good++
		}
	}
	if good < 400 {
		t.Errorf("%d of 500 are left", good)
	}
}
