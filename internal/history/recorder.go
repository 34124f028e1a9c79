package history

import (
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401/store"
)

// Defaults of Options.
const (
	DefaultEvery = time.Second
	DefaultMax   = 16_384              // events that wait
	DefaultUses  = 65_536              // credentials in use at the same time
	DefaultKeep  = 30 * 24 * time.Hour // how long a life is kept
)

const (
	batch        = 500 // events in one transaction
	storeTimeout = 10 * time.Second
	sweepEvery   = time.Hour
)

// Store is where events are kept; store.Events is one.
type Store interface {
	// AppendEvents stores events in one transaction.
	AppendEvents(ctx context.Context, events []store.Event) error
	// SweepEvents forgets events from before before, and returns how many; it
	// may leave some for the next call.
	SweepEvents(ctx context.Context, before time.Time) (int, error)
}

// Options of New. Only Store is required.
type Options struct {
	Store Store
	// Every is how often events are written; 0 means DefaultEvery.
	Every time.Duration
	// Max is how many events may wait to be written; later ones are dropped and
	// counted. 0 means DefaultMax.
	Max int
	// Uses is of how many credentials the use is counted at the same time; 0
	// means DefaultUses.
	Uses int
	// Keep is for how long events are kept; 0 means DefaultKeep, below 0 for
	// ever.
	Keep time.Duration
	// Log hears of events that were dropped or could not be stored; nil
	// discards.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Recorder writes events in batches. Record and Observe never wait for the store.
// It is safe for concurrent use; close it before the store.
type Recorder struct {
	options Options
	seed    maphash.Seed
	shards  [shards]shard
	fronts  [fronts]atomic.Pointer[front]

	writing sync.Mutex // one writer at a time, so that nothing is stored twice

	mu      sync.Mutex
	waiting []store.Event
	dropped uint64 // since the start
	told    uint64 // of those, how many the log has heard of
	closed  bool
	ailing  bool // the last write failed, and the log knows

	sweep time.Time // the next one
	stop  chan struct{}
	done  chan struct{}
}

// New starts a Recorder.
func New(o Options) *Recorder {
	if o.Every <= 0 {
		o.Every = DefaultEvery
	}
	if o.Max <= 0 {
		o.Max = DefaultMax
	}
	if o.Uses <= 0 {
		o.Uses = DefaultUses
	}
	if o.Keep == 0 {
		o.Keep = DefaultKeep
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Recorder{options: o, seed: maphash.MakeSeed(), stop: make(chan struct{}), done: make(chan struct{})}
	for i := range r.shards {
		r.shards[i].uses = map[string]*use{}
	}
	go r.run()
	return r
}

// Record notes an event, to be written within Options.Every. Equal refusals of one
// credential are counted like uses: whoever sends a dead token again and again
// must not fill the store. A nil Recorder notes nothing; one that is full, or
// closed, drops it.
func (r *Recorder) Record(e store.Event) {
	if r == nil {
		return
	}
	if e.Time.IsZero() {
		e.Time = r.options.Now()
	}
	if e.Count <= 0 {
		e.Count = 1
	}
	if e.Kind == store.EventRefused && e.Object != "" {
		r.refused(e)
		return
	}
	r.queue(e)
}

// queue lets an event wait to be written.
func (r *Recorder) queue(e store.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(r.waiting) >= r.options.Max {
		r.dropped++
		return
	}
	r.waiting = append(r.waiting, e)
}

// Dropped is how many events were lost since the start, because too many waited.
func (r *Recorder) Dropped() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dropped
}

func (r *Recorder) drop(n uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropped += n
}

func (r *Recorder) run() {
	defer close(r.done)
	tick := time.NewTicker(r.options.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = r.write(context.Background(), false) // it has told the log
			r.forget(context.Background())
		case <-r.stop:
			return
		}
	}
}

// Flush writes all that is waiting, and the uses that were counted.
func (r *Recorder) Flush(ctx context.Context) error { return r.write(ctx, true) }

// Close writes what is left, and ends what New started.
func (r *Recorder) Close() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.mu.Unlock()
	close(r.stop)
	<-r.done
	err := r.write(context.Background(), true)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if lost := uint64(len(r.waiting)); err != nil && lost > 0 {
		r.dropped += lost
		r.options.Log.Warn("history lost", slog.Uint64("events", lost), slog.String("error", err.Error()))
	}
	return err
}

// write stores what waits, and the uses that are due or (all) every one.
func (r *Recorder) write(ctx context.Context, all bool) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	for _, e := range r.due(all) {
		r.queue(e)
	}
	var err error
	for err == nil {
		r.mu.Lock()
		part := r.waiting[:min(batch, len(r.waiting))]
		r.mu.Unlock()
		if len(part) == 0 {
			break
		}
		// Others append behind part meanwhile, and never touch it.
		bounded, cancel := context.WithTimeout(ctx, storeTimeout)
		err = r.options.Store.AppendEvents(bounded, part)
		cancel()
		if err == nil || errors.Is(err, store.ErrInvalid) {
			r.mu.Lock()
			if errors.Is(err, store.ErrInvalid) {
				// It would stand in the way of all that come after it.
				r.dropped += uint64(len(part))
				err = nil
			}
			left := copy(r.waiting, r.waiting[len(part):])
			clear(r.waiting[left:])
			r.waiting = r.waiting[:left]
			r.mu.Unlock()
		}
	}
	r.tell(err)
	return err
}

// tell says, once, that the store does not take events, and how many were lost.
func (r *Recorder) tell(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && !r.ailing {
		r.options.Log.Warn("history not stored, will be tried again", slog.String("error", err.Error()))
	}
	r.ailing = err != nil
	if r.dropped > r.told && err == nil {
		r.options.Log.Warn("history lost", slog.Uint64("events", r.dropped-r.told))
		r.told = r.dropped
	}
}

// forget removes what is too old.
func (r *Recorder) forget(ctx context.Context) {
	now := r.options.Now()
	if r.options.Keep < 0 || now.Before(r.sweep) {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	n, err := r.options.Store.SweepEvents(bounded, now.Add(-r.options.Keep))
	if err != nil {
		r.options.Log.Warn("old history not removed, will be tried again", slog.String("error", err.Error()))
	}
	if err != nil || n == 0 {
		r.sweep = now.Add(sweepEvery)
	}
}
