package explain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// glyph is what is shown for one piece of the raw text.
type glyph struct {
	offset int // of its first octet in the raw text
	text   string
	width  int
	raw    bool // shown as it is, not escaped
}

// glyphs takes raw octets apart. What cannot be seen, or could move the cursor,
// change direction or colour of a terminal, is shown as an escape.
func glyphs(raw string) []glyph {
	out := make([]glyph, 0, len(raw))
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRuneInString(raw[i:])
		g := glyph{offset: i, text: raw[i : i+n], raw: true}
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			g.text, g.raw = map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`}[r], false
		case r == utf8.RuneError && n == 1, r < ' ', r == 0x7f:
			g.text, g.raw = fmt.Sprintf(`\x%02x`, raw[i]), false
		case !unicode.IsPrint(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			// Format characters, combining marks and odd spaces among them.
			g.text, g.raw = fmt.Sprintf(`\u{%x}`, r), false
		}
		g.width = len(g.text)
		if g.raw {
			g.width = runeWidth(r)
		}
		out = append(out, g)
		i += n
	}
	return out
}

// Visible returns the text with everything that cannot be seen escaped.
func Visible(raw string) string {
	var b strings.Builder
	for _, g := range glyphs(raw) {
		b.WriteString(g.text)
	}
	return b.String()
}

// visibleLines is Visible that keeps line breaks.
func visibleLines(raw string) string {
	lines := strings.Split(raw, "\n")
	for i := range lines {
		lines[i] = Visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

// wide are the ranges of characters that take two columns (Unicode Standard
// Annex 11, W and F), roughly.
var wide = [...][2]rune{
	{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60},
	{0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
}

func runeWidth(r rune) int {
	for _, w := range wide {
		if w[0] <= r && r <= w[1] {
			return 2
		}
	}
	return 1
}

// textWidth is the number of columns of text that needs no escapes.
func textWidth(text string) int {
	n := 0
	for _, r := range text {
		n += runeWidth(r)
	}
	return n
}

// caret shows the line that holds the octet at offset with a mark below it.
func (s Style) caret(indent, raw string, offset int) string { return s.Mark(indent, raw, offset, 1) }

// Mark shows the line that holds length octets at offset with a mark below
// them. Without a length, the mark is where something is missing. A long line is
// cut on both sides; the beginning of the mark stays in view.
func (s Style) Mark(indent, raw string, offset, length int) string {
	all := glyphs(raw)
	at := len(all)
	for i, g := range all {
		if g.offset > offset {
			break
		}
		if offset < len(raw) {
			at = i
		}
	}
	room := s.columns() - len(indent) - 2
	from, to := window(all, at, room)
	var line, mark strings.Builder
	column := 0
	if from > 0 {
		line.WriteString(s.Faint("…"))
		column = 1
	}
	for i := from; i < to; i++ {
		marked := i == at || i > at && all[i].offset < offset+length
		switch {
		case i < at:
			column += all[i].width
		case marked:
			mark.WriteString(strings.Repeat("^", max(all[i].width, 1)))
		}
		switch {
		case marked:
			line.WriteString(s.Red(all[i].text))
		case all[i].raw:
			line.WriteString(all[i].text)
		default:
			line.WriteString(s.Faint(all[i].text))
		}
	}
	if mark.Len() == 0 {
		mark.WriteByte('^')
	}
	if to < len(all) {
		line.WriteString(s.Faint("…"))
	}
	return indent + line.String() + "\n" + indent + strings.Repeat(" ", column) + s.Red(mark.String()) + "\n"
}

// Pairs lays out names and values in two columns.
func (s Style) Pairs(indent string, rows [][2]string) string { return s.pairs(indent, rows) }

// Columns is the usable width.
func (s Style) Columns() int { return s.columns() }

// TextWidth is the number of columns that a text takes that needs no escapes.
func TextWidth(text string) int { return textWidth(text) }

// window chooses which glyphs to show: about two thirds of the room before the
// mark, where what went wrong began.
func window(all []glyph, at, room int) (from, to int) {
	total := 0
	for _, g := range all {
		total += g.width
	}
	if total <= room {
		return 0, len(all)
	}
	before := 0
	for from = at; from > 0 && before+all[from-1].width <= room*2/3; from-- {
		before += all[from-1].width
	}
	used := before
	for to = at; to < len(all) && used+all[to].width <= room; to++ {
		used += all[to].width
	}
	for from > 0 && used+all[from-1].width <= room {
		from--
		used += all[from].width
	}
	return from, to
}
