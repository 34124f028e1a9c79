package server

import (
	"github.com/gate401/gate401/internal/login"
	"github.com/gate401/gate401/internal/openid"
)

// providers makes what logs people in with others, and puts their buttons on the
// login page; nil where nobody can, or there are none. None of them is asked
// before somebody wants to log in with it, so that one which is away keeps the gate
// from nothing.
func (h *house) providers(g *generation) *openid.Handler {
	if g.login == nil || len(g.config.Providers) == 0 {
		return nil
	}
	o := &openid.Handler{
		Prefix: g.config.Gate.Prefix, Realm: g.config.Gate.Realm, Gate: g.system.Gate,
		Tickets: h.stores.Set.Tickets, Admit: g.login.Admit,
	}
	for _, c := range g.config.Providers {
		p := &openid.Provider{
			Name: c.Name, Label: c.Label, Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(), ClientAuth: c.ClientAuth,
			Scopes: c.Scopes, Subject: c.Subject, GroupsFrom: c.GroupsFrom, Groups: c.Groups,
			OnlyGroups: c.OnlyGroups, OnlyEmails: c.OnlyEmails, TrustEmail: c.TrustEmail, AssumeFresh: c.AssumeFresh,
			Logout: c.Logout == "provider",
		}
		if c.UserInfo != "auto" {
			p.UserInfo = c.UserInfo
		}
		o.Providers = append(o.Providers, p)
		g.login.Providers = append(g.login.Providers, login.Provider{Name: c.Name, Label: p.Called(), URL: o.Start(c.Name)})
	}
	g.login.Beyond = o.Logout
	g.closers = append(g.closers, o.Close)
	return o
}
