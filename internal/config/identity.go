package config

import (
	"cmp"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Identity says what the upstream is told.
type Identity struct {
	// Request fields for the upstream and what each holds; or the name of a preset: forwarded, remote.
	Headers IdentityHeaders `yaml:"headers,omitempty"`
	// The same in a short-lived JWT that the gate signs, for an upstream that verifies who tells it.
	JWT IdentityJWT `yaml:"jwt,omitempty"`
}

// IdentityHeaders maps the name of a request field, in canonical spelling, to
// what it holds: subject, method, name, issuer, credential, groups, scopes or
// request_id.
type IdentityHeaders map[string]string

// IdentityJWT is a JWT that tells the upstream who is asking.
type IdentityJWT struct {
	// The request field: Gate401-Token if not given. In Authorization it is a bearer token.
	Header string `yaml:"header,omitempty"`
	// Whom it is for: the name by which the upstream verifies aud. It is no audience of access tokens. Upstreams can have one of their own.
	Audience string `yaml:"audience,omitempty"`
	// How long one is good: 60s if not given, 5s to 10m. One is sent again until half of that is over.
	TTL time.Duration `yaml:"ttl,omitempty"`
	// What it says beside iss, sub, aud, iat, exp and jti, where it is known; all of it if not given.
	Claims []string `yaml:"claims,omitempty" jsonschema:"minItems=1,enum=groups,enum=scope,enum=auth_time,enum=acr,enum=amr,enum=client_id,enum=method,enum=sub_id"`
}

// On tells whether there is one.
func (j *IdentityJWT) On() bool { return j.Audience != "" }

// Bounds of IdentityJWT: whoever sees one can use it as long, at the upstream.
const (
	minIdentityTTL     = 5 * time.Second
	maxIdentityTTL     = 10 * time.Minute
	defaultIdentityTTL = time.Minute
)

func (j *IdentityJWT) fill() {
	if j.On() {
		j.Header = textproto.CanonicalMIMEHeaderKey(cmp.Or(j.Header, "Gate401-Token"))
		j.TTL = cmp.Or(j.TTL, defaultIdentityTTL)
	}
}

func (c *checker) identity() {
	const path = "identity.jwt"
	j := &c.f.Identity.JWT
	if !j.On() {
		if c.about(path) {
			c.fault(path, `audience: orders-api`, "there is no audience: nobody could tell whom the token is for")
			return
		}
		for _, u := range c.f.Upstreams {
			if u.Audience != "" {
				c.fault("upstreams."+u.Name+".audience", "identity: {jwt: {audience: orders-api}}, for those that name none", "upstreams are sent no token: there is no identity.jwt")
			}
		}
		return
	}
	c.identityAudience(path+".audience", j.Audience)
	for _, u := range c.f.Upstreams {
		if u.Audience != "" {
			c.identityAudience("upstreams."+u.Name+".audience", u.Audience)
		}
	}
	if j.TTL != 0 && (j.TTL < minIdentityTTL || j.TTL > maxIdentityTTL) {
		c.fault(path+".ttl", "the gate makes the next one by itself", "%s is not between %s and %s", short(j.TTL), short(minIdentityTTL), short(maxIdentityTTL))
	}
	c.identityHeader(path+".header", j.Header)
}

// identityAudience checks that no access token is for that audience, or a client
// could ask for one and take it to an API that does not look at the type.
func (c *checker) identityAudience(path, audience string) {
	c.target(path, audience)
	if !utf8.ValidString(audience) {
		c.fault(path, "", "the name is not UTF-8")
	}
	const hint = "give the upstream a name of its own, as in orders-api"
	switch quoted := c.quote(path, audience); {
	case slices.Contains(c.f.Issuer.Resources, audience):
		c.fault(path, hint, "clients get access tokens for %s, which the upstream may take for one of these", quoted)
	case slices.Contains(ownAudiences(c.f), audience):
		c.fault(path, hint, "access tokens of this gate are for %s too, which the upstream may take for one of these", quoted)
	case c.f.Issues() && c.here(audience):
		c.fault(path, hint, "%s is a URL at this gate, and clients get access tokens for those, which the upstream may take for one of these", quoted)
	}
}

// here tells whether an audience is a URL at the gate, by whatever scheme.
func (c *checker) here(audience string) bool {
	u, err := url.Parse(audience)
	if err != nil || u.Host == "" {
		return false
	}
	public, err := c.f.Public(c.f.Gate.Listen)
	return err == nil && strings.EqualFold(u.Host, public.Host)
}

// Audience is whom the token of identity.jwt is for with the requests that a rule,
// or the default, lets pass: their upstream, where that has an audience of its own.
func (f *File) Audience(a *Asks) string {
	to, ok := f.DefaultUpstream()
	if a.Upstream != "" {
		to, ok = f.Upstreams.Find(a.Upstream)
	}
	if ok && to.Audience != "" {
		return to.Audience
	}
	return f.Identity.JWT.Audience
}

func (c *checker) identityHeader(path, name string) {
	switch {
	case name == "":
	case !isToken(name):
		c.fault(path, "", "this is no name of a field")
	case strings.EqualFold(name, "Authorization"):
		if c.f.Gate.KeepCredentials {
			c.fault(path, "take another field, as in Gate401-Token", "gate.keep_credentials leaves the credential of the client there")
		}
	case reservedField(name):
		c.fault(path, "", "the field has a meaning of its own and cannot hold an identity")
	}
	for other := range c.f.Identity.Headers {
		// Servers that make variables of field names read "-" and "_" alike.
		if strings.EqualFold(strings.ReplaceAll(other, "_", "-"), strings.ReplaceAll(cmp.Or(name, "Gate401-Token"), "_", "-")) {
			c.fault(path, "", "identity.headers uses %q already", other)
		}
	}
}

// ownAudiences are those by which the gate takes its own tokens.
func ownAudiences(f *File) []string {
	for _, m := range f.Methods {
		if m.Bearer != nil && m.Bearer.Own() {
			return m.Bearer.Audience
		}
	}
	return []string{f.Gate.Realm}
}
