package capture

import (
	"strings"
	"unicode/utf8"
)

// Misprint is a character in a command that a chat, a word processor or a web
// page put where somebody typed another: the shell, or curl, does not take it for
// that one. The request is read as it was meant all the same.
type Misprint struct {
	Kind MisprintKind
	// Rune is the first of them.
	Rune rune
	// Line and Octet say where it stands, both counted from 1; 0 if unknown.
	Line, Octet int
	// Text is what stands around it, without what could be secret, and At the
	// offset of the character in it.
	Text string
	At   int
}

// MisprintKind says what a Misprint should have been.
type MisprintKind string

// Kinds of misprints.
const (
	MisprintQuote MisprintKind = "quote" // ' or "
	MisprintDash  MisprintKind = "dash"  // - or --
	MisprintSpace MisprintKind = "space" // a space, or nothing at all
	MisprintLine  MisprintKind = "line"  // a backslash at the very end of the line
)

// quoteOf is the plain quote that a typographic one stands for; 0 if it is none.
func quoteOf(r rune) byte {
	switch r {
	case '\u2018', '\u2019', '\u201a', '\u201b':
		return '\''
	case '\u201c', '\u201d', '\u201e', '\u201f':
		return '"'
	}
	return 0
}

// opening tells the quotes that stand at the beginning of what they quote.
func opening(r rune) bool { return r != '\u2019' && r != '\u201d' }

// longDash knows what is put in place of - and --.
func longDash(r rune) bool {
	switch r {
	case '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2015', '\u2212':
		return true
	}
	return false
}

// oddSpace knows spaces that are none for a shell, and what has no width at all.
func oddSpace(r rune) bool {
	switch r {
	case '\u00a0', '\u2002', '\u2003', '\u2007', '\u2009', '\u202f', '\u3000':
		return true
	}
	return noWidth(r)
}

func noWidth(r rune) bool {
	switch r {
	case '\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u2060', '\ufeff':
		return true
	}
	return false
}

// misprinted tells that there may be something to mend in a text.
func misprinted(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r > 0x7f && (quoteOf(r) != 0 || longDash(r) || oddSpace(r)) })
}

// misprint makes one of the character at the offset of a text.
func misprint(kind MisprintKind, text string, at int) *Misprint {
	r, n := utf8.DecodeRuneInString(text[at:])
	m := &Misprint{Kind: kind, Rune: r, Line: strings.Count(text[:at], "\n") + 1}
	m.Octet = at - strings.LastIndexByte(text[:at], '\n')
	before, after := wordsBefore(text[:at]), wordAfter(text[at+n:])
	m.Text, m.At = before+text[at:at+n]+after, len(before)
	return m
}

// wordsBefore is the option, or the name of the program, that stands before a
// place. Anything else could be a secret.
func wordsBefore(text string) string {
	line := text[strings.LastIndexByte(text, '\n')+1:]
	if len(line) > 80 {
		line = line[len(line)-80:]
	}
	glued := line
	if i := strings.LastIndexAny(line, " \t"); i >= 0 {
		glued = line[i+1:]
	}
	words := strings.Fields(line[:len(line)-len(glued)])
	switch {
	case glued != "" && !optionName(strings.TrimSuffix(glued, "=")):
		return "…"
	case glued != "" || len(words) == 0:
		return glued
	}
	last := words[len(words)-1]
	if !optionName(last) && !curlProgram(last) && !httpieProgram(last) {
		return "… "
	}
	return last + " "
}

// optionName knows -H and --header; more letters behind a single - could be a
// value.
func optionName(word string) bool {
	name, long := strings.CutPrefix(word, "--")
	if !long {
		name = strings.TrimPrefix(word, "-")
		return len(word) == 2 && len(name) == 1 && isLetter(name[0])
	}
	return name != "" && len(name) < 30 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}

// wordAfter is the name of a field, of an option or of a scheme that stands
// behind a place, and whether there is more.
func wordAfter(text string) string {
	end := 0
	for end < len(text) && end <= 40 && (isNameByte(text[end]) || text[end] == '-') {
		end++
	}
	name := text[:end]
	switch rest := text[end:]; {
	case strings.TrimSpace(text) == "", name == "" && strings.IndexAny(rest, "\r\n") == 0:
		return ""
	case strings.HasPrefix(rest, "://"):
		return name + "://…"
	case strings.HasPrefix(rest, ":") && knownField(name):
		return name + ": …"
	}
	if _, ok := newCurlTable().long(strings.TrimLeft(name, "-")); ok || len(name) == 1 && isLetter(name[0]) && (end == len(text) || blank(text[end])) {
		return name + " …"
	}
	return "…"
}
