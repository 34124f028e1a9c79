package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/nearest"
)

// similar is a hint that names the most similar of the known names, empty where
// none is similar.
func similar(got string, known []string) string {
	best, least := "", 1+max(1, len(got)/3)
	for _, k := range known[:min(len(known), maxSuggestions)] {
		if max(len(got)-len(k), len(k)-len(got)) >= least {
			continue
		}
		if d := distance(strings.ToLower(got), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// didYouMean is similar, or names all that is known where none is similar.
func didYouMean(got string, known []string) string {
	hint := similar(got, known)
	if hint != "" || len(known) == 0 {
		return hint
	}
	if len(known) > 20 {
		known = append(slices.Clone(known[:20]), "...")
	}
	return "known: " + strings.Join(known, ", ")
}

// maxSuggestions bounds how many names are compared.
const maxSuggestions = 1000

// maxDistance bounds the work on what a stranger wrote.
const maxDistance = 64

// distance is how many letters must be inserted, removed, replaced or swapped
// with their neighbour to turn a into b.
func distance(a, b string) int {
	if len(a) > maxDistance || len(b) > maxDistance {
		return maxDistance
	}
	return nearest.Slips(a, b)
}
