package capture

import (
	"strings"
	"unicode/utf8"
)

// mender puts plain quotes, dashes and spaces where a text has typographic ones
// that its shell does not take for them. What stands within plain quotes is meant
// to be sent, and stays.
type mender struct {
	shell  dialect
	httpie bool
	text   string
	at     int
	out    strings.Builder
	first  *Misprint
	either bool // a typographic quote may close what a plain one opened
	broken bool // a plain quote was not closed
	table  *curlTable
	budget int // octets that may still be looked at in search of the end of a quote
}

// mend returns the text as it was meant, and the first character that is not
// what it was meant to be; nil if there is none.
func mend(shell dialect, text string) (string, *Misprint) {
	if !misprinted(text) && (shell != posix || !strings.Contains(strings.TrimSpace(text), "\n")) {
		return text, nil
	}
	m := mender{shell: shell, text: text}
	m.run()
	if m.broken {
		// “...": then a typographic quote may stand at the other end.
		again := mender{shell: shell, text: text, either: true}
		if again.run(); !again.broken {
			m = again
		}
	}
	if m.first == nil {
		return text, nil
	}
	return m.out.String(), m.first
}

func (m *mender) run() {
	m.budget = 8*len(m.text) + 64<<10
	m.httpie = httpieProgram(firstWord(m.text))
	for m.at < len(m.text) {
		c := m.text[m.at]
		kind, _ := powerQuote(m.text[m.at:])
		switch {
		case m.shell == posix && (c == '\\' || c == '\n') && m.brokenLine():
		case c == '\\' && m.shell == posix, c == '`' && m.shell == powerShell:
			m.copy(min(2, len(m.text)-m.at))
		case kind != 0 && m.shell == powerShell:
			m.power(kind)
		case c == '"', c == '\'' && m.shell != cmdExe, c == '`' && m.shell == javaScript:
			m.plain(c)
		case m.shell == posix && strings.HasPrefix(m.text[m.at:], "<<"), m.shell == posix && c == '#' && m.begins(),
			m.shell == javaScript && strings.HasPrefix(m.text[m.at:], "//"):
			end := strings.IndexByte(m.text[m.at:], '\n')
			if end < 0 || c == '<' {
				end = len(m.text) - m.at // a here-document
			}
			m.copy(end)
		case c < utf8.RuneSelf:
			m.copy(1)
		default:
			m.odd()
		}
	}
}

// brokenLine joins two lines of one command that the shell takes for two: there
// is no backslash at the end of the first, or something behind it.
func (m *mender) brokenLine() bool {
	rest := m.text[m.at:]
	end := strings.IndexByte(rest, '\n')
	if end < 0 || rest[0] == '\\' && (end < 2 || strings.Trim(rest[1:end], " \t\r") != "" || end == 2 && rest[1] == '\r') {
		return false
	}
	if rest[0] == '\n' {
		next := strings.TrimLeft(rest[1:min(len(rest), 200)], " \t")
		line := m.text[strings.LastIndexByte(m.text[:m.at], '\n')+1 : m.at]
		name := strings.TrimPrefix(strings.TrimPrefix(next, "-"), "-")
		option := len(name) < len(next) && name != "" && isLetter(name[0]) && !strings.HasSuffix(strings.TrimSuffix(line, "\r"), `\`)
		// Only where the line itself calls curl, or goes on with its options.
		if !option || len(line) > 4<<10 || strings.ContainsAny(line, "|;<>&") || !strings.Contains(line, "curl ") && !strings.HasPrefix(strings.TrimSpace(line), "-") {
			return false
		}
	}
	m.guilty(MisprintLine, m.at)
	m.out.WriteByte(' ')
	m.at += end + 1
	return true
}

func (m *mender) copy(n int) {
	m.out.WriteString(m.text[m.at : m.at+n])
	m.at += n
}

// begins tells that a word begins here.
func (m *mender) begins() bool { return m.at == 0 || blank(m.text[m.at-1]) }

// guilty remembers the first.
func (m *mender) guilty(kind MisprintKind, at int) {
	if m.first == nil {
		m.first = misprint(kind, m.text, at)
	}
}

// plain copies what plain quotes hold.
func (m *mender) plain(quote byte) {
	if m.either {
		if end, n := m.end(m.at+1, quote); end > 0 {
			if m.text[end] != quote {
				m.guilty(MisprintQuote, end)
			}
			m.region(m.at+1, end, n, quote)
			return
		}
	}
	for i := m.at + 1; i < len(m.text); i++ {
		switch c := m.text[i]; {
		case c == '\\' && (quote != '\'' || m.shell == javaScript):
			i++
		case c == quote:
			m.copy(i + 1 - m.at)
			return
		}
	}
	m.broken = true
	m.copy(len(m.text) - m.at)
}

// power copies a string of PowerShell, which takes typographic quotes as they are.
func (m *mender) power(kind byte) {
	_, n := powerQuote(m.text[m.at:])
	for m.copy(n); m.at < len(m.text); {
		q, length := powerQuote(m.text[m.at:])
		if q == 0 && m.text[m.at] == '`' {
			length = min(2, len(m.text)-m.at)
		}
		m.copy(max(length, 1))
		if q == kind {
			return
		}
	}
}

