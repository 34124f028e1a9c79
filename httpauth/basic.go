package httpauth

import (
	"encoding/base64"
	"fmt"
	"unicode/utf8"
)

// BasicError says why Basic credentials cannot be read or written. It holds
// nothing of them.
type BasicError struct {
	// Kind is one of the findings whose id starts with "basic-".
	Kind FindingID
	// Offset is the octet in the string that was given. For a defect of the
	// decoded text it is the base64 character that holds the octet's first bit.
	Offset int
	// Octet is the index in the decoded text (in user ":" password when
	// encoding), or -1 for a defect of the base64.
	Octet int
}

func (e *BasicError) Error() string {
	info, _ := LookupFinding(e.Kind)
	return fmt.Sprintf("offset %d: %s (%s)", e.Offset, info.Title, info.Section)
}

// ParseBasic returns the user and password of an Authorization value of the
// scheme Basic (RFC 7617 section 2). The error is ErrOtherScheme, a
// *SyntaxError if the value is not a scheme, spaces and one more part, or a
// *BasicError if that part is wrong. The user may be empty; whether such a user
// may come in is for the caller to say.
func ParseBasic(value string) (user, password string, err error) {
	token, at, err := basicToken(value)
	if err != nil {
		return "", "", err
	}
	user, password, err = DecodeBasic(token)
	if bad, ok := err.(*BasicError); ok { //nolint:errorlint // made a moment ago, and changed before anybody else sees it
		bad.Offset += at
	}
	return user, password, err
}

// credentials = "Basic" 1*SP token68 (RFC 7617 section 2), optional white space
// around it (RFC 9110 section 5.5).
func basicToken(value string) (token string, at int, err error) {
	const scheme = "Basic"
	if len(value) > MaxFieldSize {
		return "", 0, syntaxError(IDFieldTooLong, MaxFieldSize)
	}
	start := skipSpace(value, 0)
	end := len(value)
	for end > start && isSpace(value[end-1]) {
		end--
	}
	value = value[:end]
	n := start + len(scheme)
	switch {
	case !hasPrefixFold(value[start:], scheme):
		return "", 0, ErrOtherScheme
	case n == len(value):
		return "", 0, syntaxError(IDSchemeOnly, n)
	case value[n] != ' ':
		return "", 0, behindScheme(value, n)
	}
	at = n
	for value[at] == ' ' {
		at++
	}
	if value[at] == '\t' {
		return "", 0, syntaxError(IDSchemeTab, at)
	}
	return value[at:], at, nil
}

// DecodeBasic decodes what stands behind the scheme Basic: base64 of the user,
// a colon and the password in UTF-8 (RFC 7617 sections 2 and 2.1). The base64 is
// read strictly (RFC 4648 sections 3.1 to 3.5), because two spellings of one
// password are two entries in every log and cache. An error is a *BasicError.
func DecodeBasic(token68 string) (user, password string, err error) {
	var buf [256]byte
	u, p, err := AppendDecodeBasic(buf[:0], token68)
	if err != nil {
		return "", "", err
	}
	both := string(u[:len(u)+1+len(p)])
	return both[:len(u)], both[len(u)+1:], nil
}

// AppendDecodeBasic is DecodeBasic without allocation, as long as the capacity
// of dst suffices: both parts lie in dst's memory, behind its length.
func AppendDecodeBasic(dst []byte, token68 string) (user, password []byte, err error) {
	text, bad := decodeBase64(dst, token68)
	if bad == nil {
		if !utf8.Valid(text) {
			bad = basicTextError(IDBasicNotUTF8, invalidUTF8(text))
		} else {
			user, password, bad = splitBasic(text)
		}
	}
	if bad != nil {
		return nil, nil, bad
	}
	return user, password, nil
}

// DecodeBasicLatin1 is DecodeBasic for clients that send ISO-8859-1. Call it
// when DecodeBasic failed with the Kind IDBasicNotUTF8, and only where such
// clients have to be served: RFC 7617 section 2.1 lets a server ask for UTF-8.
// The results are UTF-8.
func DecodeBasicLatin1(token68 string) (user, password string, err error) {
	octets, bad := decodeBase64(nil, token68)
	if bad != nil {
		return "", "", bad
	}
	u, p, bad := splitBasic(octets)
	if bad != nil {
		return "", "", bad
	}
	return latin1(u), latin1(p), nil
}

func latin1(octets []byte) string {
	b := make([]byte, 0, 2*len(octets))
	for _, c := range octets {
		b = utf8.AppendRune(b, rune(c))
	}
	return string(b)
}

// user-pass = user-id ":" password (RFC 7617 section 2)
//
// The first colon splits: a password may hold further ones. Control characters
// (CTL, RFC 5234 appendix B.1) are forbidden in both.
func splitBasic(text []byte) (user, password []byte, bad *BasicError) {
	colon := -1
	for i, c := range text {
		if c < ' ' || c == 0x7f {
			return nil, nil, basicTextError(IDBasicControl, i)
		}
		if c == ':' && colon < 0 {
			colon = i
		}
	}
	if colon < 0 {
		return nil, nil, basicTextError(IDBasicColonMissing, len(text))
	}
	return text[:colon], text[colon+1:], nil
}

func basicTextError(kind FindingID, octet int) *BasicError {
	return &BasicError{Kind: kind, Offset: octet * 8 / 6, Octet: octet}
}

func invalidUTF8(b []byte) int {
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

// EncodeBasic returns the Authorization value for a user and a password (RFC
// 7617 section 2). It refuses, with a *BasicError, a user with a colon, control
// characters, and what is not UTF-8.
func EncodeBasic(user, password string) (string, error) {
	var buf [512]byte
	b, err := AppendBasic(buf[:0], user, password)
	if err != nil {
		return "", err
	}
	return string(b), nil
}

// AppendBasic appends to dst what EncodeBasic returns.
func AppendBasic(dst []byte, user, password string) ([]byte, error) {
	for i := range len(user) {
		if user[i] == ':' {
			return dst, &BasicError{Kind: IDBasicColonInUser, Offset: i, Octet: i}
		}
	}
	if bad := checkBasicText(user, 0); bad != nil {
		return dst, bad
	}
	if bad := checkBasicText(password, len(user)+1); bad != nil {
		return dst, bad
	}
	var buf [256]byte
	text := append(buf[:0], user...)
	text = append(text, ':')
	text = append(text, password...)
	dst = append(dst, "Basic "...)
	return base64.StdEncoding.AppendEncode(dst, text), nil
}

func checkBasicText(s string, at int) *BasicError {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return &BasicError{Kind: IDBasicControl, Offset: at + i, Octet: at + i}
		}
	}
	if !utf8.ValidString(s) {
		i := at + invalidUTF8([]byte(s))
		return &BasicError{Kind: IDBasicNotUTF8, Offset: i, Octet: i}
	}
	return nil
}
