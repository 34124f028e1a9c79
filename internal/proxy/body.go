package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// watchedBody remembers how reading the client's body ended, so that a broken
// upload is not blamed on the upstream. The transport reads it in a goroutine of
// its own.
type watchedBody struct {
	io.ReadCloser
	err atomic.Pointer[error]

	// Of a client that waits for 100 (Continue): the first Read sends it.
	asks    bool
	mu      sync.Mutex
	reading bool // the first Read did not return yet
	asked   bool // and it began
}

func (b *watchedBody) Read(p []byte) (int, error) {
	first := b.asks && b.begin()
	n, err := b.ReadCloser.Read(p)
	if first {
		b.mu.Lock()
		b.reading = false
		b.mu.Unlock()
	}
	if err != nil && err != io.EOF && !errors.Is(err, http.ErrBodyReadAfterClose) {
		b.err.CompareAndSwap(nil, &err)
	}
	return n, err
}

func (b *watchedBody) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked {
		return false
	}
	b.asked, b.reading = true, true
	return true
}

// aside does write unless the server may be writing 100 (Continue) at the same
// time, which it does without a look at other informational answers: an early
// hint is lost then, where two would be mixed.
func (b *watchedBody) aside(write func()) {
	if !b.asks {
		write()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.reading {
		write()
	}
}

func (b *watchedBody) failed() error {
	if p := b.err.Load(); p != nil {
		return *p
	}
	return nil
}
