// Package component finds what a test needs beyond Go: a browser, a server or a
// client that nobody here wrote, packages for Node.
//
// Start with [Need], which finds a command or ends the test; [Missing] ends it for
// want of anything else. scripts/components.sh lists every component, so that
// make test installs it or names at its end what was not tested.
//
// It is for tests alone, and installs nothing.
package component

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Need finds a command, also among those of the administrator; pkg is the Debian
// package that has it. Where it is not, the test ends as with Missing.
func Need(t testing.TB, command, pkg string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin", "/usr/local/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, command)); err == nil {
			return path
		}
	}
	Missing(t, command, "apt-get install "+pkg)
	return ""
}

// Missing ends a test that cannot run: it is skipped, or fails where CI is "true"
// and everything has to be there. install is the command that helps.
func Missing(t testing.TB, what, install string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("missing component %s: %s", what, install)
	}
	t.Skipf("%s is not installed: %s", what, install)
}
