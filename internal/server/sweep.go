package server

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/gate401/gate401/store"
)

// How records that are over are forgotten: now and then, a little at a time, so
// that nobody who logs in waits for it.
const (
	sweepEvery = 10 * time.Minute      // between two rounds
	sweepSoon  = 30 * time.Second      // if one round was not enough
	sweepCalls = 200                   // of one kind in one round, each of some hundred records
	sweepPause = 20 * time.Millisecond // between two calls, for those who want to write
)

// How long records are kept that are over, so that who comes late is told what
// became of them rather than that nobody knows them, and a second use is still
// seen as one.
const (
	keepTokens   = 24 * time.Hour
	keepSessions = 7 * 24 * time.Hour
	// Not longer: strangers make tickets by beginning logins with a provider.
	keepTickets = time.Hour
	// keepClients is for those that registered themselves, which strangers may do
	// all day, and came to nothing. One that comes after all registers again.
	keepClients = 7 * 24 * time.Hour
)

// sweeper forgets logins, sessions and tickets that are over, and clients that came
// to nothing. The lives of credentials are swept by who writes them: the
// configuration says how long they are kept.
type sweeper struct {
	set *store.Set
	log *slog.Logger
}

// sweep keeps the store small, until the function that it returns is called.
func (h *house) sweep(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	s := &sweeper{set: h.stores.Set, log: h.log}
	go func() {
		defer close(done)
		s.run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// run sweeps until ctx ends. Gates that share the records, and were started
// together, do not do it at the same moment.
func (s *sweeper) run(ctx context.Context) {
	wait := sweepEvery
	for sleep(ctx, wait/2+rand.N(wait)) { //nolint:gosec // no secret
		wait = sweepEvery
		if s.round(ctx) {
			wait = sweepSoon
		}
	}
}

// round sweeps each kind, and tells whether something is left.
func (s *sweeper) round(ctx context.Context) (left bool) {
	now := time.Now()
	for _, kind := range []struct {
		name string
		keep time.Duration
		do   func(ctx context.Context, before time.Time) (int, error)
	}{
		{"tokens", keepTokens, s.set.Tokens.SweepTokens},
		{"sessions", keepSessions, s.set.Sessions.SweepSessions},
		{"tickets", keepTickets, s.set.Tickets.SweepTickets},
		{"clients", keepClients, s.set.Clients.SweepClients},
	} {
		total, calls := 0, 0
		for ; calls < sweepCalls; calls++ {
			n, err := kind.do(ctx, now.Add(-kind.keep))
			if err != nil {
				// Nothing is lost by it: the next round tries again.
				if ctx.Err() == nil && !errors.Is(err, store.ErrClosed) {
					s.log.LogAttrs(ctx, slog.LevelWarn, "forgetting old records", slog.String("records", kind.name), slog.String("error", err.Error()))
				}
				break
			}
			total += n
			if n == 0 || !sleep(ctx, sweepPause) {
				break
			}
		}
		left = left || calls == sweepCalls
		if total > 0 {
			s.log.LogAttrs(ctx, slog.LevelDebug, "old records forgotten", slog.String("records", kind.name), slog.Int("count", total))
		}
	}
	return left
}

// sleep tells whether it came to its end before ctx did.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
