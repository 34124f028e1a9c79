//go:build unix

package upstream

import (
	"bytes"
	"io"
	"os"
	"syscall"
)

// available tells whether a socket can be looked at without waiting for it.
const available = true

// step reads into c.in, after it wrote c.out if there is any. It returns false
// until there is something, and the runtime calls it again then.
//
// What came on a connection that was idle is found by the same attempt to read
// that a reader makes in vain before it waits, so that it costs nothing.
func (c *conn) step(fd uintptr) bool {
	if c.out != nil {
		head := c.out
		c.out = nil
		return !c.silent(int(fd)) || !c.send(int(fd), head)
	}
	n, err := read(int(fd), c.in)
	if err == syscall.EAGAIN { //nolint:errorlint // an errno
		return false
	}
	c.n, c.err = n, err
	return true
}

// read is one attempt.
func read(fd int, p []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, p)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return 0, err
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// silent tells whether the connection is open and nothing came on it. What did
// come is dropped, and the connection with it.
func (c *conn) silent(fd int) bool {
	n, err := read(fd, c.in)
	if err == syscall.EAGAIN { //nolint:errorlint // an errno
		return true
	}
	c.n, c.err = 0, errStale
	if n > 0 {
		// RFC 9110 section 15.5.9: a server may say 408 before it closes what
		// was idle for too long.
		if said := c.in[:n]; !c.reused || !bytes.HasPrefix(said, []byte("HTTP/1.")) || n < 12 || string(said[8:12]) != " 408" {
			c.unasked(n)
		}
		err = errUnasked
	}
	if !c.reused {
		c.err = err
	}
	return false
}

// send writes head, and tells whether all of it was.
func (c *conn) send(fd int, head []byte) bool {
	n, err := syscall.Write(fd, head)
	n = max(n, 0)
	c.sent = n > 0
	if n == len(head) {
		return true
	}
	if err == nil || err == syscall.EAGAIN || err == syscall.EINTR { //nolint:errorlint // errnos
		c.watch()
		if err = c.SetWriteDeadline(c.due); err == nil {
			var more int
			more, err = c.Write(head[n:])
			c.sent = c.sent || more > 0
		}
	} else {
		err = os.NewSyscallError("write", err)
	}
	if err == nil {
		return true
	}
	c.n, c.err = 0, err
	if !c.sent && c.reused && !isTimeout(err) {
		c.err = errStale
	}
	return false
}

// quiet tells of an idle connection whether it is open and nothing came on it.
func (c *conn) quiet() bool {
	quiet := false
	if c.deadline(c.idle.Add(2*c.lean.IdleTimeout)) != nil {
		return false
	}
	c.in = make([]byte, 64)
	defer func() { c.in = nil }()
	err := c.raw.Read(func(fd uintptr) bool {
		c.reused = true
		quiet = c.silent(int(fd))
		return true
	})
	return err == nil && quiet
}
