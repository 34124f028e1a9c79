package mock

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Clock is a clock that goes on by itself, and further when a test says so.
//
// That of a [Mock] is the time of everything in it: tokens, answers and the
// times of requests. That of a [World] is the time in that world alone, where it
// is the Date field, and what tokens are issued and judged by.
//
// Give Now to a client that has a clock of its own to set.
type Clock struct {
	t    TB
	now  func() time.Time
	move func(d time.Duration) error
}

// Now is the time.
func (c *Clock) Now() time.Time { return c.now() }

// Advance lets time pass at once.
func (c *Clock) Advance(d time.Duration) {
	c.t.Helper()
	if err := c.move(d); err != nil {
		c.t.Fatalf("mock: advancing the clock: %v", err)
	}
}

// reportTo is the same clock, reporting to another test.
func (c *Clock) reportTo(t TB) *Clock { return &Clock{t, c.now, c.move} }

// newClock is base, and ahead of it by what it was advanced.
func newClock(t TB, base func() time.Time) *Clock {
	var ahead atomic.Int64
	return &Clock{
		t:   t,
		now: func() time.Time { return base().Add(time.Duration(ahead.Load())) },
		move: func(d time.Duration) error {
			if d < 0 || d > maxAdvance {
				return fmt.Errorf("%s is not between 0 and %s", d, maxAdvance)
			}
			ahead.Add(int64(d))
			return nil
		},
	}
}

// maxAdvance bounds one step, so that no number of sensible ones overflows.
const maxAdvance = 10 * 365 * 24 * time.Hour
