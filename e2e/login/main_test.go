package login_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"html"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

const password = "correct horse battery"

// house is a running gate with alice, in front of a site that shows where one is.
type house struct {
	*program.Process
	t   *testing.T
	dir string
	url string

	mu   sync.Mutex
	seen []http.Header // what the site was sent
}

func serve(t *testing.T, config string) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	site := httptest.NewServer(http.HandlerFunc(h.site))
	t.Cleanup(site.Close)
	text := fmt.Sprintf(`
gate: {listen: "127.0.0.1:0", realm: orders, upstream: %q}
admin: {listen: "127.0.0.1:0"}
storage: {records: "sqlite:gate401.db"}
`, site.URL) + config
	if err := os.WriteFile(filepath.Join(h.dir, "gate401.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(config, "cert.pem") {
		certificate(t, h.dir)
	}
	h.run("user", "add", "alice", "--display", "Alice Adler", "--group", "customers", "--password-stdin")
	h.Process = program.Start(t, binary, h.dir, "serve", "--log-format", "json")
	h.url = h.Ready["gate"].(string)
	return h
}

// run runs a command beside the gate.
func (h *house) run(args ...string) string {
	h.t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Stdin = h.dir, strings.NewReader(password+"\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// site is behind the gate.
func (h *house) site(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.seen = append(h.seen, r.Header.Clone())
	h.mu.Unlock()
	if strings.HasPrefix(r.URL.Path, "/api/") {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"orders":[]}`))
		return
	}
	if r.URL.Path == "/events" {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			_, _ = w.Write([]byte("data: x\n\n"))
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark", Path: "/"})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Site</title><link rel="icon" href="data:,"><main><h1>Secret orders</h1><p id="place">%s</p>`+
		`<form method="post" action="/orders/new"><button id="buy">Buy</button></form></main></html>`, html.EscapeString(r.Method+" "+r.URL.RequestURI()))
}

// last is what the site was sent last.
func (h *house) last() http.Header {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.seen) == 0 {
		return nil
	}
	return h.seen[len(h.seen)-1]
}

const methods = `
methods:
  password: {type: basic}
  browser: {type: session}
login:
  help: "mailto:help@example.com"
`

// certificate makes one for this machine.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
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
}
