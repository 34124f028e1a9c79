// Package oauthtest is an authorization server, and an API behind it, for tests
// of what logs in: everybody is let in at once, and it errs where it is told to.
//
// Start with [New], and give [Server.URL] to what is tested as the issuer, or
// [Server.API] as the API. [Server.Set] makes it err, and [Approve] plays the
// browser.
//
// It is no authorization server: it checks what a client must get right, and
// nobody's password.
package oauthtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Server is an authorization server at URL with an API at URL + "/api/orders".
type Server struct {
	URL string
	// Secret is what confidential clients have; a client called "public" has none.
	Secret string

	mu      sync.Mutex
	errs    Errs
	codes   map[string]url.Values // authorization requests by code
	access  map[string]bool
	refresh map[string]bool // false once used
	devices map[string]url.Values
	forms   []url.Values // of the token endpoint
	revoked []string
}

// Errs says how the server errs. [Server.Set] changes it, also while the server
// serves: what is tested may be another process, so that no answer orders a
// change before the next request.
type Errs struct {
	// Life is the expires_in of access tokens, as JSON; empty leaves it out.
	Life string
	// Metadata changes the metadata before it is sent.
	Metadata func(map[string]any)
	// Resource changes the metadata of the API before it is sent.
	Resource func(map[string]any)
	// Answer changes the parameters with which the browser is sent back.
	Answer func(url.Values)
	// Fault answers a request to the path in place of the server, if it returns
	// true.
	Fault func(w http.ResponseWriter, r *http.Request) bool
	// Polls are the errors with which polls for a device are answered, in order.
	Polls []string
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{Secret: "client-secret", errs: Errs{Life: "3600"}, codes: map[string]url.Values{}, access: map[string]bool{}, refresh: map[string]bool{}, devices: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", s.metadata)
	mux.HandleFunc("GET /.well-known/oauth-protected-resource/api", s.resource)
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("POST /device", s.device)
	mux.HandleFunc("POST /revoke", s.revoke)
	mux.HandleFunc("POST /register", s.register)
	mux.HandleFunc("/api/", s.api)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := s.now().Fault; fault == nil || !fault(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
	s.URL = "http://" + server.Listener.Addr().String()
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// Set changes how the server errs from the next request on.
func (s *Server) Set(change func(*Errs)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.errs)
}

// now is how the server errs at this moment. The lock is not held, so that what a
// test gives to it may ask the server.
func (s *Server) now() Errs {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.errs
}

// API is the address of the API.
func (s *Server) API() string { return s.URL + "/api/orders" }

// Forms are what the token endpoint was asked so far.
func (s *Server) Forms() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]url.Values(nil), s.forms...)
}

// Revoked are the tokens that were revoked.
func (s *Server) Revoked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.revoked...)
}

// Expire makes the API refuse all access tokens that were given out.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.access)
}

// Approve plays a browser whose person says yes: it opens the address and goes
// where it is sent. It returns the page at the end.
func Approve(ctx context.Context, address string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, string(text), err
}

func (s *Server) metadata(w http.ResponseWriter, _ *http.Request) {
	m := map[string]any{
		"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token",
		"device_authorization_endpoint": s.URL + "/device", "revocation_endpoint": s.URL + "/revoke", "registration_endpoint": s.URL + "/register",
		"scopes_supported": []string{"openid", "offline_access", "orders:read"}, "code_challenge_methods_supported": []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	}
	if change := s.now().Metadata; change != nil {
		change(m)
	}
	send(w, http.StatusOK, m)
}

func (s *Server) resource(w http.ResponseWriter, _ *http.Request) {
	m := map[string]any{"resource": s.URL + "/api", "authorization_servers": []string{s.URL}}
	if change := s.now().Resource; change != nil {
		change(m)
	}
	send(w, http.StatusOK, m)
}

