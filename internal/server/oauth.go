package server

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
)

// Where clients look for what an authorization server is (RFC 8414 section 3,
// OpenID Connect Discovery 1.0 section 4). The issuer has no path, so that there
// are no forms with one.
const (
	serverMetadata = "/.well-known/oauth-authorization-server"
	openidMetadata = "/.well-known/openid-configuration"
)

// oauth are the endpoints of the authorization server, by their paths. The zero
// value has none.
type oauth map[string]http.Handler

// owns tells whether a request is for one of them. What a person opens at the
// address of a device endpoint is a page.
func (o oauth) owns(r *http.Request) bool {
	e := o[r.URL.Path]
	if _, device := e.(*issuer.DeviceEndpoint); device {
		return r.Method != http.MethodGet && r.Method != http.MethodHead
	}
	return e != nil
}

// ServeHTTP answers a request that it owns. Pages of any origin may ask:
// nothing here believes a cookie.
func (o oauth) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Robots-Tag", "noindex")
	if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		// A star alone does not mean Authorization (Fetch standard section 4.10).
		h.Set("Access-Control-Allow-Headers", "Authorization, *")
		h.Set("Access-Control-Max-Age", "600")
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After, X-Request-Id")
	o[r.URL.Path].ServeHTTP(w, r)
}

// endpoints makes those of a generation.
func (h *house) endpoints(g *generation) oauth {
	i := g.system.Issuing
	if i == nil {
		return nil
	}
	prefix := g.config.Gate.Prefix + "/"
	offer := issuer.Offer{
		Base: i.Issuer.Name + prefix, Scopes: scopesOf(g), People: g.system.Sessions != nil,
		Registration: g.config.Issuer.Registration != "off", Documentation: g.system.Gate.Responder.Problems,
	}
	described := h.describe(g, offer)
	o := oauth{
		prefix + "token":      &issuer.TokenEndpoint{Desk: i.Desk, Grants: offer.Grants()},
		prefix + "revoke":     &issuer.RevocationEndpoint{Desk: i.Desk},
		prefix + "introspect": &issuer.IntrospectionEndpoint{Desk: i.Desk},
		serverMetadata:        described,
	}
	if offer.People {
		o[openidMetadata] = described
		o[prefix+"userinfo"] = i.Userinfo.Protect(h.userinfo())
		o[prefix+"device"] = &issuer.DeviceEndpoint{Desk: i.Desk, Page: offer.Base + "device", Limit: i.Devices}
	}
	if offer.Registration {
		register := &issuer.RegistrationEndpoint{
			Desk: i.Desk, Clients: h.stores.Set.Clients, Limit: i.Registrations, Scopes: i.Issuer.Metadata(offer).ScopesSupported,
		}
		if t := g.config.Issuer.RegistrationToken; t.Set() {
			register.Token = sha256.Sum256([]byte(t.Reveal()))
		}
		o[prefix+"register"] = register
	}
	return o
}

// userinfo tells about the person whose token was let through (OpenID Connect
// Core 1.0 section 5.3).
func (h *house) userinfo() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodPost && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD, POST")
			problem(w, http.StatusMethodNotAllowed, "Only GET and POST are understood here.")
			return
		}
		id, _ := gate401.IdentityFrom(r.Context())
		var person *store.Account
		account, err := h.stores.Set.Accounts.Account(r.Context(), id.Subject)
		switch {
		case err == nil:
			person = &account
		case !errors.Is(err, store.ErrNotFound):
			problem(w, http.StatusServiceUnavailable, "The account cannot be read just now. Send the same request again later.")
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_ = json.NewEncoder(w).Encode(issuer.Claims(id.Subject, id.Scopes, id.Groups, person)) // the client may be gone
	})
}

// scopesOf are the scopes that rules ask for, and those that the file has words for.
func scopesOf(g *generation) []string {
	var all []string
	for _, q := range g.system.Policy.All() {
		all = append(all, q.Scopes...)
	}
	for scope := range g.config.Issuer.Scopes {
		if !issuer.About(scope) { // those are there in any case
			all = append(all, scope)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// describe publishes the metadata.
func (h *house) describe(g *generation, offer issuer.Offer) http.Handler {
	own, keys := g.system.Issuing.Issuer, h.stores.Keyring
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !readOnly(w, r) {
			return
		}
		algs, err := keys.Algorithms(r.Context())
		if err != nil {
			problem(w, http.StatusServiceUnavailable, "The keys cannot be read just now. Send the same request again later.")
			return
		}
		offer := offer
		offer.Algorithms = algs
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Cache-Control", "public, max-age=300")
		header.Set("X-Content-Type-Options", "nosniff")
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		_ = e.Encode(own.Metadata(offer)) // the client may be gone
	})
}

// readOnly tells whether a request only reads; else it is answered.
func readOnly(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	problem(w, http.StatusMethodNotAllowed, "Only GET and HEAD are understood here.")
	return false
}
