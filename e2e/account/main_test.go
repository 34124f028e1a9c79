//go:build linux

package account_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	_ "modernc.org/sqlite"

	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/web/browsertest"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

const (
	password = "correct horse battery"
	another  = "staple of another kind"
)

const file = `
gate: {listen: "127.0.0.1:0", upstream: "UPSTREAM", realm: orders}
admin: {listen: "127.0.0.1:0"}
storage: {records: "sqlite:gate401.db"}
methods:
  browser: {type: session}
  key: {type: api-key, header: X-API-Key, environment: live}
default: {methods: all}
log: {format: json}
`

// gate is the program with one account, alice, in front of a small API.
type gate struct {
	*program.Process
	dir string
	url string
}

// start starts one; more is added to its configuration.
func start(t *testing.T, more ...string) *gate {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		_, _ = io.WriteString(w, "<!DOCTYPE html><html lang=en><title>Orders</title><h1>Orders of "+hr.Header.Get("Gate401-Subject")+"</h1>")
	}))
	t.Cleanup(api.Close)
	g := &gate{dir: t.TempDir()}
	text := strings.ReplaceAll(file, "UPSTREAM", api.URL) + strings.Join(more, "\n")
	if err := os.WriteFile(filepath.Join(g.dir, "gate401.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g.command(t, password, "user", "add", "alice", "--display", "Alice Example", "--group", "staff", "--scope", "orders:read", "--password-stdin")
	g.Process = program.Start(t, binary, g.dir, "serve", "-c", "gate401.yaml")
	g.url, _ = g.Ready["gate"].(string)
	return g
}

func (g *gate) command(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Stdin = g.dir, strings.NewReader(stdin+"\n")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, out.String(), errs.String())
	}
	return out.String()
}

// link makes a link for alice, in another process than the gate, and returns it
// with the secret in it.
func (g *gate) link(t *testing.T) (address, secret string) {
	t.Helper()
	address = strings.TrimSpace(g.command(t, "", "user", "link", "alice", "-c", "gate401.yaml"))
	page, secret, ok := strings.Cut(address, "#")
	if page != g.url+"/auth/link" || !ok {
		t.Fatalf("the link leads to %s", page)
	}
	return address, secret
}

// age makes every login of alice older than it is.
func (g *gate) age(t *testing.T, by time.Duration) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(g.dir, "gate401.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "UPDATE sessions SET auth_time = auth_time - ?", by.Milliseconds()); err != nil {
		t.Fatal(err)
	}
	// What the gate remembers of a session is read again when the account changes.
	g.command(t, "", "user", "groups", "alice", "-c", "gate401.yaml", "--add", "older")
}

// status is what curl gets for a request with a key.
func (g *gate) status(t *testing.T, key string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "@-", g.url+"/orders")
	// Not as an argument, which everybody on the machine can see.
	cmd.Stdin = strings.NewReader("X-API-Key: " + key + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// login fills in the form where the tab is.
func login(tab *browsertest.Tab, text string) {
	tab.Fill("username", "alice")
	tab.Fill("password", text)
	tab.Submit("form[data-login] button.first")
}

// at tells where the tab is, without what stands behind the path.
func at(tab *browsertest.Tab) string { return browsertest.JS[string](tab, "location.pathname") }

func heading(tab *browsertest.Tab) string {
	return browsertest.JS[string](tab, `document.querySelector("h1").textContent`)
}

func want(t *testing.T, tab *browsertest.Tab, path, title string) {
	t.Helper()
	if p, h := at(tab), heading(tab); p != path || h != title {
		t.Fatalf("the tab is at %s, %q; want %s, %q\n%s", p, h, path, title, browsertest.JS[string](tab, `document.querySelector("main").innerText`))
	}
}

// shown is what a page shows this once, without the button that copies it.
func shown(tab *browsertest.Tab) string {
	return browsertest.JS[string](tab, `document.querySelector(".cmd code").textContent`)
}

// code is what an app with that secret shows, steps away from now: each is good
// once, and those of the step before and after are good as well.
func code(t *testing.T, secret string, steps int) string {
	t.Helper()
	text, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// clean demands that the console has nothing but the statuses that the test asked
// for, and that nothing was asked of another origin.
func clean(t *testing.T, tab *browsertest.Tab, origin string) {
	t.Helper()
	for _, line := range tab.Console() {
		if !strings.Contains(line, "the server responded with a status of 4") {
			t.Errorf("in the console: %s", line)
		}
	}
	for _, asked := range tab.Requests() {
		if !strings.HasPrefix(asked, origin+"/") && asked != "about:blank" {
			t.Errorf("asked of another origin: %s", asked)
		}
	}
}
