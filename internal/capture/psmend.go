package capture

import (
	"strings"
	"unicode/utf8"
)

// plainPower writes the quotes of a text as ' and ", its long dashes as - and its
// no-break spaces as spaces wherever PowerShell takes them for these: there a
// string that begins with one kind of double quotes ends with any other, and so
// for single ones. In calls of other programs the dash reaches the program as it
// is, so it stays.
func plainPower(text string, dashes bool) string {
	if !misprinted(text) {
		return text
	}
	p := powerMender{text: text, dashes: dashes}
	for p.at < len(text) {
		p.step()
	}
	return p.out.String()
}

type powerMender struct {
	text   string
	at     int
	out    strings.Builder
	dashes bool
	never  [2]bool // no here-string of that kind ends any more
}

// powerQuote is the kind of quote at a place, and how long it is. PowerShell
// knows all of them but U+201F.
func powerQuote(text string) (kind byte, length int) {
	r, n := utf8.DecodeRuneInString(text)
	switch r {
	case '\'', '"':
		return byte(r), 1
	case '\u201f':
		return 0, n
	}
	return quoteOf(r), n
}

func (p *powerMender) copy(n int) {
	p.out.WriteString(p.text[p.at : p.at+n])
	p.at += n
}

func (p *powerMender) step() {
	rest := p.text[p.at:]
	begins := p.at == 0 || strings.IndexByte(" \t\r\n(;|{", p.text[p.at-1]) >= 0
	r, n := utf8.DecodeRuneInString(rest)
	kind, _ := powerQuote(rest)
	switch {
	case r == '`':
		p.copy(min(2, len(rest)))
	case r == '#' && begins:
		p.upTo("\n")
	case strings.HasPrefix(rest, "<#"):
		p.upTo("#>")
	case r == '@' && p.hereString():
	case kind != 0:
		p.quoted(kind, n)
	case p.dashes && begins && (r == '\u2013' || r == '\u2014' || r == '\u2015'):
		p.out.WriteByte('-')
		p.at += n
	case r == '\u00a0':
		p.out.WriteByte(' ')
		p.at += n
	default:
		p.copy(n)
	}
}

func (p *powerMender) upTo(end string) {
	n := strings.Index(p.text[p.at:], end)
	if n < 0 {
		n = len(p.text) - p.at
	}
	p.copy(n)
}

// quoted reads a string up to the closing quote, which is any of its kind; two
// in a row are the second of them.
func (p *powerMender) quoted(kind byte, n int) {
	p.out.WriteByte(kind)
	p.at += n
	for p.at < len(p.text) {
		rest := p.text[p.at:]
		q, length := powerQuote(rest)
		switch {
		case kind == '"' && rest[0] == '`':
			p.copy(min(2, len(rest)))
		case kind == '"' && strings.HasPrefix(rest, "$("):
			p.copy(expansionEnd(rest, 0))
		case q != kind:
			p.copy(max(length, 1))
		default:
			p.at += length
			next, more := powerQuote(p.text[p.at:])
			if next != kind {
				p.out.WriteByte(kind)
				return
			}
			if p.text[p.at] == kind {
				p.out.WriteByte(kind) // doubled, as the reader expects it
			}
			p.copy(more)
		}
	}
}

// hereString reads @" or @' at the end of a line, up to a line that begins with
// the same and @.
func (p *powerMender) hereString() bool {
	kind, n := powerQuote(p.text[p.at+1:])
	rest := p.text[min(p.at+1+n, len(p.text)):]
	if kind == 0 || !strings.HasPrefix(rest, "\n") && !strings.HasPrefix(rest, "\r\n") {
		return false
	}
	none := &p.never[kind&1]
	for i := 0; i < len(rest) && !*none; i++ {
		if rest[i] != '\n' {
			continue
		}
		if end, length := powerQuote(rest[i+1:]); end == kind && strings.HasPrefix(rest[i+1+length:], "@") {
			p.out.WriteString("@" + string(rune(kind)) + rest[:i+1] + string(rune(kind)) + "@")
			p.at = len(p.text) - len(rest) + i + 1 + length + 1
			return true
		}
	}
	*none = true
	return false
}
