package cli

import (
	"context"
	"os/exec"
	"runtime"
	"strings"
)

// openBrowser opens an address in the person's browser, if there is one: the
// first that BROWSER names, else the one of the desktop. The address was checked
// to start with http, so that no program takes it for a flag.
func (a *app) openBrowser(ctx context.Context, address string) bool {
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return false
	}
	argv := a.browser(address)
	if len(argv) == 0 {
		return false
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return false
	}
	// It outlives us on purpose.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, argv[1:]...) //nolint:gosec // the person's own choice
	if cmd.Start() != nil {
		return false
	}
	return cmd.Process.Release() == nil
}

func (a *app) browser(address string) []string {
	if list, _, _ := strings.Cut(a.Env("BROWSER"), ":"); list != "" {
		argv := strings.Fields(list)
		for i, arg := range argv {
			if strings.Contains(arg, "%s") {
				argv[i] = strings.ReplaceAll(arg, "%s", address)
				return argv
			}
		}
		return append(argv, address)
	}
	switch runtime.GOOS {
	case "darwin":
		return []string{"open", address}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", address}
	}
	if a.Env("DISPLAY") == "" && a.Env("WAYLAND_DISPLAY") == "" {
		return nil
	}
	return []string{"xdg-open", address}
}
