package authn

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of what is collected about the use of keys.
const (
	// DefaultFlushEvery is how often the use of keys is stored.
	DefaultFlushEvery = 15 * time.Second

	maxUses      = 100_000 // keys in one batch; later ones wait for their next use
	flushTimeout = 10 * time.Second
)

// KeyUse is told when keys were last used; store.APIKeyWriter is one.
type KeyUse interface {
	// MarkAPIKeysUsed notes when keys (by ID) were last used.
	MarkAPIKeysUsed(ctx context.Context, used map[string]time.Time) error
}

// keyUse is when one key was last used. A request writes one number; only the
// first one after a flush takes the lock.
type keyUse struct {
	id      string
	at      atomic.Int64 // Unix milliseconds
	pending atomic.Bool
}

// useLog collects the use of keys and writes it in batches: one write per key
// and period instead of one per request.
type useLog struct {
	mu      sync.Mutex
	pending []*keyUse
	started bool
	closed  bool
	stop    chan struct{}
	done    chan struct{}
}

func (k *Keys) useOf(id string) *keyUse {
	if k.Used == nil {
		return nil
	}
	return &keyUse{id: id}
}

// mark notes a use.
func (k *Keys) mark(u *keyUse, at time.Time) {
	if u == nil {
		return
	}
	u.at.Store(at.UnixMilli())
	if u.pending.Load() || !u.pending.CompareAndSwap(false, true) {
		return
	}
	l := &k.use
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.pending) >= maxUses {
		u.pending.Store(false)
		return
	}
	l.pending = append(l.pending, u)
	if !l.started {
		l.started = true
		l.stop, l.done = make(chan struct{}), make(chan struct{})
		go k.flushLoop(l.stop, l.done)
	}
}

func (k *Keys) flushLoop(stop, done chan struct{}) {
	defer close(done)
	every := k.FlushEvery
	if every <= 0 {
		every = DefaultFlushEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := k.Flush(context.Background()); err != nil {
				logger(k.Log).Warn("use of api keys not stored", slog.Any("error", err))
			}
		case <-stop:
			return
		}
	}
}

// Flush stores now what was collected about the use of keys. What could not be
// stored is kept for the next time.
func (k *Keys) Flush(ctx context.Context) error {
	l := &k.use
	l.mu.Lock()
	batch := l.pending
	l.pending = nil
	l.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	used := make(map[string]time.Time, len(batch))
	for _, u := range batch {
		// First the mark, then the time: a use in between is collected anew.
		u.pending.Store(false)
		if at := time.UnixMilli(u.at.Load()); at.After(used[u.id]) {
			used[u.id] = at
		}
	}
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	err := k.Used.MarkAPIKeysUsed(ctx, used)
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, u := range batch {
			if len(l.pending) < maxUses && u.pending.CompareAndSwap(false, true) {
				l.pending = append(l.pending, u)
			}
		}
	}
	return err
}

// Close stores what was collected about the use of keys and ends what was
// started. The keys can still be verified.
func (k *Keys) Close() error {
	l := &k.use
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	started := l.started
	l.mu.Unlock()
	if !started {
		return nil
	}
	close(l.stop)
	<-l.done
	if err := k.Flush(context.Background()); err != nil {
		return errors.Join(errors.New("use of API keys not stored"), err)
	}
	return nil
}
