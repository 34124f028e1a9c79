package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/reason"
)

// headerRules are about the Authorization field as a text: its name, the scheme,
// what stands around the credential. A server stops at these before it looks at
// the credential itself.
func headerRules() []Rule {
	return append([]Rule{
		{
			ID: "field-without-colon", Title: "curl sends no field for one of the options", Fault: Client, Reason: reason.CredentialsMissing,
			Explain: "A field is a name, a colon and a value. Without the colon curl drops the whole option in silence, and the request goes out as if it had never been there.",
			Example: `curl -H "X-API-Key abc"`, Spec: "RFC 9110 section 5.1", check: checkColon,
		},
		{
			ID: "authorization-misspelt", Title: "The field is not called Authorization", Fault: Client, Reason: reason.AuthorizationMisspelt,
			Explain: "Servers look for the credential in the field Authorization, with z. A field of another name is passed over in silence, so the server answers as if nothing had been sent.",
			Example: "Authorisation: Bearer eyJ...", Spec: "RFC 9110 section 11.6.2", check: checkMisspelt,
		},
		{
			ID: "authorization-twice", Title: "There are two Authorization fields", Fault: Client, Reason: reason.CredentialsAmbiguous,
			Explain: "A request carries one Authorization field. With two, servers take the first, the last, both joined by a comma, or refuse; usually a library adds one and the program another.",
			Example: "Authorization: Basic ...\nAuthorization: Bearer ...", Spec: "RFC 9110 sections 5.3 and 11.6.2", check: checkTwice,
		},
		{
			ID: "variable-unresolved", Title: "A variable was sent by its name", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "The request holds the name of a variable where its value belongs: {{token}}, $TOKEN, <token>. Single quotes keep a shell from filling it in; in Postman and its like the environment is not chosen, or the variable has no current value. Of a variable that a shell or a tool fills in, nobody knows here whether it was set: that is possible, no more.",
			Example: "Authorization: Bearer {{token}}", Spec: "RFC 6750 section 2.1", check: checkVariable,
		},
		{
			ID: "script-value-sent", Title: "The program had no token and sent a word in its place", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "undefined, null, None and [object Object] are what programs write when a value is missing or is no text. The token was not loaded yet, is stored under another name, or the whole answer was used in place of its access_token.",
			Example: "Authorization: Bearer undefined", Spec: "RFC 6750 section 2.1", check: checkScriptValue,
		},
		{
			ID: "authorization-empty", Title: "The Authorization field has no credential", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "The field is there and holds nothing, or a scheme with nothing behind it. The variable that should fill it is empty.",
			Example: "Authorization: Bearer ", Spec: "RFC 9110 section 11.4", check: findingRule("The field is there, and nothing stands in it that could be a credential.", "fill in the credential: the variable that holds it is empty",
				httpauth.IDAuthorizationEmpty, httpauth.IDSchemeOnly),
		},
		{
			ID: "field-name-in-value", Title: "The value repeats the name of the field", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "Name and value were pasted together into a tool that asks for them apart.",
			Example: "Authorization: Authorization: Bearer eyJ...", Spec: "RFC 9110 section 11.4",
			check: findingRule("The value begins with the name of the field.", "give the value only: scheme, one space, credential", httpauth.IDFieldNameInValue),
		},
		{
			ID: "invisible-character", Title: "An invisible character stands in the field", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "Web pages, chats and documents put zero-width characters and no-break spaces into what is copied from them. Nobody sees them, and no server takes them.",
			Example: "Authorization: Bearer \u200beyJ...", Spec: "RFC 9110 section 5.5",
			check: findingRule("A character that nobody sees stands at octet %d of the value.", "type the value anew, or copy it from a plain text editor", httpauth.IDZeroWidth),
		},
		{
			ID: "control-character", Title: "A line end or control character stands in the field", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "The token was read from a file or a command with its line end. Many clients refuse to send it, some send it, and the server refuses the whole request or the token.",
			Example: "Authorization: Bearer eyJ...\\n", Spec: "RFC 9110 section 5.5",
			check: checkControl,
		},
		{
			ID: "scheme-repeated", Title: "The scheme stands there twice", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "A tool adds the scheme itself, and the value given to it has it too. The second Bearer is read as the token.",
			Example: "Authorization: Bearer Bearer eyJ...", Spec: "RFC 6750 section 2.1",
			check: findingRule("The scheme stands there once more at octet %d, and the server takes it for the token.", "write the scheme once: where the tool has a field for the token, give it the token alone", httpauth.IDSchemeRepeated),
		},
		{
			ID: "scheme-glued", Title: "There is no single space behind the scheme", Fault: Client, Reason: reason.AuthorizationMisspelt,
			Explain: "One space stands between the scheme and the credential: no colon, no comma, no tab, and not nothing.",
			Example: "Authorization: Bearer:eyJ...", Spec: "RFC 9110 section 11.4",
			check: findingRule("Behind the scheme, at octet %d, one space belongs.", "write the scheme, one space, and the credential",
				httpauth.IDSchemeGlued, httpauth.IDSchemeColon, httpauth.IDSchemeComma, httpauth.IDSchemeTab),
		},
		{
			ID: "scheme-missing", Title: "The scheme is missing", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "The field holds a credential and does not say of what kind. Tokens are sent as Bearer, names and passwords as Basic.",
			Example: "Authorization: eyJ...", Spec: "RFC 9110 section 11.4",
			check: findingRule("The value begins with the credential itself; nothing says of what kind it is.", "put the scheme and one space in front", httpauth.IDSchemeMissing),
		},
		{
			ID: "token-wrapped", Title: "Something stands around the token", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "Quotes, angle brackets or a name were copied along with the token: from JSON, from an example, from a configuration file. The server takes them for a part of it.",
			Example: `Authorization: Bearer "eyJ..."`, Spec: "RFC 6750 section 2.1",
			check: checkWrapped,
		},
		{
			ID: "token-percent-encoded", Title: "The token is percent-encoded", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "Percent-encoding belongs into URLs and forms. In a header field it changes the token.",
			Example: "Authorization: Bearer abc%3D%3D", Spec: "RFC 6750 section 2.1",
			check: findingRule("At octet %d begins a percent-encoding.", "send the token as it was issued, not encoded for a URL", httpauth.IDTokenPercent),
		},
		{
			ID: "several-credentials", Title: "One Authorization field holds two credentials", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "A request speaks for one: only challenges can be listed, credentials cannot. Two fields that a proxy or a library joined look like this too.",
			Example: "Authorization: Basic dTpw, Bearer eyJ...", Spec: "RFC 9110 section 11.6.2",
			check: findingRule("A second credential begins at octet %d.", "send one credential", httpauth.IDSeveralCredentials),
		},
		{
			ID: "token-octet-invalid", Title: "A character in the token cannot be there", Fault: Client, Reason: reason.AuthorizationMalformed,
			Explain: "Tokens are made of letters, digits and - . _ ~ + / with = at the end. Anything else comes from copying, from a line break in the middle, or from taking a wrong value.",
			Example: "Authorization: Bearer eyJ... eyJ...", Spec: "RFC 6750 section 2.1",
			check: checkOctet,
		},
	}, basicRules()...)
}

