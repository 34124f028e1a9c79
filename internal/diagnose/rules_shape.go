package diagnose

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// shapeRules are about the token as a text: is it a JWT, whole and readable?
func shapeRules() []Rule {
	return []Rule{
		{
			ID: "id-token-sent", Title: "An ID token was sent as an access token", Fault: Client, Reason: reason.TokenTypeWrong,
			Explain: "An ID token tells the client who logged in; it is no ticket for an API. The access token stands beside it in the same answer of the token endpoint.",
			Example: `"aud": the client's own id, "nonce", "at_hash"`, Spec: "OpenID Connect Core 1.0 section 2; RFC 9068 section 5", check: checkIDToken,
		},
		{
			ID: "refresh-token-sent", Title: "A refresh token was sent as an access token", Fault: Client, Reason: reason.TokenTypeWrong,
			Explain: "A refresh token is for the token endpoint alone, where it is exchanged for an access token. It should never reach an API.",
			Example: `"typ": "Refresh"`, Spec: "RFC 6749 section 1.5", check: checkRefreshToken,
		},
		{
			ID: "token-outdated", Title: "An older token was sent than the last one received", Fault: Client, Reason: reason.TokenExpired,
			Explain: "The client got a new token and went on with the one before: two copies of the token, a request that was built before the refresh, or an HTTP client that keeps its default headers.",
			Example: "POST /token gives B; GET /orders carries A", Spec: "RFC 6749 section 6", check: checkTokenOutdated,
		},
		{
			ID: "token-not-the-one-received", Title: "The token is not one that was received before", Fault: Client, Reason: reason.TokenMalformed,
			Explain: "A login answered with a token, and what is sent is only a part of it or it with something added: cut by a column of a database, by a cookie's limit, or by a mask that forgot the end.",
			Example: "access_token of 900 characters, 255 of them sent", Spec: "RFC 6750 section 2.1", check: checkTokenAltered,
		},
		{
			ID: "jwt-part-missing", Title: "A part of the token is missing", Fault: Client, Reason: reason.TokenMalformed,
			Explain: "A signed JWT has three parts with dots between: header, payload, signature. With two, the signature was cut off or the token was never signed.",
			Example: "Authorization: Bearer eyJ....eyJ...", Spec: "RFC 7515 section 3.1", check: partsRule(2),
		},
		{
			ID: "jwt-encrypted", Title: "The token is encrypted, not signed", Fault: Client, Reason: reason.TokenMalformed,
			Explain: "Five parts make a JWE: only whoever it was encrypted for can read it. An identity provider that gives out encrypted tokens usually does so because the audience that was asked for is none that it knows as an API.",
			Example: `{"alg":"dir","enc":"A256GCM"}`, Spec: "RFC 7516 section 3.1", check: partsRule(5),
		},
		{
			ID: "jwt-part-extra", Title: "The token has too many parts", Fault: Client, Reason: reason.TokenMalformed,
			Explain: "A signed JWT has three parts. More of them come from two tokens that were joined, or from a prefix or suffix with a dot that a framework adds to session cookies.",
			Example: "Authorization: Bearer eyJ....eyJ....abc.def", Spec: "RFC 7515 section 3.1", check: partsRule(4),
		},
		{
			ID: "jwt-undecodable", Title: "The token cannot be decoded", Fault: Client, Reason: reason.TokenMalformed,
			Explain: "A part of the token is not base64url, or what it holds is not JSON: something was lost or changed on the way from the issuer to the request.",
			Example: "Authorization: Bearer eyJhbGc{...", Spec: "RFC 7515 sections 3 and 5.2", check: checkUndecodable,
		},
		{
			ID: "jwt-unsigned", Title: "The token is not signed", Fault: Client, Reason: reason.TokenAlgorithmRefused,
			Explain: `A token with alg "none" says nothing that anybody could trust. No server accepts it.`,
			Example: `{"alg":"none"}`, Spec: "RFC 8725 section 3.2", check: checkUnsigned,
		},
		{
			ID: "token-opaque", Title: "The server expects a JWT and got an opaque token", Fault: Client, Reason: reason.TokenMalformed,
			Explain: "The token is no JWT, and the server wants to read one. Identity providers give opaque tokens when no audience was asked for; session ids and API keys are opaque too.",
			Example: "Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA", Spec: "RFC 9068 section 2; RFC 7662 section 1", check: checkOpaque,
		},
	}
}

