package upstream_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/freeport"
	"github.com/gate401/gate401/internal/upstream"
)

// naming is a server that answers with its name.
func naming(t *testing.T, name string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", name, r.Host, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func parse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// gone is an address where nobody listens, and nobody else begins to.
func gone(t *testing.T) *url.URL {
	return &url.URL{Scheme: "http", Host: freeport.Hold(t)}
}

func start(t *testing.T, c upstream.Config) *upstream.Upstream {
	t.Helper()
	if c.Name == "" {
		c.Name = "orders"
	}
	u, err := upstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = u.Close() })
	return u
}

// send asks u and returns the body of the answer, or the kind of the failure.
func send(t *testing.T, u *upstream.Upstream, method, body string) string {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = io.MultiReader(strings.NewReader(body)) // of unknown length
	}
	r, err := http.NewRequestWithContext(t.Context(), method, u.URL().String()+"/", content)
	if err != nil {
		t.Fatal(err)
	}
	res, err := u.Lane(0).RoundTrip(r)
	if err != nil {
		return "failed: " + string(upstream.KindOf(err))
	}
	return read(t, res, nil)
}

func TestBalance(t *testing.T) {
	a, b, c := naming(t, "a"), naming(t, "b"), naming(t, "c")
	u := start(t, upstream.Config{URLs: []*url.URL{parse(t, a.URL), parse(t, b.URL), parse(t, c.URL)}})
	count := map[string]int{}
	for range 30 {
		name, rest, _ := strings.Cut(send(t, u, "GET", ""), " ")
		count[name]++
		host, _, _ := strings.Cut(rest, " ")
		if want := map[string]string{"a": a.Listener.Addr().String(), "b": b.Listener.Addr().String(), "c": c.Listener.Addr().String()}[name]; host != want {
			t.Errorf("%s was called %s, want %s", name, host, want)
		}
	}
	if count["a"] != 10 || count["b"] != 10 || count["c"] != 10 {
		t.Errorf("%v", count)
	}
}

func TestLeastRequests(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-release
		fmt.Fprint(w, "slow")
	}))
	defer slow.Close()
	quick := naming(t, "quick")
	u := start(t, upstream.Config{URLs: []*url.URL{parse(t, slow.URL), parse(t, quick.URL)}, Balance: upstream.LeastRequests})
	// Until the slow one is held up by somebody.
	var held *http.Response
	for held == nil {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", u.URL().String(), nil)
		res, err := u.Lane(0).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if res.ContentLength < 0 {
			held = res
		} else {
			read(t, res, nil)
		}
	}
	for range 10 {
		if got := send(t, u, "GET", ""); !strings.HasPrefix(got, "quick") {
			t.Errorf("got %q while the other was busy", got)
		}
	}
	close(release)
	if got := read(t, held, nil); got != "slow" {
		t.Errorf("got %q", got)
	}
	for _, one := range u.Status().Targets {
		if *one.Requests != 0 {
			t.Errorf("%s: %d requests under way at the end", one.URL, *one.Requests)
		}
	}
}

// A server that nobody can reach costs no request: nothing was sent to it. The
// other one gets them, bodies whole.
func TestUnreachableServerIsPassedOver(t *testing.T) {
	var log bytes.Buffer
	well := naming(t, "well")
	u := start(t, upstream.Config{URLs: []*url.URL{gone(t), parse(t, well.URL)}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, method := range []string{"GET", "POST", "GET", "POST", "DELETE", "PUT"} {
		body := ""
		if method == "POST" || method == "PUT" {
			body = "a whole body"
		}
		if got := send(t, u, method, body); !strings.HasPrefix(got, "well ") || !strings.HasSuffix(got, body) {
			t.Errorf("%s: got %q", method, got)
		}
	}
	s := u.Status()
	if s.Targets[0].State != "unreachable" || s.Targets[0].Reason != "upstream-unreachable" || s.Targets[1].State != "up" {
		t.Errorf("%+v", s)
	}
	if n := strings.Count(log.String(), "cannot be reached"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log.String())
	}
}

// What a server may have seen is not given to another one.
func TestSeenRequestIsNotRepeatedElsewhere(t *testing.T) {
	var asked atomic.Int64
	broken := func() *url.URL {
		return listen(t, func(_ int, c net.Conn, _ *bufio.Reader) {
			_, _ = c.Read(make([]byte, 10))
			asked.Add(1)
		}).url()
	}
	u := start(t, upstream.Config{URLs: []*url.URL{broken(), broken()}})
	for _, method := range []string{"POST", "GET"} {
		asked.Store(0)
		if got := send(t, u, method, ""); got != "failed: upstream-connection-lost" || asked.Load() != 1 {
			t.Errorf("%s: %s, asked %d times", method, got, asked.Load())
		}
	}
}

func TestAllUnreachable(t *testing.T) {
	u := start(t, upstream.Config{URLs: []*url.URL{gone(t), gone(t)}})
	if got := send(t, u, "GET", ""); got != "failed: upstream-unreachable" {
		t.Error(got)
	}
	// Now that both are known to be, the caller learns that waiting helps.
	if got := send(t, u, "GET", ""); got != "failed: upstream-down" {
		t.Error(got)
	}
}

// Every server is unwell by its health, and works: a wrong question must not
// close the API.
func TestUnwellServersAreBetterThanNone(t *testing.T) {
	var log safe
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wrong" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		fmt.Fprint(w, "works")
	}))
	defer s.Close()
	other := naming(t, "other")
	c := upstream.Config{URLs: []*url.URL{parse(t, s.URL)}, Health: &upstream.Health{Path: "/wrong", Interval: 5 * time.Millisecond}, Log: slog.New(slog.NewTextHandler(&log, nil))}
	u := start(t, c)
	eventually(t, func() bool { return u.Status().Targets[0].State == "unwell" })
	if got := send(t, u, "GET", ""); got != "works" {
		t.Error(got)
	}
	c.URLs = append(c.URLs, parse(t, other.URL))
	c.Health.Status = []int{404}
	u = start(t, c)
	eventually(t, func() bool { return u.Status().Targets[1].State == "unwell" })
	for range 6 {
		if got := send(t, u, "GET", ""); got != "works" {
			t.Errorf("%q went to the one that is unwell", got)
		}
	}
}

