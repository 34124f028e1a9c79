package config_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/config"
)

// What somebody writes at the top, as other programs have it, is told where it is.
func TestStrays(t *testing.T) {
	for _, x := range []struct{ file, hint string }{
		{"listen: 127.0.0.1:1", "it stands below another key: gate.listen or admin.listen"},
		{"upstream: http://127.0.0.1:1", "it stands below another key: gate.upstream or default.upstream"},
		{"public_url: https://api.example.com", "it stands below gate: gate: {public_url: ...}"},
		{"gates: {}", `did you mean "gate"?`},
		{"nothing-like-it: 1", "known: gate, "},
	} {
		_, err := config.Load("f", []byte(x.file+"\n"))
		if faults := faultsOf(err); len(faults) == 0 || !strings.HasPrefix(faults[0].Hint, x.hint) {
			t.Errorf("%s: %+v, want the hint %q", x.file, err, x.hint)
		}
	}
}
