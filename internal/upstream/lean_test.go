package upstream_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/upstream"
)

const ok = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"

// A server that went away between two requests is noticed before the next one is
// sent, whatever its method.
func TestIdleConnectionThatEnded(t *testing.T) {
	for _, method := range []string{"GET", "POST", "DELETE"} {
		t.Run(method, func(t *testing.T) {
			closed := make(chan struct{}, 2)
			s := listen(t, func(n int, c net.Conn, br *bufio.Reader) {
				answering("!"+ok)(n, c, br)
				_ = c.Close()
				closed <- struct{}{}
			})
			l := s.lean()
			for i := range int64(2) {
				res, err := l.RoundTrip(s.request(method, "/"))
				if got := read(t, res, err); got != "ok" {
					t.Errorf("got %q", got)
				}
				<-closed
				if n := s.conns.Load(); n != i+1 {
					t.Errorf("%d connections after %d requests", n, i+1)
				}
			}
		})
	}
}

// Octets that come while nobody waits for an answer are not the next one.
func TestUnsolicitedAnswerIsDropped(t *testing.T) {
	for _, c := range []struct {
		name, text string
		told       bool
	}{
		{"desync", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", true},
		{"one octet", "x", true},
		{"goodbye", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			more, sent := make(chan struct{}), make(chan struct{})
			s := listen(t, func(n int, conn net.Conn, br *bufio.Reader) {
				if n > 1 {
					answering(ok)(n, conn, br)
					return
				}
				if _, err := http.ReadRequest(br); err != nil {
					t.Error(err)
				}
				_, _ = io.WriteString(conn, strings.ReplaceAll(ok, "\n", "\r\n"))
				<-more
				_, _ = io.WriteString(conn, c.text)
				close(sent)
				_, _ = io.Copy(io.Discard, br)
			})
			var log bytes.Buffer
			l := s.lean()
			l.Log = slog.New(slog.NewTextHandler(&log, nil))
			res, err := l.RoundTrip(s.request("GET", "/"))
			read(t, res, err)
			close(more)
			<-sent
			res, err = l.RoundTrip(s.request("POST", "/"))
			if got := read(t, res, err); got != "ok" || s.conns.Load() != 2 {
				t.Errorf("got %q over %d connections", got, s.conns.Load())
			}
			if told := strings.Contains(log.String(), "nobody asked for"); told != c.told {
				t.Errorf("log: %q", log.String())
			}
		})
	}
}

// A server that closes as the request comes is asked again on a new connection
// if that is harmless, and once.
func TestRepeat(t *testing.T) {
	for _, c := range []struct {
		name, method string
		key          string
		always       bool // every later connection breaks too
		want         string
		conns        int64
	}{
		{name: "GET", method: "GET", want: "ok", conns: 2},
		{name: "HEAD", method: "HEAD", want: "", conns: 2},
		{name: "OPTIONS", method: "OPTIONS", want: "ok", conns: 2},
		{name: "POST", method: "POST", want: "error", conns: 1},
		{name: "DELETE", method: "DELETE", want: "error", conns: 1},
		{name: "POST with a key", method: "POST", key: "1", want: "ok", conns: 2},
		{name: "not twice", method: "GET", always: true, want: "error", conns: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := listen(t, func(n int, conn net.Conn, br *bufio.Reader) {
				if n > 1 && !c.always {
					answering(ok)(n, conn, br)
					return
				}
				for i := 0; ; i++ {
					// The second request is read and never answered.
					if _, err := http.ReadRequest(br); err != nil || i > 0 || n > 1 {
						return
					}
					_, _ = io.WriteString(conn, strings.ReplaceAll(ok, "\n", "\r\n"))
				}
			})
			l := s.lean()
			res, err := l.RoundTrip(s.request("GET", "/"))
			read(t, res, err)
			r := s.request(c.method, "/")
			if c.key != "" {
				r.Header.Set("Idempotency-Key", c.key)
			}
			got := "error"
			if res, err = l.RoundTrip(r); err == nil {
				got = read(t, res, err)
			}
			if got != c.want || s.conns.Load() != c.conns {
				t.Errorf("got %q (%v) over %d connections, want %q over %d", got, err, s.conns.Load(), c.want, c.conns)
			}
		})
	}
}

