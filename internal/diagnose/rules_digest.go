package diagnose

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/reason"
)

// digestRules compare the answer of the client with the challenge.
func digestRules() []Rule {
	return []Rule{
		{
			ID: "digest-stale", Title: "The nonce of the Digest answer is too old", Fault: Client, Reason: reason.DigestStale,
			Explain: "stale=true says that the answer was right and only its nonce was not. The client computes it again with the new nonce, without asking anybody, and sends the request once more.",
			Example: `WWW-Authenticate: Digest realm="r", nonce="new", stale=true`, Spec: "RFC 7616 section 3.3", check: checkDigestStale,
		},
		{
			ID: "digest-malformed", Title: "The Digest answer lacks a part", Fault: Client, Reason: reason.DigestMalformed,
			Explain: "A Digest answer needs username, realm, nonce, uri and response, and with qop also nc and cnonce.",
			Example: `Authorization: Digest username="alice"`, Spec: "RFC 7616 section 3.4", check: checkDigestMalformed,
		},
		{
			ID: "digest-algorithm", Title: "The Digest answer uses an algorithm that was not offered", Fault: Client, Reason: reason.DigestMalformed,
			Explain: "The client answers with one of the algorithms of the challenges, and repeats its name. Many clients know MD5 only and take it for granted.",
			Example: `algorithm=SHA-256 asked, algorithm=MD5 answered`, Spec: "RFC 7616 sections 3.3 and 3.4", check: checkDigestAlgorithm,
		},
		{
			ID: "digest-qop", Title: "The Digest answer has the wrong qop", Fault: Client, Reason: reason.DigestMalformed,
			Explain: "If the challenge offers qop, the answer has to choose one of its values, and has nc and cnonce with it. An answer without is that of RFC 2069, which servers no longer take.",
			Example: `qop="auth" asked, no qop answered`, Spec: "RFC 7616 section 3.4", check: checkDigestQop,
		},
		{
			ID: "digest-uri-mismatch", Title: "The Digest answer is for another URI", Fault: Client, Reason: reason.DigestURIMismatch,
			Explain: "The answer is computed over the path and query of the request, and names them. If a proxy rewrites the path, or the client forgets the query, both differ and the server refuses.",
			Example: `GET /api/orders?page=2 with uri="/api/orders"`, Spec: "RFC 7616 section 3.4.6", check: checkDigestURI,
		},
		{
			ID: "digest-realm", Title: "The Digest answer is for another realm", Fault: Client, Reason: reason.DigestMalformed,
			Explain: "The realm is a part of what is hashed. The client has to take it from the challenge, character by character.",
			Example: `realm="orders" asked, realm="Orders" answered`, Spec: "RFC 7616 section 3.4", check: checkDigestRealm,
		},
		{
			ID: "digest-nonce-reused", Title: "The nonce count of the Digest answer did not grow", Fault: Client, Reason: reason.DigestReplayed,
			Explain: "With one nonce, every request counts nc up by one. The same number again looks like a replay, and is refused.",
			Example: "nc=00000001 twice with one nonce", Spec: "RFC 7616 section 3.4", check: checkDigestCount,
		},
		{
			ID: "digest-nonce-foreign", Title: "The Digest answer uses a nonce that the server did not give", Fault: Client, Reason: reason.DigestStale,
			Explain: "The nonce has to be that of the challenge. With several challenges the client may have taken it from another one; behind a load balancer each server may make its own.",
			Example: "the nonce of the answer is not that of the 401 before it", Spec: "RFC 7616 section 3.3", check: checkDigestNonce,
		},
		{
			ID: "digest-refused", Title: "The server does not accept the Digest answer", Fault: Client, Reason: reason.CredentialsInvalid,
			Explain: "Realm, nonce, algorithm, qop and URI agree, so what remains is the name or the password, or how the client hashed them.",
			Example: "401 after a complete Digest answer", Spec: "RFC 7616 section 3.4.1", check: checkDigestRefused,
		},
	}
}

// digest is the Digest answer and the challenges that it answers: those of the
// last 401 of the same URL before it, else those of its own answer.
func (s *scene) digest() (c httpauth.Credentials, asked []httpauth.Challenge, earlier, ok bool) {
	if !s.is("Digest") || !s.walk() {
		return c, nil, false, false
	}
	c, err := httpauth.ParseAuthorization(strings.TrimSpace(s.auth.value))
	if err != nil {
		return c, nil, false, false
	}
	asked = s.challengesOf("Digest")
	if x, _ := s.lastOf(func(x *capture.Exchange) bool {
		return x.Response != nil && x.Response.Status == 401 && x.Request.URL != nil && sameOrigin(x.Request.URL, s.req.URL) && x.Request.URL.Path == s.req.URL.Path
	}); x != nil {
		if before := digestChallenges(x.Response.Header); len(before) > 0 {
			return c, before, true, true
		}
	}
	return c, asked, false, true
}

