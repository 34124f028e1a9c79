package upstream

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"sync"
	"syscall"
	"time"
)

// conn is one connection, used by one request at a time.
type conn struct {
	net.Conn
	lean   *Lean
	raw    syscall.RawConn
	br     *bufio.Reader
	reused bool
	idle   time.Time // since when, in the pool

	// Of the request under way.
	req     *http.Request
	limit   int64     // octets that may still come
	waiting bool      // for the fields of the answer
	due     time.Time // when they must be here
	mu      sync.Mutex
	stop    func() bool // of the watch over the request's context

	until time.Time // the deadline that is set

	// Of the step under way, see step. The callback is made once.
	turn func(fd uintptr) bool
	out  []byte
	sent bool // something of out
	in   []byte
	n    int
	err  error
}

// grace is for how long the end of a request's context is not waited for. Most
// requests are over before, and the watch costs more than the wait: whoever goes
// away within it is noticed at its end.
const grace = 50 * time.Millisecond

var (
	// errStale is a connection that ended, or spoke, while it was idle.
	errStale          = errors.New("the connection ended while it was idle")
	errUnasked        = errors.New("the upstream sent octets that nobody asked for")
	errHeaderTooLarge = errors.New("the fields of the upstream's answer are too large")
	errSwitched       = errors.New("the upstream switched protocols, which nobody asked for")
	errTooManyInterim = errors.New("the upstream sent too many informational answers")
)

// unansweredError is the end of a connection before the first octet of an answer.
type unansweredError struct{ error }

func (e unansweredError) Unwrap() error { return e.error }

// timeoutError is a net.Error that is a timeout.
type timeoutError struct{ text string }

func (e timeoutError) Error() string   { return e.text }
func (e timeoutError) Timeout() bool   { return true }
func (e timeoutError) Temporary() bool { return true }

func newConn(l *Lean, nc net.Conn) (*conn, error) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		_ = nc.Close()
		return nil, fmt.Errorf("upstream: a connection of type %T cannot be waited for", nc)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	c := &conn{Conn: nc, lean: l, raw: raw}
	c.br = bufio.NewReader(c)
	c.turn = c.step
	return c, nil
}

// exchange sends head and reads the fields of the answer. After an error the
// connection is of no more use.
func (c *conn) exchange(r *http.Request, head []byte, timeout time.Duration) (*http.Response, error) {
	now := time.Now()
	c.req, c.out, c.sent, c.waiting = r, head, false, true
	c.limit, c.due = c.lean.MaxHeader, now.Add(timeout)
	soon := now.Add(grace)
	if c.due.Before(soon) {
		soon = c.due
	}
	// To set a deadline costs more than to look at one: any that lies about
	// there will do, since who finds it passed looks at due.
	if ahead := c.until.Sub(now); ahead < grace/2 || c.until.After(soon) {
		if err := c.deadline(soon); err != nil {
			return nil, err
		}
	}
	if _, err := c.br.Peek(1); err != nil {
		if c.sent && !isTimeout(err) {
			return nil, unansweredError{noEOF(err)}
		}
		return nil, err
	}
	res, err := c.final()
	if err != nil {
		if c.limit <= 0 {
			err = errHeaderTooLarge
		}
		return nil, noEOF(err)
	}
	c.waiting, c.limit = false, math.MaxInt64
	if res.Body == http.NoBody {
		c.done(!res.Close)
		return res, nil
	}
	res.Body = &body{ReadCloser: res.Body, conn: c, keep: !res.Close}
	return res, nil
}

// final reads the answer, and passes informational ones on.
func (c *conn) final() (*http.Response, error) {
	for range maxInformational {
		res, err := http.ReadResponse(c.br, c.req)
		switch {
		case err != nil:
			return nil, err
		case res.StatusCode == http.StatusSwitchingProtocols:
			return nil, errSwitched
		case res.StatusCode < 100:
			return nil, fmt.Errorf("the upstream answered with status %d", res.StatusCode)
		case res.StatusCode >= 200:
			return res, nil
		}
		if trace := httptrace.ContextClientTrace(c.req.Context()); trace != nil && trace.Got1xxResponse != nil {
			if err := trace.Got1xxResponse(res.StatusCode, textproto.MIMEHeader(res.Header)); err != nil {
				return nil, err
			}
		}
	}
	return nil, errTooManyInterim
}

// Read is for br.
func (c *conn) Read(p []byte) (int, error) {
	if c.limit <= 0 {
		return 0, errHeaderTooLarge
	}
	if int64(len(p)) > c.limit {
		p = p[:c.limit]
	}
	if !c.waiting {
		// A body takes as long as it takes, or until nobody wants it.
		c.watch()
		if !c.until.IsZero() {
			if err := c.deadline(time.Time{}); err != nil {
				return 0, err
			}
		}
	}
	for {
		c.in = p
		err := c.raw.Read(c.turn)
		c.in = nil
		if err == nil {
			c.limit -= int64(c.n)
			return c.n, c.err
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || !c.waiting {
			return 0, err
		}
		if !time.Now().Before(c.due) {
			return 0, timeoutError{"the upstream did not begin its answer in time"}
		}
		c.watch()
		if err := c.deadline(c.due); err != nil {
			return 0, err
		}
	}
}

// watch closes the connection when the request's context ends.
func (c *conn) watch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop == nil {
		c.stop = context.AfterFunc(c.req.Context(), c.close)
	}
}

// unwatch tells whether the connection is still whole.
func (c *conn) unwatch() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	whole := c.stop == nil || c.stop()
	c.stop = nil
	return whole
}

func (c *conn) deadline(t time.Time) error {
	c.until = t
	return c.Conn.SetReadDeadline(t)
}

// done ends the request. keep tells whether the connection may be used again.
func (c *conn) done(keep bool) {
	// A watch that began to close the connection would close it under another
	// request.
	keep = c.unwatch() && keep
	if keep && c.br.Buffered() > 0 {
		c.unasked(c.br.Buffered())
		keep = false
	}
	c.req = nil
	if !keep || !c.lean.pool.put(c) {
		c.close()
	}
}

// unasked tells of octets that belong to no answer. They are never taken for the
// next one: that would give one caller what was meant for another.
func (c *conn) unasked(n int) {
	c.lean.Log.Warn("the upstream sent octets that nobody asked for", slog.String("target", c.lean.Host), slog.Int("octets", n))
}

func (c *conn) close() { _ = c.Conn.Close() }

// noEOF is for callers to whom io.EOF would mean that all is well.
func noEOF(err error) error {
	if err == io.EOF { //nolint:errorlint // as http.ReadResponse returns it
		return io.ErrUnexpectedEOF
	}
	return err
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
