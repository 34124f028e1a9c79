package diagnose

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
)

// ownTokens are forms of tokens with a character that tokens cannot have by the
// grammar: those of Laravel Sanctum (3|abc) and the sessions of Salesforce
// (00D...!...). Their servers take them.
var ownTokens = regexp.MustCompile(`^(?:[0-9]+\|[A-Za-z0-9]+|00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]+)$`)

// oddOctets are characters that tokens cannot have by the grammar, and that are
// no traces of copying: some server may have issued them.
const oddOctets = "!|:@#$&*"

// ownToken tells that the token may be one of a server that does not keep to the
// grammar.
func (s *scene) ownToken() bool {
	word := s.auth.value[len(s.auth.value)-len(strings.TrimLeft(strings.TrimPrefix(s.auth.value, s.scheme), " ")):]
	return s.is("Bearer") && s.jwt == nil && strings.ContainsAny(word, oddOctets) && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/="+oddOctets) == ""
}

func checkOctet(s *scene) *hit {
	h := findingRule("The character at octet %d cannot be in a token.", "copy the token again, whole and on one line", httpauth.IDTokenOctet, httpauth.IDTokenWithSpace, httpauth.IDFieldTooLong)(s)
	if h == nil || !s.ownToken() {
		return h
	}
	_, word, _ := httpauth.CutScheme(s.auth.value)
	if ownTokens.MatchString(word) {
		return nil
	}
	h.sure = Possible
	h.note += " Some servers issue such tokens all the same: compare it with what was issued."
	return h
}

// ownGrammar are schemes of some servers that do not keep to the grammar of
// credentials, and need not where only their own clients speak to them.
func ownGrammar(scheme string) bool {
	switch strings.ToLower(scheme) {
	case "token", "ssws", "apikey", "api-key", "key", "sharedkey", "aws4-hmac-sha256", "aws", "hawk", "jwt":
		return true
	}
	return false
}

// oddCredential finds what does not belong into the credential of a scheme that
// follows its own rules.
func (s *scene) oddCredential() *hit {
	v := s.auth.value
	lead := len(v) - len(strings.TrimLeft(v[len(s.scheme):], " ")) // the scheme has no space before it here
	if strings.Contains(v, "=") && strings.Contains(v, ",") || !strings.HasPrefix(v, s.scheme) {
		return nil // parameters, which are theirs to read
	}
	for _, odd := range [...]struct {
		octet     byte
		note, fix string
	}{
		{' ', "A space stands inside the credential, at octet %d of the value.", "Copy the credential again, whole and without a space."},
		{':', "A colon stands in the credential, at octet %d of the value. Where a scheme takes an id and a key, it is mostly base64 of the two.", "Send what the documentation names: mostly base64 of id:key, as one word."},
	} {
		i := strings.IndexByte(v[lead:], odd.octet)
		if i < 0 || odd.octet == ':' && !s.is("ApiKey") && !s.is("Api-Key") {
			continue // SharedKey, AWS, Key and token take an id, a colon and the rest as they are
		}
		h := &hit{sure: Possible, note: fmt.Sprintf(odd.note, lead+i+1), at: []Evidence{s.inAuth(lead+i, 1)}, fix: Fix{Text: odd.fix, Command: s.curl(s.credentialArgument())}}
		if s.wantsScheme(s.scheme) {
			h.sure = Likely
		}
		if odd.octet == ':' {
			h.fix.Command = s.curl(`-H "Authorization: ` + s.scheme + ` $(printf %s "$ID:$KEY" | base64 | tr -d '\n')"`)
		}
		return h
	}
	return nil
}

// ownArgument is how curl sends the credential of a scheme that is no registered
// one, where the server asks for it or the request has it.
func (s *scene) ownArgument() string {
	wants := s.wants()
	if len(wants) > 0 && s.wantsScheme(s.scheme) {
		wants = []string{s.scheme}
	}
	switch {
	case s.is("Bearer") && s.wasRead():
		return ""
	case len(wants) == 0 && s.is("AWS4-HMAC-SHA256"):
		return `--aws-sigv4 aws:amz:REGION:SERVICE -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"`
	case len(wants) == 0 && (s.is("SSWS") || s.is("ApiKey") || s.is("Api-Key") || s.is("Key")):
		wants = []string{s.scheme}
	case len(wants) == 0:
		return ""
	}
	switch strings.ToLower(wants[0]) {
	case "token", "ssws", "apikey", "api-key":
		return `-H "Authorization: ` + wants[0] + ` $TOKEN"`
	}
	return ""
}

// misread are the words of notes about a command, and what to do about each.
var misread = map[string]string{
	capture.EndedByAnd:   "Put the URL into quotes.",
	capture.SingleQuotes: "Use double quotes in cmd.exe.",
}

// checkCommand goes by what was noted when the command was read.
func checkCommand(s *scene) *hit {
	if !s.walk() && s.status != 404 {
		return nil
	}
	if m := s.c.Misprint; m != nil && m.Kind == capture.MisprintLine {
		return s.misprint(m)
	}
	for _, n := range s.c.Notes {
		fix, ok := misread[n.Text]
		if !ok {
			continue
		}
		return &hit{sure: Certain, note: sentence(n.Text), at: []Evidence{s.inLine()}, fix: Fix{Text: fix}}
	}
	return nil
}