// A new connection that fails is the server's answer.
func TestNoRepeatOnANewConnection(t *testing.T) {
	s := listen(t, func(_ int, _ net.Conn, br *bufio.Reader) { _, _ = http.ReadRequest(br) })
	if res, err := s.lean().RoundTrip(s.request("GET", "/")); err == nil {
		t.Errorf("got %s", read(t, res, err))
	}
	if n := s.conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestHeaderTimeout(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "half": "HTTP/1.1 200 OK\r\nX: ", "interim": "HTTP/1.1 102 Processing\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, func(_ int, c net.Conn, br *bufio.Reader) {
				_, _ = io.WriteString(c, text)
				_, _ = io.Copy(io.Discard, br)
			})
			for _, d := range []time.Duration{time.Millisecond, 120 * time.Millisecond} {
				l := s.lean()
				l.HeaderTimeout = d
				before := time.Now()
				res, err := l.RoundTrip(s.request("GET", "/"))
				if err == nil {
					read(t, res, err)
				}
				var timeout net.Error
				if name == "nothing" && (!errors.As(err, &timeout) || !timeout.Timeout()) {
					t.Errorf("got %v, want a timeout", err)
				}
				if err == nil || time.Since(before) < d && name == "nothing" {
					t.Errorf("%v after %s, want one after %s", err, time.Since(before), d)
				}
			}
		})
	}
}

// Whoever goes away is not waited for, before the answer or in it.
func TestCancel(t *testing.T) {
	for name, text := range map[string]string{"before": "", "in the fields": "HTTP/1.1 200 OK\r\nX: ", "in the body": "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf"} {
		t.Run(name, func(t *testing.T) {
			arrived, gone := make(chan struct{}, 1), make(chan struct{})
			s := listen(t, func(_ int, c net.Conn, br *bufio.Reader) {
				_, _ = http.ReadRequest(br)
				_, _ = io.WriteString(c, text)
				arrived <- struct{}{}
				_, _ = io.Copy(io.Discard, br)
				close(gone)
			})
			ctx, cancel := context.WithCancelCause(t.Context())
			why := errors.New("went home")
			go func() {
				<-arrived
				cancel(why)
			}()
			res, err := s.lean().RoundTrip(s.request("GET", "/").WithContext(ctx))
			if err == nil {
				_, err = io.ReadAll(res.Body)
				_ = res.Body.Close()
			}
			if !errors.Is(err, why) {
				t.Errorf("got %v, want %v", err, why)
			}
			<-gone
		})
	}
}

func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := listen(t, answering(ok))
	if _, err := s.lean().RoundTrip(s.request("GET", "/").WithContext(ctx)); !errors.Is(err, context.Canceled) || s.conns.Load() != 0 {
		t.Errorf("%v, %d connections", err, s.conns.Load())
	}
}

// A body that nobody reads to its end takes its connection with it.
func TestBodyClosedEarly(t *testing.T) {
	s := listen(t, answering("HTTP/1.1 200 OK\nContent-Length: 100000\n\nhalf", ok))
	l := s.lean()
	res, err := l.RoundTrip(s.request("GET", "/"))
	if err != nil {
		t.Fatal(err)
	}
	// All that came so far: nothing but the length says that there is more.
	if _, err := io.ReadFull(res.Body, make([]byte, 4)); err != nil {
		t.Error(err)
	}
	_ = res.Body.Close()
	if _, err := res.Body.Read(make([]byte, 2)); !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("after Close: %v", err)
	}
	res, err = l.RoundTrip(s.request("GET", "/"))
	if got := read(t, res, err); got != "ok" || s.conns.Load() != 2 {
		t.Errorf("got %q over %d connections", got, s.conns.Load())
	}
}

// Reading again at the end, or closing twice, does not touch the connection: it
// may be another request's.
func TestBodyAfterItsEnd(t *testing.T) {
	s := listen(t, answering(ok))
	l := s.lean()
	first, err := l.RoundTrip(s.request("GET", "/"))
	read(t, first, err)
	second, err := l.RoundTrip(s.request("GET", "/"))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := first.Body.Read(make([]byte, 9)); n != 0 || err != io.EOF {
		t.Errorf("read %d, %v", n, err)
	}
	_ = first.Body.Close()
	if got := read(t, second, nil); got != "ok" || s.conns.Load() != 1 {
		t.Errorf("got %q over %d connections", got, s.conns.Load())
	}
}

