//go:build unix

package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/proxy"
	lean "github.com/gate401/gate401/internal/upstream"
	"github.com/gate401/gate401/internal/watch"
)

// helper is this binary in another role.
type helper struct {
	b   *testing.B
	in  io.WriteCloser
	out *bufio.Scanner
}

func newHelper(b *testing.B, env ...string) *helper {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	c := exec.Command(self)
	if pinned(b) {
		c = exec.Command("taskset", "-c", "1", self)
	}
	c.Env = append(os.Environ(), env...)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = c.Wait()
	})
	return &helper{b, in, bufio.NewScanner(out)}
}

// pinned puts this process on the first core, with one thread that runs Go, and
// tells whether the others can have the second: what the scheduler does between
// two cores is otherwise more than what is to be measured.
func pinned(b *testing.B) bool {
	b.Helper()
	if _, err := exec.LookPath("taskset"); err != nil || runtime.NumCPU() < 2 {
		return false
	}
	if out, err := exec.Command("taskset", "-a", "-c", "-p", "0", strconv.Itoa(os.Getpid())).CombinedOutput(); err != nil {
		b.Logf("taskset: %v: %s", err, out)
		return false
	}
	before := runtime.GOMAXPROCS(1)
	b.Cleanup(func() { runtime.GOMAXPROCS(before) })
	return true
}

func (h *helper) line() string {
	if !h.out.Scan() {
		h.b.Fatal("the other process ended")
	}
	return h.out.Text()
}

func newClient(b *testing.B, addr, text string) *helper {
	return newHelper(b, "GATE401_BENCH_ROLE=client "+addr, "GATE401_BENCH_REQUEST="+strings.ReplaceAll(text, "\n", "\r\n"))
}

func (h *helper) send(n int) {
	if _, err := fmt.Fprintln(h.in, n); err != nil {
		h.b.Fatal(err)
	}
	h.line()
}

// load reports the CPU time of the server for each request.
func load(b *testing.B, addr, text string) {
	b.Helper()
	c := newClient(b, addr, text)
	c.send(100)
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	c.send(b.N)
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
}

