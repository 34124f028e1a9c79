package config_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/config"
)

// What is not closed may be a secret that began in the line before.
func TestSnippetOfWhatIsNotClosed(t *testing.T) {
	for _, value := range []string{`"hunter2: x`, `[hunter2: x`, `{hunter2: x`, `'hunter2: x`} {
		_, err := config.Load("f", []byte("methods:\n  m:\n    secret:\n      "+value+"\n"))
		if detail := faultsOf(err).Detail(); strings.Contains(detail, "hunter2") || !strings.Contains(detail, "f:4:7: ") {
			t.Errorf("%s gives\n%s", value, detail)
		}
	}
}
