package oauth_test

import (
	"encoding/json"
	"fmt"
	"io"
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
)

var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

const password = "correct horse battery staple"

// callback is where browsers are sent back to; nobody has to listen there.
const callback = "http://127.0.0.1:1/callback"

// config is a gate where people log in and programs get tokens, to the second.
const config = `
gate: {listen: "127.0.0.1:0", realm: orders, upstream: %q}
admin: {listen: "127.0.0.1:0"}
storage: {records: "sqlite:gate401.db"}
log: {format: json}
methods:
  browser: {type: session}
  password: {type: basic}
  own: {type: bearer, audience: orders, leeway: 1ms}
rules:
  - {path: "/orders/**", scopes: ["orders:read"]}
  - {path: "/write/**", scopes: ["orders:write"]}
  - {path: "/**"}
`

// gate is a gate that runs in front of an API that says who came.
type gate struct {
	*program.Process
	t   *testing.T
	dir string
	url string
}

// prepare makes a gate that does not run yet, with alice.
func prepare(t *testing.T, more string) *gate {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			w.Header().Set("Content-Type", "text/event-stream")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		fmt.Fprintf(w, "hello %s", r.Header.Get("Gate401-Subject"))
	}))
	t.Cleanup(api.Close)
	g := &gate{t: t, dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(g.dir, "gate401.yaml"), []byte(fmt.Sprintf(config, api.URL)+more), 0o600); err != nil {
		t.Fatal(err)
	}
	g.run("user", "add", "alice", "--display", "Alice Adler", "--scope", "orders:read", "--scope", "orders:write", "--scope", "mcp:use", "--password-stdin")
	return g
}

// start runs it, also after it was killed.
func (g *gate) start() {
	g.t.Helper()
	g.Process = program.Start(g.t, binary, g.dir, "serve")
	g.url = g.Ready["gate"].(string)
}

func serve(t *testing.T, more string) *gate {
	t.Helper()
	g := prepare(t, more)
	g.start()
	return g
}

// run runs a command beside the gate.
func (g *gate) run(args ...string) string {
	g.t.Helper()
	cmd := exec.CommandContext(g.t.Context(), binary, args...)
	cmd.Dir, cmd.Stdin = g.dir, strings.NewReader(password+"\n")
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		g.t.Fatalf("gate401 %s: %v\n%s%s", strings.Join(args, " "), err, &out, &errs)
	}
	return out.String()
}

// client adds a client and returns its secret, empty for one that has none.
func (g *gate) client(id string, args ...string) string {
	g.t.Helper()
	var made struct {
		Secret string `json:"client_secret"`
	}
	out := g.run(append([]string{"client", "add", id, "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &made); err != nil {
		g.t.Fatalf("%v: %s", err, out)
	}
	return made.Secret
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// member is a member of a JSON object.
func (a answer) member(name string) string {
	var v map[string]any
	if json.Unmarshal([]byte(a.body), &v) != nil || v[name] == nil {
		return ""
	}
	return fmt.Sprint(v[name])
}

var direct = &http.Client{
	Timeout:       program.Patience,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask sends a request; an error means that there was no whole answer.
func ask(hr *http.Request) (answer, error) {
	r, err := direct.Do(hr)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	return answer{r.StatusCode, r.Header, string(body)}, err
}

// post sends a form as a client; one without a secret is named in the form.
func (g *gate) tryPost(path, client, secret string, form url.Values) (answer, error) {
	if secret == "" && client != "" {
		form.Set("client_id", client)
	}
	hr, err := http.NewRequest(http.MethodPost, g.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if secret != "" {
		hr.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(secret))
	}
	return ask(hr)
}

func (g *gate) post(path, client, secret string, form url.Values) answer {
	g.t.Helper()
	a, err := g.tryPost(path, client, secret, form)
	if err != nil {
		g.t.Fatalf("%s: %v", path, err)
	}
	return a
}

// call asks the API with an access token.
func (g *gate) call(path, token string) answer {
	g.t.Helper()
	hr, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, g.url+path, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	hr.Header.Set("Authorization", "Bearer "+token)
	a, err := ask(hr)
	if err != nil {
		g.t.Fatal(err)
	}
	return a
}

// soon waits until something holds.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(program.Patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
