//go:build linux

package upstream_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// One of three servers gets unwell and another one ends: nobody notices.
func TestServersComeAndGo(t *testing.T) {
	var well atomic.Bool
	well.Store(true)
	a, b, c := named(t, "a", nil), named(t, "b", well.Load), named(t, "c", nil)
	g := serve(t, fmt.Sprintf(`gate: {listen: '127.0.0.1:0', upstream: api}
upstreams:
  api: {urls: [%q, %q, %q], health: {path: /healthz, interval: 100ms, timeout: 1m, unhealthy: 2}}
rules: [{path: /open, allow: anyone}]
`, a.URL, b.URL, c.URL))
	seen := func() []string {
		var names []string
		for range 12 {
			res, name := g.get("/open")
			if res.StatusCode != 200 {
				t.Fatalf("%s %s", res.Status, name)
			}
			names = append(names, name)
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	if got := seen(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("answered: %v", got)
	}
	well.Store(false)
	soon(t, "b is unwell", func() bool { return slices.Equal(g.states()["api"], []string{"up", "unwell", "up"}) })
	if got := seen(); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("answered: %v", got)
	}
	c.Close()
	if got := seen(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("answered: %v", got)
	}
	well.Store(true)
	soon(t, "b is well", func() bool { return g.states()["api"][1] == "up" })
	if got := seen(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("answered: %v", got)
	}
	// Who asks as the gate does is a client like any other.
	if res, _ := g.get("/closed", "User-Agent", "gate401-health"); res.StatusCode != 401 {
		t.Errorf("%s for a client that calls itself a health check", res.Status)
	}
	unwell := func() int { return strings.Count(g.Stderr.String(), "upstream server is unwell") }
	soon(t, "b and c were told about", func() bool { return unwell() >= 2 })
	if n := unwell(); n != 2 {
		t.Errorf("b and c became unwell, told %d times", n)
	}
}

// The upstream is changed under load: no request fails, one that had begun is
// answered by whom it was given to, and the new one answers from then on.
func TestReloadUnderLoad(t *testing.T) {
	a, b := named(t, "a", nil), named(t, "b", nil)
	file := func(url string) string {
		return fmt.Sprintf("gate: {listen: '127.0.0.1:0', upstream: %q}\nrules: [{path: '/**', allow: anyone}]\n", url)
	}
	g := serve(t, file(a.URL))
	end := make(chan struct{})
	var asked, fromB atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			path := []string{"/quick", "/slow"}[i%2]
			for {
				select {
				case <-end:
					return
				default:
				}
				r, _ := http.NewRequest([]string{"GET", "POST"}[i/2%2], g.base+path, strings.NewReader(strings.Repeat("x", i*100)))
				res, err := client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				text, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if name := string(text); err != nil || res.StatusCode != 200 || name != "a" && name != "b" {
					t.Errorf("%s %q %v", res.Status, text, err)
				} else if asked.Add(1); name == "b" {
					fromB.Add(1)
				}
			}
		})
	}
	soon(t, "requests", func() bool { return asked.Load() > 50 })
	write(t, g.file, file(b.URL))
	if err := syscall.Kill(g.PID, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	soon(t, "answers of the other", func() bool { return fromB.Load() > 50 })
	close(end)
	all.Wait()
	for range 5 {
		if _, name := g.get("/quick"); name != "b" {
			t.Errorf("%s still answers", name)
		}
	}
}

