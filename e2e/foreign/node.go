package foreign

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// Node starts a program of e2e/npm with Node and waits until it listens at the
// address that it gets as its first argument.
func Node(t testing.TB, program string, args ...string) *Server {
	t.Helper()
	node, dir := component.Need(t, "node", "nodejs"), Modules(t)
	address := FreeAddress(t)
	cmd := exec.Command(node, append([]string{filepath.Join(dir, program), address}, args...)...)
	cmd.Dir = dir
	return Start(t, cmd, address)
}

// NodeCommand is a program of e2e/npm that runs to its end.
func NodeCommand(t testing.TB, program string, args ...string) *exec.Cmd {
	t.Helper()
	node, dir := component.Need(t, "node", "nodejs"), Modules(t)
	cmd := exec.Command(node, append([]string{filepath.Join(dir, program)}, args...)...)
	cmd.Dir = dir
	return cmd
}

// NodeTool is a command that a package brings, such as newman; address is given
// for one that serves and is empty for others.
func NodeTool(t testing.TB, tool string, args ...string) *exec.Cmd {
	t.Helper()
	node, dir := component.Need(t, "node", "nodejs"), Modules(t)
	cmd := exec.Command(node, append([]string{filepath.Join(dir, "node_modules", ".bin", tool)}, args...)...)
	cmd.Dir = dir
	return cmd
}

// Serve starts a command that listens at address, such as one of NodeTool.
func Serve(t testing.TB, cmd *exec.Cmd, address string) *Server {
	t.Helper()
	return Start(t, cmd, address)
}