// malformedRules catch what no better rule knows.
func malformedRules() []Rule {
	return []Rule{{
		ID: "authorization-malformed", Title: "The Authorization field cannot be read", Fault: Client, Reason: reason.AuthorizationMalformed,
		Explain: "The value does not follow the grammar of credentials: a scheme, one space, then either one token or a list of name=value.",
		Example: "Authorization: Bear{er eyJ...", Spec: "RFC 9110 section 11.4", check: checkMalformed,
	}}
}

// checkControl tells a line break within a token from one at its end.
func checkControl(s *scene) *hit {
	h := findingRule("A line end or another control character stands at octet %d of the value.", "cut the line end off, for example with `TOKEN=$(cat token.txt)` or strip()", httpauth.IDControlCharacter, httpauth.IDObsFold)(s)
	if h == nil {
		return nil
	}
	at := h.at[0].Offset
	if v := s.auth.value; at > 0 && at < len(v) && (v[at] == '\n' || v[at] == '\r') && strings.TrimSpace(v[at:]) != "" && at > s.tokAt {
		h.title = "A line break stands inside the credential"
		h.note = fmt.Sprintf("The line breaks off at octet %d of the value and goes on in the next: it was pasted with a line break.", at+1)
		h.fix.Text = "Join the lines: the token is one line without a gap."
	}
	return h
}

