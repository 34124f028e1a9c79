package upstream_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gate401/gate401/internal/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a raw one: serve gets every connection, with its number.
type server struct {
	t     testing.TB
	l     net.Listener
	conns atomic.Int64
	wg    sync.WaitGroup
}

func listen(t testing.TB, serve func(n int, c net.Conn, br *bufio.Reader)) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, l: l}
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n := int(s.conns.Add(1))
			s.wg.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(time.Minute))
				serve(n, c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.wg.Wait()
	})
	return s
}

func (s *server) url() *url.URL { return &url.URL{Scheme: "http", Host: s.l.Addr().String()} }

// lean is a transport for s that must do everything itself.
func (s *server) lean() *upstream.Lean {
	l := upstream.NewLean(s.url(), 0)
	l.Rest = roundTripper(func(r *http.Request) (*http.Response, error) {
		s.t.Errorf("%s %s was left to the library", r.Method, r.URL)
		return nil, http.ErrNotSupported
	})
	s.t.Cleanup(l.Close)
	return l
}

func (s *server) request(method, path string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url().String()+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering reads requests and writes the texts in turn, "\n" standing for CRLF.
// After one that begins with "!" the connection is closed.
func answering(texts ...string) func(int, net.Conn, *bufio.Reader) {
	var turn atomic.Int64
	return func(_ int, c net.Conn, br *bufio.Reader) {
		for {
			if _, err := http.ReadRequest(br); err != nil {
				return
			}
			text := texts[min(int(turn.Add(1)), len(texts))-1]
			text, last := strings.CutPrefix(text, "!")
			if _, err := io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n")); err != nil || last {
				return
			}
		}
	}
}

// patiently tries with longer and longer times what has to be quick within one and
// slow beyond it. A machine that has others to serve needs a long one; what is
// wrong is wrong with each.
func patiently(t testing.TB, first time.Duration, try func(d time.Duration) error) {
	t.Helper()
	err := try(first)
	for range 3 {
		if err == nil {
			return
		}
		t.Logf("within %s: %v", first, err)
		first *= 3
		err = try(first)
	}
	if err != nil {
		t.Errorf("within %s: %v", first, err)
	}
}

// body reads a response to its end.
func read(t testing.TB, res *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
