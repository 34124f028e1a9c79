package httpauth

import (
	"encoding/json"
	"strings"
)

// CredentialsResult is what ExamineAuthorization found out.
type CredentialsResult struct {
	// Credentials as far as they could be read; empty unless Valid.
	Credentials Credentials
	// Findings, the most telling one first. None holds a part of a secret.
	Findings []Finding
	// Valid is true if no finding is a SeverityError.
	Valid bool
}

// Err returns the first error as a *SyntaxError, or nil if the result is valid.
func (r CredentialsResult) Err() error { return firstError(r.Findings) }

// MarshalJSON writes {"credentials":"SCHEME [redacted]", "findings":[...], "valid":bool}.
func (r CredentialsResult) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Credentials Credentials `json:"credentials"`
		Findings    []Finding   `json:"findings"`
		Valid       bool        `json:"valid"`
	}{r.Credentials, jsonFindings(r.Findings), r.Valid})
}

// ExamineAuthorization says what is wrong with a value of Authorization or
// Proxy-Authorization, in the words of the mistakes that people make. It is for
// explaining a refusal; to read a credential, use [ParseAuthorization],
// [BearerToken] or [ParseBasic].
func ExamineAuthorization(value string) CredentialsResult {
	var r report
	e := examiner{report: &r, s: value}
	c, ok := e.examine()
	res := CredentialsResult{Findings: r.found, Valid: ok && valid(r.found)}
	if res.Valid {
		res.Credentials = c
	}
	return res
}

type examiner struct {
	*report
	s string
}

func (e *examiner) stop(id FindingID, at int, hint string) (Credentials, bool) {
	e.add(id, at, "", hint)
	return Credentials{}, false
}

func (e *examiner) examine() (Credentials, bool) {
	if len(e.s) > MaxFieldSize {
		return e.stop(IDFieldTooLong, MaxFieldSize, "")
	}
	if at := invisible(e.s); at >= 0 {
		return e.stop(IDZeroWidth, at, "type the value anew, or copy it from a plain text editor")
	}
	for i := range len(e.s) {
		if is(e.s[i], classControl) {
			return e.stop(IDControlCharacter, i, "cut the line end off the value, for example with printf %s or $(...)")
		}
	}
	start := skipSpace(e.s, 0)
	if start == len(e.s) {
		return e.stop(IDAuthorizationEmpty, 0, "")
	}
	body := strings.TrimRight(e.s, " \t")
	if start > 0 {
		e.add(IDSurroundingSpace, 0, "", "")
	} else if len(body) < len(e.s) {
		e.add(IDSurroundingSpace, len(body), "", "")
	}
	e.s = body
	return e.scheme(start)
}

// invisible returns the index of the first character that cannot be seen:
// U+00A0, U+200B to U+200F, U+2060, U+FEFF; or -1.
func invisible(s string) int {
	for i := range len(s) {
		if s[i] < 0xc2 {
			continue
		}
		rest := s[i:]
		if strings.HasPrefix(rest, "\u00a0") || strings.HasPrefix(rest, "\ufeff") || strings.HasPrefix(rest, "\u2060") ||
			strings.HasPrefix(rest, "\xe2\x80") && len(rest) > 2 && rest[2] >= 0x8b && rest[2] <= 0x8f {
			return i
		}
	}
	return -1
}

// scheme looks at the first word.
func (e *examiner) scheme(start int) (Credentials, bool) {
	end := start
	for end < len(e.s) && !isSpace(e.s[end]) {
		end++
	}
	word := e.s[start:end]
	name, glued := cutGlued(word)
	k, known := findScheme(word)
	token := span(word, 0, classToken)
	switch {
	case contains(`"'<{$`, word[0]):
		return e.stop(e.wrapper(word), start, "write the scheme, one space and the token, without anything around them")
	case token < len(word) && word[token] == ':' && isFieldName(word[:token]):
		return e.stop(IDFieldNameInValue, start, "give the value only, without the name and the colon")
	case glued && len(name) < len(word) && (word[len(name)] == ':' || word[len(name)] == '='):
		return e.stop(IDSchemeColon, start+len(name), name+" and one space")
	case glued && !known && word[len(name)] == ',':
		return e.stop(IDSchemeComma, start+len(name), name+" and one space")
	case glued && !known && (end == len(e.s) || !isToken(word)):
		return e.stop(IDSchemeGlued, start+len(name), "put one space behind "+name)
	case end == len(e.s) && known:
		return e.stop(IDSchemeOnly, end, k.name+", one space and the credentials")
	case end == len(e.s), !isToken(word) && strings.Count(word, ".") == 2:
		return e.stop(IDSchemeMissing, start, "put the scheme and one space in front: Bearer for a token, Basic for user and password")
	case !isToken(word):
		return e.stop(IDSchemeInvalid, start+token, "")
	}
	if !known {
		e.add(IDSchemeUnregistered, start, "", "")
	} else if !k.registered {
		e.add(IDSchemeUnregistered, start, "the scheme "+k.name+" is not registered", k.hint)
	}
	at := skipSpace(e.s, end)
	if tab := strings.IndexByte(e.s[end:at], '\t'); tab >= 0 {
		return e.stop(IDSchemeTab, end+tab, "put one space behind the scheme")
	}
	return e.rest(k, start, end, at)
}

