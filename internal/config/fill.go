package config

import (
	"cmp"
	"time"
)

// fill gives the keys that were left out, below sections that cannot stand in
// Default, the values that hold for them: what is shown is then what is done,
// since both read it here. It comes after the checks, which judge what the file
// says.
//
// What a rule leaves to gate or to its upstream is not written to the rule, and
// where nothing is the value (no limit, no delay, any host) there is nothing to
// fill in. The types of tokens remain open too: to name them is to trust them,
// while the verifier looks closer at tokens where none is named.
func (f *File) fill() {
	f.TLS.fill()
	f.Identity.JWT.fill()
	if h := &f.TLS.HSTS; h.MaxAge == 0 && !h.None {
		// Without it no client can come by https, as far as we can tell.
		secure := f.TLS.On() || len(f.Gate.TrustedProxies) > 0 || f.Forward.On()
		if given := *h != (HSTS{}); given || secure {
			f.impliedHSTS, h.MaxAge = !given, Year
		}
	}
	for i := range f.Upstreams {
		f.Upstreams[i].fill()
	}
	for _, m := range f.Methods {
		if m.Bearer != nil {
			m.Bearer.fill()
		}
		if m.Session != nil {
			m.Session.fill()
			f.Login.SecondFactor = cmp.Or(f.Login.SecondFactor, "optional")
		}
	}
	for i := range f.Providers {
		f.Providers[i].fill()
	}
	if f.Issues() {
		f.Issuer.fill()
	}
	f.Default.CORS.fill()
	for i := range f.Rules {
		f.Rules[i].CORS.fill()
	}
}

func (t *TLS) fill() {
	if t.On() {
		t.MinVersion = cmp.Or(t.MinVersion, "1.2")
	}
	if len(t.ACME.Hosts) > 0 {
		t.ACME.Directory = t.ACME.DirectoryURL()
	}
}

func (u *Upstream) fill() {
	u.Balance = cmp.Or(u.Balance, "round-robin")
	u.Timeout = cmp.Or(u.Timeout, time.Minute)
	h := &u.Health
	if !h.On() {
		return
	}
	h.Interval, h.Timeout = cmp.Or(h.Interval, 10*time.Second), cmp.Or(h.Timeout, 2*time.Second)
	h.Healthy, h.Unhealthy = cmp.Or(h.Healthy, 2), cmp.Or(h.Unhealthy, 3)
	if len(h.Status) == 0 {
		h.Status = statuses(200, 399)
	}
}

func (b *Bearer) fill() {
	b.Leeway = cmp.Or(b.Leeway, 30*time.Second)
	if b.GroupsFrom == nil {
		b.GroupsFrom = []string{"groups", "roles"}
	}
	switch {
	case b.Own() || len(b.Algorithms) > 0:
		// The gate knows how it signs its own.
	case b.Secret.Set():
		b.Algorithms = []string{"HS256"}
	default:
		b.Algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
	}
}

// fill leaves an absent one absent, and one that is the API's own alone.
func (c *CORS) fill() {
	if c != nil && !c.Upstream && len(c.Headers) == 0 {
		c.Headers = []string{"Authorization", "Content-Type"}
	}
}
