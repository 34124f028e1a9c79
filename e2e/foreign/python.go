package foreign

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// Python finds an interpreter that has a module. Where another one comes first in
// the path, the packages of Debian are in the one of the system.
func Python(t testing.TB, module string) string {
	t.Helper()
	for _, python := range []string{component.Need(t, "python3", "python3"), "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	component.Missing(t, module+" for Python", "apt-get install python3-"+strings.ToLower(module))
	return ""
}
