package authn

import (
	"context"
	"log/slog"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// Defaults of what is remembered.
const (
	// DefaultRemember is for how long a right credential is not verified again.
	DefaultRemember = 5 * time.Minute
	// DefaultEntries is how many credentials one method remembers.
	DefaultEntries = 100_000
	// DefaultKeyEntries is how many API keys are remembered. A million take some
	// 140 MB, and half as much again while the collector has not been there.
	DefaultKeyEntries = 1_000_000
	// DefaultRememberRefused is for how long a refused token is not verified again.
	DefaultRememberRefused = 30 * time.Second
)

// Of the tokens that are remembered these are kept ready to use; the identity of
// any other is made anew from the token when it comes by.
const (
	readyFew    = 1024     // that many always
	readyTokens = 32 << 20 // octets, see knownToken.weight
)

// recallTimeout bounds the point look-up after the store has changed; a slow
// store must not hold up a request that can still go the long way.
const recallTimeout = time.Second

// AccountReader looks up accounts; store.Accounts is one.
type AccountReader interface {
	// Account returns the account of that canonical name, or store.ErrNotFound.
	Account(ctx context.Context, name string) (store.Account, error)
}

// memory is a bounded map by fingerprint. Entries carry their own end, which is
// compared with the time of the request: one clock decides everything about a
// request, and no goroutine is needed. A nil memory remembers nothing.
type memory[V any] struct {
	cache *otter.Cache[[32]byte, *V]
}

// newMemory takes the setting for how long, too: where nothing is remembered
// there is nothing to make.
func newMemory[V any](remember time.Duration, entries int) *memory[V] {
	if remember < 0 {
		return nil
	}
	if entries <= 0 {
		entries = DefaultEntries
	}
	// The options are fixed and right: New cannot fail.
	return &memory[V]{otter.Must(&otter.Options[[32]byte, *V]{MaximumSize: entries})}
}

// newWeighed is bounded by the weight of its entries, in octets.
func newWeighed[V any](limit uint64, weigh func(v *V) uint32) *memory[V] {
	return &memory[V]{otter.Must(&otter.Options[[32]byte, *V]{MaximumWeight: limit,
		Weigher: func(_ [32]byte, v *V) uint32 { return weigh(v) }})}
}

func (m *memory[V]) GetIfPresent(key [32]byte) (*V, bool) {
	if m == nil {
		return nil, false
	}
	return m.cache.GetIfPresent(key)
}

func (m *memory[V]) Set(key [32]byte, v *V) {
	if m != nil {
		m.cache.Set(key, v)
	}
}

func (m *memory[V]) Invalidate(key [32]byte) {
	if m != nil {
		m.cache.Invalidate(key)
	}
}

// ending is when something remembered now ends: after at most limit, and never
// after the credential itself.
func ending(now time.Time, limit time.Duration, expires time.Time) time.Time {
	end := now.Add(limit)
	if !expires.IsZero() && expires.Before(end) {
		return expires
	}
	return end
}

func or(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

func deny(method string, code reason.Code, subject string, err error) error {
	return &gate401.Denial{Reason: code, Method: method, Subject: subject, Err: err}
}
