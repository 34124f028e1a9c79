package diagnose

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gate401/gate401/internal/nearest"
	"github.com/gate401/gate401/reason"
)

// schemeRules compare the scheme that was sent with those that the server asks
// for.
func schemeRules() []Rule {
	return []Rule{
		{
			ID: "scheme-mismatch", Title: "The server wants another scheme", Fault: Client, Reason: reason.SchemeUnsupported,
			Explain: "A server names in WWW-Authenticate every scheme that it takes. A credential of another scheme is not looked at, however good it is. Token, JWT and ApiKey are no registered schemes; most APIs that hand out tokens want Bearer.",
			Example: "Authorization: Token eyJ...  answered by  WWW-Authenticate: Bearer", Spec: "RFC 9110 sections 11.1 and 11.6.1", check: checkScheme,
		},
		{
			ID: "cookie-instead-of-token", Title: "Only a cookie was sent, and the server asks for a header", Fault: Client, Reason: reason.CredentialsMissing,
			Explain: "The server does not offer cookies as a way in: it asks for a credential in the Authorization field. A session of the web site is often no credential for its API.",
			Example: "Cookie: sid=...  answered by  WWW-Authenticate: Bearer", Spec: "RFC 9110 section 11.6.1", check: checkCookieOnly,
		},
	}
}

// asker is who wants to know who is asking.
func (s *scene) asker() string {
	if s.status == http.StatusProxyAuthRequired {
		return "the proxy"
	}
	return "the server"
}

func checkScheme(s *scene) *hit {
	if s.scheme == "" || !s.auth.ok || len(s.auths) == 0 || !s.walk() {
		return nil
	}
	wants := s.wants()
	alias := map[string]bool{"token": true, "jwt": true, "access_token": true, "oauth": true}[strings.ToLower(s.scheme)]
	said := s.scheme
	if !knownScheme(said) {
		said = "a word that is no scheme"
	}
	// Unasked, a word that begins otherwise may be a scheme of this server's own.
	if right := misspeltScheme(s.scheme); right != "" &&
		(len(wants) == 0 && (s.unsent() || s.status == 401) && strings.EqualFold(s.scheme[:1], right[:1]) || s.wantsScheme(right)) {
		h := &hit{
			sure: Likely, title: "The scheme is misspelt", expected: right, actual: s.scheme, at: []Evidence{s.inScheme()},
			note: fmt.Sprintf("The scheme is written %s; it seems to be meant as %s.", q(s.scheme), right),
			fix:  Fix{Text: "Write " + right + ".", Command: s.curl(withToken)},
		}
		switch right {
		case "Basic":
			h.fix.Command = s.curl(withPassword)
		case "Digest":
			h.fix.Command = s.curl("--digest " + withPassword)
		}
		return h
	}
	switch {
	case len(wants) == 0:
		if !alias || s.status != 401 && !s.unsent() || s.is("oauth") {
			return nil
		}
		sure := Possible
		if s.jwt != nil {
			sure = Likely
		}
		return &hit{
			sure: sure, expected: "Bearer", actual: said,
			note: fmt.Sprintf("The token is sent as %s. That is no registered scheme; nearly every API that takes tokens takes them as Bearer.", q(said)),
			at:   []Evidence{s.inScheme()}, fix: Fix{Text: "Write Bearer in its place, unless the documentation of this API says otherwise.", Command: s.curl(withToken)},
		}
	case s.wantsScheme("OTP") && len(wants) == 1, s.loginReason() != "":
		return nil // it read the credential
	case s.wantsScheme(s.scheme), s.is("DPoP") && s.wantsScheme("Bearer"), s.is("NTLM") && s.wantsScheme("Negotiate"):
		return nil
	}
	h := &hit{
		sure: Likely, expected: list(wants, "or"), actual: said,
		note: fmt.Sprintf("The request says %s, %s asks for %s. It does not look at the rest.", said, s.asker(), list(wants, "or")),
		at:   []Evidence{s.inScheme(), s.inAnswer("WWW-Authenticate", wants[0])},
		fix:  Fix{Text: "Send what " + s.asker() + " asks for: " + list(wants, "or") + "."},
	}
	if alias && s.wantsScheme("Bearer") {
		h.sure, h.fix.Text = Certain, "Write Bearer in place of "+said+"."
	}
	switch {
	case s.wantsScheme("Bearer"):
		h.fix.Command = s.curl(withToken)
	case s.wantsScheme("Digest"):
		h.fix.Command = s.curl("--digest " + withPassword)
	case s.wantsScheme("Basic"):
		h.fix.Command = s.curl(withPassword)
	case s.wantsScheme("Negotiate"):
		h.fix.Command = s.curl("--negotiate -u :")
	default:
		h.fix.Command = s.curlWanted()
	}
	if s.wasRead() {
		h.sure = Possible
		h.note = fmt.Sprintf("The request says %s, %s asks for %s. It read the credential all the same.", said, s.asker(), list(wants, "or"))
	}
	return h
}

// loginReason is what Jira and Confluence say about a login that they refused;
// their challenge names another way in.
func (s *scene) loginReason() string {
	if s.resp == nil || !s.is("Basic") {
		return ""
	}
	if v := s.resp.Header.Get("X-Seraph-Loginreason"); strings.Contains(v, "AUTHENTICATED_FAILED") || strings.Contains(v, "AUTHENTICATION_DENIED") {
		return v
	}
	return ""
}

// curlWanted sends a credential of a scheme that is no registered one; empty if
// it is not known how.
func (s *scene) curlWanted() string {
	if own := s.ownArgument(); own != "" {
		return s.curl(own)
	}
	if key := s.wantedKey(); key != "" {
		return s.curl(`-H "` + key + `: $API_KEY"`)
	}
	return ""
}

func checkCookieOnly(s *scene) *hit {
	if s.status != 401 || s.auth.ok || s.key.ok || len(s.sent) == 0 || s.wantsScheme("Session") || s.wantsScheme("Cookie") {
		return nil
	}
	if !s.wantsScheme("Bearer") && !s.wantsScheme("Basic") && !s.wantsScheme("Digest") || s.bearer["error"] != "" {
		return nil
	}
	names := make([]string, 0, len(s.sent))
	for _, c := range s.sent {
		names = append(names, c.name)
	}
	h := &hit{
		sure: Likely, expected: "Authorization: " + list(s.wants(), "or"), actual: "cookies only: " + cut(strings.Join(names, ", "), 60),
		note: fmt.Sprintf("The request has cookies (%s) and no Authorization field; the server asks for %s.", cut(strings.Join(names, ", "), 60), list(s.wants(), "or")),
		at:   []Evidence{s.inLine(), s.inAnswer("WWW-Authenticate", s.wants()[0])},
		fix:  Fix{Text: "Get a token for the API and send it in the Authorization field.", Command: s.curl(withToken)},
	}
	if s.req.Incomplete {
		h.sure = Possible
	}
	return h
}

// misspeltScheme is the scheme that a word was meant to be; empty for words that
// are far from any, or schemes themselves.
func misspeltScheme(word string) string {
	for _, right := range [...]string{"Bearer", "Basic", "Digest"} {
		if n := nearest.Slips(strings.ToLower(word), strings.ToLower(right)); n > 0 && n <= 2 && len(word) >= 4 && len(word) <= 8 && !knownScheme(word) {
			return right
		}
	}
	return ""
}
