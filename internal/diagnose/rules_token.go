package diagnose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// tokenRules are about what a readable JWT says, in the order in which servers
// check it: who signed it, when, by whom it was issued, for whom, to do what.
func tokenRules() []Rule {
	return []Rule{
		{
			ID: "token-algorithm-refused", Title: "The token is signed by an algorithm that is not accepted", Fault: Client, Reason: reason.TokenAlgorithmRefused,
			Explain: "The server has a list of algorithms, and the one that the token names is not on it. HS256 beside a published key set is always refused: it would make the public key a shared secret.",
			Example: `{"alg":"HS256"} where the key set has EC keys`, Spec: "RFC 8725 section 3.1", check: checkAlgorithm,
		},
		{
			ID: "token-key-unknown", Title: "The key set has no such key", Fault: Client, Reason: reason.TokenKeyUnknown,
			Explain: "The token names by kid a key that the issuer does not publish: the token is from another issuer or environment, is older than the last rotation of keys, or the server still has an old copy of the key set.",
			Example: `{"alg":"ES256","kid":"2024-01"}`, Spec: "RFC 7515 section 4.1.4", check: checkSignature(reason.TokenKeyUnknown),
		},
		{
			ID: "token-signature-invalid", Title: "The signature of the token is wrong", Fault: Client, Reason: reason.TokenSignatureInvalid,
			Explain: "The key that the token names did not sign this text: the token was changed after it was issued, was made by somebody else, or comes from an environment whose key has the same name.",
			Example: "a token of staging, sent to production", Spec: "RFC 7515 section 5.2", check: checkSignature(reason.TokenSignatureInvalid),
		},
		{
			ID: "clock-off", Title: "The clocks disagree", Fault: Between, Reason: reason.TokenInvalid,
			Explain: "By the clock of the client the token is valid, by that of the server it is not. One of the two is wrong by more than servers forgive, which is a minute at most.",
			Example: "Date: ... is minutes away from the time at which the request was sent", Spec: "RFC 7519 sections 4.1.4 and 4.1.5; RFC 9110 section 6.6.1", check: checkClock,
		},
		{
			ID: "token-expired", Title: "The token has expired", Fault: Client, Reason: reason.TokenExpired,
			Explain: "Access tokens live for minutes. After that the client gets a new one with its refresh token, once, and repeats the request once; without a refresh token a person logs in again.",
			Example: `"exp": 1763732462`, Spec: "RFC 7519 section 4.1.4", check: checkExpired,
		},
		{
			ID: "token-not-yet-valid", Title: "The token is not valid yet", Fault: Client, Reason: reason.TokenNotYetValid,
			Explain: "The token says from when on it counts, and that time has not come by the server's clock. Usually the issuer's clock is ahead.",
			Example: `"nbf": 1763740000`, Spec: "RFC 7519 section 4.1.5", check: checkNotBefore,
		},
		{
			ID: "token-issued-in-future", Title: "The token says that it was issued in the future", Fault: Between, Reason: reason.TokenNotYetValid,
			Explain: "The issue time lies after the time of the request. The clock of the issuer is ahead, or that of the server behind; many libraries refuse such a token.",
			Example: `"iat": 1763740000`, Spec: "RFC 7519 section 4.1.6", check: checkIssuedAt,
		},
		{
			ID: "token-issuer-slash", Title: "The issuer differs by a slash at its end", Fault: Client, Reason: reason.TokenIssuerUnknown,
			Explain: "Issuers are compared character by character. https://idp.example and https://idp.example/ are two issuers.",
			Example: `"iss": "https://idp.example/"`, Spec: "RFC 7519 section 4.1.1; RFC 8414 section 3.3", check: checkIssuerSlash,
		},
		{
			ID: "token-environment", Title: "The token comes from another environment", Fault: Client, Reason: reason.TokenIssuerUnknown,
			Explain: "The name of the issuer says test, staging or dev, the API is another one, or the other way round. Each environment trusts its own issuer only.",
			Example: `"iss": "https://login.staging.example.com" at api.example.com`, Spec: "RFC 7519 section 4.1.1", check: checkEnvironment,
		},
		{
			ID: "token-issuer-unknown", Title: "The token is from an issuer that the server does not trust", Fault: Client, Reason: reason.TokenIssuerUnknown,
			Explain: "The server accepts tokens of the issuers that it was told, and this is none of them: another tenant, another realm, another identity provider.",
			Example: `"iss": "https://elsewhere.example"`, Spec: "RFC 7519 section 4.1.1", check: checkIssuer,
		},
		{
			ID: "token-audience-slash", Title: "The audience differs by a slash at its end", Fault: Client, Reason: reason.TokenAudienceWrong,
			Explain: "Audiences are compared character by character: a slash at the end makes another one.",
			Example: `"aud": "https://api.example.com/"`, Spec: "RFC 7519 section 4.1.3", check: checkAudienceSlash,
		},
		{
			ID: "token-audience-wrong", Title: "The token is for another API", Fault: Client, Reason: reason.TokenAudienceWrong,
			Explain: "A token says for whom it was made. An API refuses what was made for somebody else: otherwise it could use your token there itself.",
			Example: `"aud": "billing" at the orders API`, Spec: "RFC 7519 section 4.1.3; RFC 9068 section 4", check: checkAudience,
		},
		{
			ID: "token-binding-dpop", Title: "The token is bound to a key and was sent without its proof", Fault: Client, Reason: reason.TokenBindingFailed,
			Explain: "The claim cnf.jkt binds the token to a key of the client. It is sent as DPoP, with a fresh proof in the DPoP field; as Bearer it is worth nothing.",
			Example: `"cnf": {"jkt": "..."} sent as Bearer`, Spec: "RFC 9449 sections 6 and 7", check: checkDPoPBound,
		},
		{
			ID: "token-binding-mtls", Title: "The token is bound to a client certificate", Fault: Client, Reason: reason.TokenBindingFailed,
			Explain: "The claim cnf.x5t#S256 binds the token to a certificate. It counts only on a connection on which the client shows that certificate; a proxy that ends TLS has to pass it on.",
			Example: `"cnf": {"x5t#S256": "..."}`, Spec: "RFC 8705 section 3", check: checkMTLSBound,
		},
		{
			ID: "scope-lacking", Title: "The token lacks a scope", Fault: Client, Reason: reason.ScopeInsufficient,
			Explain: "The server asks for a scope that the token does not have. The right answer to that is 403 with insufficient_scope; some servers say 401.",
			Example: `scope="orders:write" asked, "scope": "orders:read" in the token`, Spec: "RFC 6750 section 3.1", check: checkScope,
		},
	}
}

