package world

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/mock/wire"
	"github.com/gate401/gate401/token"
)

// serveKeys is the key set (RFC 7517 section 5), with what the script does to
// it.
func (l *life) serveKeys(rw http.ResponseWriter, hr *http.Request) {
	if !allow(rw, hr, http.MethodGet) {
		return
	}
	l.mu.Lock()
	keys := l.keys
	l.mu.Unlock()
	switch l.settings.JWKS {
	case JWKSMissing:
		wire.Problem(rw, http.StatusNotFound, "The script says that there are no keys here.")
		return
	case JWKSSlow:
		if !wire.Pause(rw, hr, 5*time.Second) {
			panic(http.ErrAbortHandler)
		}
	case JWKSEmpty:
		keys = nil
	case JWKSRotated:
		other, err := l.world.shared.stranger()
		if err != nil {
			l.fault(rw, hr, err)
			return
		}
		keys = []*token.SigningKey{other}
	}
	set, err := token.PublicKeySet(keys...)
	if err == nil && l.settings.JWKS == JWKSDuplicate {
		set, err = l.duplicated(set)
	}
	if err != nil {
		l.fault(rw, hr, err)
		return
	}
	h := rw.Header()
	h.Set("Content-Type", "application/jwk-set+json")
	h.Set("Cache-Control", "no-store")
	if hr.Method == http.MethodHead {
		return
	}
	switch l.settings.JWKS {
	case JWKSBroken:
		_, _ = io.WriteString(rw, `{"keys":[`)
	case JWKSHuge:
		// One chunk many times: ten thousand worlds must not hold a megabyte each.
		_, _ = io.WriteString(rw, `{"padding":"`)
		chunk := strings.Repeat("x", 32<<10)
		for range 40 {
			if _, err := io.WriteString(rw, chunk); err != nil {
				return
			}
		}
		_, _ = io.WriteString(rw, `",`)
		_, _ = rw.Write(set[1:])
	default:
		_, _ = rw.Write(set)
	}
}

// duplicated puts another key of the same kid before the right one.
func (l *life) duplicated(set []byte) ([]byte, error) {
	other, err := l.world.shared.stranger()
	if err != nil {
		return nil, err
	}
	strange, err := token.PublicKeySet(other)
	if err != nil {
		return nil, err
	}
	var own, more struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal(set, &own); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(strange, &more); err != nil {
		return nil, err
	}
	for _, k := range more.Keys {
		k["kid"] = own.Keys[len(own.Keys)-1]["kid"]
	}
	return json.Marshal(map[string]any{"keys": append(more.Keys, own.Keys...)})
}

// serveMetadata describes the issuer (RFC 8414 section 2).
func (l *life) serveMetadata(rw http.ResponseWriter, hr *http.Request) {
	if !allow(rw, hr, http.MethodGet) {
		return
	}
	url := l.world.URL()
	methods := []string{"none"}
	if len(l.settings.Clients) > 0 {
		methods = []string{"none", "client_secret_basic", "client_secret_post"}
	}
	wire.Pretty(rw, http.StatusOK, map[string]any{
		"issuer":                                     url,
		"token_endpoint":                             url + "/token",
		"revocation_endpoint":                        url + "/revoke",
		"jwks_uri":                                   url + "/jwks.json",
		"grant_types_supported":                      []string{issuer.GrantRefreshToken},
		"response_types_supported":                   []string{},
		"token_endpoint_auth_methods_supported":      methods,
		"revocation_endpoint_auth_methods_supported": methods,
		"scopes_supported":                           []string{"orders:read", "orders:write"},
	})
}

// serveResourceMetadata describes the API (RFC 9728 section 2).
func (l *life) serveResourceMetadata(rw http.ResponseWriter, hr *http.Request) {
	if !allow(rw, hr, http.MethodGet) {
		return
	}
	url := l.world.URL()
	wire.Pretty(rw, http.StatusOK, map[string]any{
		"resource":                 url + "/api",
		"authorization_servers":    []string{url},
		"scopes_supported":         []string{"orders:read", "orders:write"},
		"bearer_methods_supported": []string{"header"},
		"resource_name":            "mock API of the session " + l.world.id,
	})
}

// serveIndex says what there is.
func (l *life) serveIndex(rw http.ResponseWriter, hr *http.Request) {
	if allow(rw, hr, http.MethodGet) {
		wire.Pretty(rw, http.StatusOK, l.world.Info())
	}
}

// Info is what a client under test needs to know of a world.
type Info struct {
	ID       string    `json:"id"`
	URL      string    `json:"url"`
	Login    string    `json:"login"`
	Token    string    `json:"token"`
	Revoke   string    `json:"revoke"`
	JWKS     string    `json:"jwks"`
	API      string    `json:"api"`
	Scenario string    `json:"scenario,omitempty"`
	People   []Person  `json:"people"`
	Keys     []Key     `json:"keys"`
	Clients  []Client  `json:"clients,omitempty"`
	Settings Settings  `json:"settings"`
	Time     time.Time `json:"time"`
	Made     time.Time `json:"made"`
	// Requests are those with good credentials, Logins and Refreshes those that
	// were asked for, since the last reset.
	Requests  int `json:"requests"`
	Logins    int `json:"logins"`
	Refreshes int `json:"refreshes"`
}

// Info describes the world as it is now.
func (w *World) Info() Info {
	l, s, url := w.life.Load(), w.settings, w.URL()
	l.mu.Lock()
	defer l.mu.Unlock()
	return Info{
		ID: w.id, URL: url, Login: url + "/login", Token: url + "/token", Revoke: url + "/revoke", JWKS: url + "/jwks.json", API: url + "/api",
		Scenario: w.scenario, People: s.people(), Keys: s.keys(), Clients: s.Clients, Settings: *s,
		Time: l.clock.now().UTC(), Made: w.made.UTC(),
		Requests: l.requests, Logins: l.logins, Refreshes: l.done,
	}
}
