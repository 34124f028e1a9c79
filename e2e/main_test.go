// Package e2e runs the real binary, on free ports of this machine, and looks at
// it with clients that nobody here wrote: curl, Python, a browser, raw sockets.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "gate401-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "gate401")
	build := exec.Command("go", "build", "-o", binary, "../cmd/gate401")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// process is a running gate401.
type process struct {
	t           *testing.T
	cmd         *exec.Cmd
	gate, admin string
	mock        string
	stdout      *output
	stderr      *output
	waited      chan error
}

// output keeps what a process wrote, for reading while it runs.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start runs gate401 until the test ends and waits for its event "ready".
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p := &process{t: t, stdout: &output{}, stderr: &output{}, waited: make(chan error, 1)}
	p.cmd = exec.Command(binary, args...)
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.waited <- p.cmd.Wait() }()
	t.Cleanup(func() { _ = p.stop() })
	deadline := time.Now().Add(30 * time.Second)
	for {
		if ready := p.event("ready"); ready != nil {
			p.gate, _ = ready["gate"].(string)
			p.admin, _ = ready["admin"].(string)
			p.mock, _ = ready["mock"].(string)
			return p
		}
		select {
		case err := <-p.waited:
			p.waited <- err
			t.Fatalf("%v ended before it was ready: %v\n%s%s", args, err, p.stdout, p.stderr)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v is not ready:\n%s%s", args, p.stdout, p.stderr)
		}
	}
}

// event is the first log line with that message, nil if there is none.
func (p *process) event(message string) map[string]any {
	for line := range strings.Lines(p.stderr.String()) {
		var e map[string]any
		if json.Unmarshal([]byte(line), &e) == nil && e["msg"] == message {
			return e
		}
	}
	return nil
}

// decision waits for the log line of a request.
func (p *process) decision(id string) map[string]any {
	p.t.Helper()
	for range 250 {
		for line := range strings.Lines(p.stderr.String()) {
			var e map[string]any
			if strings.Contains(line, id) && json.Unmarshal([]byte(line), &e) == nil && e["msg"] == "decision" {
				return e
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Fatalf("no decision with request id %s in the log:\n%s", id, p.stderr)
	return nil
}

// stop ends the process as an operator does and waits for it.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.waited:
		p.waited <- err
		return err
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		return errors.New("did not end within 30 s of SIGTERM")
	}
}

// command runs gate401 to its end.
func command(t *testing.T, dir, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out.String(), errs.String(), exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), 0
}

// raw sends octets to the gate and reads one answer.
func (p *process) raw(octets string) (*http.Response, string, error) {
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(p.gate, "http://"), 5*time.Second)
	if err != nil {
		return nil, "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	go func() { _, _ = io.WriteString(conn, octets) }()
	asked := &http.Request{Method: http.MethodGet}
	if strings.HasPrefix(octets, "HEAD ") {
		asked.Method = http.MethodHead
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), asked)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res, string(body), err
}

// get is a request by Go's own client.
func get(t *testing.T, url string, header map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}
