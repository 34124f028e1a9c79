package mock

import (
	"bufio"
	"context"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gate401/gate401/internal/mock/endpoint"
)

// traffic knows which requests are under way, which connections the client of a
// Mock has, and when requests were sent.
type traffic struct {
	now func() time.Time

	mu       sync.Mutex
	flights  map[string]*flight   // by their ids
	arrivals map[string][]*flight // by the client's address
	arrived  int
	pending  map[*pending]struct{}
	conns    map[*clientConn]struct{}
	cancels  map[string]context.CancelFunc // of connections, by the client's address
	changed  chan struct{}                 // closed at the next change; nil while nobody waits
}

// pending is a request that nobody answered yet, or not to its end.
type pending struct {
	entry   Entry
	begun   bool // something was sent
	session string
}

func newTraffic(now func() time.Time) *traffic {
	return &traffic{
		now: now, flights: map[string]*flight{}, arrivals: map[string][]*flight{},
		pending: map[*pending]struct{}{}, conns: map[*clientConn]struct{}{}, cancels: map[string]context.CancelFunc{},
	}
}

// change does something that others may wait for.
func (f *traffic) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}

// wait waits until enough is true, which is called with the lock held, and tells
// whether it is.
func (f *traffic) wait(ctx context.Context, enough func() bool) bool {
	for {
		f.mu.Lock()
		if enough() {
			f.mu.Unlock()
			return true
		}
		if f.changed == nil {
			f.changed = make(chan struct{})
		}
		changed := f.changed
		f.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// settling bounds how long an answer that began may go on before it is left out
// of what is there.
const settling = time.Second

// settle waits for the end of answers that a client may have seen already: they
// are recorded when their handler is done, which may be later.
func (f *traffic) settle() {
	ctx, cancel := context.WithTimeout(context.Background(), settling)
	defer cancel()
	f.mu.Lock()
	var begun []*pending
	for p := range f.pending {
		if p.begun {
			begun = append(begun, p)
		}
	}
	f.mu.Unlock()
	f.wait(ctx, func() bool {
		return !slices.ContainsFunc(begun, func(p *pending) bool { _, still := f.pending[p]; return still })
	})
}

// underWay are the requests without an answer, oldest first.
func (f *traffic) underWay() []pending {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]pending, 0, len(f.pending))
	for p := range f.pending {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b pending) int { return a.entry.Time.Compare(b.entry.Time) })
	return out
}

// watch returns a handler that serves as next does and is known here meanwhile.
func (f *traffic) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came := f.now()
		f.arrives(r, came)
		p := &pending{entry: Entry{
			Time: came, Client: r.RemoteAddr, Proto: r.Proto, TLS: r.TLS != nil,
			Method: r.Method, Host: r.Host, Target: r.RequestURI, Header: r.Header.Clone(),
		}}
		p.session, _ = endpoint.SessionOf(r)
		f.change(func() { f.pending[p] = struct{}{} })
		defer f.change(func() { delete(f.pending, p) })
		next.ServeHTTP(&beginning{ResponseWriter: w, begin: func() {
			f.mu.Lock()
			p.begun = true
			f.mu.Unlock()
		}}, r)
	})
}

// beginning notices when something is sent.
type beginning struct {
	http.ResponseWriter
	begin func()
}

// WriteHeader sends the head.
func (b *beginning) WriteHeader(status int) {
	b.begin()
	b.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (b *beginning) Write(p []byte) (int, error) {
	b.begin()
	return b.ResponseWriter.Write(p)
}

// Hijack hands the connection out.
func (b *beginning) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	b.begin()
	return http.NewResponseController(b.ResponseWriter).Hijack()
}

// Unwrap is for http.ResponseController.
func (b *beginning) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// clientConn is a connection that the client of a Mock opened and has not closed
// yet.
type clientConn struct {
	net.Conn
	traffic *traffic
}

// Close closes it.
func (c *clientConn) Close() error {
	err := c.Conn.Close()
	c.traffic.change(func() { delete(c.traffic.conns, c) })
	c.traffic.gone(c.LocalAddr().String())
	return err
}

// serving gives the requests of a connection a context that ends with it. The
// server notices by itself that a client is gone, but only while nobody reads
// the body of the request.
func (f *traffic) serving(ctx context.Context, c net.Conn) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancels[c.RemoteAddr().String()] = cancel
	return ctx
}

// state is for http.Server.
func (f *traffic) state(c net.Conn, s http.ConnState) {
	if s == http.StateClosed {
		f.gone(c.RemoteAddr().String())
	}
}

// gone ends what is done for a client.
func (f *traffic) gone(address string) {
	f.mu.Lock()
	cancel := f.cancels[address]
	delete(f.cancels, address)
	f.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// end ends what is done for all clients.
func (f *traffic) end() {
	f.mu.Lock()
	all := slices.Collect(maps.Values(f.cancels))
	clear(f.cancels)
	f.mu.Unlock()
	for _, cancel := range all {
		cancel()
	}
}

// keep makes a connection known.
func (f *traffic) keep(c net.Conn) net.Conn {
	kept := &clientConn{c, f}
	f.change(func() { f.conns[kept] = struct{}{} })
	return kept
}

// open are the addresses of the connections that are still open.
func (f *traffic) open() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for c := range f.conns {
		out = append(out, c.LocalAddr().String())
	}
	slices.Sort(out)
	return out
}
