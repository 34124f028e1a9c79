package diagnose

import (
	"strings"

	"github.com/gate401/gate401/reason"
)

// wordRules read what a server says in its own words.
func wordRules() []Rule {
	return []Rule{{
		ID: "said-by-server", Title: "The server says why, in its own words", Fault: Client, Reason: reason.TokenInvalid,
		Explain: "The challenge or the body has a sentence about the refusal. It is the server's own, and only as good as the server.",
		Example: `error_description="The token was revoked"`, Spec: "RFC 6750 section 3", check: checkSaid,
	}, {
		ID: "token-refused", Title: "A token arrived, and the server refuses it", Fault: Client, Reason: reason.TokenInvalid,
		Explain: "A server says invalid_token only if a token was sent (RFC 6750 section 3.1). What it found wrong, it does not say: the token may have expired, be revoked, be damaged, or be for another audience or from another issuer.",
		Example: `401 WWW-Authenticate: Bearer error="invalid_token", and a token in which nothing can be read`, Spec: "RFC 6750 section 3.1", check: checkTokenRefused,
	}}
}

// checkTokenRefused goes by the challenge where the capture lacks the credential,
// or where nothing can be read in it.
func checkTokenRefused(s *scene) *hit {
	if s.status != 401 || s.bearer["error"] != "invalid_token" {
		return nil
	}
	look := Fix{Text: "Look at the token that the client sends: this shows its dates, audience and issuer.", Command: `printf %s "$TOKEN" | gate401 explain -`}
	switch {
	case !s.auth.ok && s.req.Incomplete && !s.x.Live:
		return &hit{
			sure: Likely,
			note: "The challenge says invalid_token, as a server does only where a token was sent: so one arrived. The capture lacks it, so these remain to be checked: has it expired or been revoked, is it for this API (aud), from the issuer that the API trusts (iss), whole and signed by its key?",
			at:   []Evidence{s.inAnswer("WWW-Authenticate", "invalid_token")}, fix: look,
		}
	case s.auth.ok && s.tok != "" && s.jwt == nil && s.exam.Valid && s.wantsScheme(s.scheme):
		if total, _ := s.fieldOctets(); total > usualFields {
			return nil // it may have come as half
		}
		return &hit{
			sure: Likely, expected: "a token that the server knows", actual: "an opaque text of " + octets(len(s.tok)),
			note: s.quotedTold("The token arrived, and the server refuses it. It is opaque, so nothing can be seen in it: it may have expired, be revoked, be cut off, or come from another environment; or it is something else than an access token, such as an API key."),
			at:   []Evidence{s.inToken(), s.inAnswer("WWW-Authenticate", "invalid_token")},
			fix:  Fix{Text: "Get a new access token from the issuer that this API trusts, and send it unchanged.", Command: s.curl(s.credentialArgument())},
		}
	}
	return nil
}

// quotedTold adds the sentence of the server to a note, and no code.
func (s *scene) quotedTold(note string) string {
	if s.told() == "" {
		return note
	}
	return s.quoted(note)
}

// checkSaid reads the sentence of the server. Of a status other than 401 it
// counts only where it is about the credential.
func checkSaid(s *scene) *hit {
	said := s.told()
	if said == "" || !s.credentialed() && !s.req.Incomplete && s.bearer["error"] == "" {
		return nil
	}
	code, lower := s.spoke(), unquoted(said)
	h := &hit{sure: Likely, note: "The server says: " + words(said) + "."}
	switch {
	case s.status == 400 && code == reason.APIKeyInvalid, s.status == 403 && s.wasRead() && aboutCredential(lower):
	case s.status == 403 && (s.auth.ok || s.key.ok) && code == reason.TokenInvalid && strings.Contains(lower, "token"):
	case s.status == 400 && strings.Contains(lower, "access token") && (code == reason.TokenExpired || code == reason.SessionExpired):
	case s.status != 401:
		return nil
	case code == "":
		if s.bearer["error"] != "invalid_request" && (statusWords(said) || saysNothingSent(said) || s.bearer["error_description"] == "") {
			return nil
		}
		h.sure = Possible
		if s.bearer["error"] == "invalid_request" {
			h.sure, h.reason = Likely, reason.RequestMalformed
		}
	}
	if strings.Contains(lower, "publishable") && h.reason == "" {
		h.reason, h.fix.Text = reason.APIKeyInvalid, "Use the secret key, on a server of your own; the publishable one is for pages and apps."
		h.fix.Command, h.at = s.curl(s.credentialArgument()), []Evidence{s.inBody(said)}
		return h
	}
	if h.reason == "" {
		var ok bool
		if h.reason, ok = s.means(code, lower); !ok {
			return nil
		}
	}
	h.fix = Fix{Text: h.reason.Info().FixCaller, Command: s.curl(s.credentialArgument())}
	switch {
	case h.reason == reason.RequestMalformed:
		h.fix.Text = "Correct what the server names."
	case h.reason == reason.CredentialsInvalid && s.sendsToken():
		h.sure, h.fix.Text = Possible, "The words are about a password and not about the token: if the body has one, check that. If it has none, get a new token."
	case strings.Contains(lower, "password authentication"):
		h.fix.Text = "Send what the server takes in place of the password, mostly a token that one makes in the settings of the account."
	}
	if s.bearer["error_description"] != "" {
		h.at = []Evidence{s.inAnswer("WWW-Authenticate", said)}
	} else {
		h.at = []Evidence{s.inBody(said)}
	}
	return h
}

// aboutCredential tells words about a token or key from those about an account
// or a subscription.
func aboutCredential(lower string) bool {
	for _, word := range [...]string{"token", "jwt", "key", "session", "signature"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}

// sendsToken tells that the credential is a token in the Authorization field.
func (s *scene) sendsToken() bool { return s.is("Bearer") || s.is("DPoP") || s.is("Token") }

// means is what words mean for the credential that was sent: many servers have
// the same words for all. It is not ok where they are not about it.
func (s *scene) means(code reason.Code, lower string) (reason.Code, bool) {
	key := s.key.ok && !s.auth.ok
	cookie := len(s.sent) > 0 && !s.auth.ok && !s.key.ok
	bearer := s.sendsToken()
	switch code {
	case reason.CredentialsInvalid:
		switch {
		case s.is("ApiKey"):
			return reason.APIKeyInvalid, true
		case bearer && strings.Contains(lower, "password") && !strings.Contains(lower, "user") && len(s.req.Body) > 0:
			return code, true // that of the body
		case bearer:
			return reason.TokenInvalid, true
		case key && s.key.inQuery() && !strings.Contains(lower, "key"):
			return "", false // nor is it said that the key was seen
		case key:
			return reason.APIKeyInvalid, true
		}
	case reason.TokenInvalid, "":
		switch {
		case key && code == "":
			return "", false // api-key-refused says the same, and quotes it
		case key:
			return reason.APIKeyInvalid, true
		case cookie && code == "":
			return "", false
		case cookie:
			return reason.SessionExpired, true
		case s.is("Basic"):
			return reason.CredentialsInvalid, code != ""
		}
		return reason.TokenInvalid, true
	case reason.TokenExpired:
		switch {
		case key && strings.Contains(lower, "token") && !strings.Contains(lower, "key"):
		case key:
			return reason.APIKeyExpired, true
		case cookie:
			return reason.SessionExpired, true
		}
	case reason.SessionExpired:
		if bearer || strings.Contains(lower, "access token") {
			return reason.TokenExpired, true
		}
	}
	return code, true
}
