package server_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/server"
)

// until ends a demo when it has said all that it says to a person.
type until struct {
	said []byte
	end  context.CancelFunc
}

func (u *until) Write(p []byte) (int, error) {
	if u.said = append(u.said, p...); bytes.Contains(u.said, []byte("Ctrl-C")) {
		u.end()
	}
	return len(p), nil
}

// play runs a demo to its end and returns what it printed.
func play(t *testing.T, data string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &until{end: cancel}
	err := server.Demo(ctx, server.DemoOptions{
		Listen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", Data: data, Stdout: out, Stderr: io.Discard,
	})
	return string(out.said), err
}

func files(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range list {
		names = append(names, f.Name())
	}
	return strings.Join(names, " ")
}

// Without a directory nothing is left, and the demo says so.
func TestDemoLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	said, err := play(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said, "removes what it made") || strings.Contains(said, "stay in") {
		t.Error(said)
	}
	if left := files(t, temp); left != "" {
		t.Errorf("left behind: %s", left)
	}
	// Each line to paste says what it shows.
	lines := strings.Split(said, "\n")
	curls := 0
	for i, l := range lines {
		if strings.HasPrefix(l, "  curl ") {
			curls++
			if !strings.HasPrefix(lines[i-1], "  # ") {
				t.Errorf("no comment above %q", l)
			}
		}
	}
	if curls != 6 {
		t.Errorf("%d lines to paste", curls)
	}
}

// In a directory the records stay, the next demo replaces them, and both are
// said.
func TestDemoKeepsItsRecords(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	read := func() string {
		data, err := os.ReadFile(filepath.Join(dir, "demo.key"))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var before string
	for range 2 {
		said, err := play(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(said, "stay in "+dir+" until the next demo there replaces them") || strings.Contains(said, "removes") {
			t.Error(said)
		}
		if got := files(t, dir); got != ".gate401-demo demo.db demo.key" {
			t.Errorf("files: %s", got)
		}
		if key := read(); key == before {
			t.Error("the key of the last demo is in use again")
		} else {
			before = key
		}
	}
}

// What no demo wrote is nobody's to replace.
func TestDemoTouchesNoOtherFiles(t *testing.T) {
	for _, name := range []string{"demo.db", "demo.db-wal", "demo.db-shm", "demo.key"} {
		dir := t.TempDir()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		said, err := play(t, dir)
		if err == nil || !strings.Contains(err.Error(), file+" was not made by a demo") {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
		if data, err := os.ReadFile(file); err != nil || string(data) != "mine" || files(t, dir) != name {
			t.Errorf("%s: %q %v, files: %s", name, data, err, files(t, dir))
		}
	}
	// Other files do not matter.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gate401.db"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := play(t, dir); err != nil {
		t.Error(err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "gate401.db")); err != nil || string(data) != "mine" {
		t.Errorf("%q %v", data, err)
	}
}
