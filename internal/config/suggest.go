package config

import (
	"fmt"
	"slices"
	"strings"
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
	var rows [3][maxDistance + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
