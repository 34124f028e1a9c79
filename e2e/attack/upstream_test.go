package attack

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
)

// taken is one request as the upstream read it from the wire.
type taken struct {
	Method, Target string
	Lines          []string // the fields, octet for octet
	Body           string
}

// values are those of all fields of that name, in whatever case.
func (q taken) values(name string) (out []string) {
	for _, line := range q.Lines {
		n, v, _ := strings.Cut(line, ":")
		if strings.EqualFold(n, name) {
			out = append(out, strings.TrimSpace(v))
		}
	}
	return out
}

// value is that of the one field of that name.
func (q taken) value(name string) string { return strings.Join(q.values(name), " | ") }

// recorder is a server that knows as little of HTTP as it can, so that nothing
// is made good before it is looked at: it splits lines, and reads a body by
// Content-Length or by chunks.
type recorder struct {
	addr     string
	listener net.Listener

	mu   sync.Mutex
	took []taken
	odd  []string // what it could not make sense of
}

func newRecorder(t testing.TB) *recorder {
	t.Helper()
	// Where a test closes it, nobody else begins to listen there.
	l, err := net.Listen("tcp", foreign.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	u := &recorder{addr: l.Addr().String(), listener: l}
	var wg sync.WaitGroup
	var conns sync.Map
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Store(c, true)
			wg.Go(func() {
				defer c.Close()
				u.serve(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		conns.Range(func(c, _ any) bool { _ = c.(net.Conn).Close(); return true })
		wg.Wait()
	})
	return u
}

func (u *recorder) serve(c net.Conn) {
	r := bufio.NewReaderSize(c, 1<<20)
	for {
		q, err := read(r)
		u.mu.Lock()
		switch {
		case err == nil:
			u.took = append(u.took, q)
		case !errors.Is(err, errBetween):
			u.odd = append(u.odd, err.Error())
		}
		u.mu.Unlock()
		if err != nil {
			return
		}
		body := "from the API"
		if q.Method == "HEAD" {
			body = ""
		}
		if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Target: %s\r\nContent-Length: 12\r\n\r\n%s", q.Target, body); err != nil {
			return
		}
	}
}

// errBetween is the end of a connection between two requests.
var errBetween = errors.New("the connection ended")

// read takes one request off the wire.
func read(r *bufio.Reader) (q taken, err error) {
	first, err := r.ReadString('\n')
	if err != nil {
		if first == "" {
			return q, errBetween
		}
		return q, fmt.Errorf("%q and then %w", first, err)
	}
	parts := strings.Split(strings.TrimSuffix(first, "\r\n"), " ")
	if len(parts) != 3 || parts[2] != "HTTP/1.1" {
		return q, fmt.Errorf("no request line: %q", first)
	}
	q.Method, q.Target = parts[0], parts[1]
	length, chunked := 0, false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return q, fmt.Errorf("in the fields: %w", err)
		}
		if line = strings.TrimSuffix(line, "\r\n"); line == "" {
			break
		}
		q.Lines = append(q.Lines, line)
		name, value, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "content-length":
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return q, err
			}
		case "transfer-encoding":
			chunked = true
		}
	}
	if !chunked {
		body := make([]byte, length)
		if _, err := io.ReadFull(r, body); err != nil {
			return q, fmt.Errorf("in the body: %w", err)
		}
		q.Body = string(body)
		return q, nil
	}
	for {
		size, err := r.ReadString('\n')
		if err != nil {
			return q, fmt.Errorf("in a chunk size: %w", err)
		}
		n, err := strconv.ParseUint(strings.TrimSuffix(size, "\r\n"), 16, 31)
		if err != nil {
			return q, fmt.Errorf("chunk size %q", size)
		}
		if n == 0 {
			for line := "x"; line != "\r\n"; { // trailers
				if line, err = r.ReadString('\n'); err != nil {
					return q, fmt.Errorf("in the trailers: %w", err)
				}
			}
			return q, nil
		}
		chunk := make([]byte, n+2)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return q, fmt.Errorf("in a chunk: %w", err)
		}
		q.Body += string(chunk[:n])
	}
}

// all is what came so far, and forgets it.
func (u *recorder) all() []taken {
	u.mu.Lock()
	defer u.mu.Unlock()
	out := u.took
	u.took = nil
	return out
}

// oddities are what no request could be made of.
func (u *recorder) oddities() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.odd
}
