package proxy

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401/reason"
)

// Status codes of WebSocket (RFC 6455 section 7.4.1).
const (
	goingAway       = 1001
	policyViolation = 1008
)

// errTunnel is how answer tells fail that the protocol was switched.
var errTunnel = errors.New("switched to a tunnel")

// tunnel carries a WebSocket between its two sides, and ends it in the words of
// the protocol when it may not go on.
type tunnel struct {
	back   io.ReadWriteCloser
	header http.Header // of the 101
	client net.Conn
	reader *bufio.Reader // of the client

	down, up lane
	over     chan struct{} // closed when an end was made, or took too long
	once     sync.Once
}

// lane is one direction of a tunnel. It writes what it is given, and knows where
// a frame ends.
type lane struct {
	dst io.Writer

	mu      sync.Mutex
	frames  wsFrames
	goodbye []byte // to be written behind the frame under way
	shut    bool   // nothing is written any more
	closed  func() // told when a close frame of the sender went by, once shut
}

// Write writes p, but for what comes behind the end. That is read all the same,
// for the close frame of the other side.
func (l *lane) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.shut && l.goodbye == nil {
		n, err := l.dst.Write(p)
		walk(&l.frames, p[:n])
		return n, err
	}
	rest := p
	if !l.shut {
		n := l.frames.next(p)
		if _, err := l.dst.Write(p[:n]); err != nil {
			return 0, err
		}
		rest = p[n:]
		if l.frames.whole() {
			if err := l.farewell(); err != nil {
				return 0, err
			}
		}
	}
	walk(&l.frames, rest)
	if l.frames.closed && l.closed != nil {
		l.closed()
	}
	return len(p), nil
}

// farewell writes the close frame, unless one went before; l.mu is held.
func (l *lane) farewell() error {
	l.shut = true
	if l.frames.closed {
		return nil
	}
	_, err := l.dst.Write(l.goodbye)
	return err
}

// end lets nothing through any more but the frame under way and frame behind it.
func (l *lane) end(frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shut || l.goodbye != nil {
		return
	}
	l.goodbye = frame
	if l.frames.whole() {
		// Whoever cannot be written to any more is told by the pump.
		_ = l.farewell()
	}
	if l.frames.closed && l.closed != nil {
		l.closed()
	}
}

// tunnelFor takes the connection of a switch out of the hands of ReverseProxy,
// which would copy blindly.
func (x *passage) tunnelFor(res *http.Response) error {
	back, ok := res.Body.(io.ReadWriteCloser)
	if !ok || !x.upgrades {
		return errors.New("the upstream switched to WebSocket unasked, or on a connection that cannot be written to")
	}
	res.Body = http.NoBody
	x.tunnel = &tunnel{back: back, header: res.Header, over: make(chan struct{})}
	return errTunnel
}

// run answers 101 and carries octets until both sides are done, one fails, or it
// may not go on.
func (x *passage) run(w http.ResponseWriter) {
	t := x.tunnel
	defer func() { _ = t.back.Close() }()
	client, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		x.tunnel = nil
		x.fail(w, x.in, err)
		return
	}
	defer func() { _ = client.Close() }()
	h := w.Header()
	for name, values := range t.header {
		h[name] = values
	}
	answer := http.Response{StatusCode: http.StatusSwitchingProtocols, ProtoMajor: 1, ProtoMinor: 1, Header: h}
	if answer.Write(rw) != nil || rw.Flush() != nil {
		return
	}
	t.client, t.reader = client, rw.Reader
	t.down.dst, t.up.dst = client, t.back
	x.live(t.finish)
	t.carry(x.in.Context())
}

// tunnelBuffer is what each direction of a tunnel keeps for as long as it lives:
// there are thousands of them, most of the time silent.
const tunnelBuffer = 8 << 10

// carry copies both ways, and returns when nobody copies any more.
func (t *tunnel) carry(ctx context.Context) {
	part := func() {
		_ = t.client.Close()
		_ = t.back.Close()
	}
	stop := context.AfterFunc(ctx, part)
	defer stop()
	done := make(chan error, 2)
	pump := func(dst *lane, src io.Reader, to any) {
		// Without their own ways of copying, which would go around the lane.
		_, err := io.CopyBuffer(dst, struct{ io.Reader }{src}, make([]byte, tunnelBuffer))
		if err == nil {
			err = errors.ErrUnsupported
			if c, ok := to.(interface{ CloseWrite() error }); ok && !dst.ending() {
				err = c.CloseWrite()
			}
		}
		done <- err
	}
	var pumps sync.WaitGroup
	pumps.Go(func() { pump(&t.down, t.back, t.client) })
	pumps.Go(func() { pump(&t.up, t.reader, t.back) })
	running := 2
	for open := true; open && running > 0; {
		select {
		case err := <-done:
			running--
			open = err == nil
		case <-t.over:
			open = false
		}
	}
	part()
	pumps.Wait()
}

func (l *lane) ending() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shut || l.goodbye != nil
}

// finish ends the tunnel for code: both sides get a close frame between two
// frames (RFC 6455 section 5.5.1), and a moment to answer with theirs.
func (t *tunnel) finish(code reason.Code) bool {
	status, text := uint16(policyViolation), ""
	if code == "" {
		status, text = goingAway, "the gate restarts"
	} else {
		text = string(code.Shown().Code)
	}
	deadline := time.Now().Add(grace)
	_ = t.client.SetDeadline(deadline)
	if c, ok := t.back.(interface{ SetDeadline(time.Time) error }); ok {
		_ = c.SetDeadline(deadline)
	}
	over := func() { t.once.Do(func() { close(t.over) }) }
	time.AfterFunc(grace, over)
	var said atomic.Int32
	for _, l := range []*lane{&t.down, &t.up} {
		l.mu.Lock()
		l.closed = sync.OnceFunc(func() {
			if said.Add(1) == 2 {
				over()
			}
		})
		l.mu.Unlock()
	}
	var mask [4]byte
	_, _ = rand.Read(mask[:]) // never fails (crypto/rand)
	t.down.end(closeFrame(status, text, nil))
	t.up.end(closeFrame(status, text, &mask))
	return true
}
