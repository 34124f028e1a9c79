// Package examples_test runs the run.sh of every example, as a reader of its
// README would, and the tests of the examples that are modules of their own.
package examples_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/internal/component"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// patience is how long an example may take on a busy machine that compiles
// everything for the first time.
const patience = 20 * time.Minute

// notRun is the exit status of a run.sh that misses a program.
const notRun = 77

// folders are those of the examples that have the file.
func folders(t *testing.T, file string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "..", "examples", "*", file))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, path := range found {
		out = append(out, filepath.Dir(path))
	}
	return out
}

// run runs a command in dir, in a process group of its own, and says what it
// printed and how it ended. It fails where a process of the group is left over.
func run(t *testing.T, dir string, args ...string) (output string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GATE401="+binary, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -mod=readonly"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case errors.As(err, &exit):
		status, err = exit.ExitCode(), nil
	}
	if err != nil {
		if cmd.Process != nil {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		t.Fatalf("%v: %v\n%s", args, err, out.String())
	}
	for end := time.Now().Add(2 * time.Minute); syscall.Kill(-cmd.Process.Pid, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			t.Fatalf("%v left a process behind\n%s", args, out.String())
		}
	}
	return out.String(), status
}

func TestRun(t *testing.T) {
	for _, dir := range folders(t, "run.sh") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			output, status := run(t, dir, "./run.sh")
			switch lines := strings.TrimSpace(output); status {
			case 0:
				if lines[strings.LastIndexByte(lines, '\n')+1:] != "fine" {
					t.Errorf("it does not end with fine:\n%s", output)
				}
			case notRun:
				line := lines[strings.LastIndexByte(lines, '\n')+1:]
				if what, install, ok := strings.Cut(line, " is not installed: "); ok {
					component.Missing(t, what, install)
				}
				// No package has it, so that nobody can be expected to.
				t.Skip(line)
			default:
				t.Errorf("exit status %d\n%s", status, output)
			}
		})
	}
}

// An example that needs modules which the program must not have is a module of
// its own.
func TestModules(t *testing.T) {
	dirs := folders(t, "go.mod")
	if len(dirs) == 0 {
		t.Fatal("no example is a module")
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			for _, args := range [][]string{{"go", "vet", "./..."}, {"go", "test", "-timeout", "15m", "./..."}} {
				if output, status := run(t, dir, args...); status != 0 {
					t.Fatalf("%v: exit status %d\n%s", args, status, output)
				}
			}
		})
	}
}

// Each example is a folder with a README and a run.sh.
func TestEveryExampleRuns(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join("..", "..", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() || e.Name() == "shop" { // what the examples protect
			continue
		}
		for _, file := range []string{"README.md", "run.sh"} {
			info, err := os.Stat(filepath.Join("..", "..", "examples", e.Name(), file))
			if err != nil {
				t.Errorf("examples/%s has no %s", e.Name(), file)
			} else if file == "run.sh" && info.Mode().Perm()&0o111 == 0 {
				t.Errorf("examples/%s/run.sh is not executable", e.Name())
			}
		}
	}
}
