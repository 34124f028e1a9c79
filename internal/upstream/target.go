package upstream

import (
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// target is one server.
type target struct {
	upstream *Upstream
	url      *url.URL
	lean     *Lean         // nil unless the server speaks plain HTTP/1.1
	slots    chan struct{} // one for each request under way; nil without a limit
	requests atomic.Int64  // under way
	served   atomic.Int64  // answers that began
	failed   atomic.Int64  // requests that had none

	// rest is until when the server is left alone after it could not be reached,
	// in Unix nanoseconds; 0 for not at all.
	rest   atomic.Int64
	misses atomic.Int64 // connections in a row that could not be made
	sick   atomic.Bool  // its health says so

	mu     sync.Mutex
	since  time.Time // of its present state
	reason string    // why it is sick, or what failed last
}

// How long a server that cannot be reached is left alone: the first time, and at
// most.
const (
	firstRest = time.Second
	longRest  = 30 * time.Second
)

func newTarget(u *Upstream, at *url.URL) *target {
	t := &target{upstream: u, url: at, since: u.config.Now()}
	if u.config.MaxRequests > 0 {
		t.slots = make(chan struct{}, u.config.MaxRequests)
	}
	if at.Scheme == "http" {
		t.lean = NewLean(at, u.config.HeaderTimeout)
		t.lean.Dial = marked(t.lean.Dial)
		t.lean.Log = u.config.Log
	}
	return t
}

// name is how logs call the server: no path, no secret.
func (t *target) name() string { return t.url.Scheme + "://" + t.url.Host }

// fit tells whether the server should get requests.
func (t *target) fit(now time.Time) bool {
	rest := t.rest.Load()
	return !t.sick.Load() && (rest == 0 || now.UnixNano() >= rest)
}

// unreached leaves the server alone for a while, longer each time.
func (t *target) unreached(err error) {
	n := t.misses.Add(1)
	wait := min(firstRest<<min(n-1, 10), longRest)
	t.rest.Store(t.upstream.config.Now().Add(wait).UnixNano())
	t.note(string(KindOf(err)))
	if n == 1 {
		t.upstream.config.Log.Warn("upstream server cannot be reached", slog.String("upstream", t.upstream.config.Name),
			slog.String("target", t.name()), slog.String("error", err.Error()))
	}
}

// reached forgets that it could not be.
func (t *target) reached() {
	if t.misses.Load() == 0 {
		return
	}
	if t.misses.Swap(0) > 0 {
		t.rest.Store(0)
		t.note("")
		t.upstream.config.Log.Info("upstream server is reached again", slog.String("upstream", t.upstream.config.Name), slog.String("target", t.name()))
	}
}

func (t *target) note(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if reason != t.reason {
		t.reason, t.since = reason, t.upstream.config.Now()
	}
}

// free tells whether another request may begin at once.
func (t *target) free() bool { return t.slots == nil || len(t.slots) < cap(t.slots) }
