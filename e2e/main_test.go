// Package e2e runs the real binary, on free ports of this machine, and looks at
// it with clients that nobody here wrote: curl, Python, a browser, raw sockets.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// process is a running gate401.
type process struct {
	*program.Process

	t           *testing.T
	gate, admin string
	mock        string
}

// start runs gate401 until the test ends and waits for its event "ready".
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p := &process{Process: program.Start(t, binary, dir, args...), t: t}
	p.gate, _ = p.Ready["gate"].(string)
	p.admin, _ = p.Ready["admin"].(string)
	p.mock, _ = p.Ready["mock"].(string)
	return p
}

// decision waits for the log line of a request.
func (p *process) decision(id string) map[string]any {
	p.t.Helper()
	for range 3000 {
		for line := range strings.Lines(p.Stderr.String()) {
			var e map[string]any
			if strings.Contains(line, id) && json.Unmarshal([]byte(line), &e) == nil && e["msg"] == "decision" {
				return e
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Fatalf("no decision with request id %s in the log:\n%s", id, p.Stderr)
	return nil
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
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(p.gate, "http://"), program.Patience)
	if err != nil {
		return nil, "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(program.Patience))
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
