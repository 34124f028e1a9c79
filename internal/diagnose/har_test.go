package diagnose_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/explain"
)

// Files as browsers really export them, from the file to the first cause.
func TestRecordedHAR(t *testing.T) {
	for file, want := range map[string]string{
		"firefox.har":            "named-by-server",
		"chromium.har":           "said-by-server",
		"chromium-sanitized.har": "", // nothing tells it, and that is said
	} {
		data, err := os.ReadFile(filepath.Join("..", "capture", "testdata", "har", file))
		if err != nil {
			t.Fatal(err)
		}
		c, err := capture.HAR(data)
		if err != nil {
			t.Fatal(err)
		}
		r := diagnose.Run(c, diagnose.Options{})
		got := ""
		if r.Cause != nil {
			got = r.Cause.Rule
		}
		if got != want {
			t.Errorf("%s: want %s\n%s", file, want, r.Text(explain.Style{}))
		}
	}
}
