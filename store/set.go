package store

import (
	"context"
	"time"
)

// Limits of the lists.
const (
	DefaultPage = 100  // used when limit is zero or negative
	MaxPage     = 1000 // a larger limit is cut to this
)

// Set is everything that one backend keeps. The interfaces are fields, so that
// one of them can be replaced (by a cache, by a fault in a test) and so that a
// part of the program can be handed only what it needs.
type Set struct {
	Accounts     Accounts
	APIKeys      APIKeys
	SigningKeys  SigningKeys
	Audit        Audit
	Settings     Settings
	Tokens       Tokens
	Certificates Certificates
	Clients      Clients
	Sessions     Sessions
	Tickets      Tickets
	Factors      SecondFactors
	Consents     Consents
	Events       Events

	// Revision is the change feed; see the package comment. It never blocks.
	Revision func() uint64
	// Ping tells whether the backend can be read and, as far as that can be
	// told without writing, written.
	Ping func(ctx context.Context) error
	// Close stops what the backend started and waits for it. Calls after it
	// fail with ErrClosed. It may be called more than once.
	Close func() error
}

// Page returns the limit that a list applies.
func Page(limit int) int {
	switch {
	case limit <= 0:
		return DefaultPage
	case limit > MaxPage:
		return MaxPage
	}
	return limit
}

// Moment returns t as every backend keeps it: in UTC, whole milliseconds,
// without a monotonic reading. The zero time stays zero and means "not set".
func Moment(t time.Time) time.Time { return FromMillis(Millis(t)) }

// Millis returns t in milliseconds since the Unix epoch, 0 for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	// "Set" must never become "not set": a revocation at the epoch (a fake
	// clock) is a revocation.
	if ms := t.UnixMilli(); ms != 0 {
		return ms
	}
	return 1
}

// FromMillis is the inverse of Millis, to the millisecond.
func FromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
