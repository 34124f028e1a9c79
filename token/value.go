package token

import "encoding/json"

// value reads any value into what encoding/json makes of it, with numbers as
// json.Number. Strings without escapes share the memory of the text.
func (p *jsonScanner) value() (any, error) {
	switch c := p.peek(); {
	case c == '"':
		return p.text()
	case c == '{':
		return p.object()
	case c == '[':
		list := []any{}
		err := p.array(func(p *jsonScanner) error {
			v, err := p.value()
			list = append(list, v)
			return err
		})
		return list, err
	case c == '-' || '0' <= c && c <= '9':
		n, err := p.number()
		return json.Number(n), err
	case c == 't':
		return true, p.word("true")
	case c == 'f':
		return false, p.word("false")
	}
	return nil, p.skip() // null, or an error
}

// object reads an object; on an error it is nil.
func (p *jsonScanner) object() (map[string]any, error) {
	if err := p.open(); err != nil {
		return nil, err
	}
	all := make(map[string]any)
	var seen names
	for {
		name, more, err := p.member(&seen)
		if err != nil {
			return nil, err
		}
		if !more {
			return all, nil
		}
		if all[name], err = p.value(); err != nil {
			return nil, err
		}
	}
}
