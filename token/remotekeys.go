package token

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Defaults of [RemoteKeys].
const (
	DefaultKeyTTL       = 10 * time.Minute
	DefaultKeyMaxStale  = 24 * time.Hour
	DefaultKeyCooldown  = 10 * time.Second
	DefaultFetchTimeout = 5 * time.Second

	maxUnknownIDs = 1024 // remembered kids that the issuer does not have
	maxUnknownLen = 256  // octets of one of them
	missBurst     = 2    // so that one invented kid does not delay a rotation
	missMemory    = 6    // cooldowns that an unknown kid is remembered for
)

var _ KeySource = (*RemoteKeys)(nil)

// RemoteKeys is the key set of an issuer, fetched from a URL or found by the
// issuer's metadata. It fetches when it is asked for a key, so an unused one
// costs nothing, and one fetch serves everybody who waits for it.
//
//   - Keys younger than the TTL are used as they are; in its last fifth they are
//     renewed in the background.
//   - Keys older than the TTL are renewed first. If the issuer is away, the old
//     ones go on working until MaxStale.
//   - An unknown kid fetches once, and such fetches happen at most twice in two
//     Cooldowns: nobody can make us flood the issuer with invented names. A kid
//     that the issuer does not have either is remembered for six Cooldowns, or
//     until the set changes. Of one that the issuer was not asked for, because
//     others have used up the fetches, nobody knows: that is no refusal, or
//     inventors could have the tokens of a new key refused.
//   - Keys that the issuer no longer publishes stop working at the next renewal.
//   - While keys were never fetched, or a kid is unknown and the issuer cannot be
//     asked, or not now, Keys returns an ordinary error: nobody knows.
//
// Exactly one of URL and Issuer is required. Close it when done. Do not copy it
// after first use.
type RemoteKeys struct {
	// URL is where the JWK Set is (the issuer's jwks_uri).
	URL string

	// Issuer is asked for its metadata instead, by OpenID Connect Discovery 1.0
	// or RFC 8414. The issuer that the metadata names must be exactly this one.
	Issuer string

	// TTL is how long keys are used before they are fetched again; 0 means
	// DefaultKeyTTL.
	TTL time.Duration

	// MaxStale is how long keys work at most since they were last fetched, while
	// the issuer is away; 0 means DefaultKeyMaxStale.
	MaxStale time.Duration

	// Cooldown is the time between two fetches that unknown kids cause, on
	// average, and the longest one between failures (the first is a second);
	// 0 means DefaultKeyCooldown.
	Cooldown time.Duration

	// Timeout bounds one fetch, metadata included; 0 means DefaultFetchTimeout.
	Timeout time.Duration

	// Client does the requests; nil means one of our own. Its redirect policy and
	// cookie jar are not used: redirects stay on the same origin.
	Client *http.Client

	// DangerouslyAllowHTTP allows plain http to hosts other than this machine:
	// whoever sits between can then forge any token.
	DangerouslyAllowHTTP bool

	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu      sync.Mutex
	set     *KeySet
	sum     [sha256.Size]byte // of the document that the set is from
	epoch   uint64
	fails   uint // in a row
	unknown map[string]time.Time
	misses  [missBurst]time.Time // when unknown kids last caused a fetch, a ring
	miss    int
	status  Status
	flight  *flight
	ctx     context.Context //nolint:containedctx // the owner of every fetch; ended by Close
	cancel  context.CancelFunc
	closed  bool
	running sync.WaitGroup

	found   string // jwks_uri by metadata; touched by the one flight only
	foundAt time.Time
}

// A flight is one fetch that any number of callers wait for.
type flight struct {
	done chan struct{}
	err  error // set before done is closed
}

// Keys is part of [KeySource].
func (r *RemoteKeys) Keys(ctx context.Context, kid, alg string) ([]*Key, error) {
	now := r.now()
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil, ErrClosed
	}
	set, f := r.plan(now)
	waited := false
	if f != nil && (set == nil || r.status.LastError == nil) {
		// Nothing to go on with, or an issuer that answered last time.
		r.mu.Unlock()
		if err := r.wait(ctx, f); err != nil && ctx.Err() != nil {
			return nil, err
		}
		r.mu.Lock()
		set, _ = r.usable(now)
		waited = true
	}
	if set == nil {
		err := r.status.LastError
		r.mu.Unlock()
		return nil, fmt.Errorf("the issuer's keys are out of reach: %w", cmp.Or(err, errTooOld))
	}
	keys, exact, err := set.find(kid, alg)
	if exact || waited && r.status.LastError == nil {
		r.mu.Unlock() // the set is as new as can be
		return keys, err
	}
	return r.unheard(ctx, now, kid, alg, keys, err) // unlocks
}

// usable is the set, unless it is too old to be used at all.
func (r *RemoteKeys) usable(now time.Time) (*KeySet, time.Duration) {
	if r.set == nil {
		return nil, 0
	}
	age := max(now.Sub(r.status.LastSuccess), 0)
	if age >= max(or(r.MaxStale, DefaultKeyMaxStale), or(r.TTL, DefaultKeyTTL)) {
		return nil, age
	}
	return r.set, age
}

