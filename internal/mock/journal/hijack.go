package journal

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
)

// Hijack hands the connection out; what is written to it is recorded until the
// handler returns.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	raw, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c := &conn{Conn: raw}
	w.mu.Lock()
	w.conn = c
	w.mu.Unlock()
	return c, bufio.NewReadWriter(rw.Reader, bufio.NewWriter(c)), nil
}

// conn remembers the beginning of what is written to a connection.
type conn struct {
	net.Conn
	mu   sync.Mutex
	kept []byte
}

// NetConn is the connection itself, as of tls.Conn.
func (c *conn) NetConn() net.Conn { return c.Conn }

// maxRaw leaves room for the head of an answer before its body.
const maxRaw = MaxBody + 16<<10

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.mu.Lock()
	c.kept = append(c.kept, p[:min(n, maxRaw-len(c.kept))]...)
	c.mu.Unlock()
	return n, err
}

// SetLinger says what becomes of data that was not sent yet; 0 makes Close reset
// the connection.
func (c *conn) SetLinger(sec int) error {
	if l, ok := c.Conn.(interface{ SetLinger(sec int) error }); ok {
		return l.SetLinger(sec)
	}
	if t, ok := c.Conn.(interface{ NetConn() net.Conn }); ok { // TLS
		if l, ok := t.NetConn().(interface{ SetLinger(sec int) error }); ok {
			return l.SetLinger(sec)
		}
	}
	return errors.ErrUnsupported
}

// CloseWrite ends the sending side.
func (c *conn) CloseWrite() error {
	if l, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return l.CloseWrite()
	}
	return errors.ErrUnsupported
}

// fill reads what was written as an HTTP answer, and keeps it as a body where it
// is none: a client has read the same octets.
func (c *conn) fill(e *Entry, r *http.Request) {
	c.mu.Lock()
	raw := bytes.Clone(c.kept)
	c.mu.Unlock()
	asked := &http.Request{Method: r.Method}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), asked)
	if err != nil {
		e.ResponseBody = clip(raw)
		return
	}
	defer resp.Body.Close() //nolint:errcheck // it reads from memory
	// What is cut short is recorded as far as it goes.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, MaxBody))
	e.Status, e.ResponseHeader, e.ResponseBody = resp.StatusCode, resp.Header, body
}
