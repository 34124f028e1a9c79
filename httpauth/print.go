package httpauth

type place uint8

const (
	inChallenge place = iota
	inCredentials
	inInfo
)

func appendScheme(b []byte, scheme string, params []Param, token68 string, where place) []byte {
	if !isToken(scheme) {
		return b
	}
	b = append(b, scheme...)
	if token68 != "" {
		if isToken68(token68) {
			b = append(b, ' ')
			b = append(b, token68...)
		}
		return b
	}
	return appendParams(b, params, " ", equalFold(scheme, "Digest"), where)
}

func appendParams(b []byte, params []Param, sep string, digest bool, where place) []byte {
	for i, p := range params {
		if !isToken(p.Name) {
			continue
		}
		if _, twice := findParam(params[:i], p.Name); twice {
			continue
		}
		b = append(b, sep...)
		sep = ", "
		b = append(b, p.Name...)
		b = append(b, '=')
		if wantsToken(p.Name, digest, where) && isToken(p.Value) {
			b = append(b, p.Value...)
		} else {
			b = appendQuoted(b, p.Value)
		}
	}
	return b
}

// wantsToken tells which parameters are written without quotes. Readers accept
// both forms by the grammar, but old ones compare the raw text, which is why
// RFC 7616 sections 3.3, 3.4 and 3.5 prescribe one form for each; the realm is
// always quoted (RFC 9110 section 11.5). An extended value (RFC 8187) has no
// quoted form at all.
func wantsToken(name string, digest bool, where place) bool {
	switch len(name) {
	case 2: // nc
		return where != inChallenge && equalFold(name, "nc")
	case 3: // qop
		return where != inChallenge && (digest || where == inInfo) && equalFold(name, "qop")
	case 5: // stale
		return equalFold(name, "stale")
	case 7: // charset
		return digest && equalFold(name, "charset")
	case 8: // userhash
		return digest && equalFold(name, "userhash")
	case 9: // algorithm; username*
		if equalFold(name, "algorithm") {
			return true
		}
	}
	return name[len(name)-1] == '*'
}

// quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE (RFC 9110 section 5.6.4)
//
// A control character becomes a space: CR and LF would start another field
// (RFC 9110 section 5.5).
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if is(c, classQuoted) {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		if is(c, classControl) {
			b = append(b, ' ')
		} else {
			b = append(b, '\\', c)
		}
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