func digestChallenges(h capture.Header) []httpauth.Challenge {
	var out []httpauth.Challenge
	for _, c := range httpauth.ParseChallenges(h.Values("WWW-Authenticate"), httpauth.Lenient).Challenges {
		if c.Is("Digest") {
			out = append(out, c)
		}
	}
	return out
}

func param(of interface{ Param(string) (string, bool) }, name string) string {
	v, _ := of.Param(name)
	return v
}

// inParam marks a parameter of the Digest answer.
func (s *scene) inParam(name string) Evidence {
	v := s.auth.value
	at := strings.Index(strings.ToLower(v), " "+name+"=")
	if at < 0 {
		at = strings.Index(strings.ToLower(v), ","+name+"=")
	}
	if at < 0 {
		return s.inAuth(len(v), 0)
	}
	at++
	end := at + len(name) + 1
	if end < len(v) && v[end] == '"' {
		if close := strings.IndexByte(v[end+1:], '"'); close >= 0 {
			return s.inAuth(at, end+1+close+1-at)
		}
	}
	if comma := strings.IndexByte(v[end:], ','); comma >= 0 {
		return s.inAuth(at, end+comma-at)
	}
	return s.inAuth(at, len(v)-at)
}

func digestFix(s *scene, text string) Fix {
	return Fix{Text: text, Command: s.curl("--digest " + withPassword)}
}

func checkDigestStale(s *scene) *hit {
	if !s.is("Digest") || s.status != 401 {
		return nil
	}
	for _, c := range s.challengesOf("Digest") {
		if !strings.EqualFold(param(c, "stale"), "true") {
			continue
		}
		return &hit{
			sure: Certain, expected: "an answer with the new nonce", actual: "one with an old nonce",
			note: "The server says stale=true: name and password are right, the nonce is not good any more. No person has to be asked.",
			at:   []Evidence{s.inAnswer("WWW-Authenticate", "stale="), s.inParam("nonce")},
			fix:  digestFix(s, "Compute the answer again with the nonce of this response, and send the request once more."),
		}
	}
	return nil
}

func checkDigestMalformed(s *scene) *hit {
	if !s.is("Digest") || !s.walk() || s.exam.Valid {
		return nil
	}
	for _, f := range s.exam.Findings {
		if f.Severity == httpauth.SeverityError {
			h := s.finding(f, "", "let the client compute the answer: curl --digest does it")
			h.fix = digestFix(s, "Let the client compute the answer.")
			return h
		}
	}
	return nil
}

func checkDigestAlgorithm(s *scene) *hit {
	c, asked, _, ok := s.digest()
	if !ok || len(asked) == 0 {
		return nil
	}
	mine := param(c, "algorithm")
	var offered []string
	for _, a := range asked {
		alg := param(a, "algorithm")
		if alg == "" {
			alg = "MD5"
		}
		offered = append(offered, alg)
	}
	sent := mine
	if sent == "" {
		sent = "MD5"
	}
	if slices.ContainsFunc(offered, func(o string) bool { return strings.EqualFold(o, sent) }) {
		return nil
	}
	actual := sent
	if mine == "" {
		actual = "none named, which means MD5"
	}
	return &hit{
		sure: Certain, expected: list(offered, "or"), actual: actual,
		note: fmt.Sprintf("The challenge offers %s, the answer uses %s.", list(offered, "or"), actual),
		at:   []Evidence{s.inParam("algorithm")},
		fix:  digestFix(s, "Use a client that knows "+list(offered, "or")+", or have the server offer another algorithm beside it."),
	}
}

func checkDigestQop(s *scene) *hit {
	c, asked, _, ok := s.digest()
	if !ok || len(asked) == 0 {
		return nil
	}
	mine := param(c, "qop")
	var offered []string
	for _, a := range asked {
		for v := range strings.SplitSeq(param(a, "qop"), ",") {
			if v = strings.TrimSpace(v); v != "" && !slices.Contains(offered, v) {
				offered = append(offered, v)
			}
		}
	}
	if len(offered) == 0 || slices.Contains(offered, strings.ToLower(mine)) {
		return nil
	}
	actual := "qop " + q(mine)
	if mine == "" {
		actual = "no qop"
	}
	return &hit{
		sure: Certain, expected: "qop " + list(offered, "or"), actual: actual,
		note: fmt.Sprintf("The challenge offers qop %s, the answer has %s.", list(offered, "or"), actual),
		at:   []Evidence{s.inParam("qop")},
		fix:  digestFix(s, "Answer with one of the values offered, and with nc and cnonce."),
	}
}

