package diagnose

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/loopback"
	"github.com/gate401/gate401/reason"
)

// namedRules believe a server that says by itself why it refused.
func namedRules() []Rule {
	return []Rule{{
		ID: "named-by-server", Title: "The gate says why", Fault: Client,
		Explain: "A gate401 names the reason of every refusal: in the code of the problem body, or in the field Gate401-Reason. The reason's own page says more.",
		Example: `{"code":"token-revoked"}`, Spec: "RFC 9457; gate401", check: checkNamed,
	}}
}

func checkNamed(s *scene) *hit {
	i := s.named
	if i.Code == "" {
		return nil
	}
	h := &hit{
		sure: Certain, reason: i.Code, note: i.Detail, fix: Fix{Text: i.FixCaller},
	}
	if s.resp.Header.Has("Gate401-Reason") {
		h.at = []Evidence{s.inAnswer("Gate401-Reason", string(i.Code))}
	} else {
		h.at = []Evidence{s.inBody(s.said.code + " " + s.said.text)}
	}
	// What the request shows of it.
	if s.jwt != nil {
		place := map[reason.Code]string{
			reason.TokenAudienceWrong: "aud", reason.TokenIssuerUnknown: "iss", reason.TokenTypeWrong: "typ", reason.TokenRevoked: "jti",
			reason.TokenAlgorithmRefused: "alg", reason.TokenKeyUnknown: "kid",
		}[i.Code]
		for _, e := range [...]Evidence{s.inClaim(place), s.inHeader(place)} {
			if place != "" && e.Value != "" {
				h.at = append([]Evidence{e}, h.at...)
				h.actual = e.Value
				break
			}
		}
	}
	if s.status == 503 {
		h.fault = Server
	}
	if s.status == 401 {
		h.fix.Command = s.curl(s.credentialArgument())
	}
	return h
}

// sessionRules are about a session that ended.
func sessionRules() []Rule {
	return []Rule{{
		ID: "session-expired", Title: "The session is over", Fault: Client, Reason: reason.SessionExpired,
		Explain: "The cookie was sent, and the server does not know its session any more: it ended by time or logout, or the server lost it at a restart or sits beside another one that has it.",
		Example: "Cookie: sid=...  answered by 401 and Set-Cookie: sid=; Max-Age=0", Spec: "RFC 6265 section 3.1", check: checkSession,
	}}
}

func checkSession(s *scene) *hit {
	if s.status != 401 || s.auth.ok || s.key.ok || len(s.sent) == 0 {
		return nil
	}
	for _, raw := range s.resp.Header.Values("Set-Cookie") {
		c, ok := readSetCookie(raw, s.n, s.x, s.clocks.judge())
		if !ok || !s.sends(c.name) || !c.deleted && c.value != "" {
			continue
		}
		e := s.inField("response", "Set-Cookie", raw, 0, len(c.name))
		return &hit{
			sure: Certain, expected: "a session that is alive", actual: "the cookie " + c.name,
			note: fmt.Sprintf("The server deletes the cookie %s along with the refusal: it does not know that session any more.", q(c.name)),
			at:   []Evidence{s.inCookie(c.name), e}, fix: Fix{Text: "Log in again."},
		}
	}
	var name string
	for _, c := range s.sent {
		if sessionName(c.name) {
			name = c.name
			break
		}
	}
	if lower := unquoted(s.told()); len(s.wants()) == 0 && (strings.Contains(lower, "logged in") || strings.Contains(lower, "log in") || strings.Contains(lower, "sign in") || strings.Contains(lower, "session") || lower == "unauthenticated.") {
		if name == "" {
			other := slices.IndexFunc(s.sent, func(c cookie) bool { return !byTheWay(c.name) })
			if other < 0 {
				return &hit{
					sure: Likely, reason: reason.SessionMissing, title: "No session was sent", expected: "the cookie of a session", actual: "other cookies alone",
					note: s.quoted(fmt.Sprintf("The cookies that were sent, such as %s, are none of a session, and the server sees nobody logged in.", q(s.sent[0].name))),
					at:   []Evidence{s.inCookie(s.sent[0].name), s.inBody(s.told())}, fix: Fix{Text: "Log in, and send the cookie that the login sets."},
				}
			}
			name = s.sent[other].name
		}
		return &hit{
			sure: Likely, expected: "a session that is alive", actual: "the cookie " + name,
			note: s.quoted(fmt.Sprintf("The cookie %s was sent, and the server sees nobody logged in: the session is over, or it wants something beside the cookie (WordPress: X-WP-Nonce).", q(name))),
			at:   []Evidence{s.inCookie(name), s.inBody(s.told())}, fix: Fix{Text: "Log in again. If that does not help, look at the cookie that the login sets."},
		}
	}
	if name == "" || len(s.wants()) > 0 && !s.wantsScheme("Session") && !s.wantsScheme("Cookie") {
		return nil
	}
	h := &hit{
		sure: Possible, expected: "a session that is alive", actual: "the cookie " + name,
		note: fmt.Sprintf("The cookie %s was sent and did not help: its session is over, or the server wants something else.", q(name)),
		at:   []Evidence{s.inCookie(name)}, fix: Fix{Text: "Log in again. If that does not help, look at the cookie that the login sets."},
	}
	if s.wantsScheme("Session") {
		h.sure = Likely
	}
	return h
}

