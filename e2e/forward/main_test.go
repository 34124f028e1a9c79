//go:build linux

package forward_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/internal/component"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// rules are those of every test: what each row needs to be refused for.
const rules = `
admin: {listen: 127.0.0.1:0}
storage: {records: memory}
methods:
  password: {type: basic, htpasswd: users}
  key: {type: api-key}
  own: {type: bearer, audience: api}
rules:
  - {path: /open/**, allow: anyone}
  - {path: /admin/**, groups: [admin]}
  - {path: /guessed/**, methods: [password]}
  - path: /cors/**
    cors: {origins: ["https://shop.example"]}
identity: {headers: {Gate401-Subject: subject, Gate401-Groups: groups, Gate401-Request-Id: request_id, Remote-Email: issuer}}
defend: {address_account: {attempts: 3, window: 15m}}
log: {format: json}
`

// browsers is a line of settings that lets people log in with a browser, too.
const browsers = "# browsers log in\n"

// gate is the program that gateways ask, and the API that they forward to.
type gate struct {
	*program.Process

	dir, address, api string
	seen              chan *http.Request
}

// newGate starts the gate for a gateway at public. settings are more lines of
// the file.
func newGate(t *testing.T, public, settings string) *gate {
	t.Helper()
	g := &gate{dir: shared(t), address: foreign.FreeAddress(t), seen: make(chan *http.Request, 100)}
	api := httptest.NewServer(http.HandlerFunc(g.serveAPI))
	t.Cleanup(api.Close)
	g.api = api.URL
	out, err := exec.Command(component.Need(t, "htpasswd", "apache2-utils"), "-cbB", filepath.Join(g.dir, "users"), "alice", "wonderland").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rules := rules
	if strings.Contains(settings, browsers) {
		rules = strings.Replace(rules, "methods:\n", "methods:\n  browser: {type: session, htpasswd: users}\n", 1)
	}
	file := fmt.Sprintf("gate: {listen: %q, public_url: %q, realm: shop}\nforward: {}\n%s%s", g.address, public, rules, settings)
	if err := os.WriteFile(filepath.Join(g.dir, "gate401.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	g.Process = program.Start(t, binary, g.dir, "serve")
	return g
}

// serveAPI keeps the request and answers with what it asks for.
func (g *gate) serveAPI(w http.ResponseWriter, r *http.Request) {
	n, _ := io.Copy(io.Discard, r.Body)
	r.Header.Set("Test-Body", fmt.Sprint(n))
	g.seen <- r.Clone(r.Context())
	h := w.Header()
	h.Set("X-Request-Id", "the API's own")
	h.Set("Gate401-Reason", "invented")
	if r.Header.Get("Upgrade") == "websocket" {
		upgrade(w)
		return
	}
	switch status := r.URL.Query().Get("status"); status {
	case "401":
		h.Set("WWW-Authenticate", `Basic realm="the API's"`)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "the API says 401")
		return
	case "500":
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "the API says 500")
		return
	}
	_, _ = io.WriteString(w, "the API")
}

// upgrade answers a WebSocket handshake and sends back what comes.
func upgrade(w http.ResponseWriter) {
	c, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = c.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
	line, _ := buf.ReadString('\n')
	_, _ = c.Write([]byte("echo " + line))
}

// forwarded is the last request that reached the API, nil if none did.
func (g *gate) forwarded() *http.Request {
	var last *http.Request
	for {
		select {
		case last = <-g.seen:
		default:
			return last
		}
	}
}

// configuration is what "gate401 init --for" prints.
func (g *gate) configuration(t *testing.T, name string) string {
	t.Helper()
	cmd := exec.Command(binary, "init", "--for", name, "--upstream", g.api)
	cmd.Dir = g.dir
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return string(out)
}

// shared is a folder that servers which give up their rights can read.
func shared(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gate401-forward-") //nolint:usetesting // the folder above that of the test is for its user alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	body   string
}

// code is the reason in a problem document.
func (a answer) code() string {
	var p struct{ Code string }
	_ = json.Unmarshal([]byte(a.body), &p)
	return p.Code
}

// schemes are those of the challenges, one for each field.
func (a answer) schemes() []string {
	var out []string
	for _, c := range a.header["Www-Authenticate"] {
		scheme, _, _ := strings.Cut(c, " ")
		out = append(out, scheme)
	}
	slices.Sort(out)
	return out
}

// raw sends a request as it is written, line by line, and reads the answer.
func raw(t *testing.T, server string, lines ...string) answer {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.DialTimeout("tcp", u.Host, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(60 * time.Second))
	request := lines[0] + " HTTP/1.1\r\nHost: " + u.Host + "\r\nConnection: close\r\n" + strings.Join(append(lines[1:], "", ""), "\r\n")
	if _, err := c.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(lines[0], " ")
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", lines, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%q: %v", lines, err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}
