package capture

import "strings"

// hashtable reads @{ "name" = value; ... }.
func (r *psReader) hashtable() (psValue, error) {
	if r.depth++; r.depth > maxNesting {
		return psValue{}, r.unclosed("nesting that is too deep")
	}
	defer func() { r.depth-- }()
	r.at += 2
	v := psValue{table: true}
	for {
		for r.space(); r.at < len(r.text) && r.text[r.at] == ';'; r.space() {
			r.at++
		}
		if r.at >= len(r.text) {
			return psValue{}, r.unclosed("@{")
		}
		if r.text[r.at] == '}' {
			r.at++
			return v, nil
		}
		name, err := r.key()
		if err != nil {
			return psValue{}, err
		}
		r.space()
		if r.at >= len(r.text) || r.text[r.at] != '=' {
			return psValue{}, r.unclosed("@{")
		}
		r.at++
		r.space()
		start := r.at
		value, err := r.value()
		if err != nil {
			return psValue{}, err
		}
		if r.at == start {
			r.at++
		}
		if len(v.pairs) >= maxFields {
			return psValue{}, &SyntaxError{What: "PowerShell command", Problem: "too many fields"}
		}
		v.pairs = append(v.pairs, psPair{name.text, value})
	}
}

func (r *psReader) key() (psValue, error) {
	if c := r.text[r.at]; c == '\'' || c == '"' || c == '$' || c == '(' {
		return r.one()
	}
	start := r.at
	for r.at < len(r.text) && (isNameByte(r.text[r.at]) || r.text[r.at] == '-') {
		r.at++
	}
	return psValue{word: word{text: r.text[start:r.at]}}, nil
}

// parens reads (...): the last value in it, or the last before | ConvertTo-Json.
func (r *psReader) parens() (psValue, error) { return r.group(false) }

// group reads (...). In the arguments of a cookie every value counts.
func (r *psReader) group(cookie bool) (psValue, error) {
	if r.depth++; r.depth > maxNesting {
		return psValue{}, r.unclosed("nesting that is too deep")
	}
	defer func() { r.depth-- }()
	r.at++
	var last psValue
	var words []string
	object := false // New-Object System.Net.Cookie("name", "value", "/", "host")
	for {
		r.space()
		if r.at >= len(r.text) {
			return psValue{}, r.unclosed("a parenthesis")
		}
		switch c := r.text[r.at]; {
		case c == ')':
			r.at++
			return r.finish(last, words), nil
		case c == '\'' || c == '"' || c == '@' || c == '$' || c == '(':
			start := r.at
			v, err := r.operand(object && c == '(')
			if err != nil {
				return psValue{}, err
			}
			if r.at == start {
				r.at++
			}
			if cookie {
				last.cookies = append(last.cookies, v.word)
				continue
			}
			if v.text != "" || v.table || len(v.cookies) > 0 || len(v.open) > 0 {
				last = v
			}
		case strings.IndexByte("|,;=}{+", c) >= 0:
			r.at++
		default:
			start := r.at
			v := r.bare()
			if r.at == start {
				r.at++
			}
			if len(words) < maxFields {
				words = append(words, v.text)
				object = object || strings.HasSuffix(v.text, ".Cookie")
			}
		}
	}
}

func (r *psReader) operand(arguments bool) (psValue, error) {
	if arguments {
		return r.group(true)
	}
	return r.value()
}

func (r *psReader) finish(v psValue, words []string) psValue {
	all := strings.ToLower(strings.Join(words, " "))
	if strings.Contains(all, "convertto-json") && v.table {
		v.text, v.open = r.json(v)
		v.table, v.pairs = false, nil
	}
	if v.text == "" && !v.table && len(v.cookies) == 0 && all != "" {
		source := "(" + strings.Join(words, " ") + ")"
		v.text, v.open = source, []string{source}
	}
	return v
}

// json is what ConvertTo-Json makes of a hashtable. One may hold another more
// than once, and so on: what is written counts.
func (r *psReader) json(v psValue) (string, []string) {
	if r.grown += 64; r.grown > MaxText {
		return "{}", nil
	}
	var parts, open []string
	for _, p := range v.pairs {
		inner := jsonString(p.value.text)
		open = append(open, p.value.open...)
		if p.value.table {
			var more []string
			inner, more = r.json(p.value)
			open = append(open, more...)
		}
		r.grown += len(inner)
		parts = append(parts, jsonString(p.name)+":"+inner)
	}
	return "{" + strings.Join(parts, ",") + "}", open
}
