package capture

import (
	"strings"
)

// posixReader splits a text as sh and bash do (POSIX.1 XCU section 2.2 and
// 2.3; $'...' as bash).
type posixReader struct {
	text  string
	at    int
	vars  map[string]string
	grown int // octets that variables added
	out   []statement
	now   statement
	piped bool
	glued bool
	docs  []heredoc
}

type heredoc struct {
	end    string
	indent bool // <<- drops leading tabs
	raw    bool // the end was quoted: nothing is expanded
}

// splitPosix returns the commands of the text. Variables that the text itself
// assigns are resolved.
func splitPosix(text string) ([]statement, error) {
	r := posixReader{text: strings.ReplaceAll(text, "\r\n", "\n"), vars: map[string]string{}}
	for r.at < len(r.text) {
		if err := r.step(); err != nil {
			return nil, err
		}
	}
	r.end(false)
	return r.out, nil
}

// step reads one separator or one word.
func (r *posixReader) step() error {
	switch c := r.text[r.at]; c {
	case ' ', '\t', '\r':
		r.at++
	case '\\':
		if strings.HasPrefix(r.text[r.at:], "\\\n") {
			r.at += 2
			return nil
		}
		return r.word()
	case '\n':
		r.at++
		r.end(false)
		r.documents()
	case ';', '(', ')':
		r.at++
		r.end(false)
	case '&':
		r.at++
		if strings.HasPrefix(r.text[r.at:], ">") {
			return nil // &> is a redirection
		}
		glued := r.at > 1 && !blank(r.text[r.at-2]) && r.at < len(r.text) && r.text[r.at] != '&' && !blank(r.text[r.at])
		r.at += len(r.text[r.at:]) - len(strings.TrimPrefix(r.text[r.at:], "&"))
		r.end(false)
		r.glued = glued
	case '|':
		r.at++
		pipe := !strings.HasPrefix(r.text[r.at:], "|")
		r.at += len(r.text[r.at:]) - len(strings.TrimLeft(r.text[r.at:], "|&"))
		r.end(pipe)
	case '#':
		if i := strings.IndexByte(r.text[r.at:], '\n'); i >= 0 {
			r.at += i
		} else {
			r.at = len(r.text)
		}
	case '<', '>':
		return r.redirect()
	default:
		return r.word()
	}
	return nil
}

