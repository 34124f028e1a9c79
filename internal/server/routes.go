package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/account"
	"github.com/gate401/gate401/internal/clientjs"
	"github.com/gate401/gate401/internal/consent"
	"github.com/gate401/gate401/internal/guide"
	"github.com/gate401/gate401/internal/inspector"
	"github.com/gate401/gate401/internal/login"
	"github.com/gate401/gate401/internal/openid"
	"github.com/gate401/gate401/internal/resource"
)

// routes keeps the gate's own endpoints below its prefix, and gives everything
// else to the proxy as it came: http.ServeMux would clean the path first, and
// what is judged must be what was sent.
type routes struct {
	prefix string // with a slash at its end
	guide  *guide.Guide
	keys   publisher
	// resources has the metadata of what the rules protect.
	resources http.Handler
	checks    http.Handler    // where gateways ask; nil if none may
	oauth     oauth           // the authorization server
	login     *login.Login    // where people log in; nil if they cannot
	providers *openid.Handler // the others to log in with; nil if there are none
	account   *account.Handler
	consent   *consent.Endpoint // where programs ask people; nil if they cannot
	script    *clientjs.Script  // for pages; nil in tests
	gate      *gate401.Gate     // tells whom nothing is answered; nil in tests
	proxy     http.Handler
}

// publisher has the public keys of the gate's own tokens.
type publisher interface {
	PublicKeySet(ctx context.Context) ([]byte, error)
}

func newRoutes(prefix string, keys publisher, proxy http.Handler) *routes {
	prefix = strings.TrimSuffix(prefix, "/") + "/"
	return &routes{prefix: prefix, guide: &guide.Guide{Prefix: prefix + "problems/", Inspector: prefix + "inspect"}, keys: keys, proxy: proxy}
}

func (t *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, own := strings.CutPrefix(r.URL.Path, t.prefix)
	if own && r.ContentLength != 0 {
		gate401.Hurry(w)
	}
	switch {
	case t.resources != nil && resource.Owns(r.URL.Path):
		if r.ContentLength != 0 {
			gate401.Hurry(w)
		}
		t.resources.ServeHTTP(w, r)
	case t.oauth.owns(r):
		t.oauth.ServeHTTP(w, r)
	case !own:
		t.proxy.ServeHTTP(w, r)
	case t.login != nil && t.login.Owns(r.URL.Path):
		t.login.ServeHTTP(w, r)
	case t.providers != nil && t.providers.Owns(r.URL.Path):
		t.admitted(t.providers).ServeHTTP(w, r)
	case t.account != nil && t.account.Owns(r.URL.Path):
		t.admitted(t.account).ServeHTTP(w, r)
	case t.consent != nil && consent.Owns(path):
		t.admitted(t.consent).ServeHTTP(w, r)
	case path == "problems" || strings.HasPrefix(path, "problems/"):
		t.guide.ServeHTTP(w, r)
	case path == "inspect":
		inspector.Handler{}.ServeHTTP(w, r)
	case t.checks != nil && (path == "check" || strings.HasPrefix(path, "check/")):
		t.checks.ServeHTTP(w, r)
	case t.script != nil && t.script.Owns(path):
		t.script.ServeHTTP(w, r)
	case path == "jwks.json":
		t.jwks(w, r)
	default:
		// The prefix is the gate's: nothing below it is ever forwarded.
		problem(w, http.StatusNotFound, "The gate has no such endpoint.")
	}
}

// admitted is next for everybody who is not blocked.
func (t *routes) admitted(next http.Handler) http.Handler {
	if t.gate == nil {
		return next
	}
	return &blocked{next, t.gate}
}

// jwks publishes the keys that verify the gate's own tokens (RFC 7517 section 5).
func (t *routes) jwks(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		problem(w, http.StatusMethodNotAllowed, "Only GET and HEAD are understood here.")
		return
	}
	set, err := t.keys.PublicKeySet(r.Context())
	if err != nil {
		problem(w, http.StatusServiceUnavailable, "The keys cannot be read just now. Send the same request again later.")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/jwk-set+json")
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%.0f", keysCached.Seconds()))
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	_, _ = w.Write(set) //nolint:gosec // public keys, as JSON and said to be
}

// problem writes an RFC 9457 document that is no refusal and no entry of the
// catalogue.
func problem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail})
	if err != nil {
		body = nil
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
