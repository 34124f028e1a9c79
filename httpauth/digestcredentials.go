package httpauth

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"unicode/utf8"
)

// DigestCredentials holds the parameters of an Authorization value of the scheme
// Digest (RFC 7616 section 3.4). Whoever has them can guess the password without
// asking anybody, so String, the JSON form and log lines hold none.
type DigestCredentials struct {
	// Username is the name, in UTF-8 if it came as username*, or its hash if
	// UserHash is set.
	Username      string
	UserHash      bool
	Realm, URI    string
	Nonce, Opaque string
	Algorithm     DigestAlgorithm
	QOP           DigestQOP
	CNonce        string
	NC            string // as it was sent: its very digits are hashed
	Response      string // hexadecimal digits in lower case
}

var (
	_ slog.LogValuer = DigestCredentials{}
	_ json.Marshaler = DigestCredentials{}
)

// ParseDigest reads an Authorization or Proxy-Authorization value of the scheme
// Digest: [ParseAuthorization] and [ParseDigestCredentials] in one. The error is
// ErrOtherScheme, a *SyntaxError or a *DigestError.
func ParseDigest(value string, mode Mode) (DigestCredentials, error) {
	switch scheme, rest, ok := CutScheme(value); {
	case ok && !equalFold(scheme, "Digest"):
		return DigestCredentials{}, ErrOtherScheme
	case ok && rest == "":
		return DigestCredentials{}, syntaxError(IDSchemeOnly, len(scheme))
	}
	c, err := ParseAuthorization(value)
	if err != nil {
		return DigestCredentials{}, err
	}
	return ParseDigestCredentials(c, mode)
}

// ParseDigestCredentials reads the parameters of credentials that
// [ParseAuthorization] returned. Strict wants everything that RFC 7616 section
// 3.4 wants of a client; Lenient takes credentials without qop (RFC 2069), a
// shorter nc, and upper case in response. In both, whether a parameter was
// quoted does not matter: [ExamineAuthorization] tells. The error is
// ErrOtherScheme or a *DigestError.
func ParseDigestCredentials(c Credentials, mode Mode) (DigestCredentials, error) {
	d, err := parseDigestCredentials(c, mode)
	if err != nil {
		return DigestCredentials{}, err
	}
	return d, nil
}

func parseDigestCredentials(c Credentials, mode Mode) (d DigestCredentials, err error) {
	if !c.Is("Digest") {
		return d, ErrOtherScheme
	}
	if c.Token68 != "" || len(c.Params) == 0 {
		return d, &DigestError{Kind: IDDigestIncomplete}
	}
	d.UserHash = isTrue(c.Param("userhash"))
	if d.Username, err = digestUsername(c, d.UserHash); err != nil {
		return d, err
	}
	for _, p := range [...]struct {
		name string
		to   *string
	}{{"realm", &d.Realm}, {"nonce", &d.Nonce}, {"uri", &d.URI}, {"response", &d.Response}} {
		var ok bool
		if *p.to, ok = c.Param(p.name); !ok {
			return d, &DigestError{IDDigestIncomplete, p.name}
		}
	}
	d.Opaque, _ = c.Param("opaque")
	algorithm, _ := c.Param("algorithm")
	d.Algorithm = DigestAlgorithm(algorithm)
	if !d.Algorithm.Known() {
		return d, &DigestError{IDDigestAlgorithmUnknown, "algorithm"}
	}
	if d.Response, err = digestResponse(d.Response, d.Algorithm.HexLen(), mode); err != nil {
		return d, err
	}
	return d, d.readCounted(c, mode)
}

// readCounted reads qop and what belongs to it.
func (c *DigestCredentials) readCounted(from Credentials, mode Mode) error {
	qop, counted := from.Param("qop")
	var hasCNonce, hasNC bool
	c.CNonce, hasCNonce = from.Param("cnonce")
	c.NC, hasNC = from.Param("nc")
	switch {
	case !counted && mode != Lenient:
		return &DigestError{IDDigestIncomplete, "qop"}
	case !counted:
		// RFC 2069 knows no counter; it would not be hashed.
		c.NC = ""
		if !c.Algorithm.Session() {
			c.CNonce = ""
		} else if !hasCNonce {
			return &DigestError{IDDigestIncomplete, "cnonce"}
		}
		return nil
	}
	c.QOP = DigestQOP(qop)
	switch {
	case !c.QOP.Known():
		return &DigestError{IDDigestQopChosen, "qop"}
	case !hasCNonce:
		return &DigestError{IDDigestIncomplete, "cnonce"}
	case !hasNC:
		return &DigestError{IDDigestIncomplete, "nc"}
	}
	if _, ok := digestCount(c.NC, mode); !ok {
		return &DigestError{IDDigestNonceCount, "nc"}
	}
	return nil
}

