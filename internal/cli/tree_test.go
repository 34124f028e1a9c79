package cli_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/cli"
)

// What reports can be read by programs, and what is new to somebody is shown by
// an example.
func TestEveryCommandShowsHow(t *testing.T) {
	plain := []string{"gate401 version"}
	records := []string{"gate401 user", "gate401 client", "gate401 key", "gate401 session", "gate401 token", "gate401 signing-key"}
	var walk func(cli.Command)
	walk = func(c cli.Command) {
		for _, sub := range c.Commands {
			walk(sub)
		}
		if len(c.Commands) > 0 {
			return
		}
		if c.Example == "" && !slices.Contains(plain, c.Path) {
			t.Errorf("%s has no example", c.Path)
		}
		kept := slices.ContainsFunc(records, func(group string) bool { return strings.HasPrefix(c.Path, group+" ") })
		if kept && !slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return strings.HasSuffix(strings.TrimSpace(f.Name), "--json") }) {
			t.Errorf("%s has no --json: %v", c.Path, c.Flags)
		}
	}
	walk(cli.Tree())
}
