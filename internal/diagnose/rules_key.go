package diagnose

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/loopback"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// keyRules are about API keys: where they stand, what stands around them, where
// they belong.
func keyRules() []Rule {
	return []Rule{
		{
			ID: "api-key-decorated", Title: "Something stands around the API key", Fault: Client, Reason: reason.APIKeyMalformed,
			Explain: "The field takes the key alone: no quotes, no Bearer, no spaces or line ends, nothing invisible.",
			Example: `X-API-Key: "abc"`, Spec: "RFC 9110 section 5.5", check: checkKeyDecorated,
		},
		{
			ID: "api-key-malformed", Title: "The API key is damaged", Fault: Client, Reason: reason.APIKeyMalformed,
			Explain: "Keys of a gate401 carry a checksum, so that a lost or changed character shows at once. Prefix and environment are in small letters.",
			Example: "X-API-Key: G401_LIVE_...", Spec: "gate401", check: checkKeyMalformed,
		},
		{
			ID: "api-key-environment", Title: "The API key belongs to another environment", Fault: Client, Reason: reason.APIKeyWrongEnvironment,
			Explain: "The key says test, the host is that of production, or the other way round. Environments do not know each other's keys.",
			Example: "X-API-Key: g401_test_... at api.example.com", Spec: "gate401", check: checkKeyEnvironment,
		},
		{
			ID: "api-key-wrong-place", Title: "The API key is in the wrong place", Fault: Client, Reason: reason.APIKeyWrongPlace,
			Explain: "Servers look for a key where they say: in a header field, rarely in the query. A key in a URL ends up in logs and histories, so many refuse it there.",
			Example: "GET /orders?api_key=...", Spec: "RFC 6750 section 5.3", check: checkKeyPlace,
		},
		{
			ID: "token-in-other-field", Title: "The token is in a field that the server does not ask for", Fault: Client, Reason: reason.CredentialsMissing,
			Explain: "The server asks for Bearer, which stands in the Authorization field. What is sent in X-Auth-Token, X-Access-Token and the like is not looked at there.",
			Example: "X-Auth-Token: eyJ...  answered by  WWW-Authenticate: Bearer", Spec: "RFC 6750 section 2.1", check: checkTokenPlace,
		},
	}
}

// keyLateRules admit what cannot be seen of a key.
func keyLateRules() []Rule {
	return []Rule{{
		ID: "api-key-refused", Title: "The server does not accept the API key", Fault: Client, Reason: reason.APIKeyInvalid,
		Explain: "The key is where keys go and nothing is wrong with its form. Whether it is known, expired, revoked or for another environment only the server knows.",
		Example: "X-API-Key: ...  answered by 401", Spec: "gate401", check: checkKeyRefused,
	}}
}

// inKey marks the API key.
func (s *scene) inKey(offset, length int) Evidence {
	if s.key.inQuery() {
		return s.inURL(s.key.name[1:] + "=")
	}
	return s.inField("request", s.key.name, s.key.value, offset, length)
}

func (s *scene) keyArgument() string {
	name := s.key.name
	if !s.key.ok || s.key.inQuery() {
		name = "X-API-Key"
	}
	return `-H "` + name + `: $API_KEY"`
}

func checkKeyDecorated(s *scene) *hit {
	v := s.key.value
	if !s.key.ok || s.key.inQuery() || !s.walk() {
		return nil
	}
	h := &hit{sure: Certain, expected: "the key alone", fix: Fix{Text: "Send the key and nothing else.", Command: s.curl(s.keyArgument())}}
	at, length, what := -1, 1, ""
	scheme, rest, spaced := httpauth.CutScheme(v)
	switch {
	case v == "":
		at, length, what, h.actual = 0, 0, "The field is empty.", "nothing"
	case strings.ContainsAny(v[:1], `"'<`):
		at, what = 0, "The key is sent with quotes or brackets around it."
	case spaced && rest != "" && knownScheme(scheme):
		at, length, what, h.sure = 0, len(scheme), fmt.Sprintf("The key is sent with the scheme %s in front of it, which belongs into the Authorization field only.", q(scheme)), Likely
	case v != strings.TrimSpace(v):
		at, what = len(strings.TrimRight(v, " \t\r\n")), "The key has white space at its end."
		if v[0] == ' ' || v[0] == '\t' {
			at, what = 0, "The key has white space at its beginning."
		}
	default:
		for i, r := range v {
			if r < ' ' || r == 0x7f || r > 0x7f {
				at, length, what = i, len(string(r)), fmt.Sprintf("The key holds the character U+%04X, which no key has.", r)
				break
			}
		}
	}
	if at < 0 {
		return nil
	}
	h.note, h.at = what, []Evidence{s.inKey(at, min(length, len(v)-at))}
	return h
}

// gateKey is a key of a gate401, wherever it was sent.
func (s *scene) gateKey() (string, Evidence, bool) {
	prefix := token.APIKeyPrefix + "_"
	switch {
	case s.key.ok && strings.HasPrefix(strings.ToLower(s.key.value), prefix):
		return s.key.value, s.inKey(0, len(s.key.value)), true
	case strings.HasPrefix(strings.ToLower(s.tok), prefix):
		return s.tok, s.inToken(), true
	}
	return "", Evidence{}, false
}

