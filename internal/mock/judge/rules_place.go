package judge

import (
	"net/url"
	"strings"
)

// where looks at the places that credentials went to.
func (c *court) where() {
	type first struct {
		s      *step
		secure bool
	}
	homes := map[[32]byte]first{} // where a credential was sent first, or handed out
	issued := map[string]*step{}  // tokens and the step whose answer brought them
	for i := range c.steps {
		s := &c.steps[i]
		for _, token := range []string{s.access, s.renewal} {
			if token != "" {
				issued[token] = s
			}
		}
	}
	for i := range c.steps {
		s := &c.steps[i]
		c.inURL(s, issued)
		secret := s.secret
		if s.scheme == "digest" {
			// Each answer is another text; what must stay at home is whom it is for.
			secret = "digest " + s.digest.Username + " " + s.digest.Realm
		}
		if secret == "" {
			secret = s.redeems
		}
		if secret == "" {
			continue
		}
		home, known := homes[fingerprint(secret)]
		if !known {
			home = first{s, s.TLS}
			if by := issued[s.bearer()]; by != nil {
				home = first{by, by.TLS}
			} else if by := issued[s.redeems]; by != nil {
				home = first{by, by.TLS}
			}
			homes[fingerprint(secret)] = home
		}
		if !strings.EqualFold(home.s.Host, s.Host) {
			c.fault(CredentialLeaked, []*step{home.s, s}, "the %s credential for %s was sent to %s", schemeName(s), home.s.Host, s.Host)
		}
		if home.secure && !s.TLS {
			c.fault(CredentialInClear, []*step{home.s, s}, "the %s credential was sent over http with %s", schemeName(s), s.what())
		}
	}
}

func schemeName(s *step) string {
	switch {
	case s.secret == "":
		return "refresh token"
	case s.scheme == "":
		return "Authorization"
	}
	return strings.ToUpper(s.scheme[:1]) + s.scheme[1:]
}

// inURL finds tokens in the request target.
func (c *court) inURL(s *step, issued map[string]*step) {
	_, raw, _ := strings.Cut(s.Target, "?")
	query, _ := url.ParseQuery(raw)
	if query.Has("access_token") {
		c.fault(TokenInURL, []*step{s}, "%s has an access_token in its query", s.what())
		return
	}
	for _, values := range query {
		for _, v := range values {
			if by := issued[v]; by != nil && v != "" {
				c.fault(TokenInURL, []*step{by, s}, "a token that was handed out stands in the query of %s", s.what())
				return
			}
		}
	}
}
