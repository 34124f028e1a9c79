package scenario

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/reason"
)

// simulated makes the decision that a gate would come to if it could find the
// reason: the entry of the catalogue, with the challenge of its scheme. Nonces
// are new each time: an old one in the answer that calls it stale would let right
// clients seem to repeat themselves.
func simulated(code reason.Code) gate401.Decision {
	d := gate401.Decision{Rule: "mock", Denial: &gate401.Denial{Reason: code}}
	shown := code.Shown()
	if shown.Status != http.StatusUnauthorized {
		return d
	}
	param := func(name, value string) httpauth.Param { return httpauth.Param{Name: name, Value: value} }
	var c httpauth.Challenge
	switch family(code) {
	case "digest":
		c = httpauth.DigestChallenge{
			Realm: realm, Nonce: rand.Text(), Algorithm: httpauth.DigestSHA256, QOP: []httpauth.DigestQOP{httpauth.DigestAuth},
			Stale: shown.Code == reason.DigestStale,
		}.Challenge()
	case "session", "csrf", "one":
		c = httpauth.Challenge{Scheme: "Session", Params: []httpauth.Param{param("realm", realm), param("login", "/auth/login")}}
	case "dpop":
		c = httpauth.Challenge{Scheme: "DPoP", Params: []httpauth.Param{param("error", shown.Error), param("error_description", shown.Title), param("algs", "ES256")}}
		if code == reason.DPoPNonceRequired {
			d.Header = http.Header{"Dpop-Nonce": {rand.Text()}} // RFC 9449 section 9
		}
	case "client":
		c = httpauth.Basic(realm) // RFC 6749 section 5.2
	default:
		c = httpauth.Bearer(realm, gate401.ErrorParams(nil, d.Denial)...)
		if code == reason.AuthenticationTooWeak {
			c.Params = append(c.Params, param("acr_values", "mfa")) // RFC 9470 section 3
		}
	}
	d.Challenges = []httpauth.Challenge{c}
	return d
}

// family is the first word of a code.
func family(code reason.Code) string {
	first, _, _ := strings.Cut(string(code), "-")
	return first
}

// atTokenEndpoint tells whether the token endpoint finds the reason: its errors
// have a form of their own (RFC 6749 section 5.2).
func atTokenEndpoint(code reason.Code) bool {
	switch family(code) {
	case "client", "refresh", "grant", "code":
		return true
	}
	return false
}

// atLogin tells whether the login finds the reason, at the second of its steps.
func atLogin(code reason.Code) bool { return code == reason.OneTimeCodeWrong }

// tokenError is what a token endpoint answers.
func tokenError(code reason.Code) mix.Answer {
	shown := code.Shown()
	a := mix.Answer{Status: shown.Status, Body: []byte(`{"error":"` + shown.Error + `","error_description":"` + shown.Title + `"}` + "\n")}
	a = with(a, "Content-Type", "application/json", "Cache-Control", "no-store")
	if shown.Status == http.StatusUnauthorized {
		a = with(a, "WWW-Authenticate", basic())
	}
	return a
}
