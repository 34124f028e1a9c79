package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/component"
)

// fenced are the blocks of a kind in a document.
func fenced(t *testing.T, file, kind string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```"+kind+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		t.Fatalf("%s has no block of %s", file, kind)
	}
	return out
}

// Every command of the README is run, in its order, in one folder. Ports are the
// only thing that is changed: a test takes free ones.
func TestReadmeCommands(t *testing.T) {
	component.Need(t, "curl", "curl")
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	upstream := api(t).URL
	var gate, mock *process
	har, err := os.ReadFile("../internal/capture/testdata/har/chromium.har")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "network.har"), har, 0o600); err != nil {
		t.Fatal(err)
	}
	// A gate401 that is not the one under test must not be found first.
	bin := t.TempDir()
	if err := os.Symlink(binary, filepath.Join(bin, "gate401")); err != nil {
		t.Fatal(err)
	}
	ports := []string{"--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}
	for _, block := range fenced(t, "../README.md", "sh") {
		for line := range strings.Lines(block) {
			line = strings.TrimSpace(line)
			line = strings.ReplaceAll(line, "http://127.0.0.1:3000", upstream)
			if gate != nil {
				line = strings.ReplaceAll(line, "http://127.0.0.1:8401", gate.gate)
				line = strings.ReplaceAll(line, "http://127.0.0.1:8402", gate.admin)
			}
			if mock != nil {
				line = strings.ReplaceAll(line, "http://127.0.0.1:8403", mock.mock)
			}
			switch {
			case line == "gate401 mock":
				mock = start(t, dir, "mock", "--listen", "127.0.0.1:0")
			case line == "make test":
				// This very run. What continuous integration calls must be it.
				run, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
				if err != nil || !bytes.Contains(run, []byte("make test")) {
					t.Errorf(".ci/run does not call make test: %v", err)
				}
			case strings.HasPrefix(line, "export PATH="):
				// The test has put the program on the PATH.
			case line == "make build":
				build := exec.CommandContext(t.Context(), "make", "-n", "build")
				build.Dir = root
				if out, err := build.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("-o gate401 ./cmd/gate401")) {
					t.Errorf("make build: %v\n%s", err, out)
				}
			case strings.HasPrefix(line, "go run ./cmd/gate401 demo"):
				demo := start(t, dir, append([]string{"demo", "--json"}, ports...)...)
				if err := demo.Stop(); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			case strings.HasPrefix(line, "gate401 serve"):
				if gate != nil {
					if err := gate.Stop(); err != nil {
						t.Errorf("%s: %v", line, err)
					}
				}
				gate = start(t, dir, append(strings.Fields(line)[1:], ports...)...)
			default:
				readmeLine(t, dir, bin, line)
			}
		}
	}
}

// refusing are the commands that end with 1 because what they look at is wrong.
var refusing = regexp.MustCompile(`explain (--challenge|--authorization|--curl|--har|--raw|-$)|mock judge`)

func readmeLine(t *testing.T, dir, bin, line string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -o pipefail; "+line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 && refusing.MatchString(line) {
		err = nil
	}
	if err != nil || len(out) == 0 && !strings.Contains(line, "--page") {
		t.Errorf("%s: %v\n%s", line, err, out)
	}
	if strings.Contains(line, "curl -i ") && !bytes.Contains(out, []byte("401 Unauthorized")) {
		t.Errorf("%s:\n%s", line, out)
	}
}

// The rules in the README load.
func TestReadmeRules(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gate401.yaml"), []byte(fenced(t, "../README.md", "yaml")[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errs, code := command(t, dir, "", "config", "check"); code != 0 {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// Every document that the README names is there.
func TestReadmeLinks(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(m[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
			t.Error(err)
		}
	}
}
