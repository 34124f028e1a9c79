package diagnose

import (
	"slices"
	"strings"

	"github.com/gate401/gate401/reason"
)

// spoken are words of servers and the reason that they stand for; the first that
// fits counts. Quotes are taken out of what is compared with them.
var spoken = [...]struct {
	words string
	code  reason.Code
}{
	{"api key expired", reason.APIKeyExpired}, {"api key has expired", reason.APIKeyExpired}, {"api key revoked", reason.APIKeyRevoked},
	{"expired api key", reason.APIKeyExpired}, {"publishable api key", reason.APIKeyInvalid}, {"unable to find apikey", reason.APIKeyInvalid},
	{"no credentials found for given iss", reason.TokenIssuerUnknown}, {"session_id claim in jwt does not exist", reason.TokenRevoked},
	{"row-level security", reason.AccessDenied}, {"permission denied for ", reason.AccessDenied},
	{"session expired", reason.SessionExpired}, {"session has expired", reason.SessionExpired},
	{"expired", reason.TokenExpired}, {"exp claim", reason.TokenExpired}, {"revoked", reason.TokenRevoked},
	{"not yet valid", reason.TokenNotYetValid}, {"jwt not active", reason.TokenNotYetValid}, {"nbf claim", reason.TokenNotYetValid}, {"used before", reason.TokenNotYetValid},
	{"not active", reason.TokenInactive}, {"inactive", reason.TokenInactive},
	{"key was not found", reason.TokenKeyUnknown}, {"key to match", reason.TokenKeyUnknown}, {"matching key", reason.TokenKeyUnknown}, {"unknown kid", reason.TokenKeyUnknown},
	{"signing key that matches", reason.TokenKeyUnknown}, {"no applicable key", reason.TokenKeyUnknown}, {"another algorithm expected", reason.TokenAlgorithmRefused},
	{"signature", reason.TokenSignatureInvalid}, {"jwt verification fails", reason.TokenSignatureInvalid},
	{"audience", reason.TokenAudienceWrong}, {"aud claim", reason.TokenAudienceWrong}, {"issuer", reason.TokenIssuerUnknown}, {"iss claim", reason.TokenIssuerUnknown},
	{"api key provided", reason.APIKeyInvalid}, {"invalid api key", reason.APIKeyInvalid}, {"incorrect api key", reason.APIKeyInvalid}, {"unknown api key", reason.APIKeyInvalid},
	{"api key is invalid", reason.APIKeyInvalid}, {"api key is not valid", reason.APIKeyInvalid}, {"api key not valid", reason.APIKeyInvalid}, {"api key not recogni", reason.APIKeyInvalid},
	{"publishable key", reason.APIKeyInvalid}, {"subscription key. make sure", reason.APIKeyInvalid}, {"unknown x-auth-key", reason.APIKeyInvalid},
	{"algorithm", reason.TokenAlgorithmRefused},
	{"wrong password", reason.CredentialsInvalid}, {"incorrect password", reason.CredentialsInvalid}, {"invalid password", reason.CredentialsInvalid},
	{"password is incorrect", reason.CredentialsInvalid}, {"bad credentials", reason.CredentialsInvalid}, {"invalid credentials", reason.CredentialsInvalid},
	{"invalid username", reason.CredentialsInvalid}, {"incorrect username", reason.CredentialsInvalid}, {"unable to authenticate user", reason.CredentialsInvalid},
	{"password authentication", reason.CredentialsInvalid}, {"invalid email", reason.CredentialsInvalid}, {"wrong email", reason.CredentialsInvalid},
	{"invalid login credentials", reason.CredentialsInvalid}, {"invalid_login_credentials", reason.CredentialsInvalid}, {"credentials are incorrect", reason.CredentialsInvalid},
	{"with the given credentials", reason.CredentialsInvalid}, {"invalid user credentials", reason.CredentialsInvalid},
	{"unable to authenticate with provided credentials", reason.CredentialsInvalid}, {"only log in via localhost", reason.CredentialsInvalid},
	{"compacttoken parsing failed", reason.TokenMalformed},
	{"malformed", reason.TokenMalformed}, {"not well formed", reason.TokenMalformed}, {"not in the form of", reason.TokenMalformed},
	{"account suspended", reason.AccountSuspended}, {"account is suspended", reason.AccountSuspended}, {"account is disabled", reason.AccountSuspended},
	{"account is locked", reason.LockedOut},
	{"invalid access token", reason.TokenInvalid}, {"invalid token", reason.TokenInvalid}, {"token is invalid", reason.TokenInvalid},
	{"token is not valid", reason.TokenInvalid}, {"token not valid", reason.TokenInvalid}, {"invalid bearer token", reason.TokenInvalid},
	{"invalid authentication credentials", reason.TokenInvalid}, {"could not validate credentials", reason.TokenInvalid}, {"invalid user token", reason.TokenInvalid},
	{"invalid_id_token", reason.TokenInvalid},
}