// end closes a statement; one that only assigns is remembered.
func (r *posixReader) end(pipe bool) {
	now := r.now
	r.now = statement{}
	if len(now.words) > 0 {
		now.piped, now.glued = r.piped, r.glued
		r.out = append(r.out, now)
		r.assign(now)
	}
	r.piped, r.glued = pipe, false
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func (r *posixReader) assign(s statement) {
	words := s.words
	if words[0].text == "export" {
		words = words[1:]
	}
	for _, w := range words {
		name, value, ok := strings.Cut(w.text, "=")
		if !ok || !isIdentifier(name) {
			return // the rest is a command: its assignments are for its own environment
		}
		if len(w.open) == 0 && len(words) == len(s.words) || words[0].text != s.words[0].text {
			r.vars[name] = value
		}
	}
}

// redirect passes over a redirection, or keeps a here-document.
func (r *posixReader) redirect() error {
	rest := r.text[r.at:]
	switch {
	case strings.HasPrefix(rest, "<<<"):
		r.at += 3
		r.blanks()
		w, err := r.one()
		r.now.input, r.now.hasInput = w.text+"\n", true
		return err
	case strings.HasPrefix(rest, "<<"):
		r.at += 2
		d := heredoc{}
		if strings.HasPrefix(r.text[r.at:], "-") {
			d.indent = true
			r.at++
		}
		r.blanks()
		start := r.at
		w, err := r.one()
		d.end, d.raw = w.text, strings.ContainsAny(r.text[start:r.at], `'"\`)
		r.docs = append(r.docs, d)
		return err
	}
	r.at += len(rest) - len(strings.TrimLeft(rest, "<>&|"))
	r.blanks()
	_, err := r.one()
	return err
}

// documents reads the here-documents that the line before announced.
func (r *posixReader) documents() {
	for _, d := range r.docs {
		var body strings.Builder
		for r.at < len(r.text) {
			line, rest, _ := strings.Cut(r.text[r.at:], "\n")
			r.at = len(r.text) - len(rest)
			if d.indent {
				line = strings.TrimLeft(line, "\t")
			}
			if line == d.end {
				break
			}
			body.WriteString(line + "\n")
		}
		if n := len(r.out); n > 0 {
			r.out[n-1].input, r.out[n-1].hasInput = body.String(), true
		}
	}
	r.docs = nil
}

func (r *posixReader) blanks() {
	for r.at < len(r.text) && (r.text[r.at] == ' ' || r.text[r.at] == '\t') {
		r.at++
	}
}

func (r *posixReader) word() error {
	start := r.at
	w, err := r.one()
	if err != nil {
		return err
	}
	// The number of a file before a redirection is no argument: 2>&1.
	if r.at < len(r.text) && (r.text[r.at] == '>' || r.text[r.at] == '<') && strings.Trim(r.text[start:r.at], "0123456789") == "" {
		return nil
	}
	if r.at == start {
		r.at++ // never stand still
		return nil
	}
	r.now.words = append(r.now.words, w)
	return nil
}

// one reads one word.
func (r *posixReader) one() (word, error) {
	var b strings.Builder
	var open []string
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch {
		case strings.IndexByte(" \t\n;&|<>()", c) >= 0:
			return word{b.String(), open}, nil
		case c == '\'':
			end := strings.IndexByte(r.text[r.at+1:], '\'')
			if end < 0 {
				return word{}, r.unterminated("a single quote")
			}
			b.WriteString(r.text[r.at+1 : r.at+1+end])
			r.at += end + 2
		case c == '"':
			r.at++
			if err := r.double(&b, &open); err != nil {
				return word{}, err
			}
		case strings.HasPrefix(r.text[r.at:], "$'"):
			r.at += 2
			if err := r.ansi(&b); err != nil {
				return word{}, err
			}
		case c == '\\':
			r.at++
			if r.at < len(r.text) {
				if r.text[r.at] != '\n' {
					b.WriteByte(r.text[r.at])
				}
				r.at++
			}
		case c == '$' || c == '`':
			if err := r.expand(&b, &open); err != nil {
				return word{}, err
			}
		default:
			b.WriteByte(c)
			r.at++
		}
	}
	return word{b.String(), open}, nil
}

// double reads up to the closing double quote; a backslash escapes only
// $ ` " \ and the end of a line there.
func (r *posixReader) double(b *strings.Builder, open *[]string) error {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; c {
		case '"':
			r.at++
			return nil
		case '\\':
			r.at++
			if r.at >= len(r.text) {
				continue
			}
			if next := r.text[r.at]; strings.IndexByte("$`\"\\", next) >= 0 {
				b.WriteByte(next)
			} else if next != '\n' {
				b.WriteByte('\\')
				b.WriteByte(next)
			}
			r.at++
		case '$', '`':
			if err := r.expand(b, open); err != nil {
				return err
			}
		default:
			b.WriteByte(c)
			r.at++
		}
	}
	return r.unterminated("a double quote")
}

// expand reads $NAME, ${NAME...}, $(...) or `...`.
func (r *posixReader) expand(b *strings.Builder, open *[]string) error {
	start, end := r.at, expansionEnd(r.text, r.at)
	source := r.text[start:end]
	r.at = end
	if source == "$" {
		b.WriteByte('$')
		return nil
	}
	name := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(source, "$"), "{"), "}")
	name, _, _ = strings.Cut(name, ":")
	if value, ok := r.vars[name]; ok {
		// A text can double a variable again and again.
		if r.grown += len(value); r.grown > MaxText {
			return &SizeError{What: "command", Max: MaxText}
		}
		b.WriteString(value)
		return nil
	}
	b.WriteString(source)
	*open = append(*open, source)
	return nil
}

// expansionEnd is where the expansion at the $ or ` ends; a $ that begins none
// ends at once.
func expansionEnd(s string, at int) int {
	rest := s[at:]
	closing := func(open, shut byte) int {
		depth := 0
		for i := 0; i < len(rest); i++ {
			switch rest[i] {
			case open:
				depth++
			case shut:
				if depth--; depth == 0 {
					return at + i + 1
				}
			}
		}
		return len(s)
	}
	switch {
	case rest[0] == '`':
		if i := strings.IndexByte(rest[1:], '`'); i >= 0 {
			return at + i + 2
		}
		return len(s)
	case len(rest) == 1:
		return at + 1
	case rest[1] == '(':
		return closing('(', ')')
	case rest[1] == '{':
		return closing('{', '}')
	}
	i := 1
	for i < len(rest) && isNameByte(rest[i]) {
		i++
	}
	return at + i
}

func (r *posixReader) unterminated(what string) error {
	return &SyntaxError{
		What: "curl command", Line: strings.Count(r.text, "\n") + 1, Problem: what + " is not closed",
		Help: "copy the whole command; to hand it over untouched: gate401 explain --curl - < command.txt",
	}
}
