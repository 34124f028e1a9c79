package page_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/web/browsertest"
)

var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

const (
	password = "correct horse battery"
	example  = "../../examples/page"
)

// house is the program in front of the site of the example.
type house struct {
	*program.Process
	t        *testing.T
	dir, url string
}

// serve starts both; pages of another origin may ask, if there is one.
func serve(t *testing.T, other string) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	site := filepath.Join(h.dir, "site")
	build := exec.Command("go", "build", "-o", site, ".")
	build.Dir = example
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(site, "-listen", "127.0.0.1:0")
	var said program.Output
	cmd.Stdout = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(program.Patience); !strings.Contains(said.String(), "\n"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the site does not start")
		}
	}
	text, err := os.ReadFile(filepath.Join(example, "gate401.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// Tokens that are over soon, to the second.
	changed := strings.NewReplacer("127.0.0.1:8401", "127.0.0.1:0", "127.0.0.1:8402", "127.0.0.1:0",
		"http://127.0.0.1:3000", "http://"+strings.TrimSpace(strings.TrimPrefix(said.String(), "listening")),
		"access_ttl: 5m", "access_ttl: 12s", "audience: orders}", "audience: orders, leeway: 1ms}").Replace(string(text))
	// What wants a proof that is newer than the session.
	changed = strings.Replace(changed, `  - {path: "/session/**"`, `  - {path: "/session/orders/99", methods: [browser], max_age: 4s}
  - {path: "/session/**"`, 1)
	if other != "" {
		changed = strings.Replace(changed, `scopes: ["orders:read"]}`, `scopes: ["orders:read"], cors: {origins: ["`+other+`"], headers: [Authorization]}}`, 1)
	}
	if err := os.WriteFile(filepath.Join(h.dir, "gate401.yaml"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	h.run("user", "add", "alice", "--scope", "orders:read", "--password-stdin")
	h.run("client", "add", "page", "--public", "--trusted", "--redirect-uri", "http://127.0.0.1/", "--redirect-uri", "http://127.0.0.1/app", "--scope", "orders:read")
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

// asked counts the requests of the tab to a path, since there were so many.
func asked(p *browsertest.Tab, path string, since int) (n int) {
	for _, r := range p.Requests()[since:] {
		if u, err := url.Parse(r); err == nil && strings.HasPrefix(u.Path, path) {
			n++
		}
	}
	return n
}

func logsIn(p *browsertest.Tab) {
	p.Fill("username", "alice")
	p.Fill("password", password)
	p.Submit(`button[type="submit"]`)
}

func state(p *browsertest.Tab) string {
	return browsertest.JS[string](p, `document.getElementById('state')?.textContent ?? ''`)
}

const loaded = `document.getElementById('state')?.textContent == '20 orders of alice'`

func TestPage(t *testing.T) {
	b := browsertest.Start(t)
	for name, run := range map[string]func(*testing.T, *browsertest.Browser){"tokens": testTokens, "session": testSession, "elsewhere": testElsewhere, "a newer proof": testNewerProof} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, b)
		})
	}
}

func testTokens(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, ""), b.Tab(t)
	p.Open(h.url + "/session.html")
	p.Open(h.url + "/")
	p.Look("page")
	p.Wait(`document.body.dataset.ready`)
	p.Click("#load")
	p.Wait(`document.getElementById('username')`)
	logsIn(p)
	p.Wait(loaded)
	if got := browsertest.JS[string](p, `location.href`); got != h.url+"/" {
		t.Errorf("it came back to %s", got)
	}
	if got := browsertest.JS[string](p, `JSON.stringify([{...localStorage}, {...sessionStorage}])`); got != `[{},{}]` {
		t.Errorf("kept: %s", got)
	}

	// A token that is over: twenty requests, one refresh, twenty answers.
	since := len(p.Requests())
	browsertest.JS[bool](p, `new Promise(done => setTimeout(() => done(true), 13100))`)
	p.Click("#load")
	p.Wait(loaded + ` || /^[0-9]+ orders of nobody/.test(document.getElementById('state').textContent)`)
	if n := asked(p, "/auth/token", since); state(p) != "20 orders of alice" || n != 1 {
		t.Errorf("%s, with %d refreshes", state(p), n)
	}

	// The way back leads through the login, which is done, to a page that is as good
	// as new, and to no second question.
	since = len(p.Requests())
	browsertest.JS[bool](p, `window.before = true, history.back(), true`)
	p.Wait(`!window.before && location.pathname + location.search == '/' && document.body.dataset.ready`)
	if got := state(p); got != "Nothing is loaded yet." {
		t.Errorf("after going back: %s", got)
	}
	p.Click("#load")
	p.Wait(loaded)
	if n := asked(p, "/auth/login", since); n != 0 {
		t.Errorf("asked for a login again")
	}

	// A login that an administrator ended: the refresh is refused, and the person
	// asked, once.
	h.run("token", "revoke", "--account", "alice")
	since = len(p.Requests())
	p.Click("#load")
	p.Wait(`document.getElementById('username')`)
	if n := asked(p, "/auth/authorize", since); n != 1 {
		t.Errorf("asked for a login %d times", n)
	}
}

