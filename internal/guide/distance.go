package guide

import (
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/nearest"
	"github.com/gate401/gate401/reason"
)

// longestGuess bounds what is compared: no code is nearly as long.
const longestGuess = 64

// similar are up to three codes that somebody who wrote name may have meant.
func similar(name string) []reason.Info {
	if len(name) > longestGuess {
		return nil
	}
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	type guess struct {
		info     reason.Info
		distance int
	}
	var guesses []guess
	for _, info := range reason.All() {
		code := string(info.Code)
		d := nearest.Edits(name, code)
		if len(name) >= 4 && strings.Contains(code, name) {
			d = min(d, 1)
		}
		if d <= max(2, len(name)/3) {
			guesses = append(guesses, guess{info, d})
		}
	}
	slices.SortStableFunc(guesses, func(a, b guess) int { return a.distance - b.distance })
	var out []reason.Info
	for _, g := range guesses[:min(3, len(guesses))] {
		out = append(out, g.info)
	}
	return out
}
