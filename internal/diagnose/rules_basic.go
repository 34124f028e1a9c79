package diagnose

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// basicRules are about what stands behind Basic.
func basicRules() []Rule {
	encode := "encode user:password once, with the standard alphabet: curl -u does it"
	return []Rule{
		{
			ID: "basic-carries-token", Title: "A token was sent as Basic", Fault: Client, Reason: reason.BasicMalformed,
			Explain: "Basic carries a name and a password. A token is sent as Bearer.",
			Example: "Authorization: Basic eyJ...", Spec: "RFC 7617 section 2; RFC 6750 section 2.1",
			check: checkBasicToken,
		},
		{
			ID: "basic-plain-text", Title: "Name and password were not encoded", Fault: Client, Reason: reason.BasicMalformed,
			Explain: "Behind Basic stands the base64 of name:password, not the text itself.",
			Example: "Authorization: Basic alice:secret", Spec: "RFC 7617 section 2", check: findingRule("There is a colon at octet %d: the text was not encoded.", encode, httpauth.IDBasicPlainText),
		},
		{
			ID: "basic-double-encoded", Title: "Name and password were encoded twice", Fault: Client, Reason: reason.BasicMalformed,
			Explain: "The text was base64 already when the client encoded it once more, so the server finds no colon in it.",
			Example: "Authorization: Basic WVd4cFkyVTZjMlZqY21WMA==", Spec: "RFC 7617 section 2", check: findingRule("Decoded once, the text is base64 again.", encode, httpauth.IDBasicDoubleEncoded),
		},
		{
			ID: "basic-line-end", Title: "A line end was encoded along with the password", Fault: Client, Reason: reason.BasicMalformed,
			Explain: "`echo name:password | base64` encodes the line end too, and the server takes it for a part of the password. printf, or echo -n, leaves it out.",
			Example: "Authorization: Basic YWxpY2U6c2VjcmV0Cg==", Spec: "RFC 7617 section 2", check: checkBasicLineEnd,
		},
		{
			ID: "basic-url-alphabet", Title: "The Basic payload uses the alphabet of URLs", Fault: Client, Reason: reason.BasicMalformed,
			Explain: "Basic uses standard base64 with + and /. The alphabet with - and _ is that of tokens; servers cannot decode it.",
			Example: "Authorization: Basic YWxpY2U6Pz8_", Spec: "RFC 7617 section 2; RFC 4648 section 4", check: findingRule("The character at octet %d is of the alphabet for URLs.", encode, httpauth.IDBasicURLAlphabet),
		},
		{
			ID: "basic-colon-missing", Title: "There is no colon between name and password", Fault: Client, Reason: reason.BasicMalformed,
			Explain: "The decoded text has to be name:password. Without a colon the server cannot tell them apart: often the password alone, or an API key, was encoded. A key goes with a colon behind it.",
			Example: "Authorization: Basic YWxpY2U=", Spec: "RFC 7617 section 2", check: findingRule("The decoded text has no colon.", "encode name:password, with the colon even if one of them is empty", httpauth.IDBasicColonMissing),
		},
		{
			ID: "basic-not-utf-8", Title: "Name and password are not in UTF-8", Fault: Client, Reason: reason.BasicMalformed,
			Explain: "The decoded octets are in Latin-1 or another old charset. A letter such as ä has other octets there than in UTF-8, which servers expect today, so the password does not match.",
			Example: "Authorization: Basic YWxpY2U65HBmZWw=", Spec: "RFC 7617 section 2.1", check: findingRule("The decoded octets are not UTF-8.", "encode name and password as UTF-8 before base64", httpauth.IDBasicNotUTF8),
		},
		{
			ID: "basic-not-base64", Title: "The Basic payload is not base64", Fault: Client, Reason: reason.BasicMalformed,
			Explain: "What stands behind Basic cannot be decoded: it was cut off, holds white space, lacks its padding, or is something else.",
			Example: "Authorization: Basic YWxpY2U6c2VjcmV0=", Spec: "RFC 7617 section 2; RFC 4648 section 4",
			check: findingRule("The payload cannot be decoded; it stops to make sense at octet %d.", encode, httpauth.IDBasicNotBase64, httpauth.IDBasicPadding, httpauth.IDBasicTrailingBits, httpauth.IDBasicWhitespace, httpauth.IDBasicControl),
		},
	}
}

