package diagnose

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/loopback"
)

// issuers are those that the server is known to trust.
func (s *scene) issuers() []string {
	if s.o.Issuer != "" {
		return []string{s.o.Issuer}
	}
	return s.meta.Issuers
}

// audiences are the names that the server is known to have.
func (s *scene) audiences() (names []string, sure Certainty) {
	if len(s.o.Audience) > 0 {
		return s.o.Audience, Certain
	}
	if s.meta.Resource != "" {
		return []string{s.meta.Resource}, Likely
	}
	return nil, ""
}

// trimSlash is a name without the slash at its end.
func trimSlash(v string) string { return strings.TrimSuffix(v, "/") }

func checkIssuerSlash(s *scene) *hit {
	if !s.readable() || s.claims().Issuer == "" || slices.Contains(s.issuers(), s.claims().Issuer) {
		return nil
	}
	iss := s.claims().Issuer
	for _, want := range s.issuers() {
		if trimSlash(want) != trimSlash(iss) {
			continue
		}
		return &hit{
			sure: Certain, expected: want, actual: iss, at: []Evidence{s.inClaim("iss")},
			note: fmt.Sprintf("The token says iss %s, the server expects %s. They differ by the slash at the end.", q(iss), q(want)),
			fix:  Fix{Text: "Write the issuer in the configuration of the server exactly as the issuer's metadata has it.", Command: "curl " + shellWord(trimSlash(want)+"/.well-known/openid-configuration")},
		}
	}
	return nil
}

func checkIssuer(s *scene) *hit {
	if !s.readable() || len(s.issuers()) == 0 || slices.Contains(s.issuers(), s.claims().Issuer) {
		return nil
	}
	iss := s.claims().Issuer
	h := &hit{
		sure: Likely, expected: list(s.issuers(), "or"), actual: iss, at: []Evidence{s.inClaim("iss")},
		note: fmt.Sprintf("The token is issued by %s; the server trusts %s.", q(iss), list(s.issuers(), "or")),
		fix:  Fix{Text: "Log in at the issuer that the server trusts, and send that token.", Command: s.curl(withToken)},
	}
	if s.o.Issuer != "" {
		h.sure = Certain
	}
	if iss == "" {
		h.actual, h.note = "none", "The token names no issuer (iss)."
		h.at = []Evidence{s.inToken()}
	}
	return h
}

// environment is what a host name says about where it belongs; "" for nothing.
func environment(host string) string {
	for _, label := range strings.FieldsFunc(strings.ToLower(host), func(r rune) bool { return r == '.' || r == '-' || r == '_' || r == '/' || r == ':' }) {
		switch label {
		case "test", "testing", "qa", "uat":
			return "test"
		case "stage", "staging", "stg", "preprod":
			return "staging"
		case "dev", "develop", "development":
			return "dev"
		case "sandbox":
			return "sandbox"
		case "prod", "production", "live":
			return "production"
		case "localhost":
			return "local"
		}
	}
	return ""
}

func checkEnvironment(s *scene) *hit {
	if !s.readable() || s.status != 401 || slices.Contains(s.issuers(), s.claims().Issuer) {
		return nil
	}
	iss, host := s.claims().Issuer, s.req.URL.Hostname()
	if !strings.HasPrefix(iss, "http") || loopback.Leads(host) {
		return nil
	}
	from, to := environment(strings.TrimPrefix(strings.TrimPrefix(iss, "https://"), "http://")), environment(host)
	if from == to || from == "" && to == "production" || from == "production" && to == "" {
		return nil
	}
	// Many places share one issuer for all environments, so only an issuer that
	// names one is telling.
	if from == "" {
		return nil
	}
	sure := Likely
	if to == "" {
		// One issuer for all, with a name from its beginnings, is common too.
		to, sure = "no environment, so production", Possible
	}
	return &hit{
		sure: sure, expected: "an issuer of the same environment", actual: iss,
		note: fmt.Sprintf("The token was issued by %s (%s), and the API is at %s (%s).", q(iss), from, q(host), to),
		at:   []Evidence{s.inClaim("iss"), s.inURL(host)},
		fix:  Fix{Text: "Get a token from the issuer of the environment that you call.", Command: s.curl(withToken)},
	}
}

func checkAudienceSlash(s *scene) *hit {
	if !s.readable() {
		return nil
	}
	wants, _ := s.audiences()
	for _, aud := range s.claims().Audience {
		if slices.Contains(wants, aud) {
			return nil
		}
	}
	for _, aud := range s.claims().Audience {
		for _, want := range wants {
			if trimSlash(aud) == trimSlash(want) {
				return &hit{
					sure: Certain, expected: want, actual: aud, at: []Evidence{s.inClaim("aud")},
					note: fmt.Sprintf("The token is for %s, the API is called %s. They differ by the slash at the end.", q(aud), q(want)),
					fix:  Fix{Text: "Ask for the audience exactly as the API is called.", Command: s.curl(withToken)},
				}
			}
		}
	}
	return nil
}

func checkAudience(s *scene) *hit {
	if !s.readable() {
		return nil
	}
	wants, sure := s.audiences()
	aud := s.claims().Audience
	if len(wants) == 0 {
		return s.foreignAudience()
	}
	if slices.ContainsFunc(aud, func(a string) bool { return slices.Contains(wants, a) }) {
		return nil
	}
	if sure != Certain && slices.ContainsFunc(aud, func(a string) bool { return strings.HasPrefix(wants[0], trimSlash(a)+"/") }) {
		return nil // the resource is below what the token is for; servers take either
	}
	h := &hit{
		sure: sure, expected: list(wants, "or"), actual: strings.Join(aud, ", "), at: []Evidence{s.inClaim("aud")},
		note: fmt.Sprintf("The token is for %s, the API is called %s.", q(strings.Join(aud, ", ")), q(list(wants, "or"))),
		fix:  Fix{Text: "Ask the issuer for a token for this API: name it as audience or resource.", Command: s.curl(withToken)},
	}
	if len(aud) == 0 {
		h.actual, h.note, h.at = "none", fmt.Sprintf("The token names no audience; the API is called %s.", q(list(wants, "or"))), []Evidence{s.inToken()}
	}
	return h
}

// foreignAudience suspects a token whose only audience is the address of another
// site, where nobody knows what the server is called.
func (s *scene) foreignAudience() *hit {
	aud := s.claims().Audience
	if s.status != 401 || len(aud) != 1 || loopback.Leads(s.req.URL.Hostname()) {
		return nil
	}
	u, err := url.Parse(aud[0])
	if err != nil || u.Scheme != "https" || u.Host == "" || site(u.Hostname()) == site(s.req.URL.Hostname()) {
		return nil
	}
	return &hit{
		sure: Possible, expected: "an audience that is this API", actual: aud[0], at: []Evidence{s.inClaim("aud"), s.inURL(s.req.URL.Host)},
		note: fmt.Sprintf("The token is for %s, and it was sent to %s. What this API is called is not known.", q(aud[0]), q(s.req.URL.Host)),
		fix:  Fix{Text: "Ask the issuer for a token for this API: name it as audience or resource.", Command: s.curl(withToken)},
	}
}
