package upstream

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Lean is an http.RoundTripper for one plain-http server. Requests without a
// body it writes, and their answers it reads, in the goroutine of the caller:
// the two goroutines that http.Transport keeps for each connection, and the
// hand-overs between them, cost more than all the rest of a small request. What
// it does not understand completely it leaves to Rest, before it has sent a
// single octet.
//
// Fill it before the first request; it is safe for concurrent use afterwards.
type Lean struct {
	// Host is the host and port of the server, as in the URLs of requests.
	Host string
	// Rest takes every other request, and those that are not for Host.
	Rest http.RoundTripper
	// Dial opens a connection that is a syscall.Conn, as those of net are.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// HeaderTimeout is how long an answer may take to begin; 0 means
	// DefaultHeaderTimeout.
	HeaderTimeout time.Duration
	// IdleTimeout is how long a connection is kept for another request; 0 means
	// DefaultIdleTimeout.
	IdleTimeout time.Duration
	// MaxIdle is how many connections are kept; 0 means DefaultMaxIdle.
	MaxIdle int
	// MaxHeader is how many octets the fields of an answer may have, those of
	// informational answers included; 0 means DefaultMaxHeader.
	MaxHeader int64
	// Log gets what a server should not do; nil discards it.
	Log *slog.Logger

	pool   pool
	drafts sync.Pool
	once   sync.Once
	addr   string
}

// Defaults of Lean.
const (
	DefaultHeaderTimeout = 60 * time.Second
	DefaultIdleTimeout   = 90 * time.Second
	DefaultMaxIdle       = 1024
	DefaultMaxHeader     = 1 << 20
)

// maxInformational bounds the answers before the final one (RFC 9110 section
// 15.2): a server that sends nothing else would never be done.
const maxInformational = 100

func (l *Lean) ready() {
	if l.HeaderTimeout == 0 {
		l.HeaderTimeout = DefaultHeaderTimeout
	}
	if l.IdleTimeout == 0 {
		l.IdleTimeout = DefaultIdleTimeout
	}
	if l.MaxIdle == 0 {
		l.MaxIdle = DefaultMaxIdle
	}
	if l.MaxHeader == 0 {
		l.MaxHeader = DefaultMaxHeader
	}
	if l.Log == nil {
		l.Log = slog.New(slog.DiscardHandler)
	}
	l.addr = l.Host
	if _, port, err := net.SplitHostPort(l.Host); err != nil || port == "" {
		host := l.Host
		if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
			host = host[1 : n-1]
		}
		l.addr = net.JoinHostPort(host, "80")
	}
	l.pool.max, l.pool.timeout = l.MaxIdle, l.IdleTimeout
}

// CloseIdleConnections closes the connections that no request is using, those of
// Rest too.
func (l *Lean) CloseIdleConnections() {
	l.pool.drain(false)
	if c, ok := l.Rest.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// Close is CloseIdleConnections, after which no connection is kept any more.
// Requests under way go on to their end.
func (l *Lean) Close() {
	l.pool.drain(true)
	l.CloseIdleConnections()
}

// RoundTrip sends r and returns the answer once its fields are here.
func (l *Lean) RoundTrip(r *http.Request) (*http.Response, error) {
	l.once.Do(l.ready)
	return l.send(r, l.Rest, l.HeaderTimeout)
}

// send is RoundTrip with another way for the rest, and another time.
func (l *Lean) send(r *http.Request, rest http.RoundTripper, timeout time.Duration) (*http.Response, error) {
	if !available || !l.takes(r) {
		return rest.RoundTrip(r)
	}
	l.once.Do(l.ready)
	d, ok := l.drafts.Get().(*draft)
	if !ok {
		d = &draft{}
	}
	defer func() {
		d.forget()
		l.drafts.Put(d)
	}()
	if !d.write(r) {
		return rest.RoundTrip(r)
	}
	if r.Context().Err() != nil {
		return nil, context.Cause(r.Context())
	}
	for fresh := false; ; {
		c, err := l.conn(r.Context(), fresh)
		if err != nil {
			return nil, err
		}
		res, err := c.exchange(r, d.text, timeout)
		if err == nil {
			return res, nil
		}
		c.unwatch()
		c.close()
		if r.Context().Err() != nil {
			return nil, context.Cause(r.Context())
		}
		switch {
		case !c.reused:
			return nil, err
		case errors.Is(err, errStale):
			// Nothing was sent: the next one, and in the end a new one.
		case errors.As(err, new(unansweredError)) && replayable(r):
			// It went away as the request came, which servers do that close
			// what is idle. A new connection cannot have been idle.
			fresh = true
		default:
			return nil, err
		}
	}
}

// takes tells whether r is a request that is written here. Everything rare is not.
func (l *Lean) takes(r *http.Request) bool {
	switch r.Method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		return false
	}
	return r.ContentLength == 0 && (r.Body == nil || r.Body == http.NoBody) && r.URL.Scheme == "http" && r.URL.Host == l.Host &&
		!r.Close && r.TransferEncoding == nil && r.Trailer == nil && r.URL.Opaque == "" && r.Header != nil
}

// replayable is the rule of http.Transport for requests without a body: the safe
// methods (RFC 9110 section 9.2.1), and whoever says so with a key.
func replayable(r *http.Request) bool {
	switch r.Method {
	case "GET", "HEAD", "OPTIONS":
		return true
	}
	_, key := r.Header["Idempotency-Key"]
	_, old := r.Header["X-Idempotency-Key"]
	return key || old
}

// conn finds an idle connection, the one used last, or opens one.
func (l *Lean) conn(ctx context.Context, fresh bool) (*conn, error) {
	if !fresh {
		if c := l.pool.take(); c != nil {
			return c, nil
		}
	}
	nc, err := l.Dial(ctx, "tcp", l.addr)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	return newConn(l, nc)
}

var _ http.RoundTripper = (*Lean)(nil)
