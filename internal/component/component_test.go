package component_test

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// recorder is a test that notes how it ended.
type recorder struct {
	testing.TB

	end string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.ended("failed: " + fmt.Sprintf(format, args...))
}

func (r *recorder) Skipf(format string, args ...any) {
	r.ended("skipped: " + fmt.Sprintf(format, args...))
}

// ended keeps the first: a real test stops there.
func (r *recorder) ended(how string) { r.end = cmp.Or(r.end, how) }

func TestNeed(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	for _, x := range []struct{ name, ci, command, path, end string }{
		{"there", "true", "there", there, ""},
		{"absent", "", "absent-401", "", "skipped: absent-401 is not installed: apt-get install some-package"},
		{"absent, CI is something else", "no", "absent-401", "", "skipped: absent-401 is not installed: apt-get install some-package"},
		{"absent in CI", "true", "absent-401", "", "failed: missing component absent-401: apt-get install some-package"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Setenv("CI", x.ci)
			r := &recorder{TB: t}
			if path := component.Need(r, x.command, "some-package"); path != x.path || r.end != x.end {
				t.Errorf("got %q, %q, want %q, %q", path, r.end, x.path, x.end)
			}
		})
	}
}

// Every component that a test names is in the list that make test works with.
func TestComponentsAreListed(t *testing.T) {
	list, err := os.ReadFile("../../scripts/components.sh")
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile(`\b(?:Need\(\w+, "([^"]+)", "([^"]+)"\)|Python\(\w+, "(\w+)"\))`)
	needed := map[string]string{} // the file, by the line of the list
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".git")):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go":
			return nil
		}
		source, err := os.ReadFile(path)
		for _, m := range calls.FindAllStringSubmatch(string(source), -1) {
			if m[3] != "" {
				m[1], m[2] = m[3], "python3-"+m[3]
			}
			needed[m[1]+"|"+m[2]+"|"] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), component.Need(t, "bash", "bash"), "-c", "set -eu; . ../../scripts/components.sh").CombinedOutput(); err != nil {
		t.Errorf("scripts/components.sh is no script: %v\n%s", err, out)
	}
	if len(needed) < 10 {
		t.Errorf("only %d components were found: %v", len(needed), needed)
	}
	for line, path := range needed {
		if !strings.Contains("\n"+string(list), "\n"+line) {
			t.Errorf("%s: scripts/components.sh has no line that begins with %s", path, line)
		}
	}
}