// checkWrapped names what stands around the token.
func checkWrapped(s *scene) *hit {
	h := findingRule("At octet %d stands something that is no part of the token.", "send the token itself, with nothing around it",
		httpauth.IDTokenQuoted, httpauth.IDTokenBracketed, httpauth.IDBearerParams, httpauth.IDTypographicQuotes, httpauth.IDSingleQuotes)(s)
	if h == nil {
		return nil
	}
	at := h.at[0].Offset
	what := "A name stands in front of the token"
	for _, known := range [...]struct{ marks, what string }{
		{"\"", "Quotation marks stand around the token"}, {"'", "Apostrophes stand around the token"}, {"`", "Backquotes stand around the token"},
		{"<>", "Angle brackets stand around the token"}, {"[]", "Square brackets stand around the token"}, {"{}", "Braces stand around the token"},
		{"()", "Brackets stand around the token"}, {"\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb", "Typographic quotation marks stand around the token"},
	} {
		if at < len(s.auth.value) && strings.ContainsAny(firstRune(s.auth.value[at:]), known.marks) {
			what = known.what
		}
	}
	h.title, h.note = what, fmt.Sprintf("What is no part of the token begins at octet %d of the value; the server takes it for one.", at+1)
	if strings.HasPrefix(what, "A name") {
		h.note = fmt.Sprintf("The scheme is followed by name=value, with the equals sign at octet %d; Bearer takes the token alone.", at+1)
	}
	return h
}

func firstRune(v string) string {
	_, n := utf8.DecodeRuneInString(v)
	return v[:n]
}

// grantOf finds the latest grant of that token.
func (s *scene) grantOf(value string) (grant, bool) {
	for i := len(s.got) - 1; i >= 0; i-- {
		if s.got[i].value == value {
			return s.got[i], true
		}
	}
	return grant{}, false
}

// lastAccess is the latest access token that the client received.
func (s *scene) lastAccess() (grant, bool) {
	for i := len(s.got) - 1; i >= 0; i-- {
		if s.got[i].kind == "access_token" {
			return s.got[i], true
		}
	}
	return grant{}, false
}

func checkIDToken(s *scene) *hit {
	if s.tok == "" || !s.walk() {
		return nil
	}
	const right = "the access_token of the same answer"
	h := &hit{
		expected: right, actual: "an ID token", at: []Evidence{s.inToken()},
		fix: Fix{Text: "Send access_token, not id_token. To ask for one that this API accepts, name the API when you log in (scope, audience or resource).", Command: s.curl(withToken)},
	}
	if g, ok := s.grantOf(s.tok); ok {
		if g.kind != "id_token" {
			return nil
		}
		h.sure, h.note = Certain, fmt.Sprintf("The token that was sent is the id_token of answer %d. It tells the client who logged in; the access_token stands beside it.", g.n+1)
		return h
	}
	c := s.claims()
	if c == nil || s.jwt.Type != "" && strings.EqualFold(strings.TrimPrefix(strings.ToLower(s.jwt.Type), "application/"), "at+jwt") {
		return nil
	}
	raw := c.Raw()
	claim := ""
	for _, name := range [...]string{"at_hash", "c_hash"} {
		if _, ok := raw[name]; ok {
			claim = name
		}
	}
	if v, _ := raw["token_use"].(string); v == "id" {
		claim = "token_use"
	}
	if v, _ := raw["typ"].(string); v == "ID" {
		claim = "typ"
	}
	if claim != "" {
		h.sure = Likely
	} else if _, ok := raw["nonce"]; ok && len(c.Scopes) == 0 {
		claim, h.sure = "nonce", Likely
	} else {
		return nil
	}
	h.note = fmt.Sprintf("The token has the claim %s, which ID tokens have and access tokens do not.", q(claim))
	h.at = []Evidence{s.inClaim(claim)}
	return h
}

