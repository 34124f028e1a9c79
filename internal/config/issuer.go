package config

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/loopback"
)

// Issuer says how the gate issues tokens of its own.
type Issuer struct {
	// How long access tokens are good: 5m if not given, at most 1h.
	AccessTTL time.Duration `yaml:"access_ttl,omitempty"`
	// How long logins last, and what becomes of used refresh tokens.
	Refresh Refresh `yaml:"refresh,omitempty"`
	// How long an authorization code is good: 1m if not given, at most 10m.
	CodeTTL time.Duration `yaml:"code_ttl,omitempty"`
	// How long a person has to enter the code of a device: 10m if not given, at most 1h.
	DeviceTTL time.Duration `yaml:"device_ttl,omitempty"`
	// When people are asked whether a client may act for them: remember asks once, always at each login. Trusted clients never ask.
	Consent string `yaml:"consent,omitempty" jsonschema:"enum=remember,enum=always"`
	// What scopes allow, in words for people who are asked for consent: orders:read: "Read your orders". One without is shown by its name.
	Scopes ScopeWords `yaml:"scopes,omitempty"`
	// Who may register clients over HTTP (RFC 7591): off nobody, open anyone, token whoever has the registration_token.
	Registration string `yaml:"registration,omitempty" jsonschema:"enum=off,enum=open,enum=token"`
	// What a program shows that registers a client: ${env:NAME} or ${file:/path}.
	RegistrationToken Secret `yaml:"registration_token,omitempty"`
	// What tokens may be for, besides this gate (RFC 8707): the URLs or names by which other APIs verify their audience.
	Resources []string `yaml:"resources,omitempty"`
	// How long a signing key signs before the next one does: 2160h (90 days) if not given.
	RotateKeys time.Duration `yaml:"rotate_keys,omitempty"`
}

// Refresh says how long logins last.
type Refresh struct {
	// How long a refresh token may lie unused: 24h if not given.
	Idle time.Duration `yaml:"idle,omitempty"`
	// How long a login lasts, however busy it is: 720h (30 days) if not given.
	Absolute time.Duration `yaml:"absolute,omitempty"`
	// How long a used refresh token still gets an answer, for answers that were lost: 10s if not given, at most 5m.
	Grace time.Duration `yaml:"grace,omitempty"`
	// Let the login of a program end with the browser session in which it was allowed.
	WithSession bool `yaml:"with_session,omitempty"`
}

// Issues tells whether the gate issues tokens: it has a method for them, or the
// file says how.
func (f *File) Issues() bool {
	for _, m := range f.Methods {
		if m.Bearer != nil && m.Bearer.Own() {
			return true
		}
	}
	return f.issuerGiven()
}

// issuerGiven tells whether the file has the section, if only an empty one.
func (f *File) issuerGiven() bool {
	if f.source != nil {
		if _, given := f.source.places["issuer"]; given {
			return true
		}
	}
	i := &f.Issuer
	return i.AccessTTL != 0 || i.Refresh != (Refresh{}) || i.CodeTTL != 0 || i.DeviceTTL != 0 || i.Consent != "" ||
		i.Registration != "" || i.RegistrationToken.Set() || len(i.Resources) > 0 || len(i.Scopes) > 0 || i.RotateKeys != 0
}

// Bounds of Issuer. A stolen access token works until it expires.
const (
	maxAccessTTL = time.Hour
	maxCodeTTL   = 10 * time.Minute // RFC 6749 section 4.1.2
	maxDeviceTTL = time.Hour
	maxGrace     = 5 * time.Minute
	maxLogin     = 400 * 24 * time.Hour
	minRotation  = 24 * time.Hour
	maxRotation  = 2 * 366 * 24 * time.Hour
	maxResources = 100
)

