package explain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/explain"
)

// The words that a script writes in place of a token have a cause of their own.
func TestScriptBugs(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{"Bearer undefined", "never set"},
		{"Bearer null", "localStorage.getItem"},
		{"Bearer [object Object]", "response.access_token"},
		{"Bearer [object Promise]", "await"},
		{"Bearer your_token", ""},
		{"Bearer abcdef", ""},
	} {
		t.Run(c.value, func(t *testing.T) {
			hints := ""
			for _, f := range explain.Authorization(c.value, time.Now(), false).Findings {
				hints += f.Hint
			}
			if c.want == "" && strings.Contains(hints, "JavaScript") || !strings.Contains(hints, c.want) {
				t.Errorf("the hint is %q, want one with %q", hints, c.want)
			}
		})
	}
}
