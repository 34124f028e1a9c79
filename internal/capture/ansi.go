package capture

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// ansi reads the inside of $'...' as bash does.
func (r *posixReader) ansi(b *strings.Builder) error {
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '\'':
			return nil
		case c != '\\' || r.at >= len(r.text):
			b.WriteByte(c)
		default:
			r.escape(b)
		}
	}
	return r.unterminated("$'")
}

func (r *posixReader) escape(b *strings.Builder) {
	c := r.text[r.at]
	r.at++
	switch c {
	case 'a':
		b.WriteByte(7)
	case 'b':
		b.WriteByte(8)
	case 'e', 'E':
		b.WriteByte(27)
	case 'f':
		b.WriteByte(12)
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'v':
		b.WriteByte(11)
	case '\\', '\'', '"', '?':
		b.WriteByte(c)
	case 'x':
		r.number(b, c, 16, 2, false)
	case 'u':
		r.number(b, c, 16, 4, true)
	case 'U':
		r.number(b, c, 16, 8, true)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		r.at--
		r.number(b, c, 8, 3, false)
	default:
		b.WriteByte('\\')
		b.WriteByte(c)
	}
}

// number reads up to most digits and writes the octet or the character.
func (r *posixReader) number(b *strings.Builder, letter byte, base, most int, character bool) {
	end := r.at
	for end < len(r.text) && end-r.at < most {
		if _, err := strconv.ParseUint(r.text[end:end+1], base, 8); err != nil {
			break
		}
		end++
	}
	value, err := strconv.ParseUint(r.text[r.at:end], base, 32)
	if err != nil {
		b.WriteByte('\\')
		b.WriteByte(letter)
		return
	}
	r.at = end
	if !character {
		b.WriteByte(byte(value))
		return
	}
	if value > utf8.MaxRune {
		value = utf8.RuneError
	}
	b.WriteRune(rune(value))
}