// cutGlued returns the well-known scheme that the word starts with.
func cutGlued(word string) (string, bool) {
	for _, name := range [...]string{"Bearer", "Basic", "Digest", "DPoP", "Negotiate"} {
		if hasPrefixFold(word, name) {
			return name, true
		}
	}
	return "", false
}

// rest looks at what stands behind the scheme, from at on.
func (e *examiner) rest(k knownScheme, start, end, at int) (Credentials, bool) {
	rest := e.s[at:]
	if again, _, ok := CutScheme(rest); ok {
		if k2, known := findScheme(again); known && k2.registered {
			return e.stop(IDSchemeRepeated, at, "write the scheme once")
		}
	}
	if k.name != "Digest" && contains("\"'<{[$%\xe2", rest[0]) {
		return e.stop(e.wrapper(rest), at, "send the token itself, without anything around it")
	}
	if isPlaceholder(rest) {
		return e.stop(IDTokenPlaceholder, at, "")
	}
	if i := percentEscape(rest); i >= 0 && k.name != "Digest" && k.name != "OAuth" {
		return e.stop(IDTokenPercent, at+i, "send the token itself, not percent-encoded")
	}
	if comma := strings.IndexByte(rest, ','); comma >= 0 && isToken68(strings.TrimRight(rest[:comma], " \t")) {
		next := skipSpace(rest, comma+1)
		if name, _, ok := CutScheme(rest[next:]); ok {
			if _, known := findScheme(name); known {
				return e.stop(IDSeveralCredentials, at+next, "send one credential")
			}
		}
	}
	switch k.name {
	case "Basic":
		return e.basic(end, at)
	case "Bearer", "DPoP":
		return e.token(end, at)
	}
	before := len(e.found)
	var buf [16]mark
	c, marks, ok := parseCredentials(e.report, buf[:0], e.s[start:])
	for i := before; i < len(e.found); i++ {
		e.found[i].Offset += start
	}
	if ok && k.name == "Digest" {
		l := linter{e.report, e.s, Challenge(c), start, marks}
		for i := range l.marks {
			l.marks[i].name += start
			l.marks[i].value += start
		}
		l.digestCredentials(len(e.s))
	}
	return c, ok
}

// wrapper names what stands around or instead of a token.
func (e *examiner) wrapper(s string) FindingID {
	switch {
	case s[0] == '"' || s[0] == '\'' || strings.HasPrefix(s, "\u201c") || strings.HasPrefix(s, "\u2018"):
		return IDTokenQuoted
	case s[0] == '<':
		return IDTokenBracketed
	case s[0] == '\xe2':
		return IDTokenOctet
	}
	if s[0] == '%' && percentEscape(s) == 0 {
		return IDTokenPercent
	}
	return IDTokenPlaceholder
}

func isPlaceholder(s string) bool {
	for _, word := range [...]string{"undefined", "null", "none", "nil", "token", "your_token", "your-token", "access_token", "YOUR_ACCESS_TOKEN", "xxx"} {
		if equalFold(s, word) {
			return true
		}
	}
	return false
}

// percentEscape returns the index of the first percent-encoded octet, or -1.
func percentEscape(s string) int {
	hex := func(c byte) bool { return '0' <= c && c <= '9' || 'a' <= lower(c) && lower(c) <= 'f' }
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '%' && hex(s[i+1]) && hex(s[i+2]) {
			return i
		}
	}
	return -1
}

// token looks at a b64token (RFC 6750 section 2.1, RFC 9449 section 7.1).
func (e *examiner) token(end, at int) (Credentials, bool) {
	if at > end+1 {
		e.add(IDBearerSeveralSpaces, end+1, "", "put one space behind the scheme")
	}
	rest := e.s[at:]
	i := endToken68(rest, 0)
	if i == len(rest) {
		return Credentials{Scheme: strings.TrimLeft(e.s[:end], " \t"), Token68: rest}, true
	}
	if name := span(rest, 0, classToken); name > 0 && name+1 < len(rest) && rest[name] == '=' && rest[name+1] != '=' {
		return e.stop(IDBearerParams, at+name, "send the token itself, without a name and quotes")
	}
	return e.stop(tokenDefect(rest, i), at+i, "")
}