func (s *scene) newToken() string {
	if s.meta.TokenEndpoint != "" {
		return "curl -d grant_type=refresh_token -d \"refresh_token=$REFRESH_TOKEN\" -d \"client_id=$CLIENT_ID\" " + shellWord(s.meta.TokenEndpoint)
	}
	return s.curl(withToken)
}

func (s *scene) readable() bool { return s.jwt != nil && s.jwt.Claims != nil && s.walk() }

func checkAlgorithm(s *scene) *hit {
	if s.jwt == nil || s.jwt.Alg == "" || !s.walk() || strings.EqualFold(s.jwt.Alg, "none") {
		return nil
	}
	wants := s.o.Algorithms
	if len(wants) == 0 {
		wants = s.meta.Algorithms
	}
	note := fmt.Sprintf("The token is signed by %s; the server accepts %s.", q(s.jwt.Alg), list(wants, "or"))
	switch {
	case len(wants) > 0 && slices.Contains(wants, s.jwt.Alg), len(wants) == 0 && s.keys == nil:
		return nil
	case len(wants) > 0:
	case strings.HasPrefix(s.jwt.Alg, "HS"):
		note = fmt.Sprintf("The token is signed by %s, with a shared secret; the issuer publishes public keys, and those verify other algorithms only.", q(s.jwt.Alg))
	default:
		return nil
	}
	return &hit{
		sure: Certain, expected: list(wants, "or"), actual: s.jwt.Alg, note: note, at: []Evidence{s.inHeader("alg")},
		fix: Fix{Text: "Get a token from the issuer that this server trusts; if you are the issuer, sign by an algorithm that it accepts.", Command: s.curl(withToken)},
	}
}