// What a rule says about its upstream, its time and its bodies is so, and what
// fails is told.
func TestRulesAndFailures(t *testing.T) {
	main, other := named(t, "main", nil), named(t, "other", nil)
	hang := make(chan struct{})
	sleepy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(sleepy.Close)
	t.Cleanup(func() { close(hang) })
	g := serve(t, fmt.Sprintf(`gate: {listen: '127.0.0.1:0', upstream: %q, max_body: 1KB}
upstreams:
  other: {urls: [%q]}
  sleepy: {urls: [%q]}
  nobody: {urls: ['http://127.0.0.1:1']}
  unknown: {urls: ['http://-.invalid']}
default: {allow: anyone}
rules:
  - {path: /other, allow: anyone, upstream: other, max_body: 2KB}
  - {path: /sleepy, allow: anyone, upstream: sleepy, timeout: 200ms}
  - {path: /nobody, allow: anyone, upstream: nobody}
  - {path: /unknown, allow: anyone, upstream: unknown}
  - {path: /closed}
`, main.URL, other.URL, sleepy.URL))
	for _, tt := range []struct {
		path   string
		size   int
		status int
		want   string // the body, or the code
	}{
		{"/", 1000, 200, "main"},
		{"/", 1001, 413, "body-too-large"},
		{"/other", 2000, 200, "other"},
		{"/other", 2001, 413, "body-too-large"},
		{"/sleepy", 0, 504, "upstream-timeout"},
		{"/sleepy", 10, 504, "upstream-timeout"},
		{"/nobody", 0, 502, "upstream-unreachable"},
		{"/nobody", 10, 502, "upstream-unreachable"},
		{"/unknown", 0, 502, "upstream-name-unknown"},
		{"/closed", 5000, 401, "credentials-missing"},
	} {
		t.Run(fmt.Sprintf("%s %d", tt.path, tt.size), func(t *testing.T) {
			res, text := g.send("POST", tt.path, strings.NewReader(strings.Repeat("x", tt.size)))
			if tt.status == 200 {
				if res.StatusCode != 200 || text != tt.want {
					t.Errorf("%s %s", res.Status, text)
				}
				return
			}
			var got struct {
				Code      string
				RequestID string `json:"request_id"`
			}
			if err := json.Unmarshal([]byte(text), &got); err != nil || res.StatusCode != tt.status || got.Code != tt.want || res.Header.Get("Gate401-Refused-By") != "gate" {
				t.Errorf("%s %s %v", res.Status, text, res.Header)
			}
			if tt.status > 500 {
				soon(t, "the log knows it", func() bool { return strings.Contains(g.Stderr.String(), got.RequestID) })
			}
		})
	}
	if states := g.states(); len(states) != 5 || states["default"] == nil {
		t.Errorf("%v", states)
	}
}

// An https server is trusted because of ca_file, and not without.
func TestPrivateAuthority(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	g := serve(t, fmt.Sprintf(`gate: {listen: '127.0.0.1:0', upstream: trusted}
upstreams:
  trusted: {urls: [%q], tls: {ca_file: %q}}
  stranger: {urls: [%q]}
default: {allow: anyone}
rules: [{path: /stranger, allow: anyone, upstream: stranger}]
`, secure.URL, ca, secure.URL))
	if res, text := g.get("/"); res.StatusCode != 200 || !strings.HasPrefix(text, "HTTP/") {
		t.Errorf("%s %s", res.Status, text)
	}
	if res, text := g.get("/stranger"); res.StatusCode != 502 || !strings.Contains(text, "upstream-tls-failed") {
		t.Errorf("%s %s", res.Status, text)
	}
}

func TestConfigCommands(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "gate401.yaml")
	write(t, file, `gate: {upstream: ordres}
upstreams:
  orders: {urls: ['http://a:1', 'https://b:1', 'a:1'], balance: random, tls: {ca_file: none.pem}, health: {path: healthz, status: [42]}}
rules: [{path: /a, upstream: nothing, max_body: 10 apples}, {path: /b, allow: nobody, timeout: 5s}]
`)
	out, status := run(t, dir, "config", "check", "-c", file)
	for _, want := range []string{
		`there is no upstream "ordres"`, `did you mean "orders"`, "is none of round-robin, least-requests", "10 apples", "lets nobody through", "42 is not between 200 and 599",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the check does not say %q", want)
		}
	}
	if status != 1 || t.Failed() {
		t.Errorf("status %d:\n%s", status, out)
	}
	write(t, file, `gate: {upstream: orders, max_body: 10MB}
upstreams:
  orders: {urls: ['h2c://a:1', 'h2c://b:1'], balance: least-requests, max_requests: 7, health: {path: /healthz}, timeout: 7s}
rules: [{path: /a, upstream: orders, timeout: 5s, max_body: 1536KiB}]
`)
	if out, status := run(t, dir, "config", "check", "-c", file); status != 0 {
		t.Errorf("status %d:\n%s", status, out)
	}
	out, _ = run(t, dir, "config", "show", "-c", file)
	for _, want := range []string{"upstream: orders", "max_body: 10MB", `urls: ['h2c://a:1', 'h2c://b:1']`, "balance: least-requests", "max_requests: 7", "path: /healthz", "timeout: 7s", "max_body: 1536KiB"} {
		if !strings.Contains(out, want) {
			t.Errorf("show does not print %q:\n%s", want, out)
		}
	}
}
