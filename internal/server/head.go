package server

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"time"
)

// head remembers the octets of the head of one request as they came, because
// net/http hides what is at odds in it: of a length beside chunks, and of chunks
// in HTTP/1.0, nothing is left when a handler sees the request. What is before
// and behind the head is told from what net/http does with the connection; where
// it cannot be told, the head is not known, and nothing is said about it.
//
// All is called by the goroutine that serves the connection, or by the one that
// net/http lets read ahead, which it waits for.
type head struct {
	octets []byte
	// done: the head is complete, and what is read now is none of it.
	done bool
	// unknown: the octets may begin in the middle, or are too many.
	unknown bool
	// early is the octet that was read ahead, last of all, if ahead.
	early byte
	ahead bool
	// Between two requests net/http waits for the next one, unless it has read
	// some of it already: then the second deadline comes before anything is read.
	deadlines int
	waiting   bool
}

const (
	// headLimit is more than net/http reads of a head.
	headLimit = maxHeader + 8<<10
	// headKept is how much memory an idle connection keeps for its next head.
	headKept = 2 << 10
)

// read takes note of what was read into a buffer of size octets.
func (h *head) read(b []byte, size int) {
	if len(b) == 0 {
		return
	}
	// net/http reads ahead one octet at a time, into a place of its own.
	if h.ahead = size == 1; h.ahead {
		h.early = b[0]
	}
	if h.done {
		return
	}
	h.waiting = false
	if len(h.octets)+len(b) > headLimit {
		h.unknown = true
		return
	}
	h.octets = append(h.octets, b...)
}

// deadline takes note of a deadline for reading.
func (h *head) deadline() {
	if !h.waiting {
		return
	}
	if h.deadlines++; h.deadlines == 2 {
		h.unknown = true
	}
}

// next begins the head of the next request.
func (h *head) next() {
	if cap(h.octets) > headKept {
		h.octets = nil
	}
	h.octets = h.octets[:0]
	if h.ahead {
		h.octets = append(h.octets, h.early)
	}
	h.done, h.unknown, h.ahead, h.waiting, h.deadlines = false, false, false, true, 0
}

// has tells whether the head of r has a field, as far as that is known.
func (h *head) has(r *http.Request, field string) (has, known bool) {
	if h.unknown {
		return false, false
	}
	rest := h.octets
	for _, part := range []string{r.Method, " ", r.RequestURI, " ", r.Proto} {
		var ok bool
		if rest, ok = bytes.CutPrefix(rest, []byte(part)); !ok {
			return false, false
		}
	}
	for first := true; ; first = false {
		line, after, ok := bytes.Cut(rest, []byte("\n"))
		if !ok {
			return false, false
		}
		line, rest = bytes.TrimSuffix(line, []byte("\r")), after
		switch name, _, _ := bytes.Cut(line, []byte(":")); {
		case first && len(line) > 0:
			return false, false // the request line goes on
		case !first && len(line) == 0:
			return has, true
		case strings.EqualFold(string(name), field):
			has = true
		}
	}
}

// headListener accepts connections whose heads are remembered. They keep all
// that a connection of TCP can do.
type headListener struct{ net.Listener }

// Accept waits for the next connection.
func (l headListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok && err == nil {
		return &headConn{TCPConn: tcp}, nil
	}
	return c, err
}

// headConn is a connection of TCP whose heads are remembered.
type headConn struct {
	*net.TCPConn
	head head
}

// Read reads, and takes note.
func (c *headConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.head.read(b[:n], len(b))
	return n, err
}

// SetReadDeadline sets the deadline, and takes note.
func (c *headConn) SetReadDeadline(t time.Time) error {
	c.head.deadline()
	return c.TCPConn.SetReadDeadline(t)
}

func (c *headConn) recorded() *head { return &c.head }

// headed is a connection whose heads are remembered.
type headed interface{ recorded() *head }

type headKey struct{}

// rememberHeads lets s take note of the heads of the connections that it serves.
func rememberHeads(s *http.Server) {
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if c, ok := c.(headed); ok {
			return context.WithValue(ctx, headKey{}, c.recorded())
		}
		return ctx
	}
	s.ConnState = func(c net.Conn, state http.ConnState) {
		h, ok := c.(headed)
		if !ok {
			return
		}
		switch state {
		case http.StateIdle:
			h.recorded().next()
		case http.StateActive, http.StateHijacked:
			h.recorded().done = true
		default:
		}
	}
}
