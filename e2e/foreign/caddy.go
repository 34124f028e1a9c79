package foreign

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// Caddy serves /open and, behind basicauth with bcrypt, /basic (User,
// PlainPassword).
func Caddy(t testing.TB) *Server {
	t.Helper()
	caddy := component.Need(t, "caddy", "caddy")
	dir := readable(t)
	hash := strings.TrimSpace(run(t, exec.Command(caddy, "hash-password", "--plaintext", PlainPassword)))
	address := FreeAddress(t)
	file := filepath.Join(dir, "Caddyfile")
	write(t, file, fmt.Sprintf(`{
	admin off
	auto_https off
	storage file_system %[3]s
}
http://%[1]s {
	basicauth /basic* bcrypt "caddy basic" {
		%[2]s %[4]s
	}
	respond /open "ok open"
	respond /basic* "ok basic"
}
`, address, User, dir, hash))
	cmd := exec.Command(caddy, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(cmd.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	return Start(t, cmd, address)
}
