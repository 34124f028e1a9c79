package capture

import (
	"strconv"
	"strings"
)

// psReader reads PowerShell: as much of it as requests are written with.
type psReader struct {
	text  string
	at    int
	vars  map[string]psValue
	grown int
	depth int
}

// psValue is a string or a hashtable, or the session of requests.
type psValue struct {
	word
	pairs   []psPair
	table   bool
	agent   *word
	cookies []word
}

type psPair struct {
	name  string
	value psValue
}

// maxNesting bounds parentheses within parentheses.
const maxNesting = 50

// splitPower splits the calls of curl.exe.
func splitPower(text string) ([]statement, error) {
	r := psReader{text: strings.ReplaceAll(text, "\r\n", "\n"), vars: map[string]psValue{}}
	var out []statement
	var now statement
	for r.at < len(r.text) {
		r.blanks()
		if r.at >= len(r.text) {
			break
		}
		if c := r.text[r.at]; c == '\n' || c == ';' || c == '|' {
			r.at++
			if len(now.words) > 0 {
				out = append(out, now)
			}
			now = statement{}
			continue
		}
		if name, ok := r.target(); ok {
			v, err := r.value()
			if err != nil {
				return nil, err
			}
			r.vars[name] = v
			continue
		}
		w, err := r.argument()
		if err != nil {
			return nil, err
		}
		now.words = append(now.words, w)
	}
	if len(now.words) > 0 {
		out = append(out, now)
	}
	return out, nil
}

// argument reads one argument of a program: parts that touch belong together.
// Windows PowerShell hands quotes inside on as they are, so that they are
// written \" there; that is what is meant.
func (r *psReader) argument() (word, error) {
	var b strings.Builder
	var open []string
	start := r.at
	for r.at < len(r.text) && strings.IndexByte(" \t\n;|", r.text[r.at]) < 0 && !strings.HasPrefix(r.text[r.at:], "`\n") {
		v, err := r.one()
		if err != nil {
			return word{}, err
		}
		b.WriteString(v.text)
		open = append(open, v.open...)
		if b.Len() > MaxText {
			return word{}, &SizeError{What: "command", Max: MaxText}
		}
	}
	if r.at == start {
		r.at++
	}
	return word{strings.ReplaceAll(b.String(), `\"`, `"`), open}, nil
}

// blanks passes over white space, comments and joined lines.
func (r *psReader) blanks() {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == ' ' || c == '\t' || c == '\r':
			r.at++
		case strings.HasPrefix(r.text[r.at:], "`\n"):
			r.at += 2
		case c == '#':
			if i := strings.IndexByte(r.text[r.at:], '\n'); i >= 0 {
				r.at += i
			} else {
				r.at = len(r.text)
			}
		default:
			return
		}
	}
}

func (r *psReader) space() {
	for r.blanks(); r.at < len(r.text) && r.text[r.at] == '\n'; r.blanks() {
		r.at++
	}
}

// target reads "$name =".
func (r *psReader) target() (string, bool) {
	if r.text[r.at] != '$' {
		return "", false
	}
	end := r.at + 1
	for end < len(r.text) && (isNameByte(r.text[end]) || r.text[end] == ':') {
		end++
	}
	rest := strings.TrimLeft(r.text[end:], " \t")
	if end == r.at+1 || !strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, "==") {
		return "", false
	}
	name := strings.ToLower(r.text[r.at+1 : end])
	r.at = len(r.text) - len(rest) + 1
	r.blanks()
	return name, true
}

// value reads an expression: values with + between.
func (r *psReader) value() (psValue, error) {
	v, err := r.one()
	for err == nil {
		r.blanks()
		if r.at >= len(r.text) || r.text[r.at] != '+' {
			break
		}
		r.at++
		r.space()
		var more psValue
		if more, err = r.one(); err == nil {
			v.text += more.text
			v.open = append(v.open, more.open...)
			if r.grown += len(v.text); r.grown > MaxText {
				return psValue{}, &SizeError{What: "command", Max: MaxText}
			}
		}
	}
	return v, err
}

// one reads one value.
func (r *psReader) one() (psValue, error) {
	rest := r.text[r.at:]
	switch {
	case rest == "":
		return psValue{}, nil
	case rest[0] == '[':
		return r.typeCall(), nil
	case strings.HasPrefix(rest, "@'\n"), strings.HasPrefix(rest, "@\"\n"):
		return r.hereString()
	case strings.HasPrefix(rest, "@{"):
		return r.hashtable()
	case rest[0] == '\'':
		return r.single()
	case rest[0] == '"':
		r.at++
		return r.double('"')
	case rest[0] == '(':
		return r.parens()
	case rest[0] == '$':
		return r.variable()
	}
	return r.bare(), nil
}

func (r *psReader) bare() psValue {
	var b strings.Builder
	for r.at < len(r.text) && strings.IndexByte(" \t\n;|(){}'\"$,", r.text[r.at]) < 0 {
		if r.text[r.at] == '`' && r.at+1 < len(r.text) {
			r.at++
			if r.text[r.at] == '\n' {
				r.at--
				break
			}
		}
		b.WriteByte(r.text[r.at])
		r.at++
	}
	if b.Len() == 0 && r.at < len(r.text) && strings.IndexByte(" \t\n;|", r.text[r.at]) < 0 && !strings.HasPrefix(r.text[r.at:], "`") {
		b.WriteByte(r.text[r.at])
		r.at++
	}
	return psValue{word: word{text: b.String()}}
}

