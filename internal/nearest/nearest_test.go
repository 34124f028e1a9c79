package nearest_test

import (
	"testing"

	"github.com/gate401/gate401/internal/nearest"
	"pgregory.net/rapid"
)

func TestDistance(t *testing.T) {
	tests := []struct {
		name, a, b   string
		edits, slips int
	}{
		{"nothing", "", "", 0, 0},
		{"the same", "listen", "listen", 0, 0},
		{"all inserted", "", "abc", 3, 3},
		{"all removed", "abc", "", 3, 3},
		{"one missing", "lisen", "listen", 1, 1},
		{"one too many", "listten", "listen", 1, 1},
		{"one replaced", "lixten", "listen", 1, 1},
		{"neighbours swapped", "explian", "explain", 2, 1},
		{"swapped at the beginning", "ab", "ba", 2, 1},
		{"what is swapped is not changed again", "ca", "abc", 3, 3},
		{"capitals differ", "Listen", "listen", 1, 1},
		{"the textbook", "kitten", "sitting", 3, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := nearest.Edits(tt.a, tt.b); got != tt.edits {
				t.Errorf("%d edits, want %d", got, tt.edits)
			}
			if got := nearest.Slips(tt.a, tt.b); got != tt.slips {
				t.Errorf("%d slips, want %d", got, tt.slips)
			}
		})
	}
}

func TestDistanceProperties(t *testing.T) {
	word := rapid.StringOfN(rapid.SampledFrom([]rune("abc")), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")
		edits, slips := nearest.Edits(a, b), nearest.Slips(a, b)
		switch {
		case edits != nearest.Edits(b, a) || slips != nearest.Slips(b, a):
			t.Fatal("the way back is not as long")
		case (edits == 0) != (a == b) || (slips == 0) != (a == b):
			t.Fatal("only the same word is no step away")
		case slips > edits || edits > 2*slips:
			t.Fatalf("%d slips, %d edits", slips, edits)
		case edits > max(len(a), len(b)):
			t.Fatalf("%d edits are more than replacing everything", edits)
		case nearest.Edits(a, c) > edits+nearest.Edits(b, c):
			t.Fatal("a detour is shorter")
		}
	})
}
