package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tlsListener accepts connections whose TLS handshake is done. net/http would do
// it too, but then takes a *tls.Conn alone, inside of which nobody sees the octets
// of a head: what speaks HTTP/1 comes from here as a connection whose heads are
// remembered, and HTTP/2 as ever. Make it with [newTLSListener], and close it.
type tlsListener struct {
	net.Listener
	config *tls.Config
	log    *log.Logger

	ready chan accepted
	done  <-chan struct{} // it is closed
	end   context.CancelFunc
	busy  sync.WaitGroup
}

type accepted struct {
	conn net.Conn
	err  error
}

func newTLSListener(l net.Listener, config *tls.Config, log *log.Logger) *tlsListener {
	t := &tlsListener{Listener: l, config: config, log: log, ready: make(chan accepted)}
	life, end := context.WithCancel(context.Background())
	t.done, t.end = life.Done(), end
	t.busy.Go(func() { t.accept(life) })
	return t
}

// Accept waits for the next connection that has shaken hands.
func (t *tlsListener) Accept() (net.Conn, error) {
	select {
	case a := <-t.ready:
		return a.conn, a.err
	case <-t.done:
		return nil, net.ErrClosed
	}
}

// Close ends the handshakes under way too, and waits for them.
func (t *tlsListener) Close() error {
	t.end()
	err := t.Listener.Close()
	t.busy.Wait()
	return err
}

// accept takes connections until there are no more. Who serves waits a while
// after an error, and so do we.
func (t *tlsListener) accept(life context.Context) {
	for {
		c, err := t.Listener.Accept()
		if err == nil {
			t.busy.Go(func() { t.shake(life, c) })
			continue
		}
		if !t.offer(nil, err) || errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// offer tells whether somebody took it.
func (t *tlsListener) offer(c net.Conn, err error) bool {
	select {
	case t.ready <- accepted{c, err}:
		return true
	case <-t.done:
		return false
	}
}

// shake shakes hands on c, and says in the log why it did not come to that.
func (t *tlsListener) shake(life context.Context, c net.Conn) {
	conn := tls.Server(c, t.config)
	if err := handshake(life, conn); err != nil {
		if life.Err() == nil {
			var header tls.RecordHeaderError
			if errors.As(err, &header) && header.Conn != nil && looksLikeHTTP(header.RecordHeader) {
				err = errPlain
				_ = c.SetWriteDeadline(time.Now().Add(headerTimeout))
				_, _ = io.WriteString(c, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
			}
			t.log.Printf("%s from %s: %v", handshakeError, c.RemoteAddr(), err)
		}
		_ = c.Close()
		return
	}
	var shaken net.Conn = conn
	switch conn.ConnectionState().NegotiatedProtocol {
	case "", "http/1.1":
		shaken = &headTLSConn{Conn: conn}
	}
	if !t.offer(shaken, nil) {
		_ = conn.Close()
	}
}

// handshake ends in bounded time. A panic of whoever has the certificates ends
// this connection alone, as it would in net/http.
func handshake(life context.Context, conn *tls.Conn) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(life, headerTimeout)
	defer cancel()
	return conn.HandshakeContext(ctx)
}

// handshakeError is how net/http begins such a line.
const handshakeError = "http: TLS handshake error"

var errPlain = errors.New("client sent an HTTP request to an HTTPS server")

// looksLikeHTTP tells whether what should have been a record begins like a request.
func looksLikeHTTP(record [5]byte) bool {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodOptions, http.MethodPatch, http.MethodDelete} {
		if text := string(record[:]); strings.HasPrefix(method+" ", text) || strings.HasPrefix(text, method+" ") {
			return true
		}
	}
	return false
}

// headTLSConn is a connection over TLS whose heads are remembered. net/http asks
// its ConnectionState.
type headTLSConn struct {
	*tls.Conn

	head head
}

// Read reads, and takes note.
func (c *headTLSConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.head.read(b[:n], len(b))
	return n, err
}

// SetReadDeadline sets the deadline, and takes note.
func (c *headTLSConn) SetReadDeadline(t time.Time) error {
	c.head.deadline()
	return c.Conn.SetReadDeadline(t)
}

func (c *headTLSConn) recorded() *head { return &c.head }
