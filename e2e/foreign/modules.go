package foreign

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// Modules is the folder whose node_modules has the packages for Node, which npm
// ci installs.
func Modules(t testing.TB) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(filepath.Dir(file)), "npm")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		component.Missing(t, "the packages for Node", "npm ci in e2e/npm")
	}
	return dir
}