func checkKeyMalformed(s *scene) *hit {
	key, at, ok := s.gateKey()
	if !ok || !s.walk() {
		return nil
	}
	_, err := token.ParseAPIKey(key)
	var refused *token.Error
	if err == nil || !errors.As(err, &refused) {
		return nil
	}
	why := ""
	if refused.Err != nil {
		why = refused.Err.Error()
	}
	return &hit{
		sure: Certain, note: sentence("the key cannot be right: " + why), at: []Evidence{at}, expected: "the key as it was issued", actual: octets(len(key)),
		fix: Fix{Text: "Copy the whole key again from where it was issued.", Command: s.curl(s.keyArgument())},
	}
}

// keyEnvironment is what a key says about where it belongs.
func keyEnvironment(key string) string {
	for i, part := range strings.FieldsFunc(key, func(r rune) bool { return r == '_' || r == '-' }) {
		if i == 0 || i > 2 {
			continue
		}
		switch strings.ToLower(part) {
		case "test", "sandbox", "dev", "staging":
			return strings.ToLower(part)
		case "live", "prod":
			return "production"
		}
	}
	return ""
}

func checkKeyEnvironment(s *scene) *hit {
	if lower := unquoted(s.told()); s.status >= 400 && strings.Contains(lower, "mode key was used") {
		return &hit{ // Stripe says so behind 404
			sure: Likely, note: s.quotedTold("The key is of another mode than what it asks for."), at: []Evidence{s.inBody(s.told())},
			expected: "a key of the mode in which it was made", fix: Fix{Text: "Use the key of that mode.", Command: s.curl(s.credentialArgument())},
		}
	}
	key, at := s.key.value, Evidence{}
	if s.key.ok {
		at = s.inKey(0, min(len(key), 4))
	} else if s.jwt == nil && s.is("Bearer") {
		key, at = s.tok, s.inAuth(s.tokAt, min(len(s.tok), 4))
	}
	mine, host := keyEnvironment(key), s.req.URL.Hostname()
	theirs := environment(host)
	if mine == "" || s.status != 401 && s.status != 403 || loopback.Leads(host) || mine == theirs {
		return nil
	}
	h := &hit{
		sure: Likely, expected: "a key of the environment of " + host, actual: "a key of " + mine, at: []Evidence{at, s.inURL(host)},
		fix: Fix{Text: "Use a key of the environment that you call.", Command: s.curl(s.keyArgument())},
	}
	switch {
	case mine == "production" && theirs != "":
		h.note = fmt.Sprintf("The key says that it is for production, the host %s for %s.", q(host), theirs)
	case mine != "production" && theirs == "":
		// One host for both, where the key chooses, is common too.
		h.sure = Possible
		h.note = fmt.Sprintf("The key says that it is for %s; the host %s names no environment, so it may be production.", mine, q(host))
	case mine != "production":
		h.note = fmt.Sprintf("The key says that it is for %s, the host %s for %s.", mine, q(host), theirs)
	default:
		return nil
	}
	return h
}

// checkKeyElsewhere goes by a server that says where it looks for a key.
func checkKeyElsewhere(s *scene) *hit {
	field := s.wantedKey()
	if field == "" || !s.saidNothingSent() || !s.walk() || !s.key.ok && !s.auth.ok || s.auth.ok && !s.exam.Valid {
		return nil
	}
	h := &hit{
		sure: Likely, reason: reason.APIKeyWrongPlace, expected: field + ": key",
		fix: Fix{Text: "Send the key in the field " + field + ".", Command: s.curl(`-H "` + field + `: $API_KEY"`)},
	}
	switch {
	case s.key.ok && strings.EqualFold(s.key.name, field):
		return nil
	case s.key.ok && !s.auth.ok:
		h.actual, h.at = strings.TrimPrefix(s.key.name, "?"), []Evidence{s.inKey(0, len(s.key.value))}
		if s.key.inQuery() {
			h.fix.Command = s.curlWithout(`-H "` + field + `: $API_KEY"`)
		}
	case s.auth.ok:
		h.actual, h.at = "Authorization", []Evidence{s.inScheme()}
		h.fix.Text = "Send the key in the field " + field + ". If the token is wanted too, send both."
	}
	h.note = s.quoted(fmt.Sprintf("The credential stands in %s; the server looks for a key in %s, and found none.", q(h.actual), q(field)))
	if s.said.text != "" {
		h.at = append(h.at, s.inBody(s.said.text))
	}
	return h
}