func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	good := s.access[token]
	s.mu.Unlock()
	if !good {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="orders", scope="orders:read", resource_metadata="%s/.well-known/oauth-protected-resource/api"`, s.URL))
		send(w, http.StatusUnauthorized, map[string]any{"title": "who are you?"})
		return
	}
	_, _ = io.WriteString(w, "the orders\n")
}

func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case err != nil || back.Hostname() != "127.0.0.1" || back.Path != "/callback":
		refuse(w, "invalid_request", "redirect_uri")
		return
	case q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("state")) < 16:
		refuse(w, "invalid_request", "a parameter is wrong")
		return
	}
	code := secret()
	s.mu.Lock()
	s.codes[code] = q
	s.mu.Unlock()
	out := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {s.URL}}
	if change := s.now().Answer; change != nil {
		change(out)
	}
	back.RawQuery = out.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound) //nolint:gosec // checked above to be the loopback
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if !s.client(w, r) {
		return
	}
	form := r.PostForm
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forms = append(s.forms, form)
	switch form.Get("grant_type") {
	case "authorization_code":
		asked, ok := s.codes[form.Get("code")]
		delete(s.codes, form.Get("code"))
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		if !ok || asked.Get("redirect_uri") != form.Get("redirect_uri") || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
			refuse(w, "invalid_grant", "the code is not good")
			return
		}
		s.give(w, asked.Get("scope"), true)
	case "refresh_token":
		fresh, known := s.refresh[form.Get("refresh_token")]
		if !known || !fresh {
			refuse(w, "invalid_grant", "the refresh token was used before")
			return
		}
		s.refresh[form.Get("refresh_token")] = false
		s.give(w, "", true)
	case "client_credentials":
		if form.Get("client_id") == "public" {
			refuse(w, "unauthorized_client", "a public client has no credentials")
			return
		}
		s.give(w, form.Get("scope"), false)
	case "urn:ietf:params:oauth:grant-type:device_code":
		asked, ok := s.devices[form.Get("device_code")]
		switch {
		case !ok:
			refuse(w, "invalid_grant", "no such device code")
		case len(s.errs.Polls) > 0:
			code := s.errs.Polls[0]
			s.errs.Polls = s.errs.Polls[1:]
			if code == "503" {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			refuse(w, code, "")
		default:
			s.give(w, asked.Get("scope"), true)
		}
	default:
		refuse(w, "unsupported_grant_type", "")
	}
}

// give answers with tokens. The lock is held.
func (s *Server) give(w http.ResponseWriter, scope string, refresh bool) {
	out := map[string]any{"access_token": "access-" + secret(), "token_type": "bearer"}
	s.access[fmt.Sprint(out["access_token"])] = true
	if s.errs.Life != "" {
		out["expires_in"] = json.RawMessage(s.errs.Life)
	}
	if scope != "" {
		out["scope"] = scope
	}
	if refresh {
		r := "refresh-" + secret()
		s.refresh[r] = true
		out["refresh_token"] = r
	}
	send(w, http.StatusOK, out)
}

// client reads the form and judges the client.
func (s *Server) client(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		refuse(w, "invalid_request", err.Error())
		return false
	}
	id, given, ok := r.BasicAuth()
	if !ok {
		id, given = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if id, _ = url.QueryUnescape(id); id == "public" && given == "" {
		return true
	}
	if given, _ = url.QueryUnescape(given); id == "" || given != s.Secret {
		w.Header().Set("WWW-Authenticate", `Basic realm="clients"`)
		send(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return false
	}
	return true
}

func (s *Server) device(w http.ResponseWriter, r *http.Request) {
	if !s.client(w, r) {
		return
	}
	code := secret()
	s.mu.Lock()
	s.devices[code] = r.PostForm
	s.mu.Unlock()
	send(w, http.StatusOK, map[string]any{"device_code": code, "user_code": "WDJB-MJHT", "verification_uri": s.URL + "/activate",
		"verification_uri_complete": s.URL + "/activate?user_code=WDJB-MJHT", "expires_in": 600, "interval": 1})
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	if !s.client(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token := r.PostForm.Get("token")
	delete(s.access, token)
	delete(s.refresh, token)
	s.revoked = append(s.revoked, token)
}

func (s *Server) register(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusCreated, map[string]any{"client_id": "public"})
}

func refuse(w http.ResponseWriter, code, description string) {
	m := map[string]any{"error": code}
	if description != "" {
		m["error_description"] = description
	}
	send(w, http.StatusBadRequest, m)
}

func send(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func secret() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // does not fail
	return base64.RawURLEncoding.EncodeToString(b[:])
}
