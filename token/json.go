package token

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of the JSON that is read out of tokens and key sets. A token is written
// by whoever sends the request, so nothing in it may cost more than its length.
const (
	maxJSONDepth   = 32 // objects and arrays inside one another
	maxJSONNumber  = 64 // octets of one number
	manyNames      = 24 // names of one object that are compared one by one
	maxExponentLen = 4  // digits and sign of an exponent
)

// A jsonError is a fault in a JSON text and its offset in octets.
type jsonError struct {
	offset int
	what   string
}

func (e *jsonError) Error() string { return fmt.Sprintf("bad JSON at offset %d: %s", e.offset, e.what) }

// A jsonScanner walks one JSON text (RFC 8259), strictly: names twice in one
// object, invalid UTF-8, lone surrogates, and numbers beyond a float64 are
// errors, because two readers of such a text may understand two things (RFC 8725
// section 3.2, RFC 7515 section 4). It copies nothing but strings with escapes.
type jsonScanner struct {
	s     string
	i     int
	depth int
}

func (p *jsonScanner) fail(what string) error { return &jsonError{offset: p.i, what: what} }

func (p *jsonScanner) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

// peek is the first octet of the next token of the text, 0 at its end.
func (p *jsonScanner) peek() byte {
	p.space()
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

// end fails unless only white space is left.
func (p *jsonScanner) end() error {
	if p.space(); p.i < len(p.s) {
		return p.fail("something follows the value")
	}
	return nil
}

// names holds the names of one object and finds the second of a kind.
type names struct {
	few  [manyNames]string
	n    int
	many map[string]struct{}
}

// add is false if the name was there before.
func (n *names) add(name string) bool {
	if n.many != nil {
		if _, ok := n.many[name]; ok {
			return false
		}
		n.many[name] = struct{}{}
		return true
	}
	for _, old := range n.few[:n.n] {
		if old == name {
			return false
		}
	}
	if n.n < len(n.few) {
		n.few[n.n] = name
		n.n++
		return true
	}
	n.many = make(map[string]struct{}, 2*manyNames)
	for _, old := range n.few {
		n.many[old] = struct{}{}
	}
	n.many[name] = struct{}{}
	return true
}

// open reads the "{" of an object; member then reads its names one by one.
func (p *jsonScanner) open() error {
	if p.peek() != '{' {
		return p.fail("expected an object")
	}
	if p.depth++; p.depth > maxJSONDepth {
		return p.fail("nested too deep")
	}
	p.i++
	return nil
}

// member reads `"name" :` or the "}" that ends the object (then more is false).
func (p *jsonScanner) member(seen *names) (name string, more bool, err error) {
	c := p.peek()
	if c == '}' {
		p.i++
		p.depth--
		return "", false, nil
	}
	if seen.n > 0 {
		if c != ',' {
			return "", false, p.fail(`expected "," or "}"`)
		}
		p.i++
		c = p.peek()
	}
	if c != '"' {
		return "", false, p.fail("expected a name")
	}
	at := p.i
	if name, err = p.text(); err != nil {
		return "", false, err
	}
	if !seen.add(name) {
		p.i = at
		return "", false, p.fail("name " + quote(name) + " appears twice")
	}
	if p.peek() != ':' {
		return "", false, p.fail(`expected ":"`)
	}
	p.i++
	return name, true, nil
}

// skip reads any value, checks it, and forgets it.
func (p *jsonScanner) skip() error {
	switch c := p.peek(); {
	case c == '"':
		_, err := p.text()
		return err
	case c == '{':
		if err := p.open(); err != nil {
			return err
		}
		var seen names
		for {
			_, more, err := p.member(&seen)
			if err != nil || !more {
				return err
			}
			if err := p.skip(); err != nil {
				return err
			}
		}
	case c == '[':
		return p.array((*jsonScanner).skip)
	case c == '-' || '0' <= c && c <= '9':
		_, err := p.number()
		return err
	case c == 't':
		return p.word("true")
	case c == 'f':
		return p.word("false")
	case c == 'n':
		return p.word("null")
	case p.i >= len(p.s):
		return p.fail("it ends too early")
	}
	return p.fail("expected a value")
}

// array reads an array, each value by item.
func (p *jsonScanner) array(item func(*jsonScanner) error) error {
	if p.peek() != '[' {
		return p.fail("expected an array")
	}
	if p.depth++; p.depth > maxJSONDepth {
		return p.fail("nested too deep")
	}
	p.i++
	for first := true; ; first = false {
		c := p.peek()
		if c == ']' && first {
			break
		}
		if !first {
			if c == ']' {
				break
			}
			if c != ',' {
				return p.fail(`expected "," or "]"`)
			}
			p.i++
		}
		if err := item(p); err != nil {
			return err
		}
	}
	p.i++
	p.depth--
	return nil
}

func (p *jsonScanner) word(w string) error {
	if !strings.HasPrefix(p.s[p.i:], w) {
		return p.fail("expected a value")
	}
	p.i += len(w)
	return nil
}

// number = [ minus ] int [ frac ] [ exp ]   (RFC 8259 section 6)
//
// The exponent is bounded before the number is computed: the time that some
// readers need for 1e1000000000 is what makes it an attack.
func (p *jsonScanner) number() (string, error) {
	start := p.i
	digits := func() int {
		from := p.i
		for p.i < len(p.s) && '0' <= p.s[p.i] && p.s[p.i] <= '9' {
			p.i++
		}
		return p.i - from
	}
	at := func(c byte) bool { return p.i < len(p.s) && p.s[p.i] == c }
	if at('-') {
		p.i++
	}
	if at('0') {
		p.i++
	} else if digits() == 0 {
		return "", p.fail("expected a digit")
	}
	if at('.') {
		p.i++
		if digits() == 0 {
			return "", p.fail("expected a digit")
		}
	}
	exponent := at('e') || at('E')
	if exponent {
		p.i++
		from := p.i
		if at('+') || at('-') {
			p.i++
		}
		if digits() == 0 {
			return "", p.fail("expected a digit")
		}
		if p.i-from > maxExponentLen {
			p.i = start
			return "", p.fail("the number is out of range")
		}
	}
	text := p.s[start:p.i]
	if len(text) > maxJSONNumber {
		p.i = start
		return "", p.fail("the number is too long")
	}
	if exponent {
		if f, err := strconv.ParseFloat(text, 64); err != nil || math.IsInf(f, 0) {
			p.i = start
			return "", p.fail("the number is out of range")
		}
	}
	return text, nil
}

// text reads a string (RFC 8259 section 7).
func (p *jsonScanner) text() (string, error) {
	p.i++ // the quote
	start := p.i
	ascii := true
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			out := p.s[start:p.i]
			if !ascii && !utf8.ValidString(out) {
				return "", p.fail("the string is not UTF-8")
			}
			p.i++
			return out, nil
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return "", p.fail("control character in a string")
		case c >= utf8.RuneSelf:
			ascii = false
		}
		p.i++
	}
	return "", p.fail("the string does not end")
}

