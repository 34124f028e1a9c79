package login_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

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
