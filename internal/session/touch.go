package session

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/gate401/gate401/store"
)

const (
	flushTimeout = 10 * time.Second

	// maxTouches bounds one batch; later signs of life wait for the next request.
	maxTouches = 100_000

	// touchEvery is how old the last sign of life is when the next one is noted.
	// Idleness itself is exact here, and told to the store that much late.
	touchEvery = time.Minute
)

// touches collects signs of life and writes them in batches, instead of a write
// for each request.
type touches struct {
	mu      sync.Mutex
	pending []*live
	started bool
	closed  bool
	stop    chan struct{}
	done    chan struct{}
}

// use moves the end of idleness, and notes a sign of life if the last one is old.
func (m *Manager) use(l *live, now time.Time) {
	ms, idle := now.UnixMilli(), m.idle()
	if end := min(ms+idle.Milliseconds(), l.record.Expires.UnixMilli()); end > l.idle.Load() {
		l.idle.Store(end)
	}
	l.seen.Store(ms)
	// A tenth of a short time of idleness, so that the store never lags behind
	// by more.
	if ms-l.touched.Load() < min(touchEvery, idle/10).Milliseconds() || l.pending.Load() || !l.pending.CompareAndSwap(false, true) {
		return
	}
	t := &m.touches
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || len(t.pending) >= maxTouches {
		l.pending.Store(false)
		return
	}
	t.pending = append(t.pending, l)
	if !t.started {
		t.started = true
		t.stop, t.done = make(chan struct{}), make(chan struct{})
		go m.flushLoop(t.stop, t.done)
	}
}

func (m *Manager) flushLoop(stop, done chan struct{}) {
	defer close(done)
	tick := time.NewTicker(or(m.FlushEvery, DefaultFlushEvery))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := m.Flush(context.Background()); err != nil && m.Log != nil {
				m.Log.Warn("use of sessions not stored", slog.Any("error", err))
			}
		case <-stop:
			return
		}
	}
}

// Flush stores now which sessions were used. What could not be stored is kept for
// the next time.
func (m *Manager) Flush(ctx context.Context) error {
	t := &m.touches
	t.mu.Lock()
	batch := t.pending
	t.pending = nil
	t.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	touched := make(map[string]store.Touch, len(batch))
	for _, l := range batch {
		// First the mark, then the time: a use in between is collected anew.
		l.pending.Store(false)
		seen := l.seen.Load()
		l.touched.Store(seen)
		touched[l.record.ID] = store.Touch{Seen: time.UnixMilli(seen).UTC(), Idle: time.UnixMilli(l.idle.Load()).UTC()}
	}
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	err := m.Store.TouchSessions(ctx, touched)
	if err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, l := range batch {
			if len(t.pending) < maxTouches && l.pending.CompareAndSwap(false, true) {
				t.pending = append(t.pending, l)
			}
		}
	}
	return err
}

// Close stores what was collected and ends what was started. Sessions can still
// be found.
func (m *Manager) Close() error {
	t := &m.touches
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil
	}
	t.closed = true
	started := t.started
	t.mu.Unlock()
	if !started {
		return nil
	}
	close(t.stop)
	<-t.done
	if err := m.Flush(context.Background()); err != nil {
		return errors.Join(errors.New("use of sessions not stored"), err)
	}
	return nil
}