func checkRefreshToken(s *scene) *hit {
	if s.tok == "" || !s.walk() {
		return nil
	}
	h := &hit{
		expected: "an access token", actual: "a refresh token", at: []Evidence{s.inToken()},
		fix: Fix{Text: "Send the refresh token to the token endpoint, and the access token that it gives to the API.", Command: s.curl(withToken)},
	}
	if g, ok := s.grantOf(s.tok); ok {
		if g.kind != "refresh_token" {
			return nil
		}
		h.sure, h.note = Certain, fmt.Sprintf("The token that was sent is the refresh_token of answer %d.", g.n+1)
		return h
	}
	if c := s.claims(); c != nil {
		if v, _ := c.Raw()["typ"].(string); v == "Refresh" || v == "Offline" {
			h.sure, h.note = Certain, fmt.Sprintf("The token says of itself that it is of type %s.", q(v))
			h.at = []Evidence{s.inClaim("typ")}
			return h
		}
		if v, _ := c.Raw()["token_use"].(string); v == "refresh" {
			h.sure, h.note = Certain, "The token says of itself that its use is refresh."
			h.at = []Evidence{s.inClaim("token_use")}
			return h
		}
	}
	return nil
}

func checkTokenOutdated(s *scene) *hit {
	if s.tok == "" || s.status != 401 {
		return nil
	}
	last, ok := s.lastAccess()
	if !ok || last.value == s.tok {
		return nil
	}
	mine, known := s.grantOf(s.tok)
	if known && mine.kind != "access_token" {
		return nil
	}
	// Tokens of other issuers or for other APIs are no successors.
	if a, b := readClaims(last.value), s.claims(); a != nil && b != nil {
		if a.Issuer != b.Issuer || strings.Join(a.Audience, " ") != strings.Join(b.Audience, " ") || !a.IssuedAt.IsZero() && !b.IssuedAt.IsZero() && !a.IssuedAt.After(b.IssuedAt) {
			return nil
		}
	} else if !known && !s.usedBefore(last.n) {
		return nil
	}
	sure := Likely
	from := &s.c.Exchanges[last.n]
	switch {
	case strings.Contains(string(from.Request.Body), "refresh_token"), strings.Contains(from.Request.URL.Path, "refresh"):
		sure = Certain
	case known && !sameEndpoint(s.c.Exchanges[mine.n].Request.URL, from.Request.URL):
		return nil // a token of somebody else
	}
	h := &hit{
		sure: sure, expected: fmt.Sprintf("the token of answer %d (%s)", last.n+1, fingerprint(last.value)), actual: fingerprint(s.tok),
		note: fmt.Sprintf("Answer %d gave the client a new access token, and request %d still carries an older one.", last.n+1, s.n+1),
		at:   []Evidence{s.inToken()},
		fix:  Fix{Text: "Read the token at the moment of sending, from one place only; after a refresh, build the request anew.", Command: s.curl(withToken)},
	}
	if !known {
		h.sure = Likely
	}
	return h
}

func sameEndpoint(a, b *url.URL) bool {
	return a != nil && b != nil && a.Host == b.Host && a.Path == b.Path
}

// usedBefore tells that the token was in use before exchange n.
func (s *scene) usedBefore(n int) bool {
	for i := range n {
		if strings.Contains(s.c.Exchanges[i].Request.Header.Get("Authorization"), s.tok) {
			return true
		}
	}
	return false
}

func readClaims(text string) *token.Claims {
	if !looksLikeJWT(text) {
		return nil
	}
	d := token.Decode(text)
	return d.Claims
}

func checkTokenAltered(s *scene) *hit {
	if len(s.tok) < 12 || !s.walk() {
		return nil
	}
	for i := len(s.got) - 1; i >= 0; i-- {
		g := s.got[i]
		if g.kind != "access_token" || g.value == s.tok {
			continue
		}
		short := strings.HasPrefix(g.value, s.tok) || strings.HasSuffix(g.value, s.tok)
		if !short && !strings.Contains(s.tok, g.value) {
			continue
		}
		what := "a part of"
		if !short {
			what = "more than"
		}
		return &hit{
			sure: Certain, expected: octets(len(g.value)), actual: octets(len(s.tok)),
			note: fmt.Sprintf("What was sent is %s the token of answer %d: %s in place of %s.", what, g.n+1, octets(len(s.tok)), octets(len(g.value))),
			at:   []Evidence{s.inAuth(s.tokAt+len(s.tok), 0)},
			fix:  Fix{Text: "Send the token exactly as it was received. Look for a limit where it is stored.", Command: s.curl(withToken)},
		}
	}
	return nil
}

