package upstream

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what New makes.
type Config struct {
	// Name is for logs and the listener of operators.
	Name string
	// URLs are the servers, all of one scheme: http, https, or h2c for HTTP/2
	// without TLS. Paths are not looked at.
	URLs []*url.URL
	// Balance says which server is next; empty means RoundRobin.
	Balance Balance
	// Health asks the servers how they are; nil asks nobody.
	Health *Health
	// TLS is for https; nil trusts what the system trusts.
	TLS *tls.Config
	// HeaderTimeout is how long an answer may take to begin; 0 means
	// DefaultHeaderTimeout.
	HeaderTimeout time.Duration
	// MaxRequests is how many requests may be under way at one server; others
	// wait a moment. 0 is no limit.
	MaxRequests int
	// Log gets what changes; nil discards it.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// MaxTargets is how many servers one Upstream may have.
const MaxTargets = 64

// Balance says which server is next.
type Balance string

// The ways to balance.
const (
	// RoundRobin takes turns.
	RoundRobin Balance = "round-robin"
	// LeastRequests takes the server with the fewest requests under way.
	LeastRequests Balance = "least-requests"
)

// Upstream is one or more servers with the same content. Make it with New; it is
// safe for concurrent use.
type Upstream struct {
	config  Config
	targets []*target
	turn    atomic.Uint64
	cancel  context.CancelFunc
	probes  sync.WaitGroup
	holders atomic.Int64

	mu    sync.Mutex
	lanes []*Lane
	main  *Lane
}

// New checks c, makes the Upstream and starts to ask its servers how they are.
// Close the result.
func New(c Config) (*Upstream, error) {
	if len(c.URLs) == 0 || len(c.URLs) > MaxTargets {
		return nil, fmt.Errorf("upstream %q: %d URLs, want 1 to %d", c.Name, len(c.URLs), MaxTargets)
	}
	c.HeaderTimeout = cmp.Or(c.HeaderTimeout, DefaultHeaderTimeout)
	c.Balance = cmp.Or(c.Balance, RoundRobin)
	if c.Balance != RoundRobin && c.Balance != LeastRequests {
		return nil, fmt.Errorf("upstream %q: unknown way to balance %q", c.Name, c.Balance)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	u := &Upstream{config: c}
	u.holders.Store(1)
	for _, at := range c.URLs {
		switch {
		case at.Scheme != "http" && at.Scheme != "https" && at.Scheme != "h2c":
			return nil, fmt.Errorf("upstream %q: %q is neither an http, an https nor an h2c URL", c.Name, at.Redacted())
		case at.Scheme != c.URLs[0].Scheme:
			return nil, fmt.Errorf("upstream %q: %s and %s servers in one", c.Name, c.URLs[0].Scheme, at.Scheme)
		case at.Host == "":
			return nil, fmt.Errorf("upstream %q: %q has no host", c.Name, at.Redacted())
		}
		u.targets = append(u.targets, newTarget(u, at))
	}
	u.main = u.Lane(0)
	ctx, cancel := context.WithCancel(context.Background())
	u.cancel = cancel
	if c.Health != nil {
		for _, t := range u.targets {
			u.probes.Go(func() { t.watch(ctx, c.Health.withDefaults()) })
		}
	}
	return u, nil
}

// URL is the address that requests are written for; each server gets its own
// instead.
func (u *Upstream) URL() *url.URL {
	at := *u.config.URLs[0]
	at.Scheme = wireScheme(at.Scheme)
	return &at
}

// wireScheme is the scheme of requests to a server.
func wireScheme(scheme string) string {
	if scheme == "h2c" {
		return "http"
	}
	return scheme
}

// Hold keeps the Upstream open for one Close more.
func (u *Upstream) Hold() { u.holders.Add(1) }

// Close stops asking and closes idle connections. Requests under way go on to
// their end.
func (u *Upstream) Close() error {
	if u.holders.Add(-1) > 0 {
		return nil
	}
	u.cancel()
	u.probes.Wait()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, l := range u.lanes {
		l.close()
	}
	return nil
}

var (
	errBusy = errors.New("as many requests as are allowed are under way")
	errDown = errors.New("every server is down")
)