// serverRules blame the server: either it is the cause, or nothing is left on
// the side of the client.
func serverRules() []Rule {
	return []Rule{
		{
			ID: "host-mismatch", Title: "The Host field names another host than the URL", Fault: Client,
			Explain: "The server chooses by Host which site answers. With another name there, another site, or the default one, judges the request, and knows nothing of the credential.",
			Example: "GET https://api.example.com/ with Host: localhost:3000", Spec: "RFC 9110 section 7.2", check: checkHost,
		},
		{
			ID: "scheme-case", Title: "The server compares the scheme by its capitals", Fault: Server,
			Explain: "Bearer, bearer and BEARER are one scheme. Some servers look for Bearer alone and pass over the rest.",
			Example: "Authorization: bearer eyJ...", Spec: "RFC 9110 section 11.1", check: checkCase,
		},
		{
			ID: "challenge-wrong", Title: "The server asks for something else than it takes", Fault: Server,
			Explain: "The challenge names a scheme, and other requests in the capture are let in by another one. Clients that go by the challenge cannot get in.",
			Example: "WWW-Authenticate: Basic from an API that takes Bearer", Spec: "RFC 9110 section 11.6.1", check: checkChallengeWrong,
		},
		{
			ID: "same-credential-accepted-elsewhere", Title: "The same credential is accepted for other requests", Fault: Server,
			Explain: "The credential works at other addresses of the same host, so it is not wrong in itself. Either this address wants more, which should be a 403, or it is answered by another server that does not know the credential.",
			Example: "GET /me 200 and GET /orders 401 with one token", Spec: "RFC 9110 sections 15.5.2 and 15.5.4", check: checkElsewhere,
		},
		{
			ID: "challenge-malformed", Title: "The challenge of the server cannot be read", Fault: Server,
			Explain: "A client that chooses by the challenge has to understand it. What does not follow the grammar is read differently by every client, or not at all.",
			Example: "WWW-Authenticate: Bearer realm=my api, Basic", Spec: "RFC 9110 section 11.6.1", check: checkChallengeBroken,
		},
		{
			ID: "challenge-missing", Title: "The server says 401 and not what it wants", Fault: Server,
			Explain: "A 401 has to carry a WWW-Authenticate that names every scheme which would be accepted. Without it git, WebDAV clients, curl --anyauth and browsers never ask for a password, and a person has to guess.",
			Example: "401 without WWW-Authenticate", Spec: "RFC 9110 section 15.5.2", check: checkChallengeNone,
		},
	}
}

func checkHost(s *scene) *hit {
	host := s.req.Header.Get("Host")
	if host == "" || s.req.URL.Host == "" || s.status < 400 || s.status > 499 {
		return nil
	}
	named := url.URL{Scheme: s.req.URL.Scheme, Host: strings.ToLower(host)}
	if sameOrigin(&named, s.req.URL) || loopback.Leads(s.req.URL.Hostname()) || strings.Trim(s.req.URL.Hostname(), "0123456789.") == "" {
		return nil
	}
	return &hit{
		sure: Likely, expected: "Host: " + s.req.URL.Host, actual: "Host: " + host, at: []Evidence{s.inField("request", "Host", host, 0, len(host))},
		note: fmt.Sprintf("The URL names %s, the Host field %s.", q(s.req.URL.Host), q(host)),
		fix:  Fix{Text: "Do not set the Host field by hand.", Command: s.curl(s.credentialArgument())},
	}
}

func checkCase(s *scene) *hit {
	if s.status != 401 || !s.exam.Valid || len(s.auths) == 0 {
		return nil
	}
	right := ""
	for _, known := range [...]string{"Bearer", "Basic", "Digest"} {
		if s.is(known) && s.scheme != known {
			right = known
		}
	}
	// A challenge in the same spelling, or an error about the token, shows that
	// the server read it.
	if right == "" || s.bearer["error"] != "" {
		return nil
	}
	for _, c := range s.asked.Challenges {
		if c.Scheme == s.scheme {
			return nil
		}
	}
	h := &hit{
		sure: Possible, expected: right, actual: s.scheme, at: []Evidence{s.inScheme()},
		note: fmt.Sprintf("The scheme is written %s. That is allowed; a server that compares it letter by letter does not find it.", q(s.scheme)),
		fix:  Fix{Text: "Write " + right + ", and have the server compare without regard to case.", Command: s.curl(s.credentialArgument())},
	}
	if lower := unquoted(s.told()); strings.Contains(lower, "scheme") || strings.Contains(lower, "authorization type") || strings.Contains(lower, "bearer") {
		h.sure, h.note = Likely, s.quoted(h.note)
	}
	return h
}