// nc-value = 8LHEX (RFC 7616 section 3.4)
func digestCount(nc string, mode Mode) (uint32, bool) {
	if !isNonceCount(nc) && (mode != Lenient || len(nc) > 8) {
		return 0, false
	}
	n, err := strconv.ParseUint(nc, 16, 32)
	return uint32(n), err == nil
}

// Count is the number that NC spells; 0 if it is empty.
func (c DigestCredentials) Count() uint32 {
	n, _ := digestCount(c.NC, Lenient)
	return n
}

// response = DQUOTE *LHEX DQUOTE (RFC 7616 section 3.4), as long as the hash.
func digestResponse(s string, size int, mode Mode) (string, error) {
	if len(s) != size {
		return "", &DigestError{IDDigestResponse, "response"}
	}
	upper := false
	for i := range len(s) {
		c := lower(s[i])
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') || mode != Lenient && c != s[i] {
			return "", &DigestError{IDDigestResponse, "response"}
		}
		upper = upper || c != s[i]
	}
	if !upper {
		return s, nil
	}
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b), nil
}

// digestUsername reads username or username*: never both, and no username* with
// a hash (RFC 7616 section 3.4).
func digestUsername(c Credentials, hashed bool) (string, error) {
	plain, hasPlain := c.Param("username")
	ext, hasExt := c.Param("username*")
	switch {
	case hasPlain && hasExt:
		return "", &DigestError{IDDigestUsernameTwice, "username*"}
	case hasPlain:
		return plain, nil
	case !hasExt:
		return "", &DigestError{IDDigestIncomplete, "username"}
	case hashed:
		return "", &DigestError{IDDigestUsernameExt, "username*"}
	}
	name, ok := decodeExtended(ext)
	if !ok {
		return "", &DigestError{IDDigestUsernameExt, "username*"}
	}
	return name, nil
}

// Credentials returns the credentials to send, in the forms of RFC 7616 section
// 3.4: username, realm, nonce, uri, response, cnonce and opaque are quoted,
// algorithm, qop, nc and userhash are not. A name that is not printable ASCII
// goes into username*.
func (c DigestCredentials) Credentials() Credentials {
	params := make([]Param, 0, 11)
	// What is no UTF-8 cannot be said in username* and stays as it is.
	if c.UserHash || isPrintable(c.Username) || !utf8.ValidString(c.Username) {
		params = append(params, Param{"username", c.Username})
	} else {
		params = append(params, Param{"username*", encodeExtended(c.Username)})
	}
	params = append(params, Param{"realm", c.Realm}, Param{"uri", c.URI})
	params = appendGiven(params, "algorithm", string(c.Algorithm))
	params = append(params, Param{"nonce", c.Nonce})
	if c.QOP != "" {
		params = append(params, Param{"nc", c.NC}, Param{"cnonce", c.CNonce}, Param{"qop", string(c.QOP)})
	} else {
		params = appendGiven(params, "cnonce", c.CNonce)
	}
	params = append(params, Param{"response", c.Response})
	params = appendGiven(params, "opaque", c.Opaque)
	if c.UserHash {
		params = append(params, Param{"userhash", "true"})
	}
	return Credentials{Scheme: "Digest", Params: params}
}

// Value returns the field value to send.
func (c DigestCredentials) Value() string { return c.Credentials().Value() }

// String holds nothing of the credentials.
func (c DigestCredentials) String() string { return "Digest [redacted]" }

// GoString is String, for %#v.
func (c DigestCredentials) GoString() string { return c.String() }

// LogValue is String, for log/slog.
func (c DigestCredentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON writes String.
func (c DigestCredentials) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }

func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// ext-value = charset "'" [ language ] "'" *( pct-encoded / attr-char ) (RFC 8187
// section 3.2.1), the charset UTF-8.
func decodeExtended(s string) (string, bool) {
	const charset = "UTF-8'"
	if !hasPrefixFold(s, charset) {
		return "", false
	}
	i := len(charset)
	for i < len(s) && s[i] != '\'' {
		i++
	}
	if i == len(s) {
		return "", false
	}
	out := make([]byte, 0, len(s)-i)
	for i++; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%' && i+2 < len(s) && percentEscape(s[i:i+3]) == 0:
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
			out = append(out, byte(n))
			i += 2
		case isAttrChar(c):
			out = append(out, c)
		default:
			return "", false
		}
	}
	return string(out), utf8.Valid(out)
}

func encodeExtended(s string) string {
	const digits = "0123456789ABCDEF"
	out := append(make([]byte, 0, len(s)+16), "UTF-8''"...)
	for i := range len(s) {
		if c := s[i]; isAttrChar(c) {
			out = append(out, c)
		} else {
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(out)
}

// attr-char (RFC 8187 section 3.2.1): tchar without "*", "'" and "%".
func isAttrChar(c byte) bool { return is(c, classToken) && c != '*' && c != '\'' && c != '%' }
