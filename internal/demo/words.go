package demo

import "strconv"

// inGroup are the rows of one group.
func (p *Page) inGroup(group string) []Row {
	var rows []Row
	for _, row := range p.Rows() {
		if row.Group == group {
			rows = append(rows, row)
		}
	}
	return rows
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// score says how many rows were answered as they should be.
func score(all []Result) string {
	good := 0
	for _, res := range all {
		if res.Expected {
			good++
		}
	}
	if good == len(all) {
		return "All " + strconv.Itoa(good) + " were answered as expected."
	}
	return strconv.Itoa(good) + " of " + strconv.Itoa(len(all)) + " were answered as expected. The others are open below."
}
