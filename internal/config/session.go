package config

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/yamldoc"
)

// Session is a browser in which somebody has logged in, known by a cookie.
type Session struct {
	// The kind of method.
	Type string `yaml:"type" jsonschema:"required"`
	// How long a session lasts that is not used: 12h if not given.
	Idle time.Duration `yaml:"idle,omitempty"`
	// How long a session lasts at most, however busy: 168h, a week, if not given.
	Absolute time.Duration `yaml:"absolute,omitempty"`
	// Origins, other than the gate's own, whose pages may send more than GET with the cookie.
	TrustedOrigins []string `yaml:"trusted_origins,omitempty"`
	// A file of names and password hashes, instead of the accounts of the store.
	Htpasswd string `yaml:"htpasswd,omitempty"`
}

// The bounds of how long a session lasts.
const (
	minIdle     = time.Minute
	maxAbsolute = 366 * 24 * time.Hour
)

func (s *Session) fill() {
	if s.Absolute == 0 {
		s.Absolute = max(168*time.Hour, s.Idle)
	}
	if s.Idle == 0 {
		s.Idle = min(12*time.Hour, s.Absolute)
	}
}

// Session returns the method of that type, of which there is one at most.
func (f *File) Session() (m Method, ok bool) {
	for _, m := range f.Methods {
		if m.Session != nil {
			return m, true
		}
	}
	return Method{}, false
}

func (c *checker) session(path string, s *Session) {
	if s.Idle != 0 && s.Idle < minIdle {
		c.fault(path+".idle", "", "%s is less than %s: people would be thrown out while they read", short(s.Idle), short(minIdle))
	}
	if s.Absolute > maxAbsolute || s.Idle > maxAbsolute {
		c.fault(path+".absolute", "", "a session lasts a year at most")
	}
	if s.Absolute != 0 && s.Idle > s.Absolute {
		c.fault(path+".idle", "give absolute as much at least", "%s is more than a session lasts at most, %s", short(s.Idle), short(s.Absolute))
	}
	if s.Absolute != 0 && s.Absolute < minIdle {
		c.fault(path+".absolute", "", "%s is less than %s: people would be thrown out while they read", short(s.Absolute), short(minIdle))
	}
	check := http.NewCrossOriginProtection()
	for i, o := range s.TrustedOrigins {
		at := indexed(path+".trusted_origins", i)
		u, err := url.Parse(o)
		// Errors repeat the value. What has another scheme is no page of a site.
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || check.AddTrustedOrigin(o) != nil || strings.ToLower(o) != o {
			c.fault(at, "write it as browsers send it, as in https://shop.example.com: small letters, a port only if it is not the usual one, no path",
				"%s is no origin", c.quote(at, o))
		}
	}
}

// Login says how people log in where a session is accepted.
type Login struct {
	// What the login page is headed with: "Log in" if not given.
	Title string `yaml:"title,omitempty"`
	// What somebody does who has forgotten the password: a mailto: or https: URL, or a sentence.
	Help string `yaml:"help,omitempty"`
	// Who needs a second factor: optional for those who have set one up (the default), required for everybody with a password here. Whoever comes by a provider is asked by the provider, not here.
	SecondFactor string `yaml:"second_factor,omitempty" jsonschema:"enum=optional,enum=required"`
	// Groups whose members need a second factor in any case, as far as they log in with a password.
	SecondFactorGroups []string `yaml:"second_factor_groups,omitempty" jsonschema:"minItems=1"`
	// People log in with the providers alone: no password is asked for or taken on the page.
	ProvidersOnly bool `yaml:"providers_only,omitempty"`
}

// maxSentence bounds the texts of the login page.
const maxSentence = 300

func (c *checker) login() {
	l := &c.f.Login
	for _, x := range []struct{ path, value string }{{"login.title", l.Title}, {"login.help", l.Help}} {
		if len(x.value) > maxSentence || strings.ContainsFunc(x.value, isControl) {
			c.fault(x.path, "", "a text of the login page has at most %d octets and no control characters", maxSentence)
		}
	}
	if l.SecondFactor != "" {
		known := []string{"optional", "required"}
		if l.SecondFactor != known[0] && l.SecondFactor != known[1] {
			c.fault("login.second_factor", yamldoc.Similar(l.SecondFactor, known), "%s is none of %s", c.quote("login.second_factor", l.SecondFactor), strings.Join(known, ", "))
		}
	}
	for i, g := range l.SecondFactorGroups {
		if g == "" {
			c.fault(indexed("login.second_factor_groups", i), "", "the name of a group is empty")
		}
	}
	m, ok := c.f.Session()
	switch {
	case !ok && c.about("login"):
		c.fault("login", "add a method: browser: {type: session}", "nobody can log in: no method is of type session")
	case ok && m.Session.Htpasswd != "" && (l.SecondFactor == "required" || len(l.SecondFactorGroups) > 0):
		c.fault("login.second_factor", "keep the people in the store", "people of an htpasswd file have no second factor, so that nobody could log in")
	}
}
