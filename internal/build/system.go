package build

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/store"
)

// System is a gate made from one file, and what it stands on.
type System struct {
	Config *config.File
	Stores *Stores
	Gate   *gate401.Gate
	Guard  *defend.Guard
	Policy *access.Policy
	// Issuer is the iss of the gate's own tokens.
	Issuer string
	// Issuing is the gate as an authorization server; nil where it is none.
	Issuing *Issuing
	// Sessions are those of browsers, and People whose passwords log in there; nil
	// where no method is of type session.
	Sessions *session.Manager
	People   authn.Passwords
	// Headers, Query and Cookies are where credentials may be.
	Headers, Query, Cookies []string

	methods *methods
}

// Options of New.
type Options struct {
	// PublicURL is the scheme and host at which clients reach the gate. Required.
	PublicURL *url.URL
	// Watch observes every decision; nil for nothing.
	Watch *watch.Watch
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Client fetches the key sets of other issuers; nil means one of our own.
	Client *http.Client
	// Guard goes on counting, with the limits that it has; nil makes one with
	// those of the file.
	Guard *defend.Guard
	// Record hears of sessions that begin and end; nil tells nobody.
	Record func(store.Event)
	// History hears of every decision, after Watch, to write down the lives of
	// credentials; nil tells nobody.
	History func(r *gate401.Request, d *gate401.Decision)
	// Before is a gate that this one replaces, still open, made with the same
	// stores; nil for none. Methods whose configuration is the same are taken over
	// with all that they learned: right credentials that they remember, and the
	// keys of other issuers, who may be out of reach just now.
	Before *System
}

// New makes the gate. Close the result; the stores remain the caller's.
func New(cfg *config.File, stores *Stores, o Options) (*System, error) {
	if o.PublicURL == nil {
		return nil, errors.New("the gate's own URL is not known")
	}
	m := &methods{file: cfg, stores: stores, issuer: issuer(o.PublicURL), now: o.Now, client: o.Client, record: o.Record}
	if o.Watch != nil {
		m.log = o.Watch.Logger()
	}
	if o.Before != nil {
		m.before = o.Before.methods
	}
	s := &System{Config: cfg, Stores: stores, Issuer: m.issuer, methods: m}
	err := s.assemble(m, o)
	// Or every gate would keep all that were before it.
	m.before = nil
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *System) assemble(m *methods, o Options) error {
	if err := m.prepare(); err != nil {
		return err
	}
	var err error
	if s.Policy, err = compile(s.Config, m.set); err != nil {
		return err
	}
	d := s.Config.Defend
	if s.Guard = o.Guard; s.Guard == nil {
		s.Guard = &defend.Guard{Now: o.Now, Limits: Limits(s.Config), Since: s.Stores.proofsSince}
	}
	s.Headers, s.Query, s.Cookies = m.places()
	if method, ok := s.Config.Session(); ok {
		s.Sessions, s.People = m.parts[method.Name].sessions, m.parts[method.Name].source
	}
	s.Gate = &gate401.Gate{
		Policy: defend.Blocklist(d.Block).Wrap(s.Policy.Requirement),
		Guard:  s.Guard,
		Intake: gate401.Intake{TrustedProxies: s.Config.Gate.TrustedProxies, Now: o.Now},
		Responder: &gate401.Responder{
			Format:   gate401.Format(s.Config.Errors.Format),
			Problems: m.issuer + s.Config.Gate.Prefix + "/problems/",
			Support:  s.Config.Errors.Support,
		},
	}
	if s.Config.Gate.PublicURL != "" {
		s.Gate.Intake.PublicURL = o.PublicURL
	}
	s.Gate.Observe = observing(o, s.Config.Gate.Prefix)
	s.Issuing, err = s.issuing(o)
	return err
}

// Limits are those that the file sets for the guard.
func Limits(cfg *config.File) defend.Limits {
	d := cfg.Defend
	return defend.Limits{
		Account:        defend.Limit(d.Account),
		Address:        defend.Limit(d.Address),
		AddressAccount: defend.Limit(d.AddressAccount),
	}
}

// Close ends what the gate started, unless another one has taken it over: the
// writers of key use, the fetchers of key sets.
func (s *System) Close() error {
	faults := []error{s.Issuing.close()}
	for _, p := range s.methods.parts {
		faults = append(faults, p.release())
	}
	return errors.Join(faults...)
}

// rule is the rule of the file as access knows it.
func rule(r config.Rule, secret func(name, value string) bool) access.Rule {
	out := asks(r.Asks, secret)
	out.Name, out.Host, out.Path, out.Verbs, out.Owner = r.Name, r.Host, r.Path, r.Verbs, r.Owner
	return out
}

// asks is what a rule or the default asks.
func asks(a config.Asks, secret func(name, value string) bool) access.Rule {
	out := access.Rule{
		Anyone: a.Allow == "anyone", Nobody: a.Allow == "nobody",
		Methods: a.Methods, Scopes: a.Scopes, Groups: a.Groups, Addresses: a.Addresses, MaxAge: a.MaxAge,
	}
	if a.Allow == "" {
		out.Resource = &gate401.Resource{URL: a.Resource, Secret: secret}
	}
	if a.CORS != nil {
		out.CORS = &gate401.CORS{
			Origins: a.CORS.Origins, Methods: a.CORS.Methods, Headers: a.CORS.Headers, Expose: a.CORS.Expose,
			Credentials: a.CORS.Credentials, MaxAge: a.CORS.MaxAge, Upstream: a.CORS.Upstream,
		}
	}
	return out
}
