package mock

import (
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
)

// pipes is a listener without a socket. What waits for it waits for channels
// alone, so that time in a bubble of testing/synctest can pass.
type pipes struct {
	made   chan net.Conn
	closed chan struct{}
	once   sync.Once
	number atomic.Int64
}

var _ net.Listener = (*pipes)(nil)

// pipesHost is where nobody listens, on this machine, so that a client that does
// not come through Dial finds out.
const pipesHost = "127.255.255.254:8401"

func newPipes() *pipes {
	return &pipes{made: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for the next Dial.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.made:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and all further Dials.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr is where no socket is.
func (p *pipes) Addr() net.Addr { return pipeAddr(pipesHost) }

// dial connects to the listener, whatever the address: every host is played by
// the mock.
func (p *pipes) dial(ctx context.Context, address string) (net.Conn, error) {
	near, far := net.Pipe()
	// Requests are told apart by connection.
	from := pipeAddr("127.0.0.1:" + strconv.FormatInt(10_000+p.number.Add(1)%50_000, 10))
	select {
	case p.made <- &pipeConn{far, p.Addr(), from}:
		return &pipeConn{near, from, pipeAddr(address)}, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// pipeConn is one end of a pipe, with addresses.
type pipeConn struct {
	net.Conn
	local, remote net.Addr
}

// LocalAddr is that of this end.
func (c *pipeConn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is that of the other end.
func (c *pipeConn) RemoteAddr() net.Addr { return c.remote }

type pipeAddr string

// Network is what net.Pipe says.
func (pipeAddr) Network() string { return "pipe" }

// String is host and port.
func (a pipeAddr) String() string { return string(a) }
