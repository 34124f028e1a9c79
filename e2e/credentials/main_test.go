package credentials_test

import (
	"encoding/json"
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

// config is a gate that issues tokens and takes its own.
const config = `gate: {listen: 127.0.0.1:0, realm: orders, upstream: %UPSTREAM%}
admin: {listen: 127.0.0.1:0}
methods:
  own: {type: bearer, audience: orders}
  key: {type: api-key}
rules:
  - {path: "/write/**", scopes: ["orders:write"]}
  - {path: "/**"}
`

// gate is a gate that runs, with its records in dir.
type gate struct {
	t        *testing.T
	dir, url string
}

// serve starts a gate in front of an API that says ok.
func serve(t *testing.T) *gate {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	t.Cleanup(api.Close)
	dir := t.TempDir()
	text := strings.ReplaceAll(config, "%UPSTREAM%", api.URL)
	if err := os.WriteFile(filepath.Join(dir, "gate401.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := program.Start(t, binary, dir, "serve")
	return &gate{t, dir, p.Ready["gate"].(string)}
}

// command runs the program to its end.
func (g *gate) command(input string, args ...string) (out, errs string, status int) {
	g.t.Helper()
	cmd := exec.CommandContext(g.t.Context(), binary, args...)
	cmd.Dir, cmd.Stdin = g.dir, strings.NewReader(input)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		g.t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// run is command for one that must work.
func (g *gate) run(args ...string) string {
	g.t.Helper()
	out, errs, status := g.command("", args...)
	if status != 0 {
		g.t.Fatalf("gate401 %s: %d\n%s%s", strings.Join(args, " "), status, out, errs)
	}
	return out
}

// into is run for a command that prints JSON.
func (g *gate) into(v any, args ...string) {
	g.t.Helper()
	out := g.run(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), v); err != nil {
		g.t.Fatalf("gate401 %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// get asks the gate for a path, and returns the status and the code of a refusal.
func (g *gate) get(path, token string) (status int, code string) {
	g.t.Helper()
	hr, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, g.url+path, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	if token != "" {
		hr.Header.Set("Authorization", "Bearer "+token)
	}
	return g.send(hr)
}

func (g *gate) send(hr *http.Request) (status int, code string) {
	g.t.Helper()
	answer, err := http.DefaultClient.Do(hr)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var problem struct{ Code, Error string }
	_ = json.NewDecoder(answer.Body).Decode(&problem)
	if problem.Code == "" {
		problem.Code = problem.Error
	}
	return answer.StatusCode, problem.Code
}

// soon repeats a request until it is answered like that: another process made the
// change.
func (g *gate) soon(path, token string, status int, code string) {
	g.t.Helper()
	gotStatus, gotCode := 0, ""
	for deadline := time.Now().Add(program.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if gotStatus, gotCode = g.get(path, token); gotStatus == status && (code == "" || gotCode == code) {
			return
		}
	}
	g.t.Fatalf("GET %s is answered %d %s, want %d %s", path, gotStatus, gotCode, status, code)
}

// tokenFor gets a token by client credentials.
func (g *gate) tokenFor(client, secret string) (token string, status int) {
	g.t.Helper()
	hr, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, g.url+"/auth/token", strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
	if err != nil {
		g.t.Fatal(err)
	}
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	hr.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(secret))
	answer, err := http.DefaultClient.Do(hr)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var body struct {
		Token string `json:"access_token"`
	}
	_ = json.NewDecoder(answer.Body).Decode(&body)
	return body.Token, answer.StatusCode
}
