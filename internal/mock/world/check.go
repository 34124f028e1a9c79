package world

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/nearest"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Bounds of the settings of one world.
const (
	MaxPeople  = 50
	MaxKeys    = 50
	MaxClients = 20
	maxNumber  = 1_000_000
)

// SettingsError lists everything that is wrong with settings.
type SettingsError struct {
	// Faults are sentences, each with the place at its beginning.
	Faults []string
}

// Error joins the faults.
func (e *SettingsError) Error() string { return "settings of a world: " + strings.Join(e.Faults, "; ") }

// checker collects faults.
type checker struct{ faults []string }

func (c *checker) fault(place, format string, args ...any) {
	c.faults = append(c.faults, place+": "+fmt.Sprintf(format, args...))
}

// Validate tells everything that is wrong, at once, as a *[SettingsError].
func (s *Settings) Validate() error {
	var c checker
	c.people(s)
	c.keys(s)
	c.clients(s)
	if s.Accept != nil && len(s.Accept) == 0 {
		c.fault("accept", "is empty, so that nobody could prove anything")
	}
	for i, name := range s.Accept {
		c.oneOf("accept", name, []string{"bearer", "basic", "digest", "api-key"})
		if slices.Contains(s.Accept[:i], name) {
			c.fault("accept", "%q is there twice", name)
		}
	}
	c.span("access.ttl", s.Access.TTL, Duration(time.Second), Duration(token.MaxTTL))
	c.number("access.uses", s.Access.Uses)
	c.number("access.until", s.Access.Until)
	c.optional("access.fault", s.Access.Fault, AccessFaults())
	c.optional("refresh.policy", s.Refresh.Policy, []string{PolicyRotate, PolicyRotateOnly, PolicyKeep})
	c.optional("refresh.fault", s.Refresh.Fault, RefreshFaults())
	c.number("refresh.times", s.Refresh.Times)
	const year = Duration(366 * 24 * time.Hour)
	c.span("refresh.grace", s.Refresh.Grace, 0, year)
	c.span("refresh.idle", s.Refresh.Idle, Duration(time.Second), year)
	c.span("refresh.absolute", s.Refresh.Absolute, Duration(time.Second), year)
	c.span("refresh.delay", s.Refresh.Delay, 0, MaxDelay)
	c.number("resource.first", s.Resource.First)
	c.number("resource.every", s.Resource.Every)
	if s.Resource.Every == 1 {
		c.fault("resource.every", "is 1, which refuses everything: use resource.first with a large number")
	}
	if s.Resource.Reason != "" {
		c.refusing("resource.reason", s.Resource.Reason)
	}
	c.span("resource.max_age", s.Resource.MaxAge, Duration(time.Second), year)
	c.span("clock.offset", s.Clock.Offset, -year, year)
	c.span("clock.date", s.Clock.Date, -year, year)
	c.span("clock.issuer", s.Clock.Issuer, -year, year)
	c.optional("jwks", s.JWKS, JWKSFaults())
	if len(c.faults) > 0 {
		return &SettingsError{c.faults}
	}
	return nil
}

func (c *checker) people(s *Settings) {
	if len(s.People) > MaxPeople {
		c.fault("people", "%d, more than %d", len(s.People), MaxPeople)
		return
	}
	seen := map[string]bool{}
	for i, p := range s.People {
		place := fmt.Sprintf("people[%d]", i)
		name, err := store.Canonical(p.Name)
		switch {
		case err != nil:
			c.fault(place+".name", "%v", err)
		case name != p.Name:
			c.fault(place+".name", "write it as %q", name)
		case strings.ContainsRune(p.Name, ':'):
			c.fault(place+".name", "has a colon, which Basic cannot send (RFC 7617 section 2)")
		case seen[name]:
			c.fault(place+".name", "%q is there twice", name)
		}
		seen[name] = true
		if p.Password == "" || len(p.Password) > store.MaxText {
			c.fault(place+".password", "has %d octets, want 1 to %d", len(p.Password), store.MaxText)
		}
		if _, err := (store.Account{Name: "x", Groups: p.Groups, Scopes: p.Scopes}).Normal(); err != nil {
			c.fault(place, "%v", err)
		}
		for _, scope := range p.Scopes {
			c.scope(place+".scopes", scope)
		}
	}
}

