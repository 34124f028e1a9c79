package explain

import (
	"strings"
	"unicode/utf8"
)

// Style says how text is laid out. The zero value is plain text of 80 columns.
type Style struct {
	// Color switches on ANSI colours.
	Color bool
	// Width is the number of columns; 0 means 80.
	Width int
}

// columns is the usable width. Very wide lines are hard to read, very narrow
// ones cannot hold a word of the catalogue.
func (s Style) columns() int {
	if s.Width == 0 {
		return 80
	}
	return min(max(s.Width, 40), 100)
}

// The colours: few, and none that carries meaning alone.
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	yellow = "33"
	cyan   = "36"
)

func (s Style) paint(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold sets text off.
func (s Style) Bold(text string) string { return s.paint(bold, text) }

// Faint puts text into the background.
func (s Style) Faint(text string) string { return s.paint(faint, text) }

// Red is for what is wrong.
func (s Style) Red(text string) string { return s.paint(red, text) }

// Yellow is for what deserves a look.
func (s Style) Yellow(text string) string { return s.paint(yellow, text) }

// Wrap breaks a paragraph into lines that begin with indent. What stands
// between backquotes is literal and set off in colour.
func (s Style) Wrap(indent, text string) string {
	var b strings.Builder
	limit := s.columns() - utf8.RuneCountInString(indent)
	column := 0
	for i, word := range strings.Fields(together(text)) {
		word = strings.ReplaceAll(word, glue, " ")
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
			b.WriteString(indent)
		case column+1+n > limit:
			b.WriteString("\n" + indent)
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
	return s.literal(b.String())
}

// glue stands for a space at which no line ends.
const glue = "\x00"

// together keeps short literals, such as commands, on one line.
func together(text string) string {
	parts := strings.Split(text, "`")
	for i := 1; i+1 < len(parts); i += 2 {
		if len(parts[i]) < 56 {
			parts[i] = strings.ReplaceAll(parts[i], " ", glue)
		}
	}
	return strings.Join(parts, "`")
}

// literal colours what stands between backquotes, and drops those for the colour.
func (s Style) literal(text string) string {
	if !s.Color || strings.Count(text, "`")%2 != 0 {
		return text
	}
	parts := strings.Split(text, "`")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = s.paint(cyan, parts[i])
	}
	return strings.Join(parts, "")
}

// pairs lays out names and values in two columns.
func (s Style) pairs(indent string, rows [][2]string) string {
	width := 0
	for _, r := range rows {
		width = max(width, textWidth(r[0]))
	}
	var b strings.Builder
	for _, r := range rows {
		gap := strings.Repeat(" ", width-textWidth(r[0])+2)
		b.WriteString(strings.TrimRight(indent+s.Faint(r[0])+gap+r[1], " ") + "\n")
	}
	return b.String()
}