func TestLimits(t *testing.T) {
	big := strings.Repeat("x", 2000)
	for _, c := range []struct{ name, text, want string }{
		{"fields", "HTTP/1.1 200 OK\nX: " + big + "\nContent-Length: 0\n\n", "too large"},
		{"without end", "HTTP/1.1 200 " + strings.Repeat(big, 20), "too large"},
		{"interim fields", strings.Repeat("HTTP/1.1 103 Early Hints\nX: "+big[:500]+"\n\n", 3) + ok, "too large"},
		{"many interim", strings.Repeat("HTTP/1.1 100 Continue\n\n", 200) + ok, "too large"},
		{"switch", "HTTP/1.1 101 Switching Protocols\nConnection: Upgrade\nUpgrade: websocket\n\n", "switched protocols"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := listen(t, answering(c.text))
			l := s.lean()
			l.MaxHeader = 1000
			res, err := l.RoundTrip(s.request("GET", "/"))
			if err == nil {
				read(t, res, err)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	t.Run("very many interim", func(t *testing.T) {
		s := listen(t, answering(strings.Repeat("HTTP/1.1 100 Continue\n\n", 200)+ok))
		res, err := s.lean().RoundTrip(s.request("GET", "/"))
		if err == nil {
			read(t, res, err)
		}
		if err == nil || !strings.Contains(err.Error(), "too many informational") {
			t.Errorf("got %v", err)
		}
	})
}

// A head that does not fit into the socket is written as the server reads.
func TestLongHead(t *testing.T) {
	const size = 6 << 20
	s := listen(t, func(_ int, c net.Conn, br *bufio.Reader) {
		time.Sleep(100 * time.Millisecond)
		r, err := http.ReadRequest(br)
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n%7d", len(r.Header.Get("X")))
	})
	l := s.lean()
	r := s.request("GET", "/")
	r.Header.Set("X", strings.Repeat("x", size))
	res, err := l.RoundTrip(r)
	if got := read(t, res, err); got != fmt.Sprint(size) {
		t.Errorf("got %q", got)
	}
}

// A server that reads nothing does not hold up anybody for ever.
func TestHeadThatNobodyReads(t *testing.T) {
	release := make(chan struct{})
	s := listen(t, func(int, net.Conn, *bufio.Reader) { <-release })
	t.Cleanup(func() { close(release) })
	l := s.lean()
	l.HeaderTimeout = 100 * time.Millisecond
	r := s.request("GET", "/")
	r.Header.Set("X", strings.Repeat("x", 32<<20))
	if _, err := l.RoundTrip(r); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	l.HeaderTimeout = 20 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := l.RoundTrip(r.WithContext(ctx)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestIdleConnectionsAreBounded(t *testing.T) {
	var gone atomic.Int64
	var wait sync.WaitGroup
	s := listen(t, func(n int, c net.Conn, br *bufio.Reader) {
		_, _ = http.ReadRequest(br)
		wait.Done()
		wait.Wait()
		_, _ = io.WriteString(c, strings.ReplaceAll(ok, "\n", "\r\n"))
		_, _ = io.Copy(io.Discard, br)
		gone.Add(1)
	})
	const many = 8
	wait.Add(many)
	l := s.lean()
	l.MaxIdle, l.IdleTimeout = 3, 300*time.Millisecond
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			res, err := l.RoundTrip(s.request("GET", "/"))
			read(t, res, err)
		})
	}
	all.Wait()
	eventually(t, func() bool { return gone.Load() >= many-3 })
	// Those that were kept go when nobody needs them.
	eventually(t, func() bool { return gone.Load() == many })
}

func eventually(t *testing.T, f func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
	}
}

// After Close nothing is kept, and whoever still asks is answered.
func TestClose(t *testing.T) {
	s := listen(t, answering(ok))
	l := s.lean()
	for i := range int64(3) {
		res, err := l.RoundTrip(s.request("GET", "/"))
		if got := read(t, res, err); got != "ok" || s.conns.Load() != i+1 {
			t.Errorf("got %q over %d connections", got, s.conns.Load())
		}
		l.Close()
	}
}

// A server that restarts costs nobody an error.
func TestRestart(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
	u := gone(t)
	begin := func() *httptest.Server {
		l, err := net.Listen("tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		s := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
		s.Start()
		return s
	}
	first := begin()
	l := upstream.NewLean(u, 0)
	defer l.Close()
	get := func(path string) {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", u.String()+path, nil)
		res, err := l.RoundTrip(r)
		if got := read(t, res, err); got != path {
			t.Errorf("got %q", got)
		}
	}
	get("/a")
	get("/b")
	first.Close()
	second := begin()
	defer second.Close()
	get("/c")
}

// Many at once get their own answers.
func TestConcurrent(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("close") {
			w.Header().Set("Connection", "close")
		}
		if r.URL.Query().Has("long") {
			fmt.Fprint(w, strings.Repeat(r.URL.Path, 5000))
			return
		}
		fmt.Fprint(w, r.URL.Path)
	}))
	defer s.Close()
	u, _ := url.Parse(s.URL)
	l := upstream.NewLean(u, 0)
	defer l.Close()
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			for j := range 60 {
				path := fmt.Sprintf("/%d/%d", i, j)
				query, want := []string{"?a", "?close", "?long", "?cancel"}[j%4], path
				if j%4 == 2 {
					want = strings.Repeat(path, 5000)
				}
				ctx, cancel := context.WithCancel(t.Context())
				r, _ := http.NewRequestWithContext(ctx, "GET", s.URL+path+query, nil)
				if j%4 == 3 {
					go cancel()
				}
				res, err := l.RoundTrip(r)
				var text []byte
				if err == nil {
					text, err = io.ReadAll(res.Body)
					_ = res.Body.Close()
				}
				cancel()
				if j%4 == 3 && errors.Is(err, context.Canceled) {
					continue
				}
				if err != nil || string(text) != want {
					t.Errorf("%s: got %.40q, %v", path, text, err)
				}
			}
		})
	}
	all.Wait()
}
