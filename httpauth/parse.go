package httpauth

import (
	"strings"
	"unicode/utf8"
)

// Mode says what ParseChallenges and ParseInfo hand out of fields that do not
// follow the grammar.
type Mode uint8

const (
	// Strict hands out nothing unless every field follows the grammar.
	Strict Mode = iota
	// Lenient hands out what can be read, as a client wants it that has to live
	// with the servers there are.
	Lenient
)

// ParseChallenges reads the values of the WWW-Authenticate or the
// Proxy-Authenticate field lines of one response, in order (RFC 9110 sections
// 11.6.1 and 11.7.1). Challenge values share memory with the fields.
func ParseChallenges(fields []string, mode Mode) Result {
	var r report
	var all []Challenge
	for n, field := range fields {
		r.field = n
		if n == MaxFields {
			r.add(IDTooManyFields, 0, "", "")
			break
		}
		var buf [16]mark
		p := parser{report: &r, where: inChallenge, marks: buf[:0], limit: MaxChallenges - len(all)}
		got, ok := p.parse(field)
		if !ok {
			continue
		}
		lintRepeats(&r, all, got, p.heads)
		all = append(all, got...)
	}
	if len(all) == 0 && len(r.found) == 0 {
		r.field = 0
		r.add(IDNoChallenge, 0, "", "")
	}
	sortFindings(r.found)
	res := Result{Challenges: all, Findings: r.found, Valid: valid(r.found)}
	if mode != Lenient && !res.Valid {
		res.Challenges = nil
	}
	return res
}

// mark remembers where a parameter stood.
type mark struct {
	name, value int
	quoted      bool
	cut         bool // further words stood behind it
}

// parser reads one field value. It goes on behind what it can guess the meaning
// of, and reports it; every octet is looked at a small number of times.
type parser struct {
	*report
	s     string
	i     int
	where place
	limit int // challenges that may still come

	list   []Challenge
	heads  []int // offset of each scheme in list
	params []Param
	marks  []mark // one for each of the current challenge's parameters
	first  int    // index in params of the current challenge's first one

	repeats int // parameters of the current challenge that were given before

	open       bool // a parameter may come here
	needParam  bool // only a parameter may come here
	afterComma bool
	emptySeen  bool
	bwsSeen    bool
	escapeSeen bool
	obsSeen    bool
}

// WWW-Authenticate   = #challenge                        (RFC 9110 section 11.6.1)
// Authorization      = credentials                       (RFC 9110 section 11.6.2)
// Authentication-Info = #auth-param                      (RFC 9110 section 11.6.3)
// challenge, credentials
//
//	= auth-scheme [ 1*SP ( token68 / #auth-param ) ]    (RFC 9110 sections 11.3, 11.4)
//
// #element = [ element ] *( OWS "," OWS [ element ] )    (RFC 9110 section 5.6.1.2)
//
// The two lists are separated alike, so the reading is one loop over elements:
// a name with a "=" behind it is a parameter, any other token opens a challenge.
func (p *parser) parse(field string) ([]Challenge, bool) {
	if len(field) > MaxFieldSize {
		p.add(IDFieldTooLong, MaxFieldSize, "", "")
		return nil, false
	}
	p.s = p.unfold(field)
	p.trim()
	if n := strings.Count(p.s, "="); n > 0 {
		p.params = make([]Param, 0, min(n, 16))
	}
	p.open = p.where == inInfo
	p.afterComma = true
	for {
		p.skipEmpty()
		if p.i == len(p.s) {
			break
		}
		if !p.consumeElement() {
			return nil, false
		}
	}
	p.closeChallenge()
	if p.where == inChallenge && len(p.list) == 0 {
		p.add(IDNoChallenge, p.i, "", "")
	}
	return p.list, true
}

// octet returns the octet at i, 0 behind the end.
func (p *parser) octet(i int) byte {
	if i < len(p.s) {
		return p.s[i]
	}
	return 0
}

// obs-fold = OWS CRLF RWS (RFC 9112 section 5.2)
//
// A fold is replaced by spaces, as that section tells a user agent to, which
// keeps all offsets.
func (p *parser) unfold(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	var b []byte
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '\r' && s[i+1] == '\n' && isSpace(s[i+2]) {
			if b == nil {
				b = []byte(s)
				p.add(IDObsFold, i, "", "write the field on one line")
			}
			b[i], b[i+1] = ' ', ' '
		}
	}
	if b == nil {
		return s
	}
	return string(b)
}

