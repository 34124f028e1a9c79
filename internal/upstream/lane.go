package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"
)

// Lane is an http.RoundTripper to an Upstream. All lanes share its servers and
// what is known of them; each has a time of its own in which answers must begin.
type Lane struct {
	upstream *Upstream
	timeout  time.Duration
	rest     []*http.Transport // for each target
	tracked  bool              // who is asked depends on what is under way
}

// Lane is the way to the upstream for answers that must begin within timeout; 0
// means the time of the upstream. It is made at load, once for each route.
func (u *Upstream) Lane(timeout time.Duration) *Lane {
	if timeout == 0 {
		timeout = u.config.HeaderTimeout
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, l := range u.lanes {
		if l.timeout == timeout {
			return l
		}
	}
	l := &Lane{upstream: u, timeout: timeout, tracked: len(u.targets) > 1 || u.config.MaxRequests > 0}
	for _, t := range u.targets {
		tr := NewTransport(t.url, timeout)
		tr.DialContext = marked(tr.DialContext)
		if t.url.Scheme == "https" {
			tr.TLSClientConfig = u.config.TLS.Clone()
		}
		if t.url.Scheme == "h2c" {
			tr.Protocols = new(http.Protocols)
			tr.Protocols.SetUnencryptedHTTP2(true)
		}
		l.rest = append(l.rest, tr)
	}
	u.lanes = append(u.lanes, l)
	return l
}

// marked makes failures to connect known as such.
func marked(dial dialer) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, dialError{err}
		}
		return c, nil
	}
}

type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

func (l *Lane) close() {
	for i, t := range l.upstream.targets {
		if t.lean != nil {
			t.lean.Close()
		}
		l.rest[i].CloseIdleConnections()
	}
}

// RoundTrip asks a server that is fit. One that cannot be reached was sent
// nothing, so that the next one is asked; if none is fit, all are tried, because
// a wrong verdict must not close an API that works. A failure is a *Failure.
func (l *Lane) RoundTrip(r *http.Request) (*http.Response, error) {
	u := l.upstream
	if !l.tracked {
		res, err := l.ask(0, r)
		if err != nil {
			return nil, u.failure(u.targets[0], r, err)
		}
		return res, nil
	}
	var body *held
	if r.Body != nil && r.Body != http.NoBody && len(u.targets) > 1 {
		body = &held{ReadCloser: r.Body}
		defer body.release()
	}
	var tried uint64 // bits of targets
	for n := 0; ; n++ {
		i, err := u.next(r.Context(), tried)
		t := u.targets[i]
		if err != nil {
			return nil, u.failure(t, r, err)
		}
		fit := t.fit(u.config.Now())
		t.requests.Add(1)
		res, err := l.ask(i, addressed(r, t.url, body))
		if err == nil {
			res.Request, res.Body = r, track(t, res.Body)
			return res, nil
		}
		t.leave()
		tried |= 1 << i
		if n+1 < len(u.targets) && unsent(err) && r.Context().Err() == nil && (body == nil || !body.touched.Load()) {
			continue
		}
		if !fit && unsent(err) {
			err = &Failure{Kind: Down, Upstream: u.config.Name, Target: t.name(), Err: errors.Join(errDown, err)}
		}
		return nil, u.failure(t, r, err)
	}
}

// ask sends r to one server.
func (l *Lane) ask(i int, r *http.Request) (res *http.Response, err error) {
	t := l.upstream.targets[i]
	if t.lean != nil {
		res, err = t.lean.send(r, l.rest[i], l.timeout)
	} else {
		res, err = l.rest[i].RoundTrip(r)
	}
	switch {
	case err == nil:
		t.served.Add(1)
		t.reached()
	case r.Context().Err() == nil:
		t.failed.Add(1)
		if unsent(err) {
			t.unreached(err)
		}
	}
	return res, err
}

// failure wraps err, unless it is the request's own end.
func (u *Upstream) failure(t *target, r *http.Request, err error) error {
	var known *Failure
	if r.Context().Err() != nil || errors.As(err, &known) {
		return err
	}
	return &Failure{Kind: KindOf(err), Upstream: u.config.Name, Target: t.name(), Err: err}
}

// addressed is r for the server at, which gets its own name as Host unless r has
// one. r itself stays as it is.
func addressed(r *http.Request, at *url.URL, body *held) *http.Request {
	if r.URL.Host == at.Host && body == nil {
		return r
	}
	out, where := *r, *r.URL
	where.Scheme, where.Host = wireScheme(at.Scheme), at.Host
	out.URL = &where
	if out.Host == r.URL.Host {
		out.Host = ""
	}
	if body != nil {
		out.Body = body
	}
	return &out
}