func checkKeyPlace(s *scene) *hit {
	if h := checkKeyElsewhere(s); h != nil {
		return h
	}
	if !s.key.ok || !s.key.inQuery() || s.key.name == "?code" || s.auth.ok || s.status != 401 && s.status != 403 {
		return nil
	}
	wants := list(s.wants(), "or")
	h := &hit{
		sure: Likely, expected: "Authorization: " + wants, actual: "the query parameter " + s.key.name[1:],
		at:  []Evidence{s.inURL(s.key.name[1:] + "=")},
		fix: Fix{Text: "Send it in a header field, and take it out of the URL. Treat it as leaked: URLs are logged.", Command: s.curl(s.keyArgument())},
	}
	switch _, _, ours := s.gateKey(); {
	case s.wantsScheme("Bearer"):
		h.fix.Command = s.curlWithout(withToken)
	case len(s.wants()) > 0:
		h.fix.Command = s.curlWithout(withPassword)
	case ours:
		h.expected, h.fix.Command = "X-API-Key or Authorization: Bearer", s.curlWithout(s.keyArgument())
	default:
		h.sure, h.expected, h.fix.Command = Possible, "a header field, such as X-API-Key", s.curlWithout(s.keyArgument())
		if s.saidNothingSent() {
			h.sure = Likely // it did not see the key
		}
	}
	h.note = fmt.Sprintf("The credential is sent in the query as %s; the server looks for %s.", q(s.key.name[1:]), h.expected)
	return h
}

// curlWithout is curl without the key in the query.
func (s *scene) curlWithout(credential ...string) string {
	u := *s.req.URL
	var keep []string
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		if name, _, _ := strings.Cut(part, "="); name != "" && !strings.EqualFold(name, s.key.name[1:]) {
			keep = append(keep, part)
		}
	}
	u.RawQuery = strings.Join(keep, "&")
	plain, request := *s, *s.req
	request.URL = &u
	plain.req = &request
	return plain.curl(credential...)
}

func checkTokenPlace(s *scene) *hit {
	if !s.key.ok || s.key.inQuery() || s.auth.ok || s.status != 401 || s.bearer["error"] != "" {
		return nil
	}
	if !s.wantsScheme("Bearer") {
		if len(s.wants()) > 0 || !looksLikeJWT(s.key.value) || !s.saidNothingSent() {
			return nil
		}
		return &hit{
			sure: Likely, expected: "Authorization: Bearer", actual: s.key.name,
			note: s.quoted(fmt.Sprintf("The token stands in %s, and the server saw none.", q(s.key.name))),
			at:   []Evidence{s.inKey(0, len(s.key.value)), s.inBody(s.told())},
			fix:  Fix{Text: "Send it as Authorization: Bearer.", Command: s.curl(withToken)},
		}
	}
	h := &hit{
		sure: Likely, expected: "Authorization: Bearer", actual: s.key.name,
		note: fmt.Sprintf("The credential stands in %s; the server asks for Bearer, in the Authorization field.", q(s.key.name)),
		at:   []Evidence{s.inKey(0, len(s.key.value)), s.inAnswer("WWW-Authenticate", "Bearer")},
		fix:  Fix{Text: "Send it as Authorization: Bearer.", Command: s.curl(withToken)},
	}
	if !looksLikeJWT(s.key.value) {
		h.sure = Possible
	}
	return h
}

func checkKeyRefused(s *scene) *hit {
	if s.auth.ok || s.status != 401 && s.status != 403 {
		return nil
	}
	if name, from, to := pathSecret(s.req.URL); name != "" && !s.key.ok {
		return &hit{
			sure: Possible, expected: "a credential that the server knows", actual: fingerprint(s.req.URL.Path[from:to]), title: "The server does not accept the credential in the path",
			note: s.quotedTold("The path of the URL holds a credential. It may be unknown to this server, cut off, or have been replaced by a new one."),
			at:   []Evidence{s.inLine()}, fix: Fix{Text: "Compare it with the one that was handed out, or have a new one made.", Command: s.curl()},
		}
	}
	if !s.key.ok || s.key.value == "" {
		return nil
	}
	if s.status == 403 && s.resp.Header.Get("X-Amzn-Errortype") == "ForbiddenException" {
		return &hit{
			sure: Likely, expected: "a key that the server knows", actual: s.key.name + ": " + fingerprint(s.key.value), at: []Evidence{s.inKey(0, len(s.key.value)), s.inAnswer("X-Amzn-Errortype", "ForbiddenException")},
			note: "API Gateway says no more where the key is unknown or switched off, or no usage plan joins it to this stage; also where a firewall or a policy of the API keeps the caller out.",
			fix:  Fix{Text: "Check that the key is whole and switched on, and that a usage plan joins it to this stage.", Command: s.curl(s.keyArgument())},
		}
	}
	return &hit{
		sure: Possible, expected: "a key that the server knows", actual: s.key.name + ": " + fingerprint(s.key.value),
		note: s.quotedTold(fmt.Sprintf("The key in %s has nothing visibly wrong. It may be unknown to this server, expired, revoked, or the server may want it in another field.", q(s.key.name))),
		at:   []Evidence{s.inKey(0, len(s.key.value))},
		fix:  Fix{Text: "Check with whoever issued it that the key exists here and may be used; for a gate401: `gate401 key list`.", Command: s.curl(s.keyArgument())},
	}
}