// verified tells what the key set says of the signature: nil for right.
func (s *scene) verified() (known bool, err error) {
	if s.keys == nil || s.jwt == nil || len(s.jwt.Problems) > 0 {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	algorithms := s.o.Algorithms
	if len(algorithms) == 0 {
		algorithms = s.meta.Algorithms
	}
	_, err = token.VerifySignature(ctx, s.tok, s.keys, algorithms)
	var refused *token.Error
	if err != nil && !errors.As(err, &refused) {
		return false, err // out of reach
	}
	return true, err
}

func checkSignature(code reason.Code) func(*scene) *hit {
	return func(s *scene) *hit {
		if !s.readable() {
			return nil
		}
		_, err := s.verified()
		var refused *token.Error
		if !errors.As(err, &refused) || refused.Reason != code {
			return nil
		}
		h := &hit{sure: Certain, at: []Evidence{s.inToken()}}
		if code == reason.TokenKeyUnknown {
			h.expected, h.actual = "a key of the set", "kid "+q(s.jwt.KeyID)
			h.note = fmt.Sprintf("The token names the key %s, and the key set has none of that name.", q(s.jwt.KeyID))
			h.at = []Evidence{s.inHeader("kid")}
			h.fix = Fix{Text: "Check that the token comes from the issuer of this key set (" + issuerOf(s) + "), and get a new one.", Command: s.curl(withToken)}
			return h
		}
		h.note = fmt.Sprintf("The key %s is known, and it did not sign this token.", q(s.jwt.KeyID))
		if s.jwt.KeyID == "" {
			h.note = "No key of the set signed this token."
		}
		if p := s.jwt.Parts[2]; len(p.Text) > 0 {
			h.at = []Evidence{s.inAuth(s.tokAt+p.Offset, len(p.Text))}
		}
		h.fix = Fix{Text: "Get a new token from the issuer and send it unchanged.", Command: s.curl(withToken)}
		return h
	}
}

func issuerOf(s *scene) string {
	if c := s.claims(); c != nil && c.Issuer != "" {
		return "the token says " + q(c.Issuer)
	}
	return "the token names none"
}

// when says a time in words and in UTC.
func when(verb string, t, now time.Time) string {
	d := now.Sub(t).Truncate(time.Second)
	switch {
	case d > 0:
		return fmt.Sprintf("%s %s ago (%s)", verb, explain.Span(d), explain.Moment(t))
	case d < 0:
		return fmt.Sprintf("%s in %s (%s)", verb, explain.Span(-d), explain.Moment(t))
	}
	return fmt.Sprintf("%s just now (%s)", verb, explain.Moment(t))
}

// skewWords says how the clocks stand to each other; empty if nothing is known
// or they agree.
func (c clocks) skewWords() string {
	switch {
	case !c.known || c.skew == 0:
		return ""
	case c.skew > 0:
		return "The server's clock is " + explain.Span(c.skew) + " ahead of yours."
	}
	return "The server's clock is " + explain.Span(-c.skew) + " behind yours."
}

func checkClock(s *scene) *hit {
	if !s.readable() || s.clocks.skew.Abs() < 5*time.Second || s.status != 401 && s.status != 403 {
		return nil
	}
	c, mine, theirs := s.claims(), s.clocks.client, s.clocks.server
	var claim string
	var t time.Time
	switch {
	case !c.Expires.IsZero() && mine.Before(c.Expires) && !theirs.Before(c.Expires):
		claim, t = "exp", c.Expires
	case !c.NotBefore.IsZero() && !mine.Before(c.NotBefore) && theirs.Before(c.NotBefore):
		claim, t = "nbf", c.NotBefore
	case !c.IssuedAt.IsZero() && !mine.Before(c.IssuedAt) && theirs.Before(c.IssuedAt):
		claim, t = "iat", c.IssuedAt
	default:
		return nil
	}
	verb := map[string]string{"exp": "expired", "nbf": "becomes valid", "iat": "was issued"}[claim]
	h := &hit{
		sure: Likely, expected: "clocks that agree", actual: strings.ToLower(s.clocks.skewWords()[:1]) + strings.TrimSuffix(s.clocks.skewWords()[1:], "."),
		note: fmt.Sprintf("%s By its clock the token %s; by yours it is valid.", s.clocks.skewWords(), when(verb, t, theirs)),
		at:   []Evidence{s.inClaim(claim), s.inAnswer("Date", s.resp.Header.Get("Date"))},
		fix:  Fix{Text: "Set the clock that is wrong. Compare both with a third one.", Command: "timedatectl status"},
	}
	if claim == "exp" {
		h.reason = reason.TokenExpired
	} else {
		h.reason = reason.TokenNotYetValid
	}
	return h
}

func checkExpired(s *scene) *hit {
	if !s.readable() || s.claims().Expires.IsZero() {
		return nil
	}
	now, t := s.clocks.judge(), s.claims().Expires
	if now.Before(t) {
		return nil
	}
	h := &hit{
		sure: Certain, expected: "a token that is valid at " + explain.Moment(now), actual: "exp " + explain.Moment(t),
		note: strings.TrimSpace(sentence("the token "+when("expired", t, now)) + " " + s.clocks.skewWords()),
		at:   []Evidence{s.inClaim("exp")},
		fix:  Fix{Text: "Get a new access token with the refresh token, or log in again, and send the request once more.", Command: s.newToken()},
	}
	if now.Sub(t) < token.DefaultLeeway && !s.unsent() {
		h.sure = Likely // many servers forgive some seconds
	}
	if s.status == 403 {
		h.sure = Likely
	}
	if s.clocks.local && s.clocks.server.IsZero() && !s.unsent() {
		h.sure = Likely
		h.note += " The capture does not say when the request was made, so this is by the clock of this machine, now."
	}
	return h
}

func checkNotBefore(s *scene) *hit {
	if !s.readable() || s.claims().NotBefore.IsZero() {
		return nil
	}
	now, t := s.clocks.judge(), s.claims().NotBefore
	if !now.Before(t) {
		return nil
	}
	h := &hit{
		sure: Certain, expected: "a token that is valid at " + explain.Moment(now), actual: "nbf " + explain.Moment(t),
		note: strings.TrimSpace(sentence("the token "+when("becomes valid", t, now)) + " " + s.clocks.skewWords()),
		at:   []Evidence{s.inClaim("nbf")},
		fix:  Fix{Text: "Compare the clock of the issuer with that of the server; a token that should count at once needs no nbf.", Command: s.curl(withToken)},
	}
	if t.Sub(now) < token.DefaultLeeway {
		h.sure = Likely
	}
	return h
}

func checkIssuedAt(s *scene) *hit {
	if !s.readable() || s.claims().IssuedAt.IsZero() {
		return nil
	}
	now, t := s.clocks.judge(), s.claims().IssuedAt
	if t.Sub(now) < token.DefaultLeeway {
		return nil
	}
	return &hit{
		sure: Likely, expected: "iat in the past", actual: "iat " + explain.Moment(t),
		note: strings.TrimSpace(sentence("the token says that it "+when("is issued", t, now)) + " " + s.clocks.skewWords()),
		at:   []Evidence{s.inClaim("iat")},
		fix:  Fix{Text: "Set the clock of the issuer.", Command: "timedatectl status"},
	}
}

// binding is the member of cnf, if the token is bound to a key.
func (s *scene) binding(name string) bool {
	cnf, _ := s.claims().Raw()["cnf"].(map[string]any)
	v, _ := cnf[name].(string)
	return v != ""
}

func checkDPoPBound(s *scene) *hit {
	if !s.readable() || !s.binding("jkt") || s.is("DPoP") {
		return nil
	}
	h := &hit{
		sure: Certain, expected: "Authorization: DPoP, and a proof in the DPoP field", actual: "Authorization: " + s.scheme,
		note: "The token is bound to a key of the client (cnf.jkt) and was sent as " + s.scheme + ", which cannot prove that the sender has the key.",
		at:   []Evidence{s.inScheme(), s.inClaim("cnf")},
		fix:  Fix{Text: "Send it with the scheme DPoP and a proof for this method and URL, or ask for a token that is not bound.", Command: s.curl(`-H "Authorization: DPoP $TOKEN"`, `-H "DPoP: $PROOF"`)},
	}
	return h
}

func checkMTLSBound(s *scene) *hit {
	if !s.readable() || !s.binding("x5t#S256") || s.status == 400 {
		return nil
	}
	return &hit{
		sure: Possible, expected: "a TLS connection with the client's certificate", actual: "not visible in the capture",
		note: "The token is bound to a client certificate (cnf.x5t#S256). Whether the certificate was shown cannot be seen here.",
		at:   []Evidence{s.inClaim("cnf")},
		fix:  Fix{Text: "Send the request with the certificate that the token was issued for.", Command: s.curl(withToken, "--cert client.pem", "--key client.key")},
	}
}

// scopes that the server asks for.
func (s *scene) scopes() []string {
	if v := s.bearer["scope"]; v != "" {
		return strings.Fields(v)
	}
	if v := s.said.scope; v != "" && s.status >= 400 {
		return strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' })
	}
	return s.o.Scope
}

func checkScope(s *scene) *hit {
	if !s.readable() || s.status != 401 {
		return nil
	}
	var missing []string
	for _, scope := range s.scopes() {
		if !slices.Contains(s.claims().Scopes, scope) {
			missing = append(missing, scope)
		}
	}
	if len(missing) == 0 || len(s.claims().Scopes) == 0 && len(s.o.Scope) == 0 && s.bearer["error"] != "insufficient_scope" {
		return nil
	}
	h := &hit{
		sure: Likely, expected: strings.Join(s.scopes(), " "), actual: strings.Join(s.claims().Scopes, " "),
		note: fmt.Sprintf("The server asks for the scope %s, which the token does not have. It should say 403 for that.", q(strings.Join(missing, " "))),
		at:   []Evidence{s.inToken()},
		fix:  Fix{Text: "Log in again and ask for the scope " + strings.Join(missing, " ") + ".", Command: s.curl(withToken)},
	}
	if s.bearer["scope"] != "" {
		h.at = append([]Evidence{s.inAnswer("WWW-Authenticate", `scope=`)}, h.at...)
	}
	return h
}
