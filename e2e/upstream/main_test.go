//go:build linux

package upstream_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// soon waits until ok, for as long as a busy machine may need.
func soon(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(program.Patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// usual is what every file of these tests begins with.
const usual = "storage: {records: memory}\nadmin: {listen: '127.0.0.1:0'}\nlog: {format: json}\n"

type gate struct {
	*program.Process
	t           *testing.T
	file        string
	base, admin string
}

func serve(t *testing.T, text string) *gate {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "gate401.yaml")
	write(t, file, text)
	p := program.Start(t, binary, dir, "serve", "-c", file)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("gate:\n%s%s", p.Stdout, p.Stderr)
		}
	})
	return &gate{p, t, file, p.Ready["gate"].(string), p.Ready["admin"].(string)}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+".new", []byte(usual+text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// get returns the status and the body; fields are pairs of name and value.
func (g *gate) get(path string, fields ...string) (*http.Response, string) {
	g.t.Helper()
	return g.send("GET", path, nil, fields...)
}

func (g *gate) send(method, path string, body io.Reader, fields ...string) (*http.Response, string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.base+path, body)
	if err != nil {
		g.t.Fatal(err)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return res, string(text)
}

// states are those of the servers, in the order of the file, by the name of the
// upstream.
func (g *gate) states() map[string][]string {
	g.t.Helper()
	res, err := http.Get(g.admin + "/api/upstreams")
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	var all struct {
		Upstreams []struct {
			Name    string
			Targets []struct{ State string }
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
		g.t.Fatal(err)
	}
	out := map[string][]string{}
	for _, u := range all.Upstreams {
		for _, one := range u.Targets {
			out[u.Name] = append(out[u.Name], one.State)
		}
	}
	return out
}

// run runs the program to its end and returns what it printed and its status.
func run(t *testing.T, dir string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// named answers with its name, and with health at /healthz.
func named(t *testing.T, name string, healthy func() bool) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			if healthy != nil && !healthy() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return
		}
		if strings.HasPrefix(r.URL.Path, "/slow") {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(500 * time.Millisecond)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, name)
	}))
	t.Cleanup(s.Close)
	return s
}
