package explain

import (
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// Kind is what a piece of text seems to be.
type Kind int

// The kinds.
const (
	KindUnknown       Kind = iota
	KindCode               // a reason of the catalogue
	KindStatus             // an HTTP status such as 401
	KindRequestID          // the id of a request
	KindToken              // a JWT or an API key
	KindChallenge          // one or more WWW-Authenticate fields
	KindAuthorization      // an Authorization field
	KindMisspelt           // a field that was meant to be Authorization
	KindResponse           // a response, from its status line on
	KindCurl               // a command that makes a request: curl, PowerShell, fetch
	KindURL                // a URL
	KindHAR                // a file that a browser exported
	KindPostman            // a collection of Postman
	KindExchange           // a request as text, with its response if it has one
)

// Guessed is what [Guess] makes of a text.
type Guessed struct {
	Kind Kind
	// Name of the field, if the text has one.
	Name string
	// Values are the field values without names, or the text itself.
	Values []string
}

// Secret tells whether the text is, or holds, something secret.
func (g Guessed) Secret() bool {
	return g.Kind == KindToken || g.Kind == KindAuthorization || g.Kind == KindMisspelt
}

// Guess tells what a text that somebody pasted is.
func Guess(text string) Guessed {
	text = strings.Trim(text, "\r\n")
	trimmed := strings.TrimSpace(text)
	one := []string{trimmed}
	if _, ok := reason.Lookup(reason.Code(strings.ToLower(trimmed))); ok {
		return Guessed{Kind: KindCode, Values: []string{strings.ToLower(trimmed)}}
	}
	switch trimmed {
	case "400", "401", "403", "413", "429", "502", "503", "504":
		return Guessed{Kind: KindStatus, Values: one}
	}
	if isRequestID(trimmed) {
		return Guessed{Kind: KindRequestID, Values: []string{strings.ToUpper(trimmed)}}
	}
	if _, ok := readResponse(strings.TrimLeft(text, " \t\r\n")); ok {
		return Guessed{Kind: KindResponse, Values: []string{text}}
	}
	if kind, ok := guessSource(text); ok {
		return Guessed{Kind: kind, Values: []string{text}}
	}
	if g, ok := guessField(text); ok {
		return g
	}
	if looksLikeToken(trimmed) {
		return Guessed{Kind: KindToken, Values: one}
	}
	if scheme, rest, ok := httpauth.CutScheme(trimmed); ok && knownWord(scheme) {
		if name, value, eq := strings.Cut(rest, "="); eq && strings.Trim(value, "= ") != "" && isName(name) && !isTokenLike(rest) ||
			rest == "" && !strings.EqualFold(scheme, "authorization") {
			return Guessed{Kind: KindChallenge, Values: []string{text}}
		}
		return Guessed{Kind: KindAuthorization, Values: []string{text}}
	}
	if g := gluedScheme(trimmed); g > 0 && len(trimmed) > g+8 {
		return Guessed{Kind: KindAuthorization, Values: []string{text}}
	}
	return Guessed{}
}

// isRequestID knows the ids that the gate makes: 26 characters of Crockford's
// base 32.
func isRequestID(s string) bool {
	if len(s) != 26 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if strings.IndexByte("0123456789ABCDEFGHJKMNPQRSTVWXYZ", c) < 0 {
			return false
		}
	}
	return true
}

// guessField reads lines with field names, as copied from curl -v or from the
// network tab; lines of other fields are passed over.
func guessField(text string) (Guessed, bool) {
	g := Guessed{}
	open := false // the value may go on in the next line
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if open = open && tokenPart(line); open {
			g.Values[len(g.Values)-1] += "\n" + line
			continue
		}
		line = strings.TrimPrefix(strings.TrimPrefix(line, "< "), "> ")
		name, value, ok := strings.Cut(line, ":")
		if !ok || !isName(name) {
			continue
		}
		kind := fieldKind(name)
		if kind == KindUnknown || (g.Kind != KindUnknown && kind != g.Kind) || (g.Kind == KindAuthorization || g.Kind == KindMisspelt) {
			continue
		}
		g.Kind, g.Name = kind, name
		g.Values = append(g.Values, strings.Trim(value, " \t"))
		open = kind == KindAuthorization || kind == KindMisspelt
	}
	return g, g.Kind != KindUnknown
}

// tokenPart tells the rest of a token that was broken in two from other lines
// (RFC 6750 section 2.1).
func tokenPart(line string) bool {
	return len(line) >= 8 && strings.Trim(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=") == ""
}

func fieldKind(name string) Kind {
	switch strings.ToLower(name) {
	case "www-authenticate", "proxy-authenticate":
		return KindChallenge
	case "authorization", "proxy-authorization":
		return KindAuthorization
	//nolint:misspell // these are the misspellings that are looked for
	case "authorisation", "x-authorization", "x-authorisation", "authorizaton", "autorization", "auth", "x-auth", "authentication",
		"authorization-header", "www-authorization", "http_authorization", "http-authorization":
		return KindMisspelt
	}
	return KindUnknown
}

// isName is the shape of a field name or a parameter's name.
func isName(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '-' {
			return false
		}
	}
	return s != ""
}

// looksLikeToken knows API keys of the gate and JWTs, also broken ones.
func looksLikeToken(s string) bool {
	if strings.HasPrefix(strings.ToLower(s), token.APIKeyPrefix+"_") {
		return true
	}
	return !strings.ContainsAny(s, " \t=\"") && (strings.HasPrefix(s, "eyJ") || strings.Count(s, ".") == 2 && len(s) > 30)
}

// isTokenLike tells base64 with padding from name=value.
func isTokenLike(s string) bool {
	return strings.HasSuffix(strings.TrimSpace(s), "=") && !strings.ContainsAny(s, " \",")
}