// odd reads a character beyond ASCII that stands in no quotes.
func (m *mender) odd() {
	r, n := utf8.DecodeRuneInString(m.text[m.at:])
	before, _ := utf8.DecodeLastRuneInString(m.text[:m.at])
	after, _ := utf8.DecodeRuneInString(m.text[m.at+n:])
	switch {
	case quoteOf(r) == '\'' && alphanumericRune(before) && alphanumericRune(after) && !m.option():
		m.copy(n) // an apostrophe
	case quoteOf(r) != 0:
		m.guilty(MisprintQuote, m.at)
		if opening(r) || !alphanumericRune(before) || m.option() {
			if end, length := m.end(m.at+n, quoteOf(r)); end > 0 {
				m.region(m.at+n, end, length, quoteOf(r))
				return
			}
		}
		m.at += n
	case m.shell == javaScript:
		m.copy(n)
	case longDash(r) && m.leads():
		m.dash()
	case oddSpace(r):
		m.guilty(MisprintSpace, m.at)
		if m.at += n; !noWidth(r) {
			m.out.WriteByte(' ')
		}
	default:
		m.copy(n)
	}
}

func alphanumericRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// option tells that the word here is an option so far.
func (m *mender) option() bool {
	before := m.text[max(0, m.at-40):m.at]
	word := before[strings.LastIndexAny(before, " \t\n")+1:]
	return strings.HasPrefix(word, "-")
}

// leads tells that an option may begin here: at a word, or behind a dash that
// begins one.
func (m *mender) leads() bool {
	return m.begins() || m.text[m.at-1] == '-' && (m.at == 1 || blank(m.text[m.at-2]))
}

// dash writes - or --, whatever of both was typed.
func (m *mender) dash() {
	start, count := m.at, 0
	if m.at > 0 && m.text[m.at-1] == '-' {
		count++
	}
	end := m.at
	for end < len(m.text) {
		r, n := utf8.DecodeRuneInString(m.text[end:])
		if r != '-' && !longDash(r) {
			break
		}
		end += n
		count++
	}
	if end == len(m.text) || !isLetter(m.text[end]) {
		m.copy(end - m.at) // it stands for itself
		return
	}
	m.guilty(MisprintDash, start)
	name := m.text[end:]
	if i := strings.IndexAny(name, " \t\n="); i >= 0 {
		name = name[:i]
	}
	if m.table == nil {
		m.table = newCurlTable()
	}
	_, long := m.table.long(name)
	_, short := m.table.letters[name[0]]
	dashes := "-"
	if count > 1 || long || len(name) > 1 && (m.httpie || !short) {
		dashes = "--"
	}
	if start > 0 && m.text[start-1] == '-' {
		dashes = dashes[1:]
	}
	m.out.WriteString(dashes)
	m.at = end
}

// end is where a quote of that kind closes that opened before i, and how long
// the closing one is; 0 if it does not. It closes at the end of a word; a plain
// one counts where the next typographic one opens another.
func (m *mender) end(i int, kind byte) (at, length int) {
	plain, loose, looseLength := 0, 0, 0
	for m.budget > 0 && i < len(m.text) {
		r, n := utf8.DecodeRuneInString(m.text[i:])
		m.budget -= n
		switch {
		case r == '\\' && kind == '"':
			n = min(n+1, len(m.text)-i)
		case quoteOf(r) == kind && m.endsWord(i+n):
			return i, n
		case quoteOf(r) == kind && opening(r) && plain > 0:
			return plain, 1
		case quoteOf(r) == kind && loose == 0:
			loose, looseLength = i, n
		case r == rune(kind) && m.endsWord(i+1):
			if m.either {
				return i, 1
			}
			if plain == 0 {
				plain = i
			}
		}
		i += n
	}
	if plain > 0 {
		return plain, 1
	}
	return loose, looseLength
}

// endsWord tells that a word can end here.
func (m *mender) endsWord(i int) bool {
	if i >= len(m.text) || blank(m.text[i]) || strings.IndexByte(";|&)<>", m.text[i]) >= 0 {
		return true
	}
	if r, _ := utf8.DecodeRuneInString(m.text[i:]); oddSpace(r) {
		return true
	}
	return m.shell == javaScript && strings.IndexByte(",:]}+", m.text[i]) >= 0
}

// region writes what typographic quotes hold within plain ones. Whatever changed
// those changed the quotes within, too.
func (m *mender) region(from, to, closing int, kind byte) {
	quote, escaped := kind, `'\''`
	switch {
	case m.shell == cmdExe:
		quote, escaped = '"', `\"`
	case kind == '"':
		escaped = `\"`
	case m.shell == javaScript:
		escaped = `\'`
	}
	m.out.WriteByte(quote)
	for i := from; i < to; {
		r, n := utf8.DecodeRuneInString(m.text[i:to])
		switch q := quoteOf(r); {
		case r == '\\' && quote == '"' && i+1 < to:
			next, more := utf8.DecodeRuneInString(m.text[i+1 : to])
			if n += more; quoteOf(next) != 0 {
				m.out.WriteString(`\` + string(rune(quoteOf(next))))
			} else {
				m.out.WriteString(m.text[i : i+n])
			}
		case r == rune(quote), q == quote:
			m.out.WriteString(escaped)
		case q != 0:
			m.out.WriteByte(q)
		default:
			m.out.WriteString(m.text[i : i+n])
		}
		i += n
	}
	m.out.WriteByte(quote)
	m.at = to + closing
}

// mendArgs mends what a shell has taken apart already: it cut at the spaces
// within typographic quotes. What held a space or a quote was in plain quotes.
func mendArgs(args []string) ([]string, *Misprint) {
	var b strings.Builder
	for i, arg := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		if strings.ContainsAny(arg, " \t\r\n'\"\\$`;|&<>()#") || arg == "" {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		b.WriteString(arg)
	}
	text, wrong := mend(posix, b.String())
	if wrong == nil {
		return args, nil
	}
	statements, err := splitPosix(text)
	if err != nil || len(statements) != 1 {
		return args, nil
	}
	wrong.Line, wrong.Octet = 0, 0 // the command was another one for the shell
	args = nil
	for _, w := range statements[0].words {
		args = append(args, w.text)
	}
	return args, wrong
}
