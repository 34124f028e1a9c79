package foreign

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Need finds a command. Where it may be missing (not with CI=true) the test is
// skipped; the list at the end of make test names what that leaves untested.
func Need(t testing.TB, command, pkg string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin", "/usr/local/sbin"} {
		name := command
		if dir != "" {
			name = filepath.Join(dir, command)
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, command+" (Debian package "+pkg+")")
	return ""
}

// Modules is the folder whose node_modules has the packages for Node, which npm
// ci installs.
func Modules(t testing.TB) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(filepath.Dir(file)), "npm")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		missing(t, "the packages for Node (npm ci in e2e/npm)")
	}
	return dir
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("missing component %s", what)
	}
	t.Skipf("%s is not installed", what)
}
