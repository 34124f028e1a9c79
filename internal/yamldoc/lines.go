package yamldoc

import (
	"regexp"
	"strings"
)

// breaks are what the reader of YAML takes for the end of a line: those of YAML
// 1.1 §5.4, of which an editor may show the last three as a character.
var breaks = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

// Split is the lines of a text under the numbers that the reader of YAML gives them,
// from 1 on.
func Split(text string) []string { return strings.Split(oneBreak(text), "\n") }

// oneBreak is a text whose every line ends in "\n" and stands under the number that
// the reader of YAML gives it.
func oneBreak(text string) string {
	if !strings.ContainsAny(text, "\r\u0085\u2028\u2029") {
		return text
	}
	return breaks.ReplaceAllString(text, "\n")
}
