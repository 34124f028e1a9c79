// Package nearest measures how far one word is from another, for hints such as
// "did you mean ...?".
//
// Start with [Edits], or with [Slips], which forgives neighbours that changed
// places. It does not choose: how near is near enough is for the caller to say,
// and so is how long the words may be that are compared.
package nearest

// Edits is the number of octets to insert, remove or replace to turn a into b
// (Levenshtein).
func Edits(a, b string) int { return distance(a, b, false) }

// Slips is Edits where two neighbours that changed places count once (optimal
// string alignment).
func Slips(a, b string) int { return distance(a, b, true) }

// distance takes time of len(a)*len(b), and memory of len(b).
func distance(a, b string, swaps bool) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
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
			if swaps && i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
