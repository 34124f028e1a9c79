//go:build unix

package trial_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/trial"
)

// A client may leave a child behind that holds its output: it ended all the same,
// with the status that it gave, and the child ends with it.
func TestChildLeftBehind(t *testing.T) {
	note := filepath.Join(t.TempDir(), "child")
	for _, exit := range []int{0, 3} {
		script := `sleep 300 & echo $! >"$0"; exit ` + strconv.Itoa(exit)
		tr := trial.Trial{Command: []string{"/bin/sh", "-c", script, note}, Only: []string{"challenge-none"}}
		report, err := tr.Run(t.Context())
		if err != nil {
			t.Fatalf("exit %d: %v", exit, err)
		}
		if got := report.Results[0].Exit; got != exit {
			t.Errorf("exit %d, want %d", got, exit)
		}
		text, err := os.ReadFile(note)
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if !gone(pid) {
			t.Errorf("exit %d: the child %d lives", exit, pid)
		}
	}
}

// gone waits for a process to end; one that nobody has waited for yet counts as
// ended.
func gone(pid int) bool {
	for range 500 {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
			return true
		}
		if stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err == nil && strings.Contains(string(stat), ") Z ") {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// Who waits for ever before the first request is told both: that nothing came, and
// that it had to be ended.
func TestNothingSentAndNeverEnded(t *testing.T) {
	tr := trial.Trial{Command: []string{"/bin/sh", "-c", "sleep 300"}, Only: []string{"challenge-none"}, Timeout: 100 * time.Millisecond}
	report, err := tr.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, f := range report.Results[0].Findings {
		rules = append(rules, string(f.Rule))
	}
	if want := []string{string(trial.NothingSent), string(trial.NeverEnded)}; !slices.Equal(rules, want) {
		t.Errorf("%q, want %q", rules, want)
	}
}