// partsRule looks at the number of parts; 4 stands for every other number above
// three.
func partsRule(want int) func(*scene) *hit {
	return func(s *scene) *hit {
		if s.jwt == nil || !s.walk() {
			return nil
		}
		n := len(s.jwt.Parts)
		if n == 3 || n < 2 || want != 4 && n != want || want == 4 && (n == 2 || n == 5) {
			return nil
		}
		at, length := s.tokAt+len(s.tok), 0
		if n > 3 {
			at, length = s.tokAt+s.jwt.Parts[3].Offset-1, 1
		}
		h := &hit{
			sure: Certain, expected: "3 parts", actual: fmt.Sprintf("%d parts", n),
			note: fmt.Sprintf("The token has %d parts, a signed JWT has three.", n),
			at:   []Evidence{s.inAuth(at, length)},
			fix:  Fix{Text: "Copy the token again, whole, from where it was issued.", Command: s.curl(withToken)},
		}
		switch n {
		case 2:
			h.note = "The token has two parts: header and payload. The signature is missing."
			if strings.EqualFold(s.jwt.Alg, "none") {
				h.note += ` Its header says alg "none".`
			}
		case 5:
			h.sure = Likely
			h.note = "The token has five parts: it is encrypted (JWE), and a server that expects a signed token cannot read it."
			h.fix = Fix{Text: "Ask the identity provider for a token for this API: name its audience or resource when you log in.", Command: s.curl(withToken)}
		}
		return h
	}
}

func checkUndecodable(s *scene) *hit {
	if s.jwt == nil || len(s.jwt.Parts) != 3 || len(s.jwt.Problems) == 0 || !s.walk() {
		return nil
	}
	p := s.jwt.Problems[0]
	h := &hit{
		sure: Certain, note: fmt.Sprintf("The %s of the token cannot be read: %s.", p.Part, p.What),
		fix: Fix{Text: "Copy the token again, whole, from where it was issued.", Command: s.curl(withToken)},
	}
	if strings.HasPrefix(p.What, "bad JSON: ") {
		// Something that is no JWT at all.
		if p.Part == "header" && !strings.HasPrefix(s.jwt.Header, "{") {
			return nil
		}
		h.at = []Evidence{s.inToken()}
		if strings.Contains(p.What, "milliseconds") || strings.Contains(p.What, "number of seconds") {
			h.fix = Fix{Text: "The issuer has to write dates as numbers of seconds since 1970, without quotes (RFC 7519 section 2): correct the program that makes the token.", Command: h.fix.Command}
		}
		return h
	}
	at := s.tokAt + p.Offset
	length := 1
	if at >= len(s.auth.value) {
		length = 0
	}
	h.at = []Evidence{s.inAuth(at, length)}
	return h
}

func checkUnsigned(s *scene) *hit {
	if s.jwt == nil || !strings.EqualFold(s.jwt.Alg, "none") || !s.walk() {
		return nil
	}
	return &hit{
		sure: Certain, expected: "a signature", actual: "alg " + q(s.jwt.Alg),
		note: fmt.Sprintf("The header of the token says alg %s: nobody signed it.", q(s.jwt.Alg)),
		at:   []Evidence{s.inHeader("alg")},
		fix:  Fix{Text: "Get a token from the issuer; for tests, `gate401 token issue` signs one.", Command: s.curl(withToken)},
	}
}

func checkOpaque(s *scene) *hit {
	if s.tok == "" || s.jwt != nil || !s.is("Bearer") || s.status != 401 || strings.HasPrefix(s.tok, token.APIKeyPrefix+"_") {
		return nil
	}
	text := strings.ToLower(s.bearer["error_description"] + " " + s.said.text)
	why := ""
	switch {
	case strings.Contains(text, "jwt") || strings.Contains(text, "not a valid token") || strings.Contains(text, "three parts") ||
		strings.Contains(text, "segments") || strings.Contains(text, "malformed"):
		why = "the answer speaks of a malformed token"
	case s.o.Keys != nil:
		why = "a key set was given to verify it with"
	default:
		return nil
	}
	h := &hit{
		sure: Likely, expected: "a JWT", actual: "an opaque text of " + octets(len(s.tok)),
		note: "The token is no JWT, and " + why + ".",
		at:   []Evidence{s.inToken()},
		fix:  Fix{Text: "Ask the identity provider for a token for this API: name its audience, resource or scope when you log in.", Command: s.curl(withToken)},
	}
	return h
}
