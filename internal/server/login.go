package server

import (
	"context"
	"errors"

	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/login"
	"github.com/gate401/gate401/internal/secondfactor"
	"github.com/gate401/gate401/internal/session"
)

// logins makes where people log in, if a method is of type session: the handler
// for routes, and the page that answers whoever opens one without a session. door
// is for the other surfaces that want to know who is logged in.
func (h *house) logins(g *generation) (*login.Login, *session.Door) {
	s := g.system
	if s.Sessions == nil {
		return nil, nil
	}
	cfg := g.config.Login
	l := &login.Login{
		Prefix: g.config.Gate.Prefix, Realm: g.config.Gate.Realm, Title: cfg.Title, Help: cfg.Help,
		Gate: s.Gate, Sessions: s.Sessions, Tickets: h.stores.Set.Tickets, Log: h.log,
		Passwords: &authn.Basic{Realm: g.config.Gate.Realm, Sources: []authn.Passwords{s.People}, Hasher: h.stores.Hasher, Remember: -1},
	}
	if cfg.ProvidersOnly {
		l.Passwords = nil
	}
	if method, _ := g.config.Session(); method.Session.Htpasswd == "" {
		l.SecondFactor = factors{h.factors(g)}
		l.Required = build.Required(g.config)
	}
	s.Gate.Responder.Login, s.Gate.Responder.Switch = l.Page, g.config.Gate.Prefix+"/login"
	return l, &session.Door{Manager: s.Sessions, Intake: &s.Gate.Intake}
}

// factors are the second factors of the accounts.
func (h *house) factors(g *generation) *secondfactor.Factors {
	return &secondfactor.Factors{
		Records: h.stores.Set.Factors, Sealer: h.stores.Sealer, Issuer: g.config.Gate.Realm, Audit: h.stores.Set.Audit,
	}
}

// factors are those of a store, as the login wants to hear of them.
type factors struct{ *secondfactor.Factors }

// Check tells a wrong code from one that could not be checked.
func (f factors) Check(ctx context.Context, account, code string) (string, error) {
	amr, err := f.Factors.Check(ctx, account, code)
	switch {
	case errors.Is(err, secondfactor.ErrWrong), errors.Is(err, secondfactor.ErrNone):
		return "", errors.Join(login.ErrWrongCode, err)
	case errors.Is(err, secondfactor.ErrNotRecorded):
		// It is used up: asking for another would not record it either.
		return amr, nil
	}
	return amr, err
}
