package server

import (
	"net/http"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/forward"
)

// purpose tells whether there is anything to do for a gate with that
// configuration: an API to stand in front of, or a gateway that asks.
func purpose(cfg *config.File) error {
	if cfg.Gate.Upstream == "" && !cfg.Forward.On() {
		return ErrNoUpstream
	}
	return nil
}

// checks is where gateways ask, nil if none may.
func (h *house) checks(g *generation) (http.Handler, error) {
	cfg := g.config
	if !cfg.Forward.On() {
		return nil, nil
	}
	var cookies []string
	if !cfg.Gate.KeepCredentials {
		cookies = g.system.Cookies
	}
	return forward.New(forward.Config{
		Gate: g.system.Gate, Path: cfg.Gate.Prefix + "/check", Own: cfg.Gate.Prefix, From: cfg.Forward.From,
		Identity: identityFields(cfg.Identity.Headers), Assertion: g.assertion, Cookies: cookies, Sealer: h.stores.Sealer, Log: h.log,
	})
}

// checksOnly answers for an upstream that is not there: whoever asks the gate
// itself for a page came past the gateway.
func checksOnly(w http.ResponseWriter, _ *http.Request) {
	problem(w, http.StatusNotFound, "This gate has no API behind it: it answers gateways that ask before they forward.")
}
