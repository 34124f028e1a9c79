package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/cli"
)

// running is a command that goes on until the test ends it.
type running struct {
	cancel context.CancelFunc
	ready  chan addresses       // of the listeners, once
	first  chan json.RawMessage // the JSON that standard output begins with, if it does
	status chan int
}

type addresses struct{ Gate, Admin string }

func start(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{cancel, make(chan addresses, 1), make(chan json.RawMessage, 1), make(chan int, 1)}
	out, outW := io.Pipe()
	log, logW := io.Pipe()
	var readers sync.WaitGroup
	readers.Go(func() {
		var first json.RawMessage
		if json.NewDecoder(out).Decode(&first) == nil {
			r.first <- first
		}
		close(r.first)
		_, _ = io.Copy(io.Discard, out)
	})
	readers.Go(func() {
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			var event struct {
				Msg string
				addresses
			}
			if json.Unmarshal(lines.Bytes(), &event) == nil && event.Msg == "ready" {
				r.ready <- event.addresses
			}
		}
		close(r.ready)
	})
	go func() {
		status := cli.Main(ctx, args, cli.Streams{In: strings.NewReader(""), Out: outW, Err: logW})
		_ = outW.Close()
		_ = logW.Close()
		readers.Wait()
		r.status <- status
	}()
	t.Cleanup(func() { r.stop(t) })
	return r
}

// stop ends the command as a signal would, and wants it to end well.
func (r *running) stop(t *testing.T) {
	t.Helper()
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.cancel = nil
	if status := <-r.status; status != cli.ExitOK {
		t.Errorf("exit status %d after the end was asked for", status)
	}
}

func run(t *testing.T, args ...string) (status int, out, log string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = cli.Main(t.Context(), args, cli.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return status, stdout.String(), stderr.String()
}

func get(t *testing.T, url, authorization string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp
}

// What user, key and token make opens the gate that serve runs on the same
// records, and explain finds what it refused.
func TestServe(t *testing.T) {
	t.Chdir(t.TempDir())
	upstream := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer upstream.Close()
	r := start(t, "serve", "--upstream", upstream.URL, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json")
	at, ok := <-r.ready
	if !ok {
		t.Fatal("it ended before it was ready")
	}
	gate, admin := at.Gate, at.Admin

	status, key, log := run(t, "key", "create")
	if status != 0 {
		t.Fatal(log)
	}
	if resp := get(t, gate+"/orders", "Bearer "+strings.TrimSpace(key)); resp.StatusCode != http.StatusOK {
		t.Errorf("a new key got %s", resp.Status)
	}
	refused := get(t, gate+"/orders", "Bearer nothing")
	id := refused.Header.Get("X-Request-Id")
	status, out, log := run(t, "explain", id, "--admin", admin, "--json")
	if status != 0 {
		t.Fatalf("status %d: %s", status, log)
	}
	var report struct{ Cause struct{ Code string } }
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Cause.Code != "token-malformed" {
		t.Errorf("%v, %q\n%s", err, report.Cause.Code, out)
	}

	// Tokens that are issued beside the gate are its own, whatever port it got,
	// until their account is removed.
	if status, _, log := run(t, "user", "add", "bob"); status != 0 {
		t.Fatal(log)
	}
	status, issued, log := run(t, "token", "issue", "--sub", "bob")
	if status != 0 {
		t.Fatal(log)
	}
	bearer := "Bearer " + strings.TrimSpace(issued)
	if resp := get(t, gate+"/orders", bearer); resp.StatusCode != http.StatusOK {
		t.Errorf("a new token got %s: %s", resp.Status, resp.Header.Get("Gate401-Reason"))
	}
	if status, _, log := run(t, "user", "remove", "bob", "--yes"); status != 0 {
		t.Fatal(log)
	}
	// The gate looks for changes of other processes every now and then.
	for end := time.Now().Add(time.Minute); get(t, gate+"/orders", bearer).StatusCode != http.StatusUnauthorized; {
		if time.Now().After(end) {
			t.Fatal("the token of a removed account still opens")
		}
	}

	// The address is taken now.
	status, _, log = run(t, "serve", "--upstream", upstream.URL, "--listen", strings.TrimPrefix(gate, "http://"), "--admin-listen", "127.0.0.1:0")
	if status != cli.ExitProblems || !strings.Contains(log, "gate401: hint: another program listens there") {
		t.Errorf("status %d\n%s", status, log)
	}
	r.stop(t)
}

// demo --json prints everything that a test needs as one object, first.
func TestDemo(t *testing.T) {
	r := start(t, "demo", "--json", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data"))
	var demo struct {
		Gate, Admin string
		Paths       map[string]string
		People      []struct{ Name, Password string }
		Tokens      map[string]string
	}
	if err := json.Unmarshal(<-r.first, &demo); err != nil {
		t.Fatal(err)
	}
	if resp := get(t, demo.Gate+demo.Paths["protected"], ""); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without credentials: %s", resp.Status)
	}
	if resp := get(t, demo.Gate+demo.Paths["protected"], "Bearer "+demo.Tokens["valid"]); resp.StatusCode != http.StatusOK {
		t.Errorf("with the good token: %s", resp.Status)
	}
	r.stop(t)
}