// findingRule makes a check of findings of httpauth.
func findingRule(say, fix string, ids ...httpauth.FindingID) func(*scene) *hit {
	return func(s *scene) *hit {
		if !s.auth.ok || !s.walk() {
			return nil
		}
		for _, f := range s.exam.Findings {
			if f.Severity == httpauth.SeverityError && slices.Contains(ids, f.ID) {
				return s.finding(f, say, fix)
			}
		}
		return nil
	}
}

// finding turns an error in the Authorization field into a hit. say is what it is
// in this case, with the place counted from 1; empty for the finding's own words.
func (s *scene) finding(f httpauth.Finding, say, fix string) *hit {
	length := s.guilty(f)
	h := &hit{sure: Certain, at: []Evidence{s.inAuth(f.Offset, length)}}
	h.note = say
	switch {
	case say == "":
		h.note = sentence(f.Message) + fmt.Sprintf(" The place is octet %d of the value.", f.Offset+1)
	case strings.Contains(say, "%d"):
		h.note = fmt.Sprintf(say, f.Offset+1)
	}
	if length > 0 && length <= 4 && f.Offset < len(s.auth.value) {
		if r, n := utf8.DecodeRuneInString(s.auth.value[f.Offset:]); n == length && (r > 0x7f || r < ' ') {
			h.actual = fmt.Sprintf("U+%04X at octet %d", r, f.Offset+1)
		}
	}
	h.fix = Fix{Text: sentence(fix), Command: s.curl(s.credentialArgument())}
	if (f.ID == httpauth.IDSchemeMissing || f.ID == httpauth.IDTokenOctet) && s.wasRead() {
		h.sure = Possible
		h.note += " The server read it all the same."
	}
	return h
}

// credentialArgument is how curl sends what was meant to be sent.
func (s *scene) credentialArgument() string {
	if !s.auth.ok && s.req.Options.User != "" {
		switch s.req.Options.Auth {
		case "digest", "anyauth", "ntlm", "negotiate":
			return "--" + s.req.Options.Auth + " " + withPassword
		}
		return withPassword
	}
	if wants := s.wants(); len(wants) > 0 && !s.wantsScheme(s.scheme) && !s.wasRead() {
		switch {
		case s.wantsScheme("Bearer"):
			return withToken
		case s.wantsScheme("Digest"):
			return "--digest " + withPassword
		case s.wantsScheme("Basic"):
			return withPassword
		}
	}
	if own := s.ownArgument(); own != "" {
		return own
	}
	if name, _, _ := pathSecret(s.req.URL); name != "" && !s.auth.ok && !s.key.ok {
		return "" // the URL has it
	}
	if s.key.ok && !s.auth.ok {
		if s.key.inQuery() {
			return "" // the URL has it
		}
		return s.keyArgument()
	}
	if s.is("Basic") || s.wantsScheme("Basic") && !s.wantsScheme("Bearer") && s.jwt == nil && !s.wasRead() {
		return s.passwordArgument()
	}
	if s.is("Digest") {
		return "--digest " + withPassword
	}
	return withToken
}

// passwordArgument is how curl sends what was sent as Basic: a key in place of
// the name goes without a password.
func (s *scene) passwordArgument() string {
	if user, password, ok := s.basic(); ok && secretUser(user, password) && password == "" && !looksLikeJWT(user) {
		return `-u "$API_KEY:"`
	}
	return withPassword
}

// guilty is how many octets a finding is about.
func (s *scene) guilty(f httpauth.Finding) int {
	v := s.auth.value
	if f.Offset >= len(v) {
		return 0
	}
	switch f.ID {
	case httpauth.IDSchemeRepeated, httpauth.IDSchemeMissing, httpauth.IDFieldNameInValue, httpauth.IDTokenPlaceholder, httpauth.IDBasicJWT,
		httpauth.IDSeveralCredentials, httpauth.IDBasicDoubleEncoded:
		if end := strings.IndexAny(v[f.Offset:], " \t"); end > 0 {
			return end
		}
		return len(v) - f.Offset
	case httpauth.IDSchemeOnly:
		return 0
	case httpauth.IDTokenPercent:
		return 3
	}
	_, n := utf8.DecodeRuneInString(v[f.Offset:])
	return n
}

