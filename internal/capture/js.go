package capture

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// jsReader reads the literals of JavaScript that calls of fetch are written
// with; what would have to be run is left as it stands.
type jsReader struct {
	text  string
	at    int
	depth int
	grown int
	vars  map[string]jsValue
}

// jsValue is a string (also of a number or a word) or an object.
type jsValue struct {
	word
	object bool
	list   bool
	bare   bool // not a string
	pairs  []jsPair
}

type jsPair struct {
	name  string
	value jsValue
}

func (v jsValue) get(name string) (jsValue, bool) {
	for _, p := range slices.Backward(v.pairs) {
		if p.name == name {
			return p.value, true
		}
	}
	return jsValue{}, false
}

func (r *jsReader) bad(problem string) error {
	return &SyntaxError{What: "fetch call", Line: strings.Count(r.text[:min(r.at, len(r.text))], "\n") + 1, Problem: problem, Help: "copy the whole call, up to the closing parenthesis"}
}

// space passes over white space and comments.
func (r *jsReader) space() {
	for r.at < len(r.text) {
		rest := r.text[r.at:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			r.at++
		case strings.HasPrefix(rest, "//"):
			if i := strings.IndexByte(rest, '\n'); i >= 0 {
				r.at += i
			} else {
				r.at = len(r.text)
			}
		case strings.HasPrefix(rest, "/*"):
			if i := strings.Index(rest, "*/"); i >= 0 {
				r.at += i + 2
			} else {
				r.at = len(r.text)
			}
		default:
			return
		}
	}
}

func (r *jsReader) eat(s string) bool {
	r.space()
	if strings.HasPrefix(r.text[r.at:], s) {
		r.at += len(s)
		return true
	}
	return false
}

// value reads a literal, or several with + between.
func (r *jsReader) value() (jsValue, error) {
	if r.depth++; r.depth > maxNesting {
		return jsValue{}, r.bad("it is nested too deeply")
	}
	defer func() { r.depth-- }()
	v, err := r.one()
	for err == nil && r.eat("+") {
		var more jsValue
		if more, err = r.one(); err == nil {
			v.text += more.text
			v.open = append(v.open, more.open...)
			v.bare = false
			if r.grown += len(v.text); r.grown > MaxText {
				return jsValue{}, &SizeError{What: "command", Max: MaxText}
			}
		}
	}
	return v, err
}

func (r *jsReader) one() (jsValue, error) {
	r.space()
	if r.at >= len(r.text) {
		return jsValue{}, r.bad("it ends too early")
	}
	switch c := r.text[r.at]; c {
	case '{':
		return r.object()
	case '[':
		return r.list()
	case '"', '\'', '`':
		return r.quoted(c)
	}
	return r.expression()
}

func (r *jsReader) object() (jsValue, error) {
	r.at++
	v := jsValue{object: true}
	for !r.eat("}") {
		if r.at >= len(r.text) {
			return jsValue{}, r.bad("a brace is not closed")
		}
		if r.eat(",") {
			continue
		}
		name, err := r.name()
		if err != nil {
			return jsValue{}, err
		}
		value := jsValue{word: word{name, []string{name}}, bare: true} // { token } is { token: token }
		if known, ok := r.vars[name]; ok {
			value = known
		}
		if r.eat(":") {
			if value, err = r.value(); err != nil {
				return jsValue{}, err
			}
		}
		if len(v.pairs) >= maxFields {
			return jsValue{}, r.bad("an object has too many members")
		}
		v.pairs = append(v.pairs, jsPair{name, value})
	}
	return v, nil
}

func (r *jsReader) name() (string, error) {
	r.space()
	if r.at < len(r.text) && strings.IndexByte(`"'[`, r.text[r.at]) >= 0 {
		v, err := r.one()
		return v.text, err
	}
	start := r.at
	for r.at < len(r.text) && (isNameByte(r.text[r.at]) || strings.IndexByte("$-.", r.text[r.at]) >= 0) {
		r.at++
	}
	if r.at == start {
		return "", r.bad("a name is missing in an object")
	}
	return r.text[start:r.at], nil
}

// list reads [a, b]; pairs of two are members, as in new Headers([["a","b"]]).
func (r *jsReader) list() (jsValue, error) {
	r.at++
	v := jsValue{list: true}
	for !r.eat("]") {
		if r.at >= len(r.text) {
			return jsValue{}, r.bad("a bracket is not closed")
		}
		if r.eat(",") {
			continue
		}
		item, err := r.value()
		if err != nil {
			return jsValue{}, err
		}
		if len(v.pairs) >= maxFields {
			return jsValue{}, r.bad("a list has too many members")
		}
		if item.list && len(item.pairs) == 2 {
			v.pairs = append(v.pairs, jsPair{item.pairs[0].value.text, item.pairs[1].value})
			continue
		}
		v.pairs = append(v.pairs, jsPair{value: item})
		v.text = item.text // ["name"]: the name of a member
	}
	return v, nil
}

func (r *jsReader) quoted(quote byte) (jsValue, error) {
	var b strings.Builder
	var open []string
	for r.at++; r.at < len(r.text); r.at++ {
		c := r.text[r.at]
		switch {
		case c == quote:
			r.at++
			return jsValue{word: word{b.String(), open}}, nil
		case c == '\\':
			r.escape(&b)
		case quote == '`' && strings.HasPrefix(r.text[r.at:], "${"):
			end := expansionEnd(r.text, r.at)
			source := r.text[r.at:end]
			r.at = end - 1
			if known, ok := r.vars[strings.Trim(source, "${} ")]; ok && !known.object {
				if r.grown += len(known.text); r.grown > MaxText {
					return jsValue{}, &SizeError{What: "command", Max: MaxText}
				}
				b.WriteString(known.text)
				open = append(open, known.open...)
				continue
			}
			b.WriteString(source)
			open = append(open, source)
		default:
			b.WriteByte(c)
		}
	}
	return jsValue{}, r.bad("a string is not closed")
}