// trim drops the white space that is not part of the value (RFC 9110 section 5.5).
func (p *parser) trim() {
	end := len(p.s)
	for end > 0 && isSpace(p.s[end-1]) {
		end--
	}
	p.i = skipSpace(p.s[:end], 0)
	switch {
	case p.i > 0:
		p.add(IDSurroundingSpace, 0, "", "")
	case end < len(p.s):
		p.add(IDSurroundingSpace, end, "", "")
	}
	p.s = p.s[:end]
}

// OWS "," OWS (RFC 9110 section 5.6.1.2), any number of times.
func (p *parser) skipEmpty() {
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case isSpace(c):
			p.i++
		case c == ',':
			if p.afterComma && !p.emptySeen {
				p.emptySeen = true
				p.add(IDEmptyListElement, p.i, "", "")
			}
			p.afterComma = true
			p.needParam = false
			p.i++
		default:
			p.afterComma = false
			return
		}
	}
	if p.afterComma && !p.emptySeen && len(p.s) > 0 && p.s[len(p.s)-1] == ',' {
		p.add(IDEmptyListElement, len(p.s)-1, "", "remove the comma at the end")
	}
}

func (p *parser) consumeElement() bool {
	start := p.i
	end := span(p.s, start, classToken)
	if end == start {
		return p.failAt(start)
	}
	next := skipSpace(p.s, end)
	if next < len(p.s) && p.s[next] == '=' {
		if !p.open {
			return p.failNoScheme(start)
		}
		return p.consumeParam(start, end, next)
	}
	if p.needParam || p.where == inInfo {
		return p.fail(IDEqualsExpected, end, "")
	}
	if p.where == inCredentials && len(p.list) > 0 {
		if _, known := findScheme(p.s[start:end]); known {
			return p.fail(IDSeveralCredentials, start, "")
		}
		return p.fail(IDEqualsExpected, end, "")
	}
	return p.consumeScheme(start, end)
}

// auth-scheme = token (RFC 9110 section 11.1), then [ 1*SP token68 ].
func (p *parser) consumeScheme(start, end int) bool {
	p.closeChallenge()
	if p.limit == 0 {
		return p.fail(IDTooManyChallenges, start, "")
	}
	p.limit--
	p.list = append(p.list, Challenge{Scheme: p.s[start:end]})
	if p.where == inChallenge {
		p.heads = append(p.heads, start)
	}
	p.i = skipSpace(p.s, end)
	p.open = end < len(p.s) && p.s[end] == ' '
	switch {
	case p.i == len(p.s), p.s[p.i] == ',':
		p.afterComma = p.open
		return true
	case p.i == end:
		return p.failBehindScheme(start, end)
	}
	if tab := strings.IndexByte(p.s[end:p.i], '\t'); tab >= 0 {
		p.add(IDSchemeTab, end+tab, "", "put one space behind the scheme")
	} else if p.i > end+1 {
		p.add(IDSeveralSpaces, end+1, "", "")
	}
	if e := endToken68(p.s, p.i); e > p.i {
		if next := skipSpace(p.s, e); next == len(p.s) || p.s[next] == ',' {
			p.list[len(p.list)-1].Token68 = p.s[p.i:e]
			p.i, p.open = next, false
			return true
		} else if next > e && p.s[next] != '=' && p.s[e-1] != '=' || e > p.i+1 && p.s[e-2] == '=' {
			return p.fail(IDTextAfterToken68, next, "")
		}
	}
	p.open, p.needParam = true, true
	return true
}

// auth-param = token BWS "=" BWS ( token / quoted-string ) (RFC 9110 section 11.2)
func (p *parser) consumeParam(start, end, equals int) bool {
	name := p.s[start:end]
	p.needParam = false
	at := skipSpace(p.s, equals+1)
	space := end
	if equals == end {
		space = equals + 1
	}
	if !p.bwsSeen && isSpace(p.octet(space)) && p.octet(at) != ',' {
		p.bwsSeen = true
		p.add(IDSpaceAroundEquals, space, "", "")
	}
	p.i = at
	var value string
	quoted := at < len(p.s) && p.s[at] == '"'
	var ok bool
	if quoted {
		value, ok = p.consumeQuoted()
	} else {
		value, ok = p.consumeToken(name)
	}
	if !ok {
		return false
	}
	if quoted || p.i > at {
		if !p.addParam(Param{name, value}, mark{name: start, value: at, quoted: quoted}) {
			return false
		}
	} else {
		p.add(IDParamValueMissing, at, "", p.hint(name, `="..."`))
	}
	return p.consumeSeparator(name, at, quoted)
}

