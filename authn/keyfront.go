package authn

import (
	"encoding/binary"
	"sync/atomic"
)

// keyFront keeps some keys ready to use, in front of a keyTable. A key has a few
// places that it can stand in; a new one takes a free one of its own, or pushes
// out who is there. There is no order to keep up: to look costs next to nothing,
// and so does to fill it with keys that do not come back soon.
//
// A nil one keeps nothing.
type keyFront struct {
	places []atomic.Pointer[knownKey]
}

const (
	frontPlaces = 16_384 // a power of two
	frontWays   = 4      // places that a key can stand in
)

// newKeyFront has room for limit keys, but no more than is good.
func newKeyFront(limit int) *keyFront {
	n := frontWays
	for n < limit && n < frontPlaces {
		n *= 2
	}
	return &keyFront{places: make([]atomic.Pointer[knownKey], n)}
}

// place is the one that is tried as the i-th.
func (f *keyFront) place(key *[32]byte, i uint64) *atomic.Pointer[knownKey] {
	first := binary.LittleEndian.Uint64(key[16:])
	return &f.places[(first&^(frontWays-1)|(first+i)&(frontWays-1))&uint64(len(f.places)-1)]
}

func (f *keyFront) get(key *[32]byte) (*knownKey, bool) {
	if f == nil {
		return nil, false
	}
	for i := range uint64(frontWays) {
		if m := f.place(key, i).Load(); m != nil && m.key == *key {
			return m, true
		}
	}
	return nil, false
}

func (f *keyFront) set(m *knownKey) {
	if f == nil {
		return
	}
	to := f.place(&m.key, 0)
	for i := range uint64(frontWays) {
		p := f.place(&m.key, i)
		switch old := p.Load(); {
		case old != nil && old.key == m.key:
			p.Store(m)
			return
		case old == nil && to.Load() != nil:
			to = p
		}
	}
	to.Store(m)
}

// forget takes m out wherever it stands.
func (f *keyFront) forget(m *knownKey) {
	if f == nil {
		return
	}
	for i := range uint64(frontWays) {
		f.place(&m.key, i).CompareAndSwap(m, nil)
	}
}
