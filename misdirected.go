package gate401

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/reason"
)

// misdirected recognises a credential that was sent but not where or how any
// method looks for it, so that the caller is told that instead of "nothing was
// sent". It is called when no explicit credential was found.
func misdirected(r *Request) error {
	if v := r.Field("Authorization"); len(v) == 1 {
		return unreadScheme(v[0])
	}
	for _, name := range [...]string{
		"Authorisation", "X-Authorization", "X-Authorisation", "Autorization",
		"Authorization-Header", "Www-Authorization", "Http_authorization", "Http-Authorization", "Bearer",
		"Www-Authenticate",
	} {
		if r.Field(name) != nil {
			return deny(reason.AuthorizationMisspelt, fmt.Errorf("the request has the field %s, the field is called Authorization", name))
		}
	}
	return nil
}

// unreadScheme says what is wrong with an Authorization field that no method of
// the rule takes for its own.
func unreadScheme(value string) error {
	scheme, rest, spaced := strings.Cut(strings.TrimSpace(value), " ")
	switch {
	case scheme == "":
		return deny(reason.AuthorizationMalformed, fmt.Errorf("the Authorization field is empty"))
	case glued(scheme):
		return deny(reason.AuthorizationMisspelt, fmt.Errorf("no space between the scheme and the credential"))
	case !isToken(scheme):
		// A bare token, a JSON value, quotes: there is no scheme.
		return deny(reason.AuthorizationMalformed, fmt.Errorf("the Authorization field does not begin with a scheme"))
	case !spaced || strings.TrimSpace(rest) == "":
		if len(scheme) > 20 || strings.Count(scheme, ".") == 2 {
			return deny(reason.AuthorizationMalformed, fmt.Errorf("the Authorization field has a credential and no scheme"))
		}
		return deny(reason.AuthorizationMalformed, fmt.Errorf("the Authorization field has a scheme and no credential"))
	}
	return deny(reason.SchemeUnsupported, fmt.Errorf("no method of the rule takes %s", named(scheme)))
}

// named repeats a scheme that is known to be one. Anything else may be the
// secret itself, put first by mistake, and goes into no log.
func named(scheme string) string {
	for _, known := range [...]string{
		"Basic", "Bearer", "Digest", "DPoP", "GNAP", "HOBA", "Mutual", "Negotiate", "NTLM", "OAuth", "PrivateToken", "Session",
		"SCRAM-SHA-1", "SCRAM-SHA-256", "vapid", "Token", "JWT", "ApiKey", "Api-Key", "Key", "Hawk", "AWS4-HMAC-SHA256", "Signature", "SharedKey",
	} {
		if strings.EqualFold(scheme, known) {
			return "the scheme " + known
		}
	}
	return "the scheme that was sent, which is none that is known"
}

// glued recognises BearereyJhbG... and Basic:dXNlcg==, where the space between
// scheme and credential was lost.
func glued(scheme string) bool {
	for _, known := range [...]string{"bearer", "basic", "digest"} {
		if len(scheme) > len(known) && strings.EqualFold(scheme[:len(known)], known) {
			next := scheme[len(known)]
			if next == ':' || next == '=' || next == ',' || len(scheme) > len(known)+8 {
				return true
			}
		}
	}
	return false
}