func testSession(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, ""), b.Tab(t)
	p.Open(h.url + "/")
	p.Open(h.url + "/session.html?tab=all")
	p.Wait(`document.body.dataset.ready`)
	since := len(p.Requests())
	p.Click("#load")
	p.Wait(`document.getElementById('username')`)
	if me, login := asked(p, "/auth/me", since), asked(p, "/auth/login", since); me != 1 || login != 1 {
		t.Errorf("%d looks, %d logins", me, login)
	}
	logsIn(p)
	p.Wait(`location.pathname + location.search == '/session.html?tab=all' && document.body.dataset.ready`)
	p.Click("#load")
	p.Wait(loaded)
	p.Click("#logout")
	p.Wait(`document.getElementById('state').textContent == 'Logged out.'`)
	p.Click("#load")
	p.Wait(`document.getElementById('username')`)
}

// A request that wants a newer proof than the session has leads to a question for
// the person who is logged in, and back; the session goes on.
func testNewerProof(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, ""), b.Tab(t)
	p.Open(h.url + "/session.html?tab=all")
	p.Wait(`document.body.dataset.ready`)
	p.Click("#load")
	p.Wait(`document.getElementById('username')`)
	logsIn(p)
	p.Wait(`location.pathname == '/session.html' && document.body.dataset.ready`)
	browsertest.JS[bool](p, `new Promise(done => setTimeout(() => done(true), 5100))`)
	ask := `api.fetch('/session/orders/99').then(r => r.ok ? r.json() : { of: r.status }).then(o => { document.getElementById('state').textContent = o.of })`
	browsertest.JS[bool](p, ask+` && true`)
	p.Wait(`document.querySelector('h1')?.textContent == 'Confirm that it is you'`)
	// The name is in the field, and the password is what is missing.
	p.Wait(`document.getElementById('username')?.value == 'alice' && document.activeElement.id == 'password'`)
	p.Look("confirm")
	// A slow machine may be asked again.
	for range 5 {
		p.Fill("password", password)
		p.Submit(`button[type="submit"]`)
		p.Wait(`location.pathname + location.search == '/session.html?tab=all' && document.body.dataset.ready`)
		browsertest.JS[bool](p, ask+` && true`)
		p.Wait(`/alice|Confirm/.test(document.getElementById('state')?.textContent ?? document.querySelector('h1')?.textContent)`)
		if state(p) == "alice" {
			return
		}
	}
	t.Error("a newer proof was not enough")
}

// A page of another origin, which the rule lists, with the script of the gate.
func testElsewhere(t *testing.T, b *browsertest.Browser) {
	var gate string
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Elsewhere</title><link rel="icon" href="data:,"><p id="state"></p><script type="module">
			import { client } from '%s/auth/client.mjs'
			window.api = client({ clientId: 'page', scope: 'orders:read' })
			window.handled = await api.handleRedirect()
			document.body.dataset.ready = true
		</script>`, gate)
	}))
	defer site.Close()
	h, p := serve(t, site.URL), b.Tab(t)
	gate = h.url
	p.Open(site.URL + "/app")
	p.Wait(`document.body.dataset.ready`)
	browsertest.JS[bool](p, `api.fetch('`+gate+`/api/orders/7') && true`)
	p.Wait(`document.getElementById('username')`)
	logsIn(p)
	p.Wait(`location.href == '` + site.URL + `/app' && window.handled`)
	order := `api.fetch('` + gate + `/api/orders/7').then(r => r.text())`
	for i := range 2 {
		if got := browsertest.JS[string](p, order); !strings.Contains(got, `"of":"alice"`) {
			t.Errorf("the order is %s", got)
		}
		if i == 0 {
			browsertest.JS[bool](p, `new Promise(done => setTimeout(() => done(true), 13100))`)
		}
	}
	if n := asked(p, "/auth/token", 0); n != 2 {
		t.Errorf("%d requests for tokens", n)
	}
	// The page's own site gets no token.
	since := len(p.Requests())
	browsertest.JS[string](p, `api.fetch('/api/orders/7').then(r => r.text())`)
	if n := asked(p, "/auth/token", since); n != 0 {
		t.Error("another site asked for a token, and got one")
	}
}