// escape undoes the escape whose backslash r.at is on, and stops on its last
// octet.
func (r *jsReader) escape(b *strings.Builder) {
	if r.at++; r.at >= len(r.text) {
		return
	}
	c := r.text[r.at]
	if i := strings.IndexByte("bfnrtv0", c); i >= 0 {
		b.WriteByte("\b\f\n\r\t\v\x00"[i])
		return
	}
	switch c {
	case '\n':
	case 'x', 'u':
		n := map[byte]int{'x': 2, 'u': 4}[c]
		first, ok := r.hex(n)
		if !ok {
			b.WriteByte(c)
			return
		}
		r.at += n
		if first >= 0xD800 && first < 0xDC00 && strings.HasPrefix(r.text[r.at+1:], `\u`) {
			r.at += 2
			if low, ok := r.hex(4); ok && low >= 0xDC00 && low < 0xE000 {
				r.at += 4
				b.WriteRune(rune((first-0xD800)<<10 + (low - 0xDC00) + 0x10000))
				return
			}
			r.at -= 2
		}
		b.WriteRune(rune(first))
	default:
		b.WriteByte(c)
	}
}

// hex reads n digits behind r.at.
func (r *jsReader) hex(n int) (uint64, bool) {
	if r.at+1+n > len(r.text) {
		return 0, false
	}
	v, err := strconv.ParseUint(r.text[r.at+1:r.at+1+n], 16, 32)
	return v, err == nil
}

// expression reads what is no literal: a number, a word, a name, or a call.
// JSON.stringify, new Headers and new URLSearchParams are understood.
func (r *jsReader) expression() (jsValue, error) {
	start := r.at
	for r.at < len(r.text) && (isNameByte(r.text[r.at]) || strings.IndexByte("$.?!-", r.text[r.at]) >= 0 || r.text[r.at] >= 0x80) {
		r.at++
	}
	name := r.text[start:r.at]
	if name == "" {
		return jsValue{}, r.bad("an expression that cannot be read")
	}
	if name == "new" || name == "await" {
		r.space()
		return r.expression()
	}
	if strings.HasPrefix(r.text[r.at:], "(") {
		return r.callOf(name, start)
	}
	switch name {
	case "null", "undefined", "true", "false":
		return jsValue{word: word{text: name}, bare: true}, nil
	}
	if _, err := strconv.ParseFloat(name, 64); err == nil {
		return jsValue{word: word{text: name}, bare: true}, nil
	}
	if known, ok := r.vars[name]; ok {
		if r.grown += len(known.text); r.grown > MaxText {
			return jsValue{}, &SizeError{What: "command", Max: MaxText}
		}
		return known, nil
	}
	return jsValue{word: word{name, []string{name}}, bare: true}, nil
}

func (r *jsReader) callOf(name string, start int) (jsValue, error) {
	switch name {
	case "JSON.stringify", "Headers", "URLSearchParams", "URL", "Request", "String", "encodeURIComponent":
		r.at++
		v, err := r.value()
		if err != nil {
			return v, err
		}
		r.closeParen()
		switch {
		case name == "JSON.stringify":
			text, open := r.json(v)
			return jsValue{word: word{text, open}}, nil
		case name == "URLSearchParams" && (v.object || v.list):
			var pairs []string
			for _, p := range v.pairs {
				pairs = append(pairs, curlEscape(p.name)+"="+curlEscape(p.value.text))
				v.open = append(v.open, p.value.open...)
			}
			return jsValue{word: word{strings.Join(pairs, "&"), v.open}}, nil
		case name == "encodeURIComponent":
			v.text = strings.ReplaceAll(curlEscape(v.text), "+", "%20")
		}
		return v, nil
	}
	for depth := 0; r.at < len(r.text); {
		c := r.text[r.at]
		r.at++
		if c == '(' {
			depth++
		} else if c == ')' {
			if depth--; depth == 0 {
				break
			}
		}
	}
	for r.at < len(r.text) && (isNameByte(r.text[r.at]) || r.text[r.at] == '.') {
		r.at++
	}
	source := r.text[start:min(r.at, len(r.text))]
	return jsValue{word: word{source, []string{source}}, bare: true}, nil
}

// closeParen passes over further arguments.
func (r *jsReader) closeParen() {
	for r.at < len(r.text) && !r.eat(")") {
		if r.at < len(r.text) {
			r.at++
		}
	}
}

// json is what JSON.stringify makes of it. An object may hold another more than
// once, and so on: what is written counts.
func (r *jsReader) json(v jsValue) (string, []string) {
	if r.grown += 64; r.grown > MaxText {
		return "", nil
	}
	if !v.object && !v.list {
		if v.bare && len(v.open) == 0 {
			return v.text, nil
		}
		r.grown += len(v.text)
		return jsonString(v.text), v.open
	}
	var parts, open []string
	for _, p := range v.pairs {
		inner, more := r.json(p.value)
		open = append(open, more...)
		if v.object {
			inner = jsonString(p.name) + ":" + inner
		}
		parts = append(parts, inner)
	}
	if v.list {
		return "[" + strings.Join(parts, ",") + "]", open
	}
	return "{" + strings.Join(parts, ",") + "}", open
}

// jsonString is a string as JavaScript writes it: it escapes neither < nor &.
func jsonString(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
