package config

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/internal/loopback"
)

const resourceHint = "write the URL that clients know the API by, as in https://api.example.com/orders"

// maxResource keeps challenges within what proxies take.
const maxResource = 1024

// resource checks the identifier of a resource (RFC 9728 section 1.2), and that
// its metadata could be published and would be asked for.
func (c *checker) resource(path string, a *Asks) {
	value := a.Resource
	u, err := url.Parse(value)
	switch {
	case err != nil || len(value) > maxResource || strings.ContainsFunc(value, notInURL):
		c.fault(path, resourceHint, "this is no URL")
		return
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		c.fault(path, resourceHint, "the URL begins neither with https:// nor with http://")
		return
	case u.User != nil:
		c.fault(path, resourceHint, "the URL holds a name or password")
		return
	case strings.Contains(value, "#"):
		c.fault(path, resourceHint, "the URL has a fragment, which identifies no resource (RFC 9728 section 1.2)")
		return
	}
	origin := strings.TrimSuffix(c.f.Gate.PublicURL, "/")
	switch {
	case origin != "" && u.Scheme+"://"+u.Host != origin:
		c.fault(path, "begin it with "+origin, "clients look for its metadata at another host than gate.public_url, where the gate cannot publish it")
	case u.Scheme == "http" && !loopback.Stays(u.Hostname()) && !strings.HasPrefix(origin, "http://"):
		c.fault(path, "write an https URL", "a resource is known by an https URL (RFC 9728 section 1.2)")
	}
	switch {
	case a.Allow != "":
		c.fault(path, "remove it", "the rule asks for no token, so that nobody looks for the resource")
	case !c.tokens(a.Methods):
		c.fault(path, "accept a method of type bearer or api-key, or remove it", "no method of the rule asks for a token")
	}
}

// notInURL are the characters that a URL has in no place (RFC 3986 section 2).
func notInURL(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"<>\^`+"`{|}", r) }

// tokens tells whether one of the methods is asked for by a Bearer challenge. Of
// a method that is faulty nobody knows.
func (c *checker) tokens(names []string) bool {
	for _, m := range c.f.Methods {
		if (len(names) == 0 || slices.Contains(names, m.Name)) && m.Type != TypeBasic {
			return true
		}
	}
	return len(c.f.Methods) < len(c.known)
}
