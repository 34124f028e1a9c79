package authn

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// DefaultNonceEntries is how many nonces a NonceMemory keeps.
const DefaultNonceEntries = 100_000

// NonceMemory keeps the counts of nonces in the memory of this process, about 200
// octets each. When it is full, the oldest are forgotten, and every nonce that is
// as old counts as too old from then on: to forget never lets an answer in twice.
// The zero value is ready for use.
//
// It knows nothing of what was used before it was made: give [Nonces] a Key of
// its own for each process, or a NonceCounts that outlives them.
type NonceMemory struct {
	// Entries is how many nonces are kept; 0 means DefaultNonceEntries.
	Entries int

	mu     sync.Mutex
	states map[[nonceRandom]byte]NonceState
	oldest nonceHeap
	floor  time.Time // of what was issued up to then, nothing is known
}

var _ NonceCounts = (*NonceMemory)(nil)

// NonceState returns the state of a nonce.
func (m *NonceMemory) NonceState(_ context.Context, n NonceID) (NonceState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state(n)
}

func (m *NonceMemory) state(n NonceID) (NonceState, error) {
	s, ok := m.states[n.ID]
	if !ok && !n.Issued.After(m.floor) {
		return NonceState{}, ErrNonceForgotten
	}
	return s, nil
}

// SwapNonceState stores next if the state is still old.
func (m *NonceMemory) SwapNonceState(_ context.Context, n NonceID, old, next NonceState) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.state(n)
	if err != nil || s != old {
		return false, err
	}
	if m.states == nil {
		m.states = make(map[[nonceRandom]byte]NonceState)
	}
	if _, known := m.states[n.ID]; !known {
		m.makeRoom(n.Issued)
		heap.Push(&m.oldest, n)
	}
	m.states[n.ID] = next
	return true, nil
}

// makeRoom forgets what ended, and the oldest if that is not enough. now is about
// now: when the nonce was made that room is needed for.
func (m *NonceMemory) makeRoom(now time.Time) {
	limit := m.Entries
	if limit <= 0 {
		limit = DefaultNonceEntries
	}
	for len(m.oldest) > 0 && (len(m.oldest) >= limit || m.oldest[0].Ends.Before(now)) {
		gone, _ := heap.Pop(&m.oldest).(NonceID)
		delete(m.states, gone.ID)
		if gone.Issued.After(m.floor) {
			m.floor = gone.Issued
		}
	}
}

// Len is how many nonces are kept.
func (m *NonceMemory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.states)
}

// nonceHeap has the oldest nonce on top.
type nonceHeap []NonceID

func (h nonceHeap) Len() int           { return len(h) }
func (h nonceHeap) Less(i, j int) bool { return h[i].Issued.Before(h[j].Issued) }
func (h nonceHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is for container/heap.
func (h *nonceHeap) Push(x any) {
	n, ok := x.(NonceID)
	if ok {
		*h = append(*h, n)
	}
}

// Pop is for container/heap.
func (h *nonceHeap) Pop() any {
	old := *h
	n := old[len(old)-1]
	*h = old[:len(old)-1]
	return n
}
