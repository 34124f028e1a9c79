package mock

import "strings"

// maxDiff bounds the lines on either side that are compared one by one.
const maxDiff = 1000

// diff shows how got differs from want: a line of its own for each line of
// both, with "-" for what is missing and "+" for what is too much.
func diff(want, got []string) string {
	if len(want) > maxDiff || len(got) > maxDiff {
		return count(len(got), "request") + " came, want " + count(len(want), "request")
	}
	// common[i][j] is how many lines want[i:] and got[j:] have in common, in
	// order.
	common := make([][]int, len(want)+1)
	for i := range common {
		common[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i] == got[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var lines []string
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			lines = append(lines, "    "+got[j])
			i++
			j++
		case j == len(got) || i < len(want) && common[i+1][j] >= common[i][j+1]:
			lines = append(lines, "  - "+want[i])
			i++
		default:
			lines = append(lines, "  + "+got[j])
			j++
		}
	}
	return strings.Join(lines, "\n")
}