// scope is scope-token of RFC 6749 section 3.3.
func (c *checker) scope(place, scope string) {
	if scope == "" || strings.IndexFunc(scope, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) >= 0 {
		c.fault(place, "%q is no scope: printable ASCII without space, quotes and backslash", clip(scope))
	}
}

func (c *checker) keys(s *Settings) {
	if len(s.Keys) > MaxKeys {
		c.fault("keys", "%d, more than %d", len(s.Keys), MaxKeys)
		return
	}
	seen := map[string]bool{}
	for i, k := range s.Keys {
		place := fmt.Sprintf("keys[%d]", i)
		if _, err := token.ParseAPIKey(k.Value); err != nil {
			c.fault(place+".value", "%v", err)
		} else if seen[k.Value] {
			c.fault(place+".value", "is there twice")
		}
		seen[k.Value] = true
		if k.Owner != "" && !slices.ContainsFunc(s.people(), func(p Person) bool { return p.Name == k.Owner }) {
			c.fault(place+".owner", "there is no person %q", clip(k.Owner))
		}
		if _, err := (store.Account{Name: "x", Groups: k.Groups, Scopes: k.Scopes}).Normal(); err != nil {
			c.fault(place, "%v", err)
		}
	}
}

func (c *checker) clients(s *Settings) {
	if len(s.Clients) > MaxClients {
		c.fault("clients", "%d, more than %d", len(s.Clients), MaxClients)
		return
	}
	seen := map[string]bool{}
	for i, client := range s.Clients {
		place := fmt.Sprintf("clients[%d].client_id", i)
		switch {
		case client.ID == "" || len(client.ID) > store.MaxText:
			c.fault(place, "has %d octets, want 1 to %d", len(client.ID), store.MaxText)
		case seen[client.ID]:
			c.fault(place, "%q is there twice", clip(client.ID))
		}
		seen[client.ID] = true
	}
}

// refusing wants a reason that a gate refuses with.
func (c *checker) refusing(place string, code reason.Code) {
	info, ok := reason.Lookup(code)
	if !ok {
		c.fault(place, "there is no reason %q%s", clip(string(code)), c.guess(string(code), codes()))
		return
	}
	switch info.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable:
	default:
		c.fault(place, "%q has status %d, want a reason of 401, 403, 429 or 503", code, info.Status)
	}
}

func codes() (all []string) {
	for _, info := range reason.All() {
		all = append(all, string(info.Code))
	}
	return all
}

func (c *checker) optional(place, value string, known []string) {
	if value != "" {
		c.oneOf(place, value, known)
	}
}

func (c *checker) oneOf(place, value string, known []string) {
	if !slices.Contains(known, value) {
		c.fault(place, "there is no %q%s", clip(value), c.guess(value, known))
	}
}

// guess names what was probably meant, or everything there is.
func (*checker) guess(value string, known []string) string {
	best, least := "", 4
	for _, k := range known {
		if len(value) <= 64 {
			if n := nearest.Slips(value, k); n < least {
				best, least = k, n
			}
		}
	}
	if best != "" {
		return fmt.Sprintf(", did you mean %q?", best)
	}
	if len(known) > 25 {
		return ""
	}
	return ", there are " + strings.Join(known, ", ")
}

// span wants a duration between two, or none.
func (c *checker) span(place string, d, least, most Duration) {
	if d != 0 && (d < least || d > most) {
		c.fault(place, "%s is not between %s and %s", d, least, most)
	}
}

func (c *checker) number(place string, n int) {
	if n < 0 || n > maxNumber {
		c.fault(place, "%d is not between 0 and %d", n, maxNumber)
	}
}