// next picks a server and takes a place at it.
func (u *Upstream) next(ctx context.Context, tried uint64) (int, error) {
	now := u.config.Now()
	i := u.pick(tried, func(t *target) bool { return t.fit(now) && t.free() })
	if i < 0 {
		i = u.pick(tried, func(t *target) bool { return t.fit(now) })
	}
	if i < 0 {
		i = u.pick(tried, func(*target) bool { return true })
	}
	i = max(i, 0)
	t := u.targets[i]
	if t.slots == nil {
		return i, nil
	}
	select {
	case t.slots <- struct{}{}:
		return i, nil
	default:
	}
	wait := time.NewTimer(queueTimeout)
	defer wait.Stop()
	select {
	case t.slots <- struct{}{}:
		return i, nil
	case <-ctx.Done():
		return i, context.Cause(ctx)
	case <-wait.C:
		return i, &Failure{Kind: Busy, Upstream: u.config.Name, Target: t.name(), Err: errBusy}
	}
}

// queueTimeout is how long a request waits for a place.
const queueTimeout = 5 * time.Second

// pick finds the next target that is good, -1 for none.
func (u *Upstream) pick(tried uint64, good func(*target) bool) int {
	start, best, least := int(u.turn.Add(1)%uint64(len(u.targets))), -1, int64(0)
	for k := range u.targets {
		i := (start + k) % len(u.targets)
		t := u.targets[i]
		if tried&(1<<i) != 0 || !good(t) {
			continue
		}
		if u.config.Balance == RoundRobin {
			return i
		}
		if n := t.requests.Load(); best < 0 || n < least {
			best, least = i, n
		}
	}
	return best
}

// leave gives up the place of a request.
func (t *target) leave() {
	t.requests.Add(-1)
	if t.slots != nil {
		<-t.slots
	}
}

// held is a request body that outlives a server that could not be reached.
type held struct {
	io.ReadCloser
	touched, shut, over atomic.Bool
}

// Read notes that the body is not whole any more.
func (h *held) Read(p []byte) (int, error) {
	h.touched.Store(true)
	return h.ReadCloser.Read(p)
}

// Close is that of a transport which may not be the last one.
func (h *held) Close() error {
	h.shut.Store(true)
	if h.over.Load() {
		return h.ReadCloser.Close()
	}
	return nil
}

// release lets Close through: nobody else will be asked.
func (h *held) release() {
	h.over.Store(true)
	if h.shut.Load() {
		_ = h.ReadCloser.Close()
	}
}

// track counts a request until its body ends. A switch of protocols has a body
// that is written to as well.
func track(t *target, body io.ReadCloser) io.ReadCloser {
	c := &counted{ReadCloser: body, target: t}
	if body == http.NoBody {
		c.end()
		return body
	}
	if w, ok := body.(io.ReadWriteCloser); ok {
		return &duplex{c, w}
	}
	return c
}

type counted struct {
	io.ReadCloser
	target *target
	ended  atomic.Bool
}

func (c *counted) end() {
	if !c.ended.Swap(true) {
		c.target.leave()
	}
}

// Read ends the request with the body.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if err != nil {
		c.end()
	}
	return n, err
}

// Close ends the request.
func (c *counted) Close() error {
	defer c.end()
	return c.ReadCloser.Close()
}

// duplex is the connection behind a switch of protocols. It ends when it is
// closed: one direction may end before the other.
type duplex struct {
	*counted
	conn io.ReadWriteCloser
}

// Read does not end the request: the other direction may go on.
func (d *duplex) Read(p []byte) (int, error) { return d.conn.Read(p) }

// Write sends p.
func (d *duplex) Write(p []byte) (int, error) { return d.conn.Write(p) }

// CloseWrite ends one direction, where the connection can.
func (d *duplex) CloseWrite() error {
	if c, ok := d.conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return http.ErrNotSupported
}

var (
	_ http.RoundTripper  = (*Lane)(nil)
	_ io.ReadWriteCloser = (*duplex)(nil)
)

// Targets are the names of the servers.
func (u *Upstream) Targets() []string {
	var names []string
	for _, t := range u.targets {
		names = append(names, t.name())
	}
	return slices.Clip(names)
}
