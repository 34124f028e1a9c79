package server

import (
	"net/http"

	"github.com/gate401/gate401/internal/account"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/login"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
)

// accounts makes the pages where people see and change what is theirs; nil where
// nobody can log in. It tells the login where they are.
func (h *house) accounts(g *generation) *account.Handler {
	if g.login == nil {
		return nil
	}
	prefix := g.config.Gate.Prefix + "/"
	g.login.Account = prefix + "account"
	method, _ := g.config.Session()
	a := &account.Handler{
		Prefix: prefix, Gate: g.system.Gate, Sessions: g.system.Sessions, Log: h.log,
		People:         &people.People{Set: h.stores.Set, Hasher: h.stores.Hasher, Remove: h.stores.RemoveAccount, Record: h.history.Record},
		Factors:        h.factors(g),
		KeyEnvironment: keyEnvironment(g.config),
		Provider: func(name string) string {
			for _, p := range g.login.Providers {
				if p.Name == name {
					return p.Label
				}
			}
			return name // it was taken out of the configuration since
		},
		FileAccounts: method.Session.Htpasswd != "",
		AskLogin: func(w http.ResponseWriter, hr *http.Request, again *session.Person) {
			ask := login.Ask{}
			if again != nil {
				ask = login.Ask{Name: again.Subject, Confirm: true, Why: "To change this, prove once more that it is you."}
				if again.Issuer != "" {
					ask.Name = ""
				}
			}
			g.login.Ask(w, hr, ask)
		},
	}
	for _, m := range g.config.Methods {
		if m.Basic != nil && m.Basic.Htpasswd == "" {
			a.Basic, a.PasswordAlone = true, a.PasswordAlone || m.Basic.PasswordAlone
		}
	}
	if required := g.login.Required; required != nil {
		a.MustHaveFactor = func(groups []string) bool { return required(store.Account{Groups: groups}) }
	}
	return a
}

// keyEnvironment is that of the API keys which people make for themselves; empty
// where the gate takes none.
func keyEnvironment(cfg *config.File) string {
	for _, m := range cfg.Methods {
		if m.APIKey != nil {
			return m.APIKey.Environment
		}
	}
	return ""
}