// checkColon looks at what the client was told and did not send.
func checkColon(s *scene) *hit {
	if s.credentialed() || !s.walk() {
		return nil
	}
	for _, n := range s.x.Notes {
		if n.Kind != capture.NoteMalformed || n.Text != capture.NoColon {
			continue
		}
		name, credential := "Name", s.curl(s.credentialArgument())
		if _, quoted, ok := strings.Cut(n.About, `"`); ok {
			name, _, _ = strings.Cut(quoted, " ")
			switch {
			case isKeyField(name):
				credential = s.curl(`-H "` + name + `: $API_KEY"`)
			case !strings.EqualFold(name, "Authorization"):
				continue
			}
		}
		h := &hit{
			sure: Certain, expected: name + ": value", actual: n.About,
			note: "The option " + n.About + " has no colon between name and value, so curl sends no field for it.",
			at:   []Evidence{s.inLine()}, fix: Fix{Text: "Put a colon behind the name of the field.", Command: credential},
		}
		if name == "Name" {
			h.sure = Likely
		}
		return h
	}
	return nil
}

func checkMisspelt(s *scene) *hit {
	if len(s.auths) > 0 || !s.auth.ok || !s.walk() {
		return nil
	}
	right := s.authField()
	h := &hit{
		sure: Certain, expected: right, actual: s.auth.name,
		note: fmt.Sprintf("The credential stands in a field called %s. Servers look at %s only, so nothing was sent as far as they can see.", q(s.auth.name), right),
		at:   []Evidence{{Exchange: s.n + 1, In: "request", Field: s.auth.name, Value: s.auth.name + ": " + s.show("request", s.auth.name, s.auth.value, -1, 0), Offset: 0, Length: len(s.auth.name)}},
		fix:  Fix{Text: "Call the field " + right + ".", Command: s.curl(s.credentialArgument())},
	}
	switch strings.ToLower(s.auth.name) {
	case "auth", "jwt", "x-authorization", "authentication", "bearer", "x-bearer":
		h.sure = Likely // an API may take its own field
	}
	if h.sure == Likely && (len(s.wants()) == 0 || !s.exam.Valid && s.scheme == "") {
		h.sure = Possible
	}
	return h
}

func checkTwice(s *scene) *hit {
	if len(s.auths) < 2 || !s.walk() {
		return nil
	}
	var kinds []string
	for _, v := range s.auths {
		scheme, _, _ := httpauth.CutScheme(v)
		if !knownScheme(scheme) {
			scheme = "something else"
		}
		kinds = append(kinds, scheme)
	}
	return &hit{
		sure: Certain, expected: "one Authorization field", actual: fmt.Sprintf("%d: %s", len(s.auths), list(kinds, "and")),
		note: fmt.Sprintf("The request has %d Authorization fields (%s). Which one counts is up to the server, if it takes the request at all.", len(s.auths), list(kinds, "and")),
		at:   []Evidence{s.inField("request", "Authorization", s.auths[1], 0, len(s.auths[1])), s.inField("request", "Authorization", s.auths[0], 0, len(s.auths[0]))},
		fix:  Fix{Text: "Send one. Look for a second place that sets it: a default of the HTTP client, a .netrc file, the URL.", Command: s.curl(s.credentialArgument())},
	}
}

// checkMalformed is the rest of what httpauth finds.
func checkMalformed(s *scene) *hit {
	if !s.auth.ok || !s.walk() || s.exam.Valid || s.is("Digest") || s.is("Basic") {
		return nil
	}
	if ownGrammar(s.scheme) {
		return s.oddCredential()
	}
	if s.ownToken() {
		return nil
	}
	for _, f := range s.exam.Findings {
		if f.Severity == httpauth.SeverityError {
			fix := f.Hint
			if fix == "" {
				fix = "write the scheme, one space, and the credential"
			}
			h := s.finding(f, "", fix)
			if r, n := utf8.DecodeRuneInString(s.auth.value[min(f.Offset, len(s.auth.value)):]); n > 1 && f.ID == httpauth.IDSchemeInvalid {
				h.note = fmt.Sprintf("The character at octet %d is no letter of ASCII (U+%04X), though it may look like one.", f.Offset+1, r)
				h.fix.Text = "Type the scheme anew."
			}
			if f.ID == httpauth.IDBearerSeveralSpaces && !s.unsent() {
				h.sure = Possible // RFC 6750 section 2.1 allows it, and many servers do
			}
			return h
		}
	}
	return nil
}

// sentence begins with a capital letter and ends with a stop.
func sentence(t string) string {
	if t == "" {
		return t
	}
	t = strings.ToUpper(t[:1]) + t[1:]
	if !strings.HasSuffix(t, ".") && !strings.HasSuffix(t, "?") {
		t += "."
	}
	return t
}