func (c *checker) issuer() {
	i := &c.f.Issuer
	for _, x := range []struct {
		path        string
		value       time.Duration
		least, most time.Duration
		hint        string
	}{
		{"access_ttl", i.AccessTTL, time.Second, maxAccessTTL, "a client gets the next one by its refresh token"},
		{"refresh.idle", i.Refresh.Idle, time.Minute, maxLogin, ""},
		{"refresh.absolute", i.Refresh.Absolute, time.Minute, maxLogin, ""},
		{"refresh.grace", i.Refresh.Grace, time.Millisecond, maxGrace, "within the grace a stolen refresh token works as well"},
		{"code_ttl", i.CodeTTL, time.Second, maxCodeTTL, "a browser takes it to the client at once"},
		{"device_ttl", i.DeviceTTL, time.Minute, maxDeviceTTL, ""},
		{"rotate_keys", i.RotateKeys, minRotation, maxRotation, "write it in hours: 2160h are 90 days"},
	} {
		if x.value != 0 && (x.value < x.least || x.value > x.most) {
			c.fault("issuer."+x.path, x.hint, "%s is not between %s and %s", short(x.value), short(x.least), short(x.most))
		}
	}
	idle, absolute := cmp.Or(i.Refresh.Idle, defaultIdle), cmp.Or(i.Refresh.Absolute, defaultAbsolute)
	if i.Refresh.Absolute != 0 && i.Refresh.Idle != 0 && idle > absolute {
		c.fault("issuer.refresh.idle", "", "%s is more than %s, when the login is over", short(idle), short(absolute))
	}
	if i.Consent != "" {
		c.choice("issuer.consent", i.Consent, "remember", "always")
	}
	if i.Registration != "" {
		c.choice("issuer.registration", i.Registration, "off", "open", "token")
	}
	c.registrationToken(i)
	if len(i.Resources) > maxResources {
		c.fault("issuer.resources", "", "%d resources, more than %d", len(i.Resources), maxResources)
	}
	for n, r := range i.Resources {
		c.target(indexed("issuer.resources", n), r)
	}
}

func (c *checker) registrationToken(i *Issuer) {
	const path = "issuer.registration_token"
	switch n := len(i.RegistrationToken.Reveal()); {
	case i.Registration == "token" && !i.RegistrationToken.Set() && !c.about(path):
		c.fault("issuer.registration", `registration_token: "${file:/run/secrets/NAME}"`, "there is no token that a program could show")
	case !i.RegistrationToken.Set():
	case i.Registration != "token":
		c.fault(path, "registration: token", "nobody is asked for it")
	case n < minSecret:
		c.fault(path, "make one with: openssl rand -base64 48", "the token has fewer than %d octets", minSecret)
	case strings.ContainsFunc(i.RegistrationToken.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }):
		c.fault(path, "make one with: openssl rand -base64 48", "the token holds a character that a field of a request cannot hold")
	}
}

// target checks what a token may be for: a name, or an absolute URI without a
// fragment (RFC 8707 section 2).
func (c *checker) target(path, value string) {
	const hint = "write it as the API verifies it, as in https://api.example.com or orders"
	u, err := url.Parse(value)
	switch {
	case err != nil || len(value) > maxResource || strings.ContainsFunc(value, notInURL):
		c.fault(path, hint, "this is neither a URL nor a name without spaces")
	case strings.Contains(value, "#"):
		c.fault(path, hint, "a resource has no fragment (RFC 8707 section 2)")
	case u.User != nil:
		c.fault(path, hint, "the URL holds a name or password")
	case u.Scheme == "http" && !loopback.Stays(u.Hostname()):
		c.fault(path, "write an https URL", "whoever is in between reads the tokens that are sent there over plain http")
	}
}

const (
	defaultIdle     = 24 * time.Hour
	defaultAbsolute = 30 * 24 * time.Hour
)

func (i *Issuer) fill() {
	i.AccessTTL = cmp.Or(i.AccessTTL, 5*time.Minute)
	i.Refresh.Idle = cmp.Or(i.Refresh.Idle, defaultIdle)
	i.Refresh.Absolute = cmp.Or(i.Refresh.Absolute, defaultAbsolute)
	i.Refresh.Idle = min(i.Refresh.Idle, i.Refresh.Absolute)
	i.Refresh.Grace = cmp.Or(i.Refresh.Grace, 10*time.Second)
	i.CodeTTL = cmp.Or(i.CodeTTL, time.Minute)
	i.DeviceTTL = cmp.Or(i.DeviceTTL, 10*time.Minute)
	i.Consent = cmp.Or(i.Consent, "remember")
	i.Registration = cmp.Or(i.Registration, "off")
	i.RotateKeys = cmp.Or(i.RotateKeys, 90*24*time.Hour)
}
