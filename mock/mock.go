package mock

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Mock is a mock for the time of a test: a server that runs, a clock that the
// test moves, and a record of what the client under test did. Make it with [New].
//
// [Mock.World] gives a protected API that the test has for itself, with a login
// and tokens that live and die. [Mock.Scenario] plays one thing that can go
// wrong. The [Routes] make endpoints. The [Record] is of everything that was
// asked; what World, Scenario and the Routes return have a Record of their own.
type Mock struct {
	// URL is scheme, host and port, without a slash at the end.
	URL string
	// Clock is the time of the whole mock.
	Clock *Clock
	*Record
	Routes

	host *host
	t    TB
}

// Options are for [Start].
type Options struct {
	// Config is that of the server.
	Config Config
	// InMemory makes a mock without a socket, which is reached through
	// [Mock.Client] alone, whatever the host. It is for testing/synctest: a
	// goroutine that waits for a socket keeps the time of a bubble from passing.
	InMemory bool
	// Patience is how long the end of the test waits for requests that are under
	// way before it fails because of them; 0 means five seconds.
	Patience time.Duration
}

const defaultPatience = 5 * time.Second

// host is what all Mocks of one server share.
type host struct {
	url       string
	server    *Server
	http      *http.Server
	pipes     *pipes // nil with a socket
	served    chan struct{}
	traffic   *traffic
	transport *sender
	patience  time.Duration
	worlds    atomic.Int64
}

// New starts a mock on a free port of this machine, and ends it with the test.
// The test fails if it leaves requests hanging, or answers of [Mock.Client] whose
// body was not closed.
func New(t TB) *Mock {
	t.Helper()
	return Start(t, Options{})
}

// Start is New with options.
func Start(t TB, o Options) *Mock {
	t.Helper()
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	base := o.Config.Now
	if base == nil {
		base = time.Now
	}
	clock := newClock(t, base)
	o.Config.Now = clock.Now
	server, err := NewServer(o.Config)
	if err != nil {
		t.Fatalf("mock: %v", err)
	}
	h := &host{server: server, served: make(chan struct{}), traffic: newTraffic(clock.Now), patience: o.Patience}
	listener, err := h.listen(o.InMemory)
	if err != nil {
		_ = server.Close()
		t.Fatalf("mock: %v", err)
	}
	h.url = "http://" + listener.Addr().String()
	h.http = &http.Server{
		Handler: h.traffic.watch(server), ReadHeaderTimeout: time.Minute,
		ConnContext: h.traffic.opened, ConnState: h.traffic.state,
	}
	h.transport = &sender{base: &http.Transport{DialContext: h.dial}, traffic: h.traffic}
	if h.pipes == nil {
		_, h.transport.port, _ = net.SplitHostPort(listener.Addr().String())
	}
	go func() {
		defer close(h.served)
		_ = h.http.Serve(listener)
	}()
	t.Cleanup(func() {
		t.Helper()
		h.stop(t)
	})
	return h.mock(t, clock)
}

func (h *host) listen(inMemory bool) (net.Listener, error) {
	if inMemory {
		h.pipes = newPipes()
		return h.pipes, nil
	}
	return (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
}

func (h *host) dial(ctx context.Context, network, address string) (c net.Conn, err error) {
	if h.pipes != nil {
		c, err = h.pipes.dial(ctx, address)
	} else {
		c, err = (&net.Dialer{}).DialContext(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	return h.traffic.keep(c), nil
}

func (h *host) mock(t TB, clock *Clock) *Mock {
	return &Mock{
		URL: h.url, Clock: clock.reportTo(t), Record: &Record{host: h}, host: h, t: t,
		Routes: Routes{t: t, host: h, base: h.url},
	}
}

// For is the same mock for a subtest: what goes wrong is reported to t, and the
// worlds that are made through it end with t.
func (m *Mock) For(t TB) *Mock { return m.host.mock(t, m.Clock) }

// Server is the mock itself, an http.Handler.
func (m *Mock) Server() *Server { return m.host.server }

// Client returns an http.Client that reaches the mock, with no proxy, no cookies
// and no timeout. Its Transport may be the base of another; all clients of a Mock
// share it.
func (m *Mock) Client() *http.Client { return &http.Client{Transport: m.host.transport} }

// stop ends the server, and fails the test for what its client left behind.
func (h *host) stop(t TB) {
	t.Helper()
	f := h.traffic
	h.transport.CloseIdleConnections()
	patient, cancel := context.WithTimeout(context.Background(), h.patience)
	f.wait(patient, func() bool { return len(f.pending)+len(f.conns) == 0 })
	cancel()
	h.complain(t)

	// Connections that nobody uses end in peace, the others at once.
	soon, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := h.http.Shutdown(soon); err != nil {
		_ = h.http.Close()
	}
	<-h.served
	f.end()
	ctx, cancel := context.WithTimeout(context.Background(), h.patience)
	defer cancel()
	if !f.wait(ctx, func() bool { return len(f.pending) == 0 }) {
		t.Errorf("mock: an answer does not end although its connection was cut: %s", f.underWay()[0].entry.Target)
	}
	if err := h.server.Close(); err != nil {
		t.Errorf("mock: %v", err)
	}
}

// shutdownTime is for connections that were opened and never used.
const shutdownTime = 100 * time.Millisecond

func (h *host) complain(t TB) {
	t.Helper()
	hanging := h.traffic.underWay()
	busy := map[string]bool{}
	var text strings.Builder
	for _, p := range hanging {
		busy[p.entry.Client] = true
		x := exchangeOf(&p.entry)
		text.WriteString("\n  " + x.what() + ", asked " + h.server.config.Now().Sub(p.entry.Time).Round(time.Millisecond).String() + " ago")
	}
	if len(hanging) > 0 {
		t.Errorf("mock: the client left %s hanging: end %s, by their context or by waiting for them, before the test ends%s",
			count(len(hanging), "request"), them(len(hanging)), text.String())
	}
	text.Reset()
	left := 0
	for _, address := range h.traffic.open() {
		if busy[address] {
			continue
		}
		left++
		text.WriteString("\n  " + h.last(address))
	}
	if left > 0 {
		t.Errorf("mock: the client left the body of %s open: read and close it%s", count(left, "answer"), text.String())
	}
}

// last is the last request on a connection, in words.
func (h *host) last(address string) string {
	all := h.server.Entries("")
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Client == address {
			x := exchangeOf(&all[i])
			return x.String()
		}
	}
	return "a connection without a request"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}
