// Package main_test compiles and runs the programs of docs/library.md, so
// that nobody copies one that does not work.
package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/freeport"
	"github.com/gate401/gate401/token"
	"github.com/google/go-cmp/cmp"
)

// programs are the complete programs of the page, in order.
func programs(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "library.md"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		out = append(out, m[1])
	}
	if len(out) != 3 {
		t.Fatalf("the page has %d programs, want 3", len(out))
	}
	return out
}

// server is one program at work.
type server struct {
	url   string
	first string // the first line that it printed, where one was awaited
}

// run builds the program outside of the module's tree, so that it can import
// only what every user of the module can, and starts it on a free port.
func run(t *testing.T, program, issuer string, prints bool) server {
	t.Helper()
	address := freeport.Hold(t)
	program = strings.ReplaceAll(program, "127.0.0.1:8080", address)
	program = strings.ReplaceAll(program, "https://idp.example.com", issuer)
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.Command(binary)
	var log bytes.Buffer
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the program's log:\n%s", log.String())
		}
	})
	s := server{url: "http://" + address}
	if prints {
		line, err := bufio.NewReader(stdout).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		s.first = strings.TrimSpace(line)
	}
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
			return s
		}
		if time.Now().After(end) {
			t.Fatal("the program does not listen")
		}
	}
}

// answer is what the page says about a response.
type answer struct {
	Status    int
	Challenge []string
	Code      string // of a problem document
	Text      string // of anything else
}

func ask(t *testing.T, url string, prove func(*http.Request)) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if prove != nil {
		prove(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Status: res.StatusCode, Challenge: res.Header.Values("WWW-Authenticate")}
	if res.Header.Get("Content-Type") == "application/problem+json" {
		var problem struct{ Code string }
		if err := json.Unmarshal(body, &problem); err != nil {
			t.Fatal(err)
		}
		a.Code = problem.Code
		return a
	}
	a.Text = strings.TrimSpace(string(body))
	return a
}

func authorization(value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", value) }
}

// issuer publishes one key and signs with it.
func issuer(t *testing.T) (url string, issue func(token.Grant) string) {
	t.Helper()
	key, err := token.GenerateKey(token.ES256)
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.PublicKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": s.URL, "jwks_uri": s.URL + "/jwks.json"})
	})
	mux.HandleFunc("/jwks.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(set) })
	return s.URL, func(g token.Grant) string {
		g.Issuer, g.At, g.TTL = s.URL, time.Now(), time.Minute
		issued, err := key.Issue(g)
		if err != nil {
			t.Fatal(err)
		}
		return issued.Token
	}
}

// The first program is also here, for run.sh.
func TestFirstProgramIsMain(t *testing.T) {
	main, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(main), "package main\n")
	if diff := cmp.Diff(programs(t)[0], "package main\n"+program); diff != "" {
		t.Errorf("main.go is not the first program of docs/library.md (-page +main.go)\n%s", diff)
	}
}

func TestPrograms(t *testing.T) {
	all := programs(t)
	type question struct {
		name, path string
		prove      func(*http.Request)
		want       answer
	}
	check := func(t *testing.T, s server, questions []question) {
		t.Helper()
		for _, q := range questions {
			if diff := cmp.Diff(q.want, ask(t, s.url+q.path, q.prove)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", q.name, diff)
			}
		}
	}
	t.Run("gate", func(t *testing.T) {
		url, issue := issuer(t)
		s := run(t, all[0], url, true)
		both := []string{`Bearer realm="orders", scope="orders:read"`, `Basic realm="orders", charset="UTF-8"`}
		grant := token.Grant{Subject: "carol", Audience: []string{"orders"}, Scopes: []string{"orders:read"}}
		other := grant
		other.Scopes = nil
		check(t, s, []question{
			{"open", "/health", nil, answer{Status: 200, Text: "fine"}},
			{"nothing", "/orders", nil, answer{Status: 401, Challenge: both, Code: "credentials-missing"}},
			{"password", "/orders", func(r *http.Request) { r.SetBasicAuth("Alice", "correct horse battery") }, answer{Status: 200, Text: "orders of alice"}},
			{"wrong", "/orders", func(r *http.Request) { r.SetBasicAuth("alice", "wrong") }, answer{Status: 401, Challenge: both, Code: "credentials-invalid"}},
			{"key", "/orders", func(r *http.Request) { r.Header.Set("X-API-Key", s.first) }, answer{Status: 200, Text: "orders of alice"}},
			{"key as bearer", "/orders", authorization("Bearer " + s.first), answer{Status: 200, Text: "orders of alice"}},
			{"token", "/orders", authorization("Bearer " + issue(grant)), answer{Status: 200, Text: "orders of carol"}},
			{"token without scope", "/orders", authorization("Bearer " + issue(other)), answer{Status: 403, Code: "scope-insufficient", Challenge: []string{
				`Bearer realm="orders", error="insufficient_scope", error_description="The credential lacks a scope for this", scope="orders:read"`,
			}}},
		})
	})
	t.Run("deny", func(t *testing.T) {
		check(t, run(t, all[1], "", false), []question{
			{"nothing", "/", nil, answer{Status: 401, Challenge: []string{`Bearer realm="orders"`}, Code: "credentials-missing"}},
			{"expired", "/", authorization("Bearer yesterday"), answer{Status: 401, Code: "token-expired", Challenge: []string{
				`Bearer realm="orders", error="invalid_token", error_description="The access token expired"`,
			}}},
			{"good", "/", authorization("Bearer today"), answer{Status: 200, Text: "three orders"}},
		})
	})
	t.Run("verifier", func(t *testing.T) {
		want := []string{`Ticket realm="theatre"`}
		check(t, run(t, all[2], "", false), []question{
			{"nothing", "/", nil, answer{Status: 401, Challenge: want, Code: "credentials-missing"}},
			{"good", "/", authorization("ticket row-3-seat-7"), answer{Status: 200, Text: "welcome, ada"}},
			{"wrong", "/", authorization("Ticket guess"), answer{Status: 401, Challenge: want, Code: "credentials-invalid"}},
			{"away", "/", authorization("Ticket box-office"), answer{Status: 503, Code: "check-failed"}},
		})
	})
}
