package httpauth

import "errors"

// ErrOtherScheme says that a field value is not of the scheme that was asked
// for; another reader may know it.
var ErrOtherScheme = errors.New("httpauth: credentials of another scheme")

// BearerToken returns the token of an Authorization value of the scheme Bearer
// (RFC 6750 section 2.1). The error is ErrOtherScheme, or a *SyntaxError if the
// scheme is Bearer and the rest is not exactly one SP and one b64token: two
// readers that disagree about a tab or a second space are a way around one of
// them. The value is taken as it is, without trimming. The token shares memory
// with value.
//
// credentials = "Bearer" 1*SP b64token
// b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
func BearerToken(value string) (string, error) {
	return schemeToken(value, "Bearer")
}

func schemeToken(value, scheme string) (string, error) {
	n := len(scheme)
	if !hasPrefixFold(value, scheme) {
		return "", ErrOtherScheme
	}
	if len(value) > MaxFieldSize {
		return "", syntaxError(IDFieldTooLong, MaxFieldSize)
	}
	if len(value) == n {
		return "", syntaxError(IDSchemeOnly, n)
	}
	if value[n] != ' ' {
		return "", behindScheme(value, n)
	}
	token := value[n+1:]
	end := endToken68(token, 0)
	switch {
	case end == len(token) && end > 0:
		return token, nil
	case skipSpace(token, 0) == len(token):
		return "", syntaxError(IDSchemeOnly, n)
	case end == 0 && token[0] == ' ':
		return "", syntaxError(IDBearerSeveralSpaces, n+1)
	}
	return "", syntaxError(tokenDefect(token, end), n+1+end)
}

// behindScheme tells what is wrong with the octet right behind the scheme.
func behindScheme(value string, n int) error {
	switch end := span(value, n, classToken); {
	case value[n] == '\t':
		return syntaxError(IDSchemeTab, n)
	case value[n] == ':':
		return syntaxError(IDSchemeColon, n)
	case end > n && end < len(value) && isSpace(value[end]):
		return ErrOtherScheme // a longer name that happens to start alike
	case is(value[n], classControl):
		return syntaxError(IDControlCharacter, n)
	}
	return syntaxError(IDSchemeGlued, n)
}

// tokenDefect names what is wrong with the octet at i of a token.
func tokenDefect(token string, i int) FindingID {
	switch c := token[i]; {
	case is(c, classControl):
		return IDControlCharacter
	case i == 0 && (c == '"' || c == '\''):
		return IDTokenQuoted
	case i == 0 && c == '<':
		return IDTokenBracketed
	case c == ' ':
		return IDTokenWithSpace
	}
	return IDTokenOctet
}