func (r *psReader) single() (psValue, error) {
	var b strings.Builder
	for r.at++; r.at < len(r.text); r.at++ {
		if r.text[r.at] != '\'' {
			b.WriteByte(r.text[r.at])
			continue
		}
		if r.at++; r.at >= len(r.text) || r.text[r.at] != '\'' {
			return psValue{word: word{text: b.String()}}, nil
		}
		b.WriteByte('\'')
	}
	return psValue{}, r.unclosed("a single quote")
}

// double reads up to the closing quote; 0 reads to the end of the text.
func (r *psReader) double(end byte) (psValue, error) {
	var b strings.Builder
	var open []string
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch {
		case c == end && end != 0:
			if r.at++; r.at >= len(r.text) || r.text[r.at] != end {
				return psValue{word: word{b.String(), open}}, nil
			}
			b.WriteByte(end)
			r.at++
		case c == '`':
			r.backtick(&b)
		case c == '$':
			v, err := r.variable()
			if err != nil {
				return psValue{}, err
			}
			b.WriteString(v.text)
			open = append(open, v.open...)
		default:
			b.WriteByte(c)
			r.at++
		}
	}
	if end == 0 {
		return psValue{word: word{b.String(), open}}, nil
	}
	return psValue{}, r.unclosed("a double quote")
}

// backtick undoes one escape (about_Special_Characters).
func (r *psReader) backtick(b *strings.Builder) {
	r.at++
	if r.at >= len(r.text) {
		return
	}
	c := r.text[r.at]
	r.at++
	if i := strings.IndexByte("0abefnrtv", c); i >= 0 {
		b.WriteByte("\x00\a\b\x1b\f\n\r\t\v"[i])
		return
	}
	if c == 'u' && strings.HasPrefix(r.text[r.at:], "{") {
		if digits, _, ok := strings.Cut(r.text[r.at+1:], "}"); ok {
			if n, err := strconv.ParseUint(digits, 16, 32); err == nil && n <= 0x10FFFF {
				b.WriteRune(rune(n))
				r.at += len(digits) + 2
				return
			}
		}
	}
	b.WriteByte(c)
}

// variable reads $name, ${name}, $env:NAME, $([char]955) and $(...).
func (r *psReader) variable() (psValue, error) {
	start, rest := r.at, r.text[r.at:]
	var end int
	switch {
	case strings.HasPrefix(rest, "${"), strings.HasPrefix(rest, "$("):
		end = expansionEnd(r.text, r.at)
	default:
		for end = r.at + 1; end < len(r.text) && (isNameByte(r.text[end]) || r.text[end] == ':' && end+1 < len(r.text) && isNameByte(r.text[end+1])); {
			end++
		}
	}
	source := r.text[start:end]
	r.at = end
	if digits, ok := strings.CutPrefix(source, "$([char]"); ok {
		if n, err := strconv.ParseUint(strings.TrimSuffix(digits, ")"), 10, 32); err == nil {
			return psValue{word: word{text: string(utf16Pair(r, n))}}, nil
		}
	}
	name := strings.ToLower(strings.Trim(source, "${}"))
	switch name {
	case "":
		return psValue{word: word{text: source}}, nil
	case "true", "false", "null":
		return psValue{word: word{text: name}}, nil
	}
	if v, ok := r.vars[name]; ok {
		if r.grown += len(v.text); r.grown > MaxText {
			return psValue{}, &SizeError{What: "command", Max: MaxText}
		}
		return v, nil
	}
	return psValue{word: word{source, []string{source}}}, nil
}

// utf16Pair joins the second half of a surrogate pair, which browsers write as
// a second $([char]...).
func utf16Pair(r *psReader, n uint64) rune {
	if n < 0xD800 || n > 0xDBFF {
		return rune(min(n, 0x10FFFF))
	}
	rest, ok := strings.CutPrefix(r.text[r.at:], "$([char]")
	if digits, _, closed := strings.Cut(rest, ")"); ok && closed {
		if low, err := strconv.ParseUint(digits, 10, 32); err == nil && low >= 0xDC00 && low <= 0xDFFF {
			r.at += len("$([char]") + len(digits) + 1
			return rune((n-0xD800)<<10 + (low - 0xDC00) + 0x10000)
		}
	}
	return '\uFFFD'
}

func (r *psReader) hereString() (psValue, error) {
	quote := r.text[r.at+1]
	body, rest, ok := strings.Cut(r.text[r.at+3:], "\n"+string(quote)+"@")
	if !ok {
		return psValue{}, r.unclosed("a here-string")
	}
	r.at = len(r.text) - len(rest)
	if quote == '\'' {
		return psValue{word: word{text: body}}, nil
	}
	inner := psReader{text: body, vars: r.vars, grown: r.grown}
	return inner.double(0)
}

func (r *psReader) unclosed(what string) error {
	return &SyntaxError{What: "PowerShell command", Line: strings.Count(r.text, "\n") + 1, Problem: what + " is not closed", Help: "copy the whole command"}
}

// typeCall reads [Type]::Member(...) and [Type]value: what it gives, nobody knows
// here. Its arguments are left out, for a password may stand there.
func (r *psReader) typeCall() psValue {
	start, open := r.at, -1
	depth, quote := 0, byte(0)
scan:
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '(' || c == '[':
			if depth++; c == '(' && open < 0 {
				open = r.at
			}
		case depth > 0 && (c == ')' || c == ']'):
			depth--
		case depth == 0 && strings.IndexByte(" \t\r\n;,}+)|", c) >= 0:
			break scan
		}
	}
	source := r.text[start:r.at]
	if open >= 0 {
		source = r.text[start:open] + "(...)"
	}
	return psValue{word: word{text: source, open: []string{source}}}
}
