package httpauth

// Basic returns a Basic challenge for the realm that asks for UTF-8 (RFC 7617
// sections 2 and 2.1).
func Basic(realm string) Challenge {
	return Challenge{Scheme: "Basic", Params: []Param{{"realm", realm}, {"charset", "UTF-8"}}}
}

// Bearer returns a Bearer challenge (RFC 6750 section 3). An empty realm is
// left out, unless there would be no parameter at all, which that section
// forbids. Values are fitted to what their parameter may hold:
//
//   - error, error_description: printable ASCII without quote and backslash;
//     other octets are replaced.
//   - error_uri, resource_metadata: other octets are percent-encoded.
//   - scope: scope tokens with other octets are left out, since a changed scope
//     would be another one.
func Bearer(realm string, params ...Param) Challenge {
	c := Challenge{Scheme: "Bearer", Params: make([]Param, 0, len(params)+1)}
	if realm != "" {
		c.Params = append(c.Params, Param{"realm", realm})
	}
	for _, p := range params {
		if _, twice := c.Param(p.Name); twice || !isToken(p.Name) {
			continue
		}
		switch {
		case equalFold(p.Name, "error"), equalFold(p.Name, "error_description"):
			p.Value = fitText(p.Value)
		case equalFold(p.Name, "error_uri"), equalFold(p.Name, "resource_metadata"):
			p.Value = fitURI(p.Value)
		case equalFold(p.Name, "scope"):
			if p.Value = fitScope(p.Value); p.Value == "" {
				continue
			}
		}
		c.Params = append(c.Params, p)
	}
	if len(c.Params) == 0 {
		c.Params = append(c.Params, Param{"realm", realm})
	}
	return c
}

// nqchar = %x21 / %x23-5B / %x5D-7E (RFC 6749 appendix A; the same set in RFC
// 6750 section 3)
func isNQChar(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '\\' }

func isNQSChar(c byte) bool { return c == ' ' || isNQChar(c) }

func fitText(s string) string {
	i := 0
	for i < len(s) && isNQSChar(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)), s[:i]...)
	for _, r := range s[i:] {
		switch {
		case r < 0x80 && isNQSChar(byte(r)):
			b = append(b, byte(r))
		case r == '"':
			b = append(b, '\'')
		case r == '\\':
			b = append(b, '/')
		case r < ' ':
			b = append(b, ' ')
		default:
			b = append(b, '?')
		}
	}
	return string(b)
}

func fitURI(s string) string {
	i := 0
	for i < len(s) && isNQChar(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	const hex = "0123456789ABCDEF"
	b := append(make([]byte, 0, len(s)+8), s[:i]...)
	for ; i < len(s); i++ {
		if c := s[i]; isNQChar(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// scope = scope-token *( SP scope-token ) (RFC 6750 section 3)
func fitScope(s string) string {
	if scopeError(s) < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		j, clean := i, true
		for j < len(s) && s[j] != ' ' {
			clean = clean && isNQChar(s[j])
			j++
		}
		if clean && j > i {
			if len(b) > 0 {
				b = append(b, ' ')
			}
			b = append(b, s[i:j]...)
		}
		i = j + 1
	}
	return string(b)
}

// scopeError returns the index of the first octet that breaks the grammar of a
// scope, len(s) for a missing token at the end, or -1.
func scopeError(s string) int {
	token := false
	for i := range len(s) {
		switch {
		case isNQChar(s[i]):
			token = true
		case s[i] == ' ' && token:
			token = false
		default:
			return i
		}
	}
	if !token {
		return len(s)
	}
	return -1
}
