package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// fake is a go that writes down what it is asked to run, and fails where that has
// the word Still in it.
const fake = `#!/bin/sh
echo "$*" >>"$RAN"
case "$*" in *Still*) exit 1 ;; esac
`

func TestAgain(t *testing.T) {
	component.Need(t, "bash", "bash")
	const one = "--- FAIL: TestSoak (12.12s)\n    soak_test.go:42: 1 of 30 were wrong\nFAIL\nFAIL\tx/soak\t14.258s\n"
	for _, x := range []struct {
		name, log string
		ran       []string
		good      bool
	}{
		{"one test", "ok  \tx/a\t1s\n" + one + "ok  \tx/b\t1s\nFAIL\n", []string{"^(TestSoak)$ x/soak"}, true},
		{"it fails again", strings.ReplaceAll(one, "Soak", "Still"), []string{"^(TestStill)$ x/soak"}, false},
		{
			"tests of two packages", one + "--- FAIL: TestA (1s)\n    --- FAIL: TestA/sub (1s)\n--- FAIL: FuzzB (1s)\nFAIL\tx/two\t1s\n",
			[]string{"^(TestSoak)$ x/soak", "^(TestA|FuzzB)$ x/two"}, true,
		},
		{"a test that passed as a whole package did", "--- FAIL: printed by a child\nok  \tx/a\t1s\n" + one, []string{"^(TestSoak)$ x/soak"}, true},
		{"four tests", one + "--- FAIL: TestA (1s)\n--- FAIL: TestB (1s)\n--- FAIL: TestC (1s)\nFAIL\tx/two\t1s\n", nil, false},
		{"a data race", "WARNING: DATA RACE\n" + one, nil, false},
		{"a panic", "panic: nil map\n" + one, nil, false},
		{"what does not build", "FAIL\tx/a [build failed]\n" + one, nil, false},
		{"a package that fails without a test", one + "FAIL\tx/main\t0.1s\n", nil, false},
		{"nothing", "", nil, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			dir := t.TempDir()
			ran, log := filepath.Join(dir, "ran"), filepath.Join(dir, "log")
			for path, text := range map[string]string{filepath.Join(dir, "go"): fake, log: x.log} {
				if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			c := exec.CommandContext(t.Context(), "./again.sh", log)
			c.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "RAN="+ran)
			out, err := c.CombinedOutput()
			if (err == nil) != x.good {
				t.Errorf("%v\n%s", err, out)
			}
			data, _ := os.ReadFile(ran) // absent if nothing ran
			var got []string
			for line := range strings.Lines(string(data)) {
				_, after, _ := strings.Cut(strings.TrimSpace(line), "-run ")
				got = append(got, after)
			}
			if strings.Join(got, "\n") != strings.Join(x.ran, "\n") {
				t.Errorf("ran %q, want %q", got, x.ran)
			}
			if named := strings.Contains(string(out), "which is to be mended"); named != x.good {
				t.Errorf("named: %v\n%s", named, out)
			}
		})
	}
}