// accepted are requests to the same host that were let in with a credential.
func (s *scene) accepted(each func(n int, auth string) bool) (int, bool) {
	for i := range s.c.Exchanges {
		x := &s.c.Exchanges[i]
		if i == s.n || x.Response == nil || x.Response.Status < 200 || x.Response.Status > 299 || x.Request.URL == nil || x.Request.URL.Host != s.req.URL.Host {
			continue
		}
		if auth := x.Request.Header.Get("Authorization"); auth != "" && each(i, auth) {
			return i, true
		}
	}
	return 0, false
}

func checkChallengeWrong(s *scene) *hit {
	wants := s.wants()
	if s.status != 401 || len(wants) == 0 {
		return nil
	}
	scheme := ""
	n, ok := s.accepted(func(_ int, auth string) bool {
		scheme, _, _ = httpauth.CutScheme(auth)
		return knownScheme(scheme) && !s.wantsScheme(scheme)
	})
	if !ok {
		return nil
	}
	return &hit{
		sure: Likely, expected: "a challenge for " + scheme, actual: list(wants, "and"),
		note: fmt.Sprintf("The challenge asks for %s, and request %d was let in by %s.", list(wants, "or"), n+1, scheme),
		at:   []Evidence{s.inAnswer("WWW-Authenticate", wants[0])},
		fix:  Fix{Text: "Send " + scheme + " here too; and have the server name it in WWW-Authenticate.", Command: s.curl(s.credentialArgument())},
	}
}

func checkElsewhere(s *scene) *hit {
	if s.status != 401 || !s.auth.ok || s.is("Digest") || s.bearer["error"] == "invalid_token" {
		return nil
	}
	n, ok := s.accepted(func(_ int, auth string) bool { return auth == s.auth.value })
	if !ok {
		return nil
	}
	u := s.c.Exchanges[n].Request.URL
	h := &hit{
		sure: Possible, expected: "the same judgement everywhere, or 403", actual: "401", at: []Evidence{s.inStatus()},
		note: fmt.Sprintf("Request %d (%s) was let in with the very same credential.", n+1, s.shownURL(u)),
		fix:  Fix{Text: "Ask whoever runs the server what this address needs beyond that.", Command: s.curl(s.credentialArgument())},
	}
	if n > s.n {
		h.sure = Likely
		h.note += " It came later, so the credential had not ended."
	}
	return h
}

func (s *scene) negotiates() bool {
	switch s.req.Options.Auth {
	case "anyauth", "digest":
		return !s.auth.ok
	}
	return false
}

func checkChallengeBroken(s *scene) *hit {
	if s.status != 401 || len(s.asked.Findings) == 0 || s.asked.Valid {
		return nil
	}
	for _, f := range s.asked.Findings {
		if f.Severity != httpauth.SeverityError {
			continue
		}
		values := s.resp.Header.Values("WWW-Authenticate")
		if f.Field >= len(values) {
			continue
		}
		v := values[f.Field]
		length := 0
		if f.Offset < len(v) {
			length = 1
		}
		h := &hit{
			sure: Possible, note: sentence(f.Message), at: []Evidence{s.inField("response", "WWW-Authenticate", v, f.Offset, length)},
			fix: Fix{Text: sentence("have the server write it right: " + f.Hint)},
		}
		if f.Hint == "" {
			h.fix.Text = "Have the server write its challenge by the grammar."
		}
		if s.negotiates() || len(s.asked.Challenges) == 0 {
			h.sure = Likely
		}
		return h
	}
	return nil
}

func checkChallengeNone(s *scene) *hit {
	if s.status != 401 || s.resp.Header.Has("WWW-Authenticate") {
		return nil
	}
	h := &hit{
		sure: Possible, expected: "WWW-Authenticate", actual: "no such field", at: []Evidence{s.inStatus()},
		note: s.quoted("The answer has no WWW-Authenticate, so it does not say what the server wants."),
		fix:  Fix{Text: "Look up what this server takes. Have it send WWW-Authenticate with every 401.", Command: s.curl(s.credentialArgument())},
	}
	if s.negotiates() {
		h.sure = Certain
		h.note = "The client was told to choose by the challenge (" + s.req.Options.Auth + "), and there is none, so it sent nothing."
		h.fix.Text = "Tell the client which scheme to use, without waiting to be asked."
		h.fix.Command = s.curl("--basic " + withPassword)
	}
	return h
}

// refusal: the answer is one.
func refusal(status int) bool { return status >= http.StatusBadRequest }
