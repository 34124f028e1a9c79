package world

import (
	"context"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/defend"
)

// lateGuard is the real guard, made when there is something to count: its tables
// are larger than all the rest of a world in which nobody guesses. While it is
// not there, an attempt that is alone is counted when it turns out wrong.
type lateGuard struct {
	now func() time.Time

	mu     sync.Mutex
	guard  *defend.Guard
	flying int
}

var _ gate401.Guard = (*lateGuard)(nil)

// Reserve counts an attempt.
func (g *lateGuard) Reserve(ctx context.Context, r *gate401.Request, c gate401.Credential) (func(error), error) {
	g.mu.Lock()
	alone := g.guard == nil && g.flying == 0
	if alone {
		g.flying++
		g.mu.Unlock()
		return func(err error) { g.settle(ctx, r, c, err) }, nil
	}
	guard := g.made()
	g.mu.Unlock()
	return guard.Reserve(ctx, r, c)
}

// made is the guard. The caller holds the lock.
func (g *lateGuard) made() *defend.Guard {
	if g.guard == nil {
		g.guard = &defend.Guard{MaxEntries: guardEntries, Now: g.now}
	}
	return g.guard
}

// settle ends an attempt that was alone. One that was right leaves nothing to
// count; for any other, the guard says itself what it costs.
func (g *lateGuard) settle(ctx context.Context, r *gate401.Request, c gate401.Credential, outcome error) {
	g.mu.Lock()
	g.flying--
	if outcome == nil {
		g.mu.Unlock()
		return
	}
	guard := g.made()
	g.mu.Unlock()
	if settle, err := guard.Reserve(context.WithoutCancel(ctx), r, c); err == nil {
		settle(outcome)
	}
}