// escaped goes on where text met the first backslash.
func (p *jsonScanner) escaped(start int) (string, error) {
	var b strings.Builder
	b.WriteString(p.s[start:p.i])
	for p.i < len(p.s) {
		c := p.s[p.i]
		p.i++
		switch {
		case c == '"':
			if !utf8.ValidString(b.String()) {
				return "", p.fail("the string is not UTF-8")
			}
			return b.String(), nil
		case c < ' ':
			p.i--
			return "", p.fail("control character in a string")
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		if p.i >= len(p.s) {
			break
		}
		c = p.s[p.i]
		p.i++
		switch c {
		case '"', '\\', '/':
			b.WriteByte(c)
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r, err := p.hex4()
			if err != nil {
				return "", err
			}
			if utf16.IsSurrogate(r) {
				if !strings.HasPrefix(p.s[p.i:], `\u`) {
					return "", p.fail("half of a surrogate pair")
				}
				p.i += 2
				low, err := p.hex4()
				if err != nil {
					return "", err
				}
				if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
					return "", p.fail("half of a surrogate pair")
				}
			}
			b.WriteRune(r)
		default:
			p.i--
			return "", p.fail("unknown escape")
		}
	}
	return "", p.fail("the string does not end")
}

func (p *jsonScanner) hex4() (rune, error) {
	if len(p.s)-p.i < 4 {
		return 0, p.fail("the escape is too short")
	}
	var r rune
	for range 4 {
		c := p.s[p.i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, p.fail("expected a hexadecimal digit")
		}
		r = r<<4 | rune(c)
		p.i++
	}
	return r, nil
}

// checkJSONObject reads a whole text that must be one object.
func checkJSONObject(s string) error {
	p := jsonScanner{s: s}
	if p.peek() != '{' {
		return p.fail("expected an object")
	}
	if err := p.skip(); err != nil {
		return err
	}
	return p.end()
}

// maxQuoted bounds what a message repeats of what a stranger sent.
const maxQuoted = 80

// quote makes text safe for a log line: quoted, ASCII, bounded.
func quote(s string) string {
	if len(s) > maxQuoted {
		return strconv.QuoteToASCII(s[:maxQuoted]) + "..."
	}
	return strconv.QuoteToASCII(s)
}
