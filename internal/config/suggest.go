package config

import (
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/nearest"
	"github.com/gate401/gate401/internal/yamldoc"
)

// didYouMean names the most similar of the known names, or all of them where none
// is similar.
func didYouMean(got string, known []string) string {
	hint := yamldoc.Similar(got, known)
	if hint != "" || len(known) == 0 {
		return hint
	}
	if len(known) > 20 {
		known = append(slices.Clone(known[:20]), "...")
	}
	return "known: " + strings.Join(known, ", ")
}

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