// compare takes turns between two servers and reports the median of the ratios
// of their CPU times, with the quartiles: on a machine that does other work as
// well, only neighbouring rounds can be compared.
func compare(b *testing.B, bare, gate, text string) {
	b.Helper()
	const round = 4000
	x, y := newClient(b, bare, text), newClient(b, gate, text)
	run := func(c *helper) float64 {
		before := cpu(b)
		c.send(round)
		return float64(cpu(b)-before) / round
	}
	run(x)
	run(y)
	var ratios, bares, gates []float64
	for b.Loop() {
		p, q := run(x), run(y)
		ratios, bares, gates = append(ratios, q/p), append(bares, p), append(gates, q)
	}
	for _, s := range [][]float64{ratios, bares, gates} {
		slices.Sort(s)
	}
	n := len(ratios)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(bares[n/2], "bare-cpu-ns")
	b.ReportMetric(gates[n/2], "gate-cpu-ns")
	b.ReportMetric(ratios[n/4], "ratio-q1")
	b.ReportMetric(ratios[n/2], "ratio")
	b.ReportMetric(ratios[n*3/4], "ratio-q3")
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

// The fields of a script, and those that a browser sends with a fetch().
const (
	script  = "User-Agent: curl/8.5.0\nAccept: */*\nAccept-Encoding: gzip\n\n"
	browser = "sec-ch-ua-platform: \"Linux\"\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36\n" +
		"sec-ch-ua: \"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"\nsec-ch-ua-mobile: ?0\nAccept: */*\nSec-Fetch-Site: same-origin\nSec-Fetch-Mode: cors\n" +
		"Sec-Fetch-Dest: empty\nReferer: https://api.example/\nAccept-Encoding: gzip, deflate, br\nAccept-Language: en-US,en;q=0.9\nCookie: a=b\n\n"
)

// BenchmarkProxy compares the proxy on an open rule, logging on, with a bare
// tuned httputil.ReverseProxy.
func BenchmarkProxy(b *testing.B) {
	upstream := func(b *testing.B) *url.URL {
		u, err := url.Parse("http://" + newHelper(b, "GATE401_BENCH_ROLE=upstream").line())
		if err != nil {
			b.Fatal(err)
		}
		return u
	}
	const line = "GET /public/items?id=1 HTTP/1.1\nHost: api.example\n"
	bare := func(b *testing.B) string {
		u := upstream(b)
		tr := lean.NewTransport(u, 0) // the library's, tuned
		b.Cleanup(tr.CloseIdleConnections)
		return serve(b, &httputil.ReverseProxy{
			Rewrite: func(pr *httputil.ProxyRequest) {
				pr.SetURL(u)
				pr.SetXForwarded()
			},
			Transport: tr, BufferPool: &pool{},
		})
	}
	gate := func(b *testing.B, logged bool) string {
		u := upstream(b)
		up, err := lean.New(lean.Config{Name: "bench", URLs: []*url.URL{u}})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = up.Close() })
		g := newGate()
		if logged {
			observed(b, g)
		}
		p, err := proxy.New(proxy.Config{Gate: g, Upstream: u, Transport: up.Lane(0), Strip: places})
		if err != nil {
			b.Fatal(err)
		}
		return serve(b, p)
	}
	b.Run("bare", func(b *testing.B) { load(b, bare(b), line+script) })
	b.Run("gate", func(b *testing.B) { load(b, gate(b, true), line+script) })
	b.Run("ratio/script", func(b *testing.B) { compare(b, bare(b), gate(b, true), line+script) })
	b.Run("ratio/browser", func(b *testing.B) { compare(b, bare(b), gate(b, true), line+browser) })
	// The bare proxy logs nothing either.
	b.Run("ratio/script/unlogged", func(b *testing.B) { compare(b, bare(b), gate(b, false), line+script) })
	b.Run("ratio/browser/unlogged", func(b *testing.B) { compare(b, bare(b), gate(b, false), line+browser) })
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
	const line = "GET /orders/7 HTTP/1.1\nHost: api.example\n"
	g := newGate()
	p, err := proxy.New(proxy.Config{Gate: g, Upstream: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Strip: places})
	if err != nil {
		b.Fatal(err)
	}
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, httptest.NewRequest("GET", "/orders/7", nil))
	h, body := rec.Header(), rec.Body.Bytes()
	bare := func(b *testing.B) string {
		return serve(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out := w.Header()
			for name, v := range h {
				out[name] = v
			}
			w.WriteHeader(rec.Code)
			_, _ = w.Write(body)
		}))
	}
	gate := func(b *testing.B) string {
		observed(b, g)
		return serve(b, p)
	}
	b.Run("bare", func(b *testing.B) { load(b, bare(b), line+script) })
	b.Run("gate", func(b *testing.B) { load(b, gate(b), line+script) })
	b.Run("ratio/script", func(b *testing.B) { compare(b, bare(b), gate(b), line+script) })
	b.Run("ratio/browser", func(b *testing.B) { compare(b, bare(b), gate(b), line+browser) })
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

// canned is an upstream without a connection.
type canned struct{}

func (canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: 2,
		Header: http.Header{"Content-Type": {"text/plain"}, "Content-Length": {"2"}, "Date": {"x"}},
		Body:   io.NopCloser(strings.NewReader("ok"))}, nil
}

// BenchmarkForward is BenchmarkProxy without connections: what the proxy itself
// adds to httputil.ReverseProxy.
func BenchmarkForward(b *testing.B) {
	u := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET /public/items?id=1 HTTP/1.1\r\nHost: api.example\r\n" + strings.ReplaceAll(browser, "\n", "\r\n"))))
	if err != nil {
		b.Fatal(err)
	}
	r.RemoteAddr = "192.0.2.1:1234"
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	r = r.WithContext(context.WithValue(ctx, http.ServerContextKey, 1))
	run := func(b *testing.B, h http.Handler) {
		b.ReportAllocs()
		for b.Loop() {
			h.ServeHTTP(&sinkWriter{h: make(http.Header)}, r)
		}
	}
	b.Run("bare", func(b *testing.B) {
		run(b, &httputil.ReverseProxy{
			Rewrite: func(pr *httputil.ProxyRequest) {
				pr.SetURL(u)
				pr.SetXForwarded()
			},
			Transport: canned{}, BufferPool: &pool{},
		})
	})
	b.Run("gate", func(b *testing.B) {
		g := newGate()
		observed(b, g)
		p, err := proxy.New(proxy.Config{Gate: g, Upstream: u, Transport: canned{}, Strip: places})
		if err != nil {
			b.Fatal(err)
		}
		run(b, p)
	})
	// What a script sends, and somebody who is known besides.
	for _, c := range []struct{ name, fields string }{
		{"script, nobody", "GET /public/items?id=1 HTTP/1.1\r\nHost: api.example\r\nX-API-Key: bob\r\n\r\n"},
		{"script, somebody", "GET /orders/1?id=1 HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer bob\r\n\r\n"},
		{"script, somebody with more", "GET /orders/1?id=1 HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer odd\r\n\r\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := newGate()
			observed(b, g)
			p, err := proxy.New(proxy.Config{Gate: g, Upstream: u, Transport: canned{}, Strip: places})
			if err != nil {
				b.Fatal(err)
			}
			own, err := http.ReadRequest(bufio.NewReader(strings.NewReader(c.fields)))
			if err != nil {
				b.Fatal(err)
			}
			own.RemoteAddr = "192.0.2.1:1234"
			own = own.WithContext(r.Context())
			b.ReportAllocs()
			for b.Loop() {
				h := make(http.Header)
				if p.ServeHTTP(&sinkWriter{h: h}, own); h["Content-Type"] == nil {
					b.Fatal("refused")
				}
			}
		})
	}
	b.Run("judge", func(b *testing.B) {
		g := newGate()
		observed(b, g)
		b.ReportAllocs()
		for b.Loop() {
			g.Judge(r)
		}
	})
}

type sinkWriter struct{ h http.Header }

func (s *sinkWriter) Header() http.Header         { return s.h }
func (s *sinkWriter) WriteHeader(int)             {}
func (s *sinkWriter) Write(p []byte) (int, error) { return len(p), nil }
