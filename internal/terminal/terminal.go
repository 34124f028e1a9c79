// Package terminal makes what a stranger wrote fit to be shown on a terminal.
//
// Start with [Line].
//
// It does not mask secrets.
package terminal

// Line is text on one line, without what steers a terminal or turns its direction
// around, and with at most this many characters.
func Line(text string, most int) string {
	out := make([]rune, 0, min(len(text), most))
	for _, r := range text {
		switch {
		case len(out) == most:
			return string(out) + "..."
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			out = append(out, ' ')
		default:
			out = append(out, r)
		}
	}
	return string(out)
}
