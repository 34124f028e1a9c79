package stream_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/gate401/gate401/e2e/program"
)

var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// gate is a running gate in front of an API that streams.
type gate struct {
	*program.Process
	t        *testing.T
	dir, url string
	closed   chan error // why the API's side of a WebSocket ended
}

const rules = `
methods:
  password: {type: basic}
  key: {type: api-key, cookie: key, header: X-API-Key}
  own: {type: bearer, audience: feed}
  browser: {type: session}
login: {second_factor_groups: [twice]}
rules:
  - {path: /page, allow: anyone}
`

// serve starts both, with more in the file of the gate.
func serve(t *testing.T, more string) *gate {
	t.Helper()
	return serveIn(t, t.TempDir(), more)
}

func serveIn(t *testing.T, dir, more string) *gate {
	t.Helper()
	g := &gate{t: t, dir: dir, closed: make(chan error, 16)}
	api := httptest.NewServer(http.HandlerFunc(g.api))
	t.Cleanup(api.Close)
	file := filepath.Join(g.dir, "gate401.yaml")
	text := fmt.Sprintf("gate: {listen: '127.0.0.1:0', upstream: %q}\nadmin: {listen: '127.0.0.1:0'}\nstorage: {records: 'sqlite:gate401.db'}\n%s%s", api.URL, rules, more)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g.Process = program.Start(t, binary, g.dir, "serve", "--log-format", "json")
	g.url = g.Ready["gate"].(string)
	return g
}

// https makes a certificate in dir, and says how the gate uses it.
func https(t *testing.T, dir string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return "tls: {cert: cert.pem, key: key.pem}\n"
}

// api echoes on a WebSocket, counts in a feed of events, and has a page.
func (g *gate) api(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/chat":
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: []string{"*"}})
		if err != nil {
			return
		}
		for {
			kind, text, err := c.Read(r.Context())
			if err == nil {
				err = c.Write(r.Context(), kind, text)
			}
			if err != nil {
				g.closed <- err
				return
			}
		}
	case "/feed":
		w.Header().Set("Content-Type", "text/event-stream")
		for i := 0; r.Context().Err() == nil; i++ {
			fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>A page</title>`)
	}
}

// run runs a command beside the gate, on the same records.
func (g *gate) run(args ...string) string {
	g.t.Helper()
	cmd := exec.CommandContext(g.t.Context(), binary, args...)
	cmd.Dir = g.dir
	cmd.Stdin = strings.NewReader("correct horse battery staple\n")
	out, err := cmd.Output()
	if err != nil {
		g.t.Fatalf("%v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// key makes an API key and returns its value and id.
func (g *gate) key(args ...string) (value, id string) {
	g.t.Helper()
	var made map[string]any
	if err := json.Unmarshal([]byte(g.run(append([]string{"key", "create", "--json"}, args...)...)), &made); err != nil {
		g.t.Fatal(err)
	}
	for _, name := range []string{"key", "value"} {
		if v, ok := made[name].(string); ok {
			value = v
		}
	}
	id, _ = made["id"].(string)
	return value, id
}

// chat opens a WebSocket and says something.
func (g *gate) chat(field, value string) *websocket.Conn {
	g.t.Helper()
	c, res, err := websocket.Dial(g.t.Context(), "ws"+strings.TrimPrefix(g.url, "http")+"/chat",
		&websocket.DialOptions{HTTPHeader: http.Header{field: {value}}})
	if err != nil {
		g.t.Fatalf("%v %v", err, res)
	}
	g.t.Cleanup(func() { _ = c.CloseNow() })
	if err := c.Write(g.t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		g.t.Fatal(err)
	}
	if _, text, err := c.Read(g.t.Context()); err != nil || string(text) != "hello" {
		g.t.Fatalf("%q, %v", text, err)
	}
	return c
}

// ended waits for the end of a WebSocket and says how it was closed.
func ended(t *testing.T, c *websocket.Conn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, _, err := c.Read(ctx)
	return how(err)
}
