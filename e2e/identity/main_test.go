package identity_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/program"
)

var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

const password = "correct horse battery"

// gate is the program in front of an upstream.
type gate struct {
	*program.Process
	t        *testing.T
	dir, url string
}

// serve starts the gate at address, with alice in its store. settings are more lines of the
// file, rules more of its rules.
func serve(t *testing.T, address, upstream, settings string, rules ...string) *gate {
	t.Helper()
	g := &gate{t: t, dir: t.TempDir()}
	text := fmt.Sprintf(`
gate: {listen: %q, realm: orders, upstream: %q}
admin: {listen: "127.0.0.1:0"}
storage: {records: "sqlite:gate401.db"}
methods:
  password: {type: basic}
  key: {type: api-key}
  own: {type: bearer, audience: orders}
  browser: {type: session}
rules: [%s]
issuer: {resources: [billing]}
log: {format: json}
`, address, upstream, strings.Join(append(rules, `{path: "/open/**", allow: anyone}`), ", ")) + settings
	if err := os.WriteFile(filepath.Join(g.dir, "gate401.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g.run("user", "add", "alice", "--group", "customers", "--scope", "orders:read", "--password-stdin")
	g.Process = program.Start(t, binary, g.dir, "serve")
	g.url = g.Ready["gate"].(string)
	return g
}

// run runs a command beside the gate.
func (g *gate) run(args ...string) string {
	g.t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Stdin = g.dir, strings.NewReader(password+"\n")
	out, err := cmd.Output()
	if err != nil {
		g.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// check is what a gateway is told that asks for alice before it forwards.
func (g *gate) check(path string) http.Header {
	g.t.Helper()
	hr, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, g.url+"/auth/check/caddy", http.NoBody)
	if err != nil {
		g.t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Authorization": basic, "X-Forwarded-Method": "GET", "X-Forwarded-Uri": path, "X-Forwarded-Proto": "http",
		"X-Forwarded-Host": strings.TrimPrefix(g.url, "http://"), "X-Forwarded-For": "192.0.2.1",
	} {
		hr.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(hr)
	if err != nil {
		g.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		g.t.Fatalf("the gateway is told %s", res.Status)
	}
	return res.Header
}

// browser is a client that alice has logged in with.
func (g *gate) browser() *http.Client {
	g.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.PostForm(g.url+"/auth/login", url.Values{"username": {"alice"}, "password": {password}, "return_to": {"/"}})
	if err != nil {
		g.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		g.t.Fatalf("the login answers %s", res.Status)
	}
	return c
}

// verified is what the upstream says that it verified.
type verified struct {
	Payload         map[string]any `json:"payload"`
	ProtectedHeader map[string]any `json:"protectedHeader"`
	Token           string         `json:"token"`
	Anonymous       bool           `json:"anonymous"`
	Headers         map[string]any `json:"headers"`
	Error           string         `json:"error"`
}

// get asks for a path with fields "Name", "value" in a row.
func get(t *testing.T, c *http.Client, target string, fields ...string) (status int, body string) {
	t.Helper()
	hr, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		// As it is spelt.
		hr.Header[fields[i]] = append(hr.Header[fields[i]], fields[i+1])
	}
	res, err := c.Do(hr)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(all)
}

func told(t *testing.T, c *http.Client, target string, fields ...string) verified {
	t.Helper()
	status, body := get(t, c, target, fields...)
	var v verified
	if err := json.Unmarshal([]byte(body), &v); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	return v
}

// listen runs an API.
func listen(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