func (p *parser) addParam(v Param, m mark) bool {
	mine := p.params[p.first:]
	if len(mine)+p.repeats == MaxParams {
		return p.fail(IDTooManyParams, m.name, "")
	}
	if _, twice := findParam(mine, v.Name); twice {
		p.repeats++
		p.add(IDDuplicateParam, m.name, "", "")
		return true
	}
	p.params = append(p.params, v)
	p.marks = append(p.marks, m)
	return true
}

// quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
// quoted-pair   = "\" ( HTAB / SP / VCHAR / obs-text )    (RFC 9110 section 5.6.4)
func (p *parser) consumeQuoted() (string, bool) {
	open := p.i
	start := open + 1
	var b []byte // set once there is something to unescape
	for i, from := start, start; ; {
		i = span(p.s, i, classQuoted)
		switch {
		case i == len(p.s):
			return "", p.fail(IDUnterminated, open, `put a " at the end of the value`)
		case p.s[i] == '"':
			p.i = i + 1
			value := p.s[start:i]
			if b != nil {
				value = string(append(b, p.s[from:i]...))
			}
			p.noteText(start, p.s[start:i])
			return value, true
		case p.s[i] != '\\':
			return "", p.failAt(i)
		case i+1 == len(p.s):
			return "", p.fail(IDUnterminated, open, `put a " at the end of the value`)
		case !is(p.s[i+1], classEscaped):
			return "", p.failAt(i + 1)
		}
		if c := p.s[i+1]; c != '"' && c != '\\' && !p.escapeSeen {
			p.escapeSeen = true
			p.add(IDNeedlessEscape, i, "", "")
		}
		b = append(b, p.s[from:i]...)
		b = append(b, p.s[i+1])
		i += 2
		from = i
	}
}

// token = 1*tchar (RFC 9110 section 5.6.2)
//
// What is no token ends at white space, a comma or a semicolon, and is handed
// out as it is: an address or a date without quotes is the most common mistake.
func (p *parser) consumeToken(name string) (string, bool) {
	start := p.i
	i := span(p.s, start, classToken)
	bad := -1
	for i < len(p.s) && !isSpace(p.s[i]) && p.s[i] != ',' && p.s[i] != ';' {
		c := p.s[i]
		switch {
		case c == '"':
			return "", p.fail(IDQuoteInToken, i, "")
		case is(c, classControl):
			return "", p.failAt(i)
		case bad < 0 && !is(c, classToken):
			bad = i
		}
		i++
	}
	p.i = i
	value := p.s[start:i]
	if bad >= 0 {
		hint := p.example(name, value)
		if quote := strings.Index(value, "\u201c"); quote >= 0 || strings.Contains(value, "\u201d") {
			p.add(IDTypographicQuotes, start+max(quote, 0), "", p.example(name, strings.Trim(value, "\u201c\u201d\u201e")))
		} else {
			p.add(IDValueNeedsQuotes, bad, "", hint)
		}
		p.noteText(start, value)
	}
	return value, true
}

// noteText reports obs-text = %x80-FF (RFC 9110 section 5.5), once in a field.
func (p *parser) noteText(at int, s string) {
	if p.obsSeen {
		return
	}
	for i := range len(s) {
		if s[i] >= 0x80 {
			p.obsSeen = true
			message := ""
			if !utf8.ValidString(s) {
				message = "octets outside ASCII that are not UTF-8 either"
			}
			p.add(IDObsText, at+i, message, "")
			return
		}
	}
}

// closeChallenge gives the current challenge its parameters.
func (p *parser) closeChallenge() {
	if len(p.list) > 0 || p.where == inInfo {
		mine := p.params[p.first:len(p.params):len(p.params)]
		if len(mine) > 0 && len(p.list) > 0 {
			p.list[len(p.list)-1].Params = mine
		}
		if p.where == inChallenge {
			lintChallenge(p.report, p.s, p.list[len(p.list)-1], p.heads[len(p.heads)-1], p.marks)
		}
	}
	if p.where != inChallenge {
		return // the caller looks at the parameters and their marks
	}
	p.first = len(p.params)
	p.repeats = 0
	p.marks = p.marks[:0]
	p.bwsSeen = false
}
