package yamldoc

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/internal/nearest"
)

// Bounds of the work on what a stranger wrote.
const (
	maxWords = 1000
	maxWord  = 64
)

// Similar is a hint that names the most similar of the known words, "" where none
// is similar.
func Similar(got string, known []string) string {
	if len(got) > maxWord {
		return ""
	}
	best, least := "", 1+max(1, len(got)/3)
	for _, k := range known[:min(len(known), maxWords)] {
		if len(k) > maxWord || max(len(got)-len(k), len(k)-len(got)) >= least {
			continue
		}
		if d := nearest.Slips(strings.ToLower(got), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}