// The verdict follows the answers, is told once, and the questions carry nothing.
func TestHealth(t *testing.T) {
	var well atomic.Bool
	var log safe
	var odd sync.Map
	checked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			fmt.Fprint(w, "checked")
			return
		}
		for name := range r.Header {
			if name != "User-Agent" && name != "Connection" {
				odd.Store(name, true)
			}
		}
		if r.UserAgent() != upstream.Agent || r.Method != "GET" || r.URL.RawQuery != "deep=1" {
			odd.Store(r.Method+" "+r.URL.String()+" "+r.UserAgent(), true)
		}
		if !well.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer checked.Close()
	u := start(t, upstream.Config{URLs: []*url.URL{parse(t, checked.URL)}, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Health: &upstream.Health{Path: "/healthz?deep=1", Interval: 2 * time.Millisecond, Timeout: time.Minute, Healthy: 3, Unhealthy: 2}})
	state := func() string { return u.Status().Targets[0].State }
	eventually(t, func() bool { return state() == "unwell" })
	if reason := u.Status().Targets[0].Reason; reason != "health check: status 500" {
		t.Errorf("reason %q", reason)
	}
	well.Store(true)
	eventually(t, func() bool { return state() == "up" })
	well.Store(false)
	eventually(t, func() bool { return state() == "unwell" })
	_ = u.Close()
	if a, b := strings.Count(log.String(), "is unwell"), strings.Count(log.String(), "is well"); a != 2 || b != 1 {
		t.Errorf("told %d and %d times:\n%s", a, b, log.String())
	}
	odd.Range(func(k, _ any) bool {
		t.Errorf("the question has %v", k)
		return true
	})
}

type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Whoever does not get a place waits for one, and learns after a while that there
// is none.
func TestMaxRequests(t *testing.T) {
	var most, now atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
		now.Add(-1)
		fmt.Fprint(w, "ok")
	}))
	defer s.Close()
	u := start(t, upstream.Config{URLs: []*url.URL{parse(t, s.URL)}, MaxRequests: 3})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got := send(t, u, "GET", ""); got != "ok" {
				t.Errorf("got %q", got)
			}
		})
	}
	all.Wait()
	if most.Load() > 3 {
		t.Errorf("%d at once", most.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	var held []*http.Response
	for range 3 {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", u.URL().String(), nil)
		res, err := u.Lane(0).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, res)
	}
	time.AfterFunc(10*time.Millisecond, cancel)
	r, _ := http.NewRequestWithContext(ctx, "GET", u.URL().String(), nil)
	if res, err := u.Lane(0).RoundTrip(r); !errors.Is(err, context.Canceled) {
		t.Errorf("%v %v", res, err)
	}
	for _, res := range held {
		_ = res.Body.Close()
	}
	if got := send(t, u, "GET", ""); got != "ok" {
		t.Errorf("got %q", got)
	}
}

