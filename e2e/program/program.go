// Package program builds gate401 and runs it, for the end-to-end tests.
//
// Start with [Main] in TestMain, and with [Start] in a test.
//
// It is for tests alone, and knows nothing of what the program answers.
package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Main builds the program, says in binary where it is, and runs the tests. It
// returns the exit status.
func Main(m *testing.M, binary *string) int {
	dir, err := os.MkdirTemp("", "gate401-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	*binary = filepath.Join(dir, "gate401")
	_, file, _, _ := runtime.Caller(0)
	build := exec.Command("go", "build", "-o", *binary, "./cmd/gate401")
	build.Dir = filepath.Join(filepath.Dir(file), "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// Patience is how long the program may take to get ready, and to end, on a machine
// that has others to serve.
const Patience = 2 * time.Minute

// Process is a program that runs until it is stopped, at the latest at the end of
// the test.
type Process struct {
	// PID is its number.
	PID int
	// Ready is the event that says so, with the addresses that it listens at.
	Ready map[string]any
	// Stdout and Stderr are what it wrote so far.
	Stdout, Stderr *Output

	cmd   *exec.Cmd
	ended context.Context
	err   error // to be read when ended is done
}

// Start runs the program in dir and waits until it is ready.
func Start(t testing.TB, binary, dir string, args ...string) *Process {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	ended, end := context.WithCancel(context.Background())
	p := &Process{Stdout: &Output{}, Stderr: &Output{}, cmd: cmd, ended: ended}
	cmd.Stdout, cmd.Stderr = p.Stdout, p.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.PID = cmd.Process.Pid
	go func() {
		p.err = cmd.Wait()
		end()
	}()
	t.Cleanup(func() { _ = p.Stop() })
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); {
		if p.Ready = p.Event("ready"); p.Ready != nil {
			return p
		}
		select {
		case <-ended.Done():
			t.Fatalf("%v ended before it was ready: %v\n%s%s", args, p.err, p.Stdout, p.Stderr)
		case <-time.After(5 * time.Millisecond):
		}
	}
	t.Fatalf("%v is not ready:\n%s%s", args, p.Stdout, p.Stderr)
	return nil
}

// Event is the first line of the log with that message, nil if there is none.
func (p *Process) Event(message string) map[string]any {
	for line := range strings.Lines(p.Stderr.String()) {
		var e map[string]any
		if json.Unmarshal([]byte(line), &e) == nil && e["msg"] == message {
			return e
		}
	}
	return nil
}

// Terminate asks it to end, as an operator does, and does not wait.
func (p *Process) Terminate() error { return p.cmd.Process.Signal(syscall.SIGTERM) }

// Wait returns how it ended, within a time.
func (p *Process) Wait(patience time.Duration) error {
	select {
	case <-p.ended.Done():
		return p.err
	case <-time.After(patience):
		return errors.New("it is still running after " + patience.String())
	}
}

// Stop asks it to end, waits and returns how it ended.
func (p *Process) Stop() error {
	_ = p.Terminate()
	err := p.Wait(Patience)
	if p.ended.Err() == nil {
		_ = p.cmd.Process.Kill()
		<-p.ended.Done()
	}
	return err
}