// basic looks at the base64 of user and password (RFC 7617 section 2).
func (e *examiner) basic(end, at int) (Credentials, bool) {
	if at > end+1 {
		e.add(IDSeveralSpaces, end+1, "", "")
	}
	rest := e.s[at:]
	user, password, err := DecodeBasic(rest)
	if err == nil {
		if user == "" || password == "" {
			e.add(IDBasicEmptyPart, at, "", "")
		}
		return Credentials{Scheme: strings.TrimLeft(e.s[:end], " \t"), Token68: rest}, true
	}
	bad, ok := err.(*BasicError) //nolint:errorlint // as DecodeBasic returned it
	if !ok {
		return Credentials{}, false
	}
	switch colon := strings.IndexByte(rest, ':'); {
	case strings.HasPrefix(rest, "eyJ") && strings.Count(rest, ".") == 2:
		return e.stop(IDBasicJWT, at, "send it as Bearer")
	case colon >= 0:
		return e.stop(IDBasicPlainText, at+colon, "encode user:password with base64")
	case bad.Kind == IDBasicColonMissing && doubleEncoded(rest):
		return e.stop(IDBasicDoubleEncoded, at, "encode user:password with base64 once")
	}
	return e.stop(bad.Kind, at+bad.Offset, "")
}

func doubleEncoded(token68 string) bool {
	once, bad := decodeBase64(nil, token68)
	if bad != nil {
		return false
	}
	_, _, err := DecodeBasic(strings.TrimRight(string(once), "\n"))
	return err == nil
}

// digestCredentials checks what RFC 7616 section 3.4 asks of Digest credentials.
func (l *linter) digestCredentials(end int) {
	if l.c.Token68 != "" {
		l.add(IDDigestIncomplete, end, "all parameters are missing", "")
		return
	}
	_, _, extended := l.find("username*")
	for _, name := range [...]string{"username", "realm", "nonce", "uri", "response"} {
		if _, _, ok := l.find(name); !ok && (name != "username" || !extended) {
			l.add(IDDigestIncomplete, end, "the parameter "+name+" is missing", "")
		}
	}
	if _, _, ok := l.find("qop"); ok {
		for _, name := range [...]string{"cnonce", "nc"} {
			if _, _, ok := l.find(name); !ok {
				l.add(IDDigestIncomplete, end, "the parameter "+name+" is missing", "")
			}
		}
	}
	if nc, m, ok := l.find("nc"); ok && !isNonceCount(nc) {
		l.add(IDDigestNonceCount, m.value, "", "nc=00000001")
	}
	l.digestValues()
	l.quoting([]string{"username", "realm", "nonce", "uri", "response", "cnonce", "opaque"}, []string{"algorithm", "qop", "nc"})
}

// digestValues checks what can be judged without the challenge.
func (l *linter) digestValues() {
	if qop, m, ok := l.find("qop"); ok && !DigestQOP(qop).Known() {
		l.add(IDDigestQopChosen, m.value, "", "qop=auth")
	}
	value, m, _ := l.find("algorithm")
	algorithm := DigestAlgorithm(value)
	if !algorithm.Known() {
		l.add(IDDigestAlgorithmUnknown, m.value, "", "algorithm=SHA-256")
	} else if response, m, ok := l.find("response"); ok {
		if _, err := digestResponse(response, algorithm.HexLen(), Lenient); err != nil {
			l.add(IDDigestResponse, m.value, "", "")
		}
	}
	hashed, m, ok := l.find("userhash")
	if ok && !equalFold(hashed, "true") && !equalFold(hashed, "false") {
		l.add(IDDigestNotBoolean, m.value, "", "userhash=true")
	}
	name, m, ok := l.find("username*")
	if !ok {
		return
	}
	if _, _, twice := l.find("username"); twice {
		l.add(IDDigestUsernameTwice, m.name, "", "")
	}
	if _, readable := decodeExtended(name); !readable || m.quoted || equalFold(hashed, "true") {
		l.add(IDDigestUsernameExt, m.value, "", "")
	}
}

// nc-value = 8LHEX (RFC 7616 section 3.4); clients that send upper case are common.
func isNonceCount(s string) bool {
	if len(s) != 8 {
		return false
	}
	for i := range len(s) {
		if c := lower(s[i]); (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