// unquoted is a text in small letters and without quotes, to look for words in.
func unquoted(text string) string {
	return strings.NewReplacer(`"`, "", "'", "", "`", "", "’", "").Replace(strings.ToLower(text))
}

// told is the sentence of the server about the refusal: that of the challenge,
// else that of the body.
func (s *scene) told() string {
	if said := s.bearer["error_description"]; said != "" {
		return said
	}
	return s.said.text
}

// spoke is the reason that the words of the server stand for; empty if they are
// none that are known.
func (s *scene) spoke() reason.Code {
	lower := unquoted(s.told())
	if lower == "" {
		return ""
	}
	if strings.Contains(lower, "or expired") || strings.Contains(lower, "expired or") || strings.Contains(lower, "expired, or") {
		return reason.TokenInvalid // it does not say which
	}
	for _, known := range spoken {
		if strings.Contains(lower, known.words) {
			return known.code
		}
	}
	return ""
}

// wasRead tells that the server found fault with the content of the credential:
// it has read it, in whatever form it came.
func (s *scene) wasRead() bool {
	if lower := unquoted(s.told()); strings.Contains(lower, "session expired or") || strings.Contains(lower, "token expired or") {
		return true
	}
	return slices.Contains([]reason.Code{
		reason.TokenExpired, reason.TokenRevoked, reason.TokenNotYetValid, reason.TokenInactive, reason.TokenAudienceWrong, reason.TokenIssuerUnknown,
		reason.APIKeyInvalid, reason.APIKeyExpired, reason.APIKeyRevoked, reason.SessionExpired,
	}, s.spoke())
}

// saysNothingSent knows the words by which servers say that no credential came.
func saysNothingSent(text string) bool {
	text = unquoted(text)
	if strings.Contains(text, "credentials found for given") || strings.Contains(text, "csrf") || strings.Contains(text, "xsrf") || strings.Contains(text, "idempotency") {
		return false // a token or key of another kind
	}
	for _, words := range [...]string{
		"no authorization", "missing authorization", "authorization header is missing", "authorization header missing", "no credentials",
		"no token", "missing token", "token missing", "token is missing", "credentials were not provided", "authorization header not found",
		"authorization header required", "authorization header is required", "without a token", "not provided", "no auth header", "no api key", "credentials-missing",
		"no bearer token", "missing client token", "missing bearer", "api key is missing", "missing api key", "api key missing", "api key required", "api key is required",
		"missing subscription key", "key header is required", "key header missing", "missing authentication credentials", "missing authentication token",
		"did not provide an api key", "apikey is missing", "missing apikey",
	} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// saidNothingSent: the server says that no credential came.
func (s *scene) saidNothingSent() bool {
	return s.named.Code == reason.CredentialsMissing || saysNothingSent(s.bearer["error_description"]+" "+s.said.text+" "+s.said.code)
}

// missesCredential: words of a 400 are about the credential, and not about some
// other part of the request that is missing.
func (s *scene) missesCredential() bool {
	text := unquoted(s.said.text + " " + s.said.code)
	for _, word := range [...]string{"authorization", "credential", "client token", "access token", "bearer", "api key", "apikey", "authentication"} {
		if strings.Contains(text, word) {
			return s.saidNothingSent()
		}
	}
	return false
}

// wantedKey is the field in which the server looks for an API key, as far as its
// challenge or its words tell; empty if it does not ask for one.
func (s *scene) wantedKey() string {
	for _, c := range s.asked.Challenges {
		if name := param(c, "name"); isKeyField(name) && !strings.EqualFold(param(c, "type"), "query") {
			return name // as Azure API Management writes it
		}
	}
	text := unquoted(s.said.text)
	if !strings.Contains(text, "key") || !saysNothingSent(text) || strings.Contains(text, "authorization header") {
		return ""
	}
	for _, word := range strings.FieldsFunc(unquoted(s.said.text+" "+s.said.hint), func(r rune) bool {
		return r != '-' && r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) {
		if isKeyField(word) && strings.Contains(word, "key") {
			return word
		}
	}
	if !strings.Contains(text, "api key") && !strings.Contains(text, "subscription key") {
		return "" // a key of another kind
	}
	if s.resp != nil && (s.wantsScheme("Key") || strings.Contains(strings.ToLower(s.resp.Header.Get("Server")+s.resp.Header.Get("Via")), "kong")) {
		return "apikey" // what Kong looks for unless told otherwise
	}
	return "X-API-Key"
}
