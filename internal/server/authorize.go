package server

import (
	"net/http"

	"github.com/gate401/gate401/internal/consent"
	"github.com/gate401/gate401/internal/login"
)

// authorizing makes the authorization endpoint and the device page: where the gate
// issues tokens and people can log in.
func (h *house) authorizing(g *generation) *consent.Endpoint {
	if g.system.Issuing == nil || g.login == nil {
		return nil
	}
	set := h.stores.Set
	return &consent.Endpoint{
		Issuer: g.system.Issuing.Issuer, Clients: set.Clients, Consents: set.Consents, Sessions: set.Sessions,
		People: g.door, Intake: g.door.Intake, Guard: g.system.Guard, Limit: g.system.Issuing.Codes,
		Prefix: g.config.Gate.Prefix + "/", Account: g.config.Gate.Prefix + "/account", Realm: g.config.Gate.Realm, Always: g.config.Issuer.Consent == "always", Observe: g.system.Gate.Observe,
		Words: g.config.Issuer.Scopes,
		AskLogin: func(w http.ResponseWriter, hr *http.Request, a consent.Ask) {
			g.login.Ask(w, hr, login.Ask{ReturnTo: a.Return, Name: a.Hint, Why: "to go on to " + a.For, Confirm: a.Again, Anew: a.Anew})
		},
	}
}