// plan is the set to use and, if it should be renewed before, a flight to wait
// for. It is called with the lock held.
func (r *RemoteKeys) plan(now time.Time) (*KeySet, *flight) {
	ttl := or(r.TTL, DefaultKeyTTL)
	set, age := r.usable(now)
	switch {
	case set != nil && age < ttl-ttl/5:
		return set, nil
	case set != nil && age < ttl:
		if r.cool(now) {
			r.launch()
		}
		return set, nil
	case r.flight != nil || r.cool(now):
		return set, r.launch()
	}
	return set, nil
}

// cool is whether another fetch is in order: the last one did not fail, or that
// is long enough ago. The pauses grow, so that an issuer that starts a moment
// after us is not missed for long, and one that is away is left alone.
func (r *RemoteKeys) cool(now time.Time) bool {
	if r.status.LastError == nil {
		return true
	}
	pause := min(time.Second<<min(r.fails-1, 10), or(r.Cooldown, DefaultKeyCooldown))
	return now.Sub(r.status.LastAttempt).Abs() >= pause
}

// unheard decides about a kid that the set does not have: it may be new. It is
// called with the lock held, and gives it back.
func (r *RemoteKeys) unheard(ctx context.Context, now time.Time, kid, alg string, keys []*Key, err error) ([]*Key, error) {
	var exact bool
	cooldown := or(r.Cooldown, DefaultKeyCooldown)
	asked, known := r.unknown[kid+"\x00"+alg]
	known = known && now.Sub(asked).Abs() < missMemory*cooldown
	away := r.status.LastError
	held := !r.cool(now)
	if last := r.misses[r.miss]; !last.IsZero() && now.Sub(last).Abs() < missBurst*cooldown {
		held = true
	}
	if known {
		r.mu.Unlock()
		return keys, err
	}
	if held && r.flight == nil {
		r.mu.Unlock()
		return verdict(keys, err, cmp.Or(away, errHeld))
	}
	if r.flight == nil {
		r.misses[r.miss] = now
		r.miss = (r.miss + 1) % missBurst
	}
	f := r.launch()
	r.mu.Unlock()
	if waited := r.wait(ctx, f); waited != nil {
		return verdict(keys, err, waited)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if keys, exact, err = r.set.find(kid, alg); !exact && len(kid) <= maxUnknownLen {
		if len(r.unknown) >= maxUnknownIDs {
			clear(r.unknown) // the cooldown holds the floods; this is for the rest
		}
		if r.unknown == nil {
			r.unknown = make(map[string]time.Time)
		}
		r.unknown[kid+"\x00"+alg] = now
	}
	return keys, err
}

// verdict answers for a kid that the issuer was not asked for: keys without an ID
// stand in, else nobody knows.
func verdict(keys []*Key, err, why error) ([]*Key, error) {
	if err != nil {
		return nil, fmt.Errorf("the issuer's keys are out of reach, and those at hand do not have it: %w", why)
	}
	return keys, nil
}

// Epoch moves when the keys change: what was verified before is then to be
// verified again. It never waits, but sees to it that keys are renewed in time
// although every token is remembered and nobody asks for a key.
func (r *RemoteKeys) Epoch() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed && r.set != nil {
		r.plan(r.now())
	}
	return r.epoch
}

// Refresh fetches now, or waits for the fetch under way.
func (r *RemoteKeys) Refresh(ctx context.Context) error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return ErrClosed
	}
	f := r.launch()
	r.mu.Unlock()
	return r.wait(ctx, f)
}

// Status says how the issuer is doing.
func (r *RemoteKeys) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.status
	st.Source = r.URL
	if st.Source == "" {
		st.Source = r.Issuer
	}
	if r.set != nil {
		st.Keys, st.Skipped = r.set.Len(), r.set.Skipped()
	}
	return st
}

// Close ends a fetch under way and waits for its end. Keys fails afterwards.
func (r *RemoteKeys) Close() error {
	r.mu.Lock()
	r.closed = true
	if r.cancel != nil {
		r.cancel()
	}
	r.mu.Unlock()
	r.running.Wait()
	return nil
}

func (r *RemoteKeys) now() time.Time { return clock(r.Now) }

// launch starts a flight, or joins the one in the air. It is called with the
// lock held.
func (r *RemoteKeys) launch() *flight {
	if r.flight != nil {
		return r.flight
	}
	if r.ctx == nil {
		r.ctx, r.cancel = context.WithCancel(context.Background())
	}
	f := &flight{done: make(chan struct{})}
	r.flight = f
	if r.closed {
		f.err = ErrClosed
		r.flight = nil
		close(f.done)
		return f
	}
	r.running.Go(func() { r.fly(f) })
	return f
}

// fly does one fetch and publishes what it brings.
func (r *RemoteKeys) fly(f *flight) {
	ctx, cancel := context.WithTimeout(r.ctx, or(r.Timeout, DefaultFetchTimeout))
	defer cancel()
	set, sum, err := r.fetch(ctx)

	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.status.LastAttempt, r.status.LastError = now, err
	if err != nil {
		r.fails++
	} else {
		r.fails, r.status.LastSuccess = 0, now
		if r.set == nil || sum != r.sum {
			r.set, r.sum, r.unknown = set, sum, nil
			r.epoch++
		}
	}
	r.flight, f.err = nil, err
	close(f.done)
}

// wait waits for a flight, no longer than the caller does.
func (r *RemoteKeys) wait(ctx context.Context, f *flight) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func or(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

var (
	errNoSource = errors.New("exactly one of URL and Issuer is needed")
	errTooOld   = errors.New("the last ones are too old")
	errHeld     = errors.New("it was just asked for others that are unknown, and is not asked again so soon")
)
