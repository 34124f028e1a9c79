package stream

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/gate401/gate401"
)

// DefaultEvery is how often Recheck looks for changes.
const DefaultEvery = time.Second

// checkTimeout bounds one round, so that a slow store delays the next one and
// nothing else.
const checkTimeout = 10 * time.Second

// Recheck ends the streams of credentials that another process withdrew: a key
// that was revoked or an account that was suspended on the command line. It looks
// only when the records changed, and once at each new stream.
type Recheck struct {
	// Hub has the streams. Required.
	Hub *Hub
	// Revision moves whenever a record changes: store.Set's. Required.
	Revision func() uint64
	// Check tells whether id is still good, for a stream that began then; a
	// *gate401.Denial ends it, any other error means that it could not be told.
	// Required.
	Check func(ctx context.Context, id *gate401.Identity, since time.Time) error
	// Every is how often it looks; 0 means DefaultEvery.
	Every time.Duration
	// Log hears of what could not be told; nil discards it.
	Log *slog.Logger
}

// Run looks until ctx ends.
func (r *Recheck) Run(ctx context.Context) {
	every := r.Every
	if every == 0 {
		every = DefaultEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	known := r.Revision()
	complained := false
	// Waited for at the end alone: a client that does not read delays its own end,
	// and must not delay that of others.
	var ends sync.WaitGroup
	defer ends.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		// Before the records are read: what changes in between is seen next time.
		now := r.Revision()
		err := r.round(ctx, &ends, now != known)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			known, complained = now, false
		case !complained && r.Log != nil:
			complained = true
			r.Log.Warn("open streams could not be checked against the records", slog.String("error", err.Error()))
		}
	}
}

// round checks all streams, or the new ones. Equal identities are one question.
func (r *Recheck) round(ctx context.Context, ends *sync.WaitGroup, all bool) error {
	type question struct {
		id    *gate401.Identity
		since time.Time
	}
	asked := map[question]error{}
	var entries []*entry
	h := r.Hub
	h.mu.Lock()
	for e := range h.open {
		if e.id != nil && (all || e.fresh) {
			entries = append(entries, e)
		}
	}
	h.mu.Unlock()
	if len(entries) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var fault error
	for _, e := range entries {
		q := question{id: e.id}
		if e.id.Method != methodKey && e.id.Method != methodToken {
			q.since = e.since // a password may have changed since
		}
		err, known := asked[q]
		if !known {
			err = r.Check(ctx, e.id, e.since)
			asked[q] = err
		}
		var denial *gate401.Denial
		switch {
		case errors.As(err, &denial):
			if h.remove(e) {
				ends.Go(func() { e.end(denial.Reason) })
			}
		case err != nil:
			fault = err
		default:
			h.mu.Lock()
			e.fresh = false
			h.mu.Unlock()
		}
	}
	return fault
}

// remove takes e out and tells whether it was still in.
func (h *Hub) remove(e *entry) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, in := h.open[e]
	delete(h.open, e)
	return in
}
