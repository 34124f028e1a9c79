package stream

import (
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// Hub knows the streams that are open. Its zero value is ready; it is safe for
// concurrent use. It starts no goroutine.
type Hub struct {
	mu     sync.Mutex
	open   map[*entry]struct{}
	recent []published // the last revocations, oldest first
	closed bool
}

// entry is one open stream.
type entry struct {
	id    *gate401.Identity
	since time.Time
	end   func(reason.Code)
	fresh bool // no Recheck looked at it yet
}

// published is a revocation and when the hub heard of it.
type published struct {
	Revocation
	heard time.Time
}

// What is remembered for streams whose request was judged just before a
// revocation, and which are entered just after it.
const (
	recentTime  = time.Minute
	recentCount = 1024
)

// Watch enters a stream that a request began which was judged at since, nil for
// an identity that nobody proved. end is called at most once, from another
// goroutine or before Watch returns, when what it rests on is withdrawn, with the
// reason, or with none when the gate goes away; it must not block for long. stop
// takes the stream out again; end may still be running when it returns.
func (h *Hub) Watch(id *gate401.Identity, since time.Time, end func(reason.Code)) (stop func()) {
	e := &entry{id: id, since: since, end: end, fresh: true}
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		end("")
		return func() {}
	}
	for _, p := range h.recent {
		if !p.heard.Before(since) && p.about(id) {
			h.mu.Unlock()
			end(p.because())
			return func() {}
		}
	}
	if h.open == nil {
		h.open = map[*entry]struct{}{}
	}
	h.open[e] = struct{}{}
	h.mu.Unlock()
	return func() {
		h.mu.Lock()
		delete(h.open, e)
		h.mu.Unlock()
	}
}

// Publish ends all streams that r is about, and returns how many that were. One
// that is entered a moment later, for a request from before, ends too.
func (h *Hub) Publish(r Revocation) int {
	now := time.Now()
	h.mu.Lock()
	for len(h.recent) > 0 && (len(h.recent) >= recentCount || now.Sub(h.recent[0].heard) > recentTime) {
		h.recent = h.recent[1:]
	}
	h.recent = append(h.recent, published{r, now})
	ending := h.take(func(e *entry) bool { return r.about(e.id) })
	h.mu.Unlock()
	endAll(ending, r.because())
	return len(ending)
}

// Close ends all streams, without a reason: the gate goes away. Streams that are
// entered later end at once.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	ending := h.take(func(*entry) bool { return true })
	h.mu.Unlock()
	endAll(ending, "")
}

// endAll ends them at the same time: one whose client does not read must not
// hold up the others.
func endAll(ending []*entry, code reason.Code) {
	var all sync.WaitGroup
	for _, e := range ending {
		all.Go(func() { e.end(code) })
	}
	all.Wait()
}

// Len is how many streams are open.
func (h *Hub) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open)
}

// take takes out those that are to end; h.mu is held.
func (h *Hub) take(which func(*entry) bool) (out []*entry) {
	for e := range h.open {
		if which(e) {
			delete(h.open, e)
			out = append(out, e)
		}
	}
	return out
}