// checkBasicToken finds a token behind Basic, as it is or as name or password. As
// one of those some servers take it, so only one that asks for Bearer makes sure.
func checkBasicToken(s *scene) *hit {
	if h := findingRule("Behind Basic stands a JSON Web Token.", "send the token as Bearer", httpauth.IDBasicJWT)(s); h != nil {
		return h
	}
	user, password, ok := s.basic()
	if !ok || !looksLikeJWT(user) && !looksLikeJWT(password) || !s.walk() || len(s.auths) == 0 || s.wantsScheme("Basic") {
		return nil
	}
	what := "name"
	if looksLikeJWT(password) {
		what = "password"
	}
	h := &hit{
		sure: Possible, expected: "Authorization: Bearer", actual: "Basic", at: []Evidence{s.inScheme()},
		note: "The " + what + " is a JSON Web Token. Tokens are sent as Bearer; few servers take them in the place of a " + what + ".",
		fix:  Fix{Text: "Send the token as Bearer.", Command: s.curl(withToken)},
	}
	if s.wantsScheme("Bearer") {
		h.sure = Certain
	}
	return h
}

// basic are the decoded name and password, if they can be read.
func (s *scene) basic() (user, password string, ok bool) {
	if !s.is("Basic") {
		return "", "", false
	}
	_, rest, _ := httpauth.CutScheme(strings.TrimSpace(s.auth.value))
	user, password, err := httpauth.DecodeBasic(strings.TrimSpace(rest))
	if from, _ := s.unfilled(user + ":" + password); from >= 0 {
		return "", "", false
	}
	return user, password, err == nil
}

func checkBasicLineEnd(s *scene) *hit {
	if !s.is("Basic") || !s.walk() {
		return nil
	}
	_, rest, _ := httpauth.CutScheme(strings.TrimSpace(s.auth.value))
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil || len(text) == 0 || text[len(text)-1] != '\n' && text[len(text)-1] != '\r' {
		return nil
	}
	return &hit{
		sure: Certain, expected: "name:password", actual: `name:password\n`,
		note: "The decoded text ends with a line end, so the password that the server compares has one character too many.",
		at:   []Evidence{s.inAuth(len(s.auth.value)-len(rest), len(rest))},
		fix:  Fix{Text: "Let the client encode, or use `printf %s` in place of `echo`.", Command: s.curl(withPassword)},
	}
}

// passwordRules come after everything that a request can show: the credentials
// are well formed, and refused.
func passwordRules() []Rule {
	return []Rule{
		{
			ID: "basic-surrounding-space", Title: "The name or the password begins or ends with a space", Fault: Client, Reason: reason.CredentialsInvalid,
			Explain: "A space that was copied along counts as a part of the password.",
			Example: "Authorization: Basic YWxpY2U6c2VjcmV0IA==", Spec: "RFC 7617 section 2", check: checkBasicSpace,
		},
		{
			ID: "basic-percent-encoded", Title: "The password seems to be percent-encoded", Fault: Client, Reason: reason.CredentialsInvalid,
			Explain: "In a URL a password is percent-encoded, in Basic it is not. Copied from one into the other, %40 stays where @ belongs.",
			Example: "curl -u 'alice:p%40ss'", Spec: "RFC 7617 section 2; RFC 3986 section 2.1", check: checkBasicPercent,
		},
		{
			ID: "basic-refused", Title: "The server knows no such name with that password", Fault: Client, Reason: reason.CredentialsInvalid,
			Explain: "The credentials are well formed, the scheme is the one that the server asks for, and it refuses them. Servers do not say whether the name or the password is wrong. It may have been changed, or belong to another environment or realm.",
			Example: "401 with WWW-Authenticate: Basic after a request with Basic", Spec: "RFC 7617 section 2", check: checkBasicRefused,
		},
	}
}

