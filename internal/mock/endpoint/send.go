package endpoint

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/wire"
)

const (
	// writeTime is how long a client may take to accept what is no HTTP.
	writeTime = 10 * time.Second
	// slowTime is how long a slow body takes that says no more.
	slowTime = 5 * time.Second
	// pieces is into how many a slow body is cut at most.
	pieces = 50
)

// garbage is no HTTP in any version.
const garbage = "\x16\x03\x01 this is not HTTP \x00\xff\xfe\r\n\r\n"

// send sends the reply of a, with what is to go wrong with it.
func send(w http.ResponseWriter, r *http.Request, a *Answer, out *reply) {
	if a.Fault != FaultEarly {
		wire.Drain(w, r)
	}
	if !wait(r.Context(), time.Duration(a.Delay)) {
		return
	}
	if a.Fault != "" {
		journal.NoteOf(r.Context()).Fault = string(a.Fault)
	}
	switch a.Fault {
	case FaultClose, FaultReset, FaultGarbage:
		Cut(w, a.Fault)
		return
	default:
	}
	h := w.Header()
	for name, values := range out.header {
		h[name] = values
	}
	body := out.body
	over := time.Duration(a.Over)
	switch a.Fault {
	case FaultTruncate:
		// An empty body must be missing something too.
		h.Set("Content-Length", strconv.Itoa(max(len(body), 2)))
		body = body[:len(body)/2]
	case FaultEarly:
		// Without it the server would read the request before it answers.
		_ = http.NewResponseController(w).EnableFullDuplex()
		h.Set("Connection", "close")
	case FaultSlow:
		if over == 0 {
			over = slowTime
		}
	default:
	}
	if a.Fault != FaultTruncate && !noBody(out.status) {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(out.status)
	if noBody(out.status) {
		body = nil
	}
	if r.Method != http.MethodHead {
		write(r.Context(), w, body, over)
	}
	switch a.Fault {
	case FaultTruncate, FaultEarly:
		_ = http.NewResponseController(w).Flush()
		if a.Fault == FaultTruncate {
			panic(http.ErrAbortHandler) // the one way to end a connection in the middle
		}
	default:
	}
}

// wait tells whether the client is still there after d.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// write sends the body, evenly over a time where there is one.
func write(ctx context.Context, w http.ResponseWriter, body []byte, over time.Duration) {
	if over <= 0 || len(body) == 0 {
		_, _ = w.Write(body) // the client may be gone
		return
	}
	c := http.NewResponseController(w)
	size := (len(body) + pieces - 1) / pieces
	each := over / time.Duration((len(body)+size-1)/size)
	_ = c.Flush()
	for len(body) > 0 {
		if !wait(ctx, each) {
			return
		}
		n := min(size, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		if c.Flush() != nil {
			return
		}
		body = body[n:]
	}
}

// Cut ends the connection of a request that was not answered yet: with nothing
// (FaultClose), by a reset (FaultReset), or after what is no HTTP
// (FaultGarbage). Where the connection cannot be taken over, as in HTTP/2, it
// panics with [http.ErrAbortHandler], which resets the stream.
func Cut(w http.ResponseWriter, fault Fault) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close() //nolint:errcheck // it is to be gone
	switch fault {
	case FaultGarbage:
		_ = conn.SetWriteDeadline(time.Now().Add(writeTime))
		_, _ = io.WriteString(conn, garbage)
	case FaultReset:
		if l, ok := conn.(interface{ SetLinger(sec int) error }); ok {
			_ = l.SetLinger(0)
		} else if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
			if l, ok := t.NetConn().(interface{ SetLinger(sec int) error }); ok {
				_ = l.SetLinger(0)
			}
		}
	default:
	}
}
