package cli_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/cli"
)

// mocked is a running mock.
type mocked struct {
	Mock, HTTP, CA string
	events         chan map[string]any
	announced      map[string]any // of a document
	end            func() int
}

func startMock(t *testing.T, args ...string) *mocked {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log, logW := io.Pipe()
	m := &mocked{events: make(chan map[string]any, 100)}
	status := make(chan int, 1)
	go func() {
		status <- cli.Main(ctx, append([]string{"mock", "--listen", "127.0.0.1:0"}, args...), cli.Streams{In: strings.NewReader(""), Out: io.Discard, Err: logW})
		_ = logW.Close()
	}()
	go func() {
		defer close(m.events)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			var e map[string]any
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				e = map[string]any{"msg": lines.Text()}
			}
			m.events <- e
		}
	}()
	ended, code := false, 0
	m.end = func() int {
		if !ended {
			ended = true
			cancel()
			code = <-status
			for range m.events {
			}
		}
		return code
	}
	t.Cleanup(func() { m.end() })
	ready := m.next(t, "ready")
	m.Mock, _ = ready["mock"].(string)
	m.HTTP, _ = ready["http"].(string)
	m.CA, _ = ready["ca"].(string)
	return m
}

// next is the next event of that name.
func (m *mocked) next(t *testing.T, msg string) map[string]any {
	t.Helper()
	for {
		select {
		case e, ok := <-m.events:
			if !ok {
				t.Fatalf("it ended before it said %q", msg)
			}
			if e["msg"] == msg {
				return e
			}
			if e["msg"] == "openapi" {
				m.announced = e
			}
			t.Logf("%v", e)
		case <-time.After(2 * time.Minute):
			t.Fatalf("nothing said %q", msg)
		}
	}
}

// Whoever starts the mock with a document is told a command that it answers, and
// where the others are.
func TestMockOpenAPI(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	name := filepath.Join(t.TempDir(), "pets.yaml")
	const pets = "openapi: 3.0.3\ninfo: {title: pets, version: \"1\"}\npaths:\n  /pets:\n    get:\n      security: [{bearer: []}]\n      responses: {\"200\": {description: ok}}\ncomponents:\n  securitySchemes:\n    bearer: {type: http, scheme: bearer}\n"
	if err := os.WriteFile(name, []byte(pets), 0o600); err != nil {
		t.Fatal(err)
	}
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	m := startMock(t, "--openapi", name)
	if got := debug.SetMemoryLimit(-1); got != 240<<20 {
		t.Errorf("memory limit %d", got)
	}
	e := m.announced
	if want := "curl -i -H 'Authorization: Bearer mock-token' " + m.Mock + "/pets"; e["try"] != want || e["credentials"] != m.Mock+"/__mock/api/openapi/1" || e["operations"] != 1.0 {
		t.Errorf("%v, want %s", e, want)
	}
	if resp := get(t, m.Mock+"/pets", "Bearer mock-token"); resp.StatusCode != 200 {
		t.Errorf("%d", resp.StatusCode)
	}
}

// The mock needs nothing, says when it is ready, tells each request, and ends
// with the signal.
func TestMock(t *testing.T) {
	m := startMock(t)
	if resp := get(t, m.Mock+"/status/401?token=secret", ""); resp.StatusCode != 401 || resp.Header.Get("WWW-Authenticate") != `Basic realm="Fake Realm"` {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	e := m.next(t, "request")
	if e["verb"] != "GET" || e["path"] != "/status/401" || e["status"] != 401.0 {
		t.Errorf("%v", e)
	}
	if resp := get(t, m.Mock+"/scenario/token-expired/", ""); resp.StatusCode != 401 {
		t.Errorf("%d", resp.StatusCode)
	}
	if e := m.next(t, "request"); e["scenario"] != "token-expired" || e["reason"] != "token-expired" {
		t.Errorf("%v", e)
	}
	if status := m.end(); status != cli.ExitOK {
		t.Errorf("exit status %d", status)
	}
}

func TestMockFile(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"mock.yaml": "endpoints:\n  - {path: /orders, answer: \"403,200\"}\nopenapi: pets.yaml\nsessions:\n  - {id: expired, settings: {access: {expired: true}}}\n",
		"pets.yaml": "openapi: 3.0.3\ninfo: {title: pets, version: \"1\"}\npaths:\n  /pets:\n    get:\n      security: [{key: []}]\n      responses: {\"200\": {description: ok}}\ncomponents:\n  securitySchemes:\n    key: {type: apiKey, in: header, name: X-API-Key}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := startMock(t, "-f", filepath.Join(dir, "mock.yaml"), "--strict")
	for path, want := range map[string]int{"/orders": 403, "/pets": 401, "/s/expired/": 200, "/s/expired/api/orders": 401, "/status/401": 401} {
		resp := get(t, m.Mock+path, "")
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
		if path == "/status/401" && resp.Header.Get("WWW-Authenticate") != `Basic realm="mock", charset="UTF-8"` {
			t.Errorf("strict: %v", resp.Header)
		}
	}
}

func TestMockTLS(t *testing.T) {
	m := startMock(t, "--tls")
	pem, err := os.ReadFile(m.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate: %s", pem)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m.Mock+"/scenario/redirect-to-http/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got, want := resp.Header.Get("Location"), m.HTTP+"/scenario/redirect-to-http/landed"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if resp := get(t, resp.Header.Get("Location"), ""); resp.StatusCode != 200 {
		t.Errorf("landed: %d", resp.StatusCode)
	}
	// From http to https: no client has a credential for the other origin.
	c.CheckRedirect = nil
	if req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, m.HTTP+"/scenario/redirect-to-https/", nil); err != nil {
		t.Fatal(err)
	}
	if resp, err = c.Do(req); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got, want := resp.Request.URL.String(), m.Mock+"/scenario/redirect-to-https/landed"; got != want || resp.StatusCode != 401 || len(resp.Header.Values("WWW-Authenticate")) != 2 {
		t.Errorf("%q, want %q; %d %v", got, want, resp.StatusCode, resp.Header)
	}
	m.end()
	if _, err := os.Stat(m.CA); !os.IsNotExist(err) {
		t.Errorf("the certificate stayed: %v", err)
	}
}

// What others can reach says so.
func TestMockOpen(t *testing.T) {
	log, logW := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan int, 1)
	go func() {
		done <- cli.Main(ctx, []string{"mock", "--listen", "0.0.0.0:0"}, cli.Streams{In: strings.NewReader(""), Out: io.Discard, Err: logW})
		_ = logW.Close()
	}()
	lines := bufio.NewScanner(log)
	if !lines.Scan() || !strings.Contains(lines.Text(), `"level":"WARN"`) || !strings.Contains(lines.Text(), "others can reach the mock") {
		t.Errorf("%s", lines.Text())
	}
	cancel()
	for lines.Scan() {
	}
	if status := <-done; status != cli.ExitOK {
		t.Errorf("exit status %d", status)
	}
}