func checkBasicSpace(s *scene) *hit {
	user, password, ok := s.basic()
	if !ok || !s.refused() {
		return nil
	}
	which := ""
	switch {
	case user != strings.TrimSpace(user):
		which = "name"
	case password != strings.TrimSpace(password):
		which = "password"
	default:
		return nil
	}
	return &hit{
		sure: Likely, expected: "no space around the " + which, actual: "a space",
		note: "The " + which + " in the Basic credentials has a space at its beginning or end.",
		at:   []Evidence{s.inAuth(0, len(s.auth.value))},
		fix:  Fix{Text: "Type the " + which + " without the space.", Command: s.curl(withPassword)},
	}
}

func checkBasicPercent(s *scene) *hit {
	_, password, ok := s.basic()
	if !ok || s.status != 401 || !strings.Contains(password, "%") {
		return nil
	}
	plain, err := url.PathUnescape(password)
	if err != nil || plain == password {
		return nil
	}
	return &hit{
		sure: Possible, note: "The password holds what looks like percent-encoding, which Basic does not undo.",
		at:  []Evidence{s.inAuth(0, len(s.auth.value))},
		fix: Fix{Text: "Send the password as it is.", Command: s.curl(withPassword)},
	}
}

func checkBasicRefused(s *scene) *hit {
	user, password, ok := s.basic()
	if !ok || s.status != 401 && s.status != 407 || !s.wantsScheme("Basic") && s.loginReason() == "" || checkClient(s) != nil {
		return nil // at a token endpoint it is the client's
	}
	if secretUser(user, password) {
		h := &hit{
			sure: Likely, reason: reason.APIKeyInvalid, expected: "a key that the server knows", actual: fingerprint(user),
			note: "A key or token is sent as the name, with no password to speak of. It arrives well formed, and the server refuses it.",
			at:   []Evidence{s.inScheme(), s.inAnswer("WWW-Authenticate", "Basic")},
			fix:  Fix{Text: "Check that the key is whole, exists, and is of this environment.", Command: s.curl(`-u "$API_KEY:` + password + `"`)},
		}
		if !noPassword(password) {
			h.note = "A token is sent as the name, beside a password. Both arrive well formed, and the server refuses them."
			h.fix.Command = s.curl(`-u "$TOKEN:$PASSWORD"`)
		}
		return h
	}
	h := &hit{
		sure: Likely, expected: "a name and password that the server knows", actual: fmt.Sprintf("name %s and a password", q(user)),
		note: fmt.Sprintf("Name %s and its password arrive well formed, and the server refuses them. It does not say which of the two is wrong.", q(user)),
		at:   []Evidence{s.inScheme(), s.inAnswer("WWW-Authenticate", "Basic")},
		fix:  Fix{Text: "Check name and password where they are known to work, and do not repeat the same pair: servers lock accounts for that.", Command: s.curl("-u " + shellWord(user))},
	}
	if v := s.loginReason(); v != "" {
		h.at = []Evidence{s.inScheme(), s.inAnswer("X-Seraph-Loginreason", v)}
		if strings.Contains(v, "AUTHENTICATION_DENIED") {
			h.note += " After too many failures it wants a CAPTCHA: log in once by a browser."
		}
	} else if s.said.text != "" && !statusWords(s.said.text) {
		h.note = s.quotedTold(h.note)
	}
	if password == "" {
		h.actual = fmt.Sprintf("name %s and no password", q(user))
		h.note = fmt.Sprintf("Name %s arrives with an empty password, and the server refuses that. The variable or file that it was to come from may be empty.", q(user))
		h.fix.Text = "Give the password; this asks for it."
	}
	for i := range user + " " {
		if i < len(user) && user[i] >= 0x80 {
			h.note += " The name is not ASCII: servers that do not announce charset=\"UTF-8\" may read it otherwise."
			break
		}
	}
	return h
}
