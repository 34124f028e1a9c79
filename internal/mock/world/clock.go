package world

import (
	"sync/atomic"
	"time"
)

// clock is the time in one world: the machine's, or a frozen one, and how far
// commands have moved it.
type clock struct {
	base    func() time.Time
	frozen  time.Time // zero for a clock that goes
	offset  time.Duration
	ahead   time.Duration // of the Date field
	issuer  time.Duration // of the issuer of tokens
	advance atomic.Int64
}

func newClock(base func() time.Time, s Clock) *clock {
	c := &clock{base: base, offset: time.Duration(s.Offset), ahead: time.Duration(s.Date), issuer: time.Duration(s.Issuer)}
	if s.Frozen {
		c.frozen = base()
	}
	return c
}

func (c *clock) now() time.Time {
	at := c.frozen
	if at.IsZero() {
		at = c.base()
	}
	return at.Add(c.offset + time.Duration(c.advance.Load()))
}

// date is what the Date field says.
func (c *clock) date() time.Time { return c.now().Add(c.ahead).UTC() }

// issued is what the issuer's clock says.
func (c *clock) issued() time.Time { return c.now().Add(c.issuer) }
