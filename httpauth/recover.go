package httpauth

import (
	"strconv"
	"strings"
)

// fail reports what ends the reading of the field.
func (p *parser) fail(id FindingID, at int, hint string) bool {
	p.add(id, at, "", hint)
	return false
}

// failAt reports an octet that may not stand where it stands.
func (p *parser) failAt(i int) bool {
	c := p.s[i]
	switch {
	case is(c, classControl):
		p.add(IDControlCharacter, i, "control character 0x"+strconv.FormatUint(uint64(c), 16), "")
		return false
	case len(p.list) == 0 && p.where != inInfo:
		return p.fail(IDSchemeInvalid, i, "")
	case p.needParam:
		return p.fail(IDParamExpected, i, "")
	}
	return p.fail(IDElementExpected, i, "")
}

// failNoScheme reports a parameter where none can stand.
func (p *parser) failNoScheme(start int) bool {
	if len(p.list) == 0 {
		return p.fail(IDSchemeMissing, start, "start with the scheme, for example Bearer or Basic")
	}
	last := p.list[len(p.list)-1]
	if last.Token68 != "" {
		hint := ""
		if strings.HasSuffix(last.Token68, "=") {
			hint = `an equals sign with nothing behind it makes a token68; an empty value is written ""`
		}
		return p.fail(IDParamsAfterToken68, start, hint)
	}
	return p.fail(IDSchemeComma, strings.LastIndexByte(p.s[:start], ','), p.hint(last.Scheme, " ", p.word(start), " (no comma behind the scheme)"))
}

// failBehindScheme reports what touches the scheme.
func (p *parser) failBehindScheme(start, end int) bool {
	p.list = p.list[:len(p.list)-1]
	if p.where == inChallenge {
		p.heads = p.heads[:len(p.heads)-1]
	}
	if p.s[end] != ':' {
		if is(p.s[end], classControl) {
			return p.failAt(end)
		}
		return p.fail(IDSchemeInvalid, end, "")
	}
	if isFieldName(p.s[start:end]) {
		return p.fail(IDFieldNameInValue, start, "give the value only, without the name and the colon")
	}
	return p.fail(IDSchemeColon, end, p.hint(p.s[start:end], " (a space behind the scheme, no colon)"))
}

func isFieldName(s string) bool {
	for _, n := range [...]string{
		"WWW-Authenticate", "Proxy-Authenticate", "Authorization",
		"Proxy-Authorization", "Authentication-Info", "Proxy-Authentication-Info",
	} {
		if equalFold(n, s) {
			return true
		}
	}
	return false
}

// consumeSeparator stands behind a value, where the grammar wants OWS and then
// a comma or the end. Missing commas are by far the most common defect, so what
// was meant is guessed from what follows; nothing is skipped in silence.
func (p *parser) consumeSeparator(name string, at int, quoted bool) bool {
	end := p.i
	p.i = skipSpace(p.s, end)
	if p.i == len(p.s) || p.s[p.i] == ',' {
		return true
	}
	c := p.s[p.i]
	switch {
	case c == ';':
		p.add(IDSemicolon, p.i, "", "separate the parameters with commas")
		p.i++
		return true
	case is(c, classControl):
		return p.failAt(p.i)
	case p.i == end:
		return p.fail(IDTextAfterQuoted, p.i, `write a quote inside the value as \"`)
	case c == '"' || quoted && !is(c, classToken):
		return p.fail(IDCommaExpected, p.i, "")
	}
	word := span(p.s, p.i, classToken)
	next := skipSpace(p.s, word)
	if word > p.i && next < len(p.s) && p.s[next] == '=' {
		p.add(IDSpaceSeparated, p.i, "", p.hint("put a comma in front of ", p.s[p.i:word]))
		return true
	}
	if p.where == inChallenge && word > p.i && (quoted || p.isParam(next, word)) {
		p.add(IDChallengesSpace, p.i, "", p.hint("put a comma in front of ", p.s[p.i:word]))
		return true
	}
	if quoted {
		return p.fail(IDCommaExpected, p.i, "")
	}
	return p.dropWords(name, at)
}

// isParam reports whether a parameter stands at i, behind a word that ended at end.
func (p *parser) isParam(i, end int) bool {
	word := span(p.s, i, classToken)
	if i == end || word == i {
		return false
	}
	next := skipSpace(p.s, word)
	return next < len(p.s) && p.s[next] == '='
}

// dropWords skips the further words of a value that stands without quotes.
func (p *parser) dropWords(name string, at int) bool {
	start := p.i
	for p.i < len(p.s) && p.s[p.i] != ',' && p.s[p.i] != ';' {
		c := p.s[p.i]
		switch {
		case c == '"':
			return p.fail(IDCommaExpected, p.i, "")
		case is(c, classControl):
			return p.failAt(p.i)
		case isSpace(c):
			p.i++
			continue
		}
		word := span(p.s, p.i, classToken)
		if next := skipSpace(p.s, word); word > p.i && next < len(p.s) && p.s[next] == '=' {
			p.reportWords(name, at, start)
			p.add(IDSpaceSeparated, p.i, "", p.hint("put a comma in front of ", p.s[p.i:word]))
			return true
		}
		for p.i < len(p.s) && !isSpace(p.s[p.i]) && !contains(",;\"", p.s[p.i]) && !is(p.s[p.i], classControl) {
			p.i++
		}
	}
	p.reportWords(name, at, start)
	if p.i < len(p.s) && p.s[p.i] == ';' {
		p.add(IDSemicolon, p.i, "", "separate the parameters with commas")
		p.i++
	}
	return true
}

func (p *parser) reportWords(name string, at, start int) {
	if n := len(p.marks); n > 0 && p.marks[n-1].value == at {
		p.marks[n-1].cut = true
	}
	p.add(IDValueWithSpace, start, "", p.example(name, strings.TrimRight(p.s[at:p.i], " \t")))
}

// hint withholds what was read from a credential: it may be a secret. In a
// flood of findings it costs nothing.
func (p *parser) hint(parts ...string) string {
	if p.where == inCredentials || len(p.found) >= MaxFindings {
		return ""
	}
	return strings.Join(parts, "")
}

// example shows a parameter as it should be written.
func (p *parser) example(name, value string) string {
	const most = 80
	if p.where == inCredentials || len(p.found) >= MaxFindings || len(name)+len(value) > most {
		return "put the value into quotes"
	}
	return string(appendQuoted([]byte(name+"="), value))
}

func (p *parser) word(i int) string {
	j := i
	for j < len(p.s) && j < i+40 && !isSpace(p.s[j]) && p.s[j] != ',' && !is(p.s[j], classControl) {
		j++
	}
	return p.s[i:j]
}
