package proxy_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/proxy"
	lean "github.com/gate401/gate401/internal/upstream"
	"github.com/gate401/gate401/reason"
)

// seen is a request as the upstream received it.
type seen struct {
	Method, Target, Host, Body string
	Header                     http.Header
}

// rig is a gate in front of an upstream, over real connections.
type rig struct {
	t        testing.TB
	gate     *gate401.Gate
	addr     string
	hits     atomic.Int64 // requests that reached the upstream
	upstream *httptest.Server
	proxy    *proxy.Proxy
}

// echo answers with the request it got.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(seen{r.Method, r.RequestURI, r.Host, string(body), r.Header})
}

// people by their token.
var people = map[string]*gate401.Identity{
	"alice": {Subject: "alice", Groups: []string{"staff", "a,b"}, Scopes: []string{"orders:read", "orders:write"}, Issuer: "https://idp.example"},
	"bob":   {Subject: "bob"},
	"odd":   {Subject: " J\u00fcrgen\r\nX-Admin: 1%", Groups: []string{"x y"}},
}

func newGate() *gate401.Gate {
	bearer := gate401.NewFunc("bearer", "Bearer", "api", func(_ context.Context, _ *gate401.Request, token string) (*gate401.Identity, error) {
		if id := people[token]; id != nil {
			return id, nil
		}
		return nil, &gate401.Denial{Reason: reason.TokenInvalid}
	}).DangerouslyUncounted()
	private := gate401.Requirement{Rule: "private", Accept: []gate401.Authenticator{bearer}}
	private.Prepare()
	public := gate401.Requirement{Rule: "public", Open: true}
	cors := gate401.Requirement{Rule: "cors", Open: true, CORS: &gate401.CORS{Origins: []string{"https://app.example"}}}
	asks := gate401.Requirement{Rule: "asks", Open: true, CORS: &gate401.CORS{Upstream: true}}
	return &gate401.Gate{Policy: func(r *gate401.Request) gate401.Requirement {
		switch {
		case strings.HasPrefix(r.Path, "/public"):
			return public
		case strings.HasPrefix(r.Path, "/cors"):
			return cors
		case strings.HasPrefix(r.Path, "/asks"):
			return asks
		}
		return private
	}}
}

// start runs the upstream h behind a proxy that change may configure.
func start(t testing.TB, h http.HandlerFunc, change func(*proxy.Config)) *rig {
	t.Helper()
	s := &rig{t: t, gate: newGate()}
	s.upstream = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hits.Add(1)
		h(w, r)
	}))
	t.Cleanup(s.upstream.Close)
	up, err := url.Parse(s.upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := proxy.Config{Gate: s.gate, Upstream: up}
	if change != nil {
		change(&c)
	}
	if c.Transport == nil {
		tr := lean.NewLean(up, 0)
		t.Cleanup(tr.Close)
		c.Transport = tr
	}
	p, err := proxy.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.proxy = p
	front := httptest.NewUnstartedServer(p)
	front.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	front.Start()
	t.Cleanup(front.Close)
	s.addr = front.Listener.Addr().String()
	return s
}

// dial opens a connection to the proxy that cannot hang a test.
func (s *rig) dial() net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// raw sends text as it is, "\n" standing for CRLF, and reads one response. The
// body is read whole.
func (s *rig) raw(text string) (*http.Response, string) {
	s.t.Helper()
	c := s.dial()
	defer c.Close()
	if _, err := io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		s.t.Fatal(err)
	}
	method, _, _ := strings.Cut(text, " ")
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		s.t.Fatalf("reading the response to %.200q: %v", text, err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, string(body)
}

// get sends a GET with extra header lines and returns what the upstream saw.
func (s *rig) get(target string, lines ...string) seen {
	s.t.Helper()
	res, body := s.raw("GET " + target + " HTTP/1.1\nHost: api.example\nConnection: close\n" + strings.Join(append(lines, ""), "\n") + "\n")
	var got seen
	if err := json.Unmarshal([]byte(body), &got); err != nil || res.StatusCode != 200 {
		s.t.Fatalf("%d %s", res.StatusCode, body)
	}
	return got
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
