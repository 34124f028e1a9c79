package proxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/proxy"
	"github.com/gate401/gate401/internal/watch"
)

// load sends text over one connection kept alive, b.N times, and reports the CPU
// time of the whole process for each. The client is cheap on purpose: what it
// costs hides differences between servers.
func load(b *testing.B, addr, text string) {
	b.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	request := []byte(strings.ReplaceAll(text, "\n", "\r\n"))
	br := bufio.NewReaderSize(c, 64<<10)
	b.ReportAllocs()
	before := cpu(b)
	for b.Loop() {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		length := 0
		for {
			line, err := br.ReadSlice('\n')
			if err != nil {
				b.Fatal(err)
			}
			if len(line) <= 2 {
				break
			}
			if v, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
				if length, err = strconv.Atoi(strings.TrimSpace(v)); err != nil {
					b.Fatal(err)
				}
			}
		}
		if _, err := br.Discard(length); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func serve(b *testing.B, h http.Handler) string {
	s := httptest.NewServer(h)
	b.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func observed(b *testing.B, g *gate401.Gate) {
	file, err := os.Create(b.TempDir() + "/log")
	if err != nil {
		b.Fatal(err)
	}
	w := watch.New(file, watch.Options{})
	b.Cleanup(func() {
		if err := w.Close(); err != nil {
			b.Error(err)
		}
		_ = file.Close()
	})
	g.Observe = w.Observe
}

const usual = "User-Agent: curl/8.5.0\nAccept: */*\nAccept-Encoding: gzip\nCookie: a=b\nX-Trace: 00-4bf92f3577b34da6a3ce929d0e0e4736\n\n"

// BenchmarkProxy compares the proxy on an open rule, logging on, with a bare
// tuned httputil.ReverseProxy.
func BenchmarkProxy(b *testing.B) {
	body := strings.Repeat("x", 1024)
	upstream := func(b *testing.B) *url.URL {
		u, err := url.Parse("http://" + serve(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = []string{"text/plain"}
			_, _ = io.WriteString(w, body)
		})))
		if err != nil {
			b.Fatal(err)
		}
		return u
	}
	const text = "GET /public/items?id=1 HTTP/1.1\nHost: api.example\n" + usual
	b.Run("bare", func(b *testing.B) {
		u := upstream(b)
		tr := proxy.NewTransport(u, 0)
		defer tr.CloseIdleConnections()
		load(b, serve(b, &httputil.ReverseProxy{
			Rewrite: func(pr *httputil.ProxyRequest) {
				pr.SetURL(u)
				pr.SetXForwarded()
			},
			Transport: tr, BufferPool: &pool{},
		}), text)
	})
	b.Run("gate", func(b *testing.B) {
		u := upstream(b)
		tr := proxy.NewTransport(u, 0)
		defer tr.CloseIdleConnections()
		g := newGate()
		observed(b, g)
		p, err := proxy.New(proxy.Config{Gate: g, Upstream: u, Transport: tr, Strip: places})
		if err != nil {
			b.Fatal(err)
		}
		load(b, serve(b, p), text)
	})
}

type pool struct{ sync.Pool }

func (p *pool) Get() []byte {
	if b, ok := p.Pool.Get().(*[32 << 10]byte); ok {
		return b[:]
	}
	return make([]byte, 32<<10)
}

func (p *pool) Put(b []byte) { p.Pool.Put((*[32 << 10]byte)(b)) }

// BenchmarkRefuse compares a refusal without credentials, log and trace on, with
// a bare handler that writes the same octets.
func BenchmarkRefuse(b *testing.B) {
	const text = "GET /orders/7 HTTP/1.1\nHost: api.example\n" + usual
	g := newGate()
	p, err := proxy.New(proxy.Config{Gate: g, Upstream: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Strip: places})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bare", func(b *testing.B) {
		rec := httptest.NewRecorder()
		p.ServeHTTP(rec, httptest.NewRequest("GET", "/orders/7", nil))
		h, body := rec.Header(), rec.Body.Bytes()
		load(b, serve(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out := w.Header()
			for name, v := range h {
				out[name] = v
			}
			w.WriteHeader(rec.Code)
			_, _ = w.Write(body)
		})), text)
	})
	b.Run("gate", func(b *testing.B) {
		observed(b, g)
		load(b, serve(b, p), text)
	})
}

// BenchmarkHandler is the refusal without a connection: what the gate itself
// costs.
func BenchmarkHandler(b *testing.B) {
	g := newGate()
	observed(b, g)
	p, err := proxy.New(proxy.Config{Gate: g, Upstream: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}})
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/orders/7", nil)
	b.ReportAllocs()
	for b.Loop() {
		p.ServeHTTP(&sinkWriter{h: make(http.Header)}, r)
	}
}

type sinkWriter struct{ h http.Header }

func (s *sinkWriter) Header() http.Header         { return s.h }
func (s *sinkWriter) WriteHeader(int)             {}
func (s *sinkWriter) Write(p []byte) (int, error) { return len(p), nil }