func TestKinds(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "secure "+r.Proto) }))
	defer secure.Close()
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	pool := x509.NewCertPool()
	pool.AddCert(secure.Certificate())
	plain := naming(t, "plain")
	tlsOf := func(s *httptest.Server) *url.URL { return &url.URL{Scheme: "https", Host: s.Listener.Addr().String()} }
	h2c := func(h http.HandlerFunc) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
		t.Cleanup(s.Close)
		return s
	}
	calls := h2c(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "calls "+r.Proto) })
	breaks := h2c(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	scheme := func(name string, u *url.URL) *url.URL { return &url.URL{Scheme: name, Host: u.Host} }
	silent := listen(t, func(_ int, _ net.Conn, br *bufio.Reader) { _, _ = io.Copy(io.Discard, br) })
	for _, tt := range []struct {
		name string
		at   *url.URL
		tls  *tls.Config
		raw  string
		want string
	}{
		{name: "trusted", at: tlsOf(secure), tls: &tls.Config{RootCAs: pool}, want: "secure HTTP/1.1"},
		{name: "not trusted", at: tlsOf(secure), want: "failed: upstream-tls-failed"},
		{name: "another name", at: tlsOf(secure), tls: &tls.Config{RootCAs: pool, ServerName: "b.example.org"}, want: "failed: upstream-tls-failed"},
		{name: "no TLS there", at: tlsOf(plain), want: "failed: upstream-tls-failed"},
		{name: "nobody", at: gone(t), want: "failed: upstream-unreachable"},
		// Nobody can have it, so that no server of names is asked.
		{name: "no such name", at: &url.URL{Scheme: "http", Host: "-.invalid:80"}, want: "failed: upstream-name-unknown"},
		{name: "slow", at: silent.url(), want: "failed: upstream-timeout"},
		{name: "slow, h2c", at: scheme("h2c", silent.url()), want: "failed: upstream-timeout"},
		{name: "nobody, h2c", at: scheme("h2c", gone(t)), want: "failed: upstream-unreachable"},
		{name: "HTTP/1.1 instead of h2c", at: scheme("h2c", parse(t, plain.URL)), want: "failed: upstream-protocol-error"},
		{name: "h2c", at: scheme("h2c", parse(t, calls.URL)), want: "calls HTTP/2.0"},
		{name: "h2c that breaks off", at: scheme("h2c", parse(t, breaks.URL)), want: "failed: upstream-connection-lost"},
		{name: "hangs up", raw: "!", want: "failed: upstream-connection-lost"},
		{name: "half", raw: "!HTTP/1.1 200 OK\nX-A: b\n", want: "failed: upstream-connection-lost"},
		{name: "not HTTP", raw: "!SSH-2.0\n", want: "failed: upstream-protocol-error"},
		{name: "two lengths", raw: "!HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n\nab", want: "failed: upstream-protocol-error"},
		{name: "too large", raw: "!HTTP/1.1 200 OK\nX: " + strings.Repeat("x", 2<<20) + "\n\n", want: "failed: upstream-answer-too-large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.raw != "" {
				tt.at = listen(t, answering(tt.raw)).url()
			}
			limit := 20 * time.Second
			if strings.HasSuffix(tt.want, "upstream-timeout") {
				limit = 300 * time.Millisecond
			}
			u := start(t, upstream.Config{URLs: []*url.URL{tt.at}, TLS: tt.tls, HeaderTimeout: limit})
			for _, body := range []string{"", "body"} {
				got := send(t, u, "POST", body)
				if tt.raw != "" && body != "" && strings.HasPrefix(got, "failed: ") {
					continue // the end of the connection and what came before it race
				}
				if got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			}
		})
	}
}

// Each lane has its own time, and all have the same connections.
func TestLanes(t *testing.T) {
	patiently(t, 50*time.Millisecond, func(d time.Duration) error {
		var conns sync.Map
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conns.Store(r.RemoteAddr, true)
			if r.URL.Path == "/slow" {
				time.Sleep(4 * d)
			}
			fmt.Fprint(w, "ok")
		}))
		defer s.Close()
		u := start(t, upstream.Config{URLs: []*url.URL{parse(t, s.URL)}})
		get := func(l *upstream.Lane, path string, body io.Reader) string {
			r, _ := http.NewRequestWithContext(t.Context(), "POST", u.URL().String()+path, body)
			res, err := l.RoundTrip(r)
			if err != nil {
				return string(upstream.KindOf(err))
			}
			return read(t, res, nil)
		}
		short, long := u.Lane(d), u.Lane(20*time.Second)
		if a, b := get(short, "/", nil), get(long, "/", nil); a != "ok" || b != "ok" {
			return fmt.Errorf("short: %s, long: %s", a, b)
		}
		n := 0
		for range conns.Range {
			n++
		}
		if n != 1 {
			return fmt.Errorf("%d connections", n)
		}
		for _, body := range []string{"", "x"} {
			if got := get(short, "/slow", strings.NewReader(body)); got != "upstream-timeout" {
				t.Errorf("short: %s", got)
			}
			if got := get(long, "/slow", strings.NewReader(body)); got != "ok" {
				t.Errorf("long: %s", got)
			}
		}
		if u.Lane(d) != short {
			t.Error("the same lane was made twice")
		}
		return nil
	})
}

func TestNewRefuses(t *testing.T) {
	for name, urls := range map[string][]string{
		"none": {}, "two schemes": {"http://a", "https://b"}, "another scheme": {"ftp://a"}, "no host": {"http://"},
		"too many": slices.Repeat([]string{"http://a"}, 65),
	} {
		c := upstream.Config{Name: "x"}
		for _, text := range urls {
			c.URLs = append(c.URLs, parse(t, text))
		}
		if _, err := upstream.New(c); err == nil || !strings.Contains(err.Error(), `upstream "x"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whoever holds it keeps it open.
func TestHold(t *testing.T) {
	s := naming(t, "a")
	u := start(t, upstream.Config{URLs: []*url.URL{parse(t, s.URL)}, Health: &upstream.Health{Interval: time.Millisecond}})
	u.Hold()
	_ = u.Close()
	if got := send(t, u, "GET", ""); !strings.HasPrefix(got, "a ") {
		t.Error(got)
	}
}