func checkDigestURI(s *scene) *hit {
	c, _, _, ok := s.digest()
	if !ok {
		return nil
	}
	mine, has := c.Param("uri")
	target := s.req.URL.RequestURI()
	if !has || mine == target || mine == s.req.URL.String() || mine == "*" {
		return nil
	}
	if u, err := url.Parse(mine); err == nil && u.RequestURI() == target {
		return nil
	}
	target = (&url.URL{Path: s.req.URL.Path, RawQuery: s.shownQuery()}).String()
	return &hit{
		sure: Certain, expected: shortened(target), actual: mine,
		note: fmt.Sprintf("The answer is computed for %s, the request is for %s.", q(mine), q(target)),
		at:   []Evidence{s.inParam("uri"), s.inLine()},
		fix:  digestFix(s, "Compute the answer for the path and query that are sent. If a proxy rewrites the path, let it keep it, or let the proxy do the authentication."),
	}
}

func (s *scene) shownQuery() string {
	u, err := url.Parse(s.starredURL(s.req.URL))
	if err != nil {
		return ""
	}
	return u.RawQuery
}

func checkDigestRealm(s *scene) *hit {
	c, asked, _, ok := s.digest()
	if !ok || len(asked) == 0 {
		return nil
	}
	mine, has := c.Param("realm")
	var realms []string
	for _, a := range asked {
		realms = append(realms, param(a, "realm"))
	}
	if !has || slices.Contains(realms, mine) {
		return nil
	}
	return &hit{
		sure: Certain, expected: "realm " + q(realms[0]), actual: "realm " + q(mine),
		note: fmt.Sprintf("The answer is for the realm %s, the server asks for %s.", q(mine), q(realms[0])),
		at:   []Evidence{s.inParam("realm")},
		fix:  digestFix(s, "Take the realm from the challenge as it stands there."),
	}
}

func checkDigestCount(s *scene) *hit {
	c, _, _, ok := s.digest()
	if !ok || s.status != 401 && !s.unsent() {
		return nil
	}
	nonce, nc := param(c, "nonce"), count(param(c, "nc"))
	if nonce == "" || nc < 0 {
		return nil
	}
	x, n := s.lastOf(func(x *capture.Exchange) bool {
		b, err := httpauth.ParseAuthorization(strings.TrimSpace(x.Request.Header.Get("Authorization")))
		return err == nil && b.Is("Digest") && param(b, "nonce") == nonce
	})
	if x == nil {
		return nil
	}
	b, err := httpauth.ParseAuthorization(strings.TrimSpace(x.Request.Header.Get("Authorization")))
	last := count(param(b, "nc"))
	if err != nil || nc > last {
		return nil
	}
	return &hit{
		sure: Certain, expected: fmt.Sprintf("nc=%08x or more", last+1), actual: fmt.Sprintf("nc=%08x", nc),
		note: fmt.Sprintf("Request %d used this nonce with nc=%08x already, so this one looks like a replay.", n+1, last),
		at:   []Evidence{s.inParam("nc")},
		fix:  digestFix(s, "Count nc up with every request that uses the same nonce, from one counter for all threads."),
	}
}

// count reads nc; -1 if it is none.
func count(v string) int64 {
	n, err := strconv.ParseInt(v, 16, 64)
	if err != nil {
		return -1
	}
	return n
}

func checkDigestNonce(s *scene) *hit {
	c, asked, earlier, ok := s.digest()
	if !ok || !earlier || s.status != 401 {
		return nil
	}
	mine, has := c.Param("nonce")
	if !has || slices.ContainsFunc(asked, func(a httpauth.Challenge) bool { return param(a, "nonce") == mine }) {
		return nil
	}
	return &hit{
		sure: Likely, expected: "nonce " + q(cut(param(asked[0], "nonce"), 24)), actual: "nonce " + q(cut(mine, 24)),
		note: "The answer uses a nonce that is not that of the challenge before it.",
		at:   []Evidence{s.inParam("nonce")},
		fix:  digestFix(s, "Take the nonce from the challenge that is answered. If several servers stand behind one name, let them share the secret that their nonces are made with."),
	}
}

func checkDigestRefused(s *scene) *hit {
	c, asked, _, ok := s.digest()
	if !ok || s.status != 401 || len(asked) == 0 || !s.exam.Valid {
		return nil
	}
	return &hit{
		sure: Likely, expected: "a name and password that the server knows", actual: "name " + q(param(c, "username")),
		note: fmt.Sprintf("The Digest answer for %s is complete and fits the challenge; the server still refuses it. The name or the password is wrong.", q(param(c, "username"))),
		at:   []Evidence{s.inScheme()},
		fix:  digestFix(s, "Check name and password. If they are right, compare with what curl sends."),
	}
}
