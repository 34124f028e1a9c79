package config

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/loopback"
)

// maxLeeway is how far clocks may disagree.
const maxLeeway = 5 * time.Minute

// minSecret is how long a secret for HS256 must be, in octets (RFC 7518 section
// 3.2).
const minSecret = 32

func (c *checker) methods() {
	issuers := map[string]string{}
	own, sessions := "", ""
	for _, m := range c.f.Methods {
		path := "methods." + m.Name
		switch {
		case m.APIKey != nil:
			c.apiKey(path, m.APIKey)
		case m.Session != nil:
			c.session(path, m.Session)
			if sessions != "" {
				c.fault(path, "use that one in all rules", "the method %s is of type session too, and a browser has one session cookie", sessions)
			}
			sessions = m.Name
		case m.Bearer != nil:
			c.bearer(path, m.Bearer)
			switch {
			case m.Bearer.Own() && own != "":
				c.fault(path, "give one of them an issuer", "the method %s is for the tokens of this gate too", own)
			case m.Bearer.Own():
				own = m.Name
			case m.Bearer.Issuer != "" && issuers[m.Bearer.Issuer] != "":
				c.fault(path+".issuer", "name all audiences in one of them", "the method %s has the same issuer", issuers[m.Bearer.Issuer])
			default:
				issuers[m.Bearer.Issuer] = m.Name
			}
		}
	}
}

func (c *checker) apiKey(path string, k *APIKey) {
	if !isEnvironment(k.Environment) {
		c.fault(path+".environment", "", "an environment is 1 to 16 small letters and digits")
	}
	switch {
	case k.Header == "":
	case !isToken(k.Header):
		c.fault(path+".header", "", "%s is no name of a field", c.quote(path+".header", k.Header))
	case strings.EqualFold(k.Header, "Authorization"):
		c.fault(path+".header", "leave the key out, or name a field of your own", "a key is always accepted as Authorization: Bearer, so it needs no field of that name")
	case reservedField(k.Header):
		c.fault(path+".header", "", "the field has a meaning of its own and cannot hold a key")
	}
	if k.Query != "" && (!isToken(k.Query) || strings.ContainsAny(k.Query, "&+%'")) {
		c.fault(path+".query", "", "%s is no name of a parameter", c.quote(path+".query", k.Query))
	}
	if name := strings.TrimPrefix(k.Cookie, "__Host-"); name == "g401" || strings.HasPrefix(name, "g401-") {
		c.fault(path+".cookie", "", "%s is a cookie of the gate itself", c.quote(path+".cookie", k.Cookie))
	}
	if k.Cookie != "" && !isToken(k.Cookie) {
		c.fault(path+".cookie", "", "%s is no name of a cookie (RFC 6265 section 4.1.1)", c.quote(path+".cookie", k.Cookie))
	}
}

func isEnvironment(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 16
}

func (c *checker) bearer(path string, b *Bearer) {
	if b.Leeway > maxLeeway {
		c.fault(path+".leeway", "", "%s is more than %s", b.Leeway, maxLeeway)
	}
	if b.Own() {
		if len(b.Algorithms) > 0 {
			c.fault(path+".algorithms", "remove it, or name the issuer", "the gate signs its own tokens and knows how")
		}
		return
	}
	if len(b.Audience) == 0 {
		c.fault(path, "audience: the name by which the issuer knows this API", "the audience is missing: tokens made for somebody else would be accepted")
	}
	if b.Issuer == "" {
		c.fault(path, "issuer: the exact value of iss in the tokens", "the issuer is missing")
	}
	hmac := slices.Contains(b.Algorithms, "HS256")
	switch {
	case b.Secret.Set():
		if b.JWKS != "" {
			c.fault(path+".secret", "remove one of the two", "both a secret and a key set")
		}
		if len(b.Algorithms) > 0 && (len(b.Algorithms) > 1 || !hmac) {
			c.fault(path+".algorithms", "write [HS256], or remove it", "a secret is for HS256 alone")
		}
		if n := len(b.Secret.Reveal()); n < minSecret {
			c.fault(path+".secret", "make one with: openssl rand -base64 48", "the secret has fewer than %d octets (RFC 7518 section 3.2)", minSecret)
		}
	case b.JWKS != "":
		if isURL(b.JWKS) {
			c.fetched(path+".jwks", b.JWKS)
			if hmac {
				c.fault(path+".algorithms", "give the secret, or a file", "HS256 needs a secret, which is not fetched from a URL")
			}
		}
	default:
		if hmac {
			c.fault(path+".algorithms", `secret: "${file:/run/secrets/NAME}"`, "HS256 needs a secret")
		}
		if b.Issuer != "" {
			// Its keys are discovered (OpenID Connect Discovery section 4).
			c.fetched(path+".issuer", b.Issuer)
		}
	}
}

func isURL(s string) bool { return strings.Contains(s, "://") }

// fetched checks a URL from which keys are fetched: whoever can change them on
// the way can make tokens.
func (c *checker) fetched(path, value string) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "":
		c.fault(path, "write an https URL, or name the keys with jwks", "this is no URL")
	case u.User != nil || u.Fragment != "":
		c.fault(path, "", "the URL holds a name, a password or a fragment")
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback.Stays(u.Hostname()):
	default:
		c.fault(path, "write an https URL", "keys are fetched over https, or over http from this machine alone")
	}
}
