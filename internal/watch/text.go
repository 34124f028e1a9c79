package watch

import (
	"encoding/binary"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// clean writes out whatever could disguise a line or command a terminal: control
// characters (C0 and C1), bidirectional marks, and octets that are no UTF-8.
func clean(s string) string {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return string(appendClean(make([]byte, 0, len(s)+16), s))
		}
	}
	return s
}

func appendClean(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, r < ' ', r == 0x7f:
			b = append(b, '\\', 'x', hex[s[i]>>4], hex[s[i]&15])
		case unicode.IsPrint(r):
			b = append(b, s[i:i+n]...)
		default:
			q := strconv.QuoteRuneToASCII(r)
			b = append(b, q[1:len(q)-1]...)
		}
		i += n
	}
	return b
}

// appendJSON writes s, cleaned, as a JSON string (RFC 8259 section 7).
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	n := len(b)
	if b = append(b, s...); !harmless(b[n:]) {
		return appendJSONSlowly(b[:n], s)
	}
	return append(b, '"')
}

// harmless tells whether b is what a JSON string holds as it is, and clean leaves
// as it is. It looks at eight octets at a time: everything in a line comes by here.
func harmless(b []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		// Subtracting borrows the top bit of each octet that is too small.
		odd := x - ' '*ones
		odd |= x ^ '"'*ones - ones
		odd |= x ^ '\\'*ones - ones
		odd |= x ^ 0x7f*ones - ones
		if (odd&^x|x)&tops != 0 {
			return false
		}
	}
	for _, c := range b {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func appendJSONSlowly(b []byte, s string) []byte {
	s = clean(s)
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// appendWord writes s, cleaned, in at least width columns; "-" for nothing.
func appendWord(b []byte, s string, width int) []byte {
	if s == "" {
		s = "-"
	}
	s = clean(s)
	b = append(b, s...)
	for n := utf8.RuneCountInString(s); n < width; n++ {
		b = append(b, ' ')
	}
	return append(b, ' ', ' ')
}
