package consent_test

import (
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/consent"
	"github.com/gate401/gate401/internal/guide"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a gate's authorization server over a memory store, with a login that
// needs no password.
type house struct {
	t       *testing.T
	set     *store.Set
	server  *httptest.Server
	manager *session.Manager
	end     *consent.Endpoint
	asks    []consent.Ask // logins that were asked for
	seen    []string      // what the observers of the gate were told
	browser *http.Client  // follows nothing

	mu sync.Mutex
	at time.Time
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// callback is where the clients want their answers.
const callback = "https://app.example/cb"

func open(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	h.set = memory.Open(memory.Options{Now: h.now})
	for _, c := range []store.Client{
		{ID: "app", Name: "The App"},
		{ID: "shop", Name: "Shop", Trusted: true},
		{ID: "cli", Name: "Tool", RedirectURIs: []string{"http://127.0.0.1/cb"}},
		{ID: "web", Name: "Web", Method: issuer.AuthBasic, Secrets: []store.ClientSecret{{Hash: sha256.Sum256([]byte("secret")), Hint: "secr"}}},
		{ID: "gone", Name: "Gone", Suspended: true},
		{ID: "stranger", Name: "Stranger", Registered: true},
	} {
		if c.Method == "" {
			c.Method = issuer.AuthNone
		}
		if c.RedirectURIs == nil {
			c.RedirectURIs = []string{callback}
		}
		c.Grants = []string{issuer.GrantAuthorizationCode, issuer.GrantRefreshToken}
		c.Scopes = []string{"openid", "profile", "offline_access", "orders:read", "orders:write", "admin"}
		if _, err := h.set.Clients.CreateClient(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range []store.Account{
		{Name: "alice", Display: "Alice", Scopes: []string{"orders:read", "orders:write"}, Groups: []string{"staff"}},
		{Name: "bob", Scopes: []string{"orders:read"}},
	} {
		if _, err := h.set.Accounts.CreateAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	key, err := token.GenerateKey("")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	h.server = httptest.NewServer(mux)
	t.Cleanup(h.server.Close)
	v, err := token.New(token.Profile{Keys: token.NewKeySet(key.Public()), Issuer: h.server.URL, Audience: []string{"orders"}, Leeway: -1, Now: h.now})
	if err != nil {
		t.Fatal(err)
	}
	s := &issuer.Issuer{
		Name: h.server.URL, Audience: []string{"orders"}, Tokens: h.set.Tokens, Tickets: h.set.Tickets,
		Accounts: h.set.Accounts, Sessions: h.set.Sessions, Verifier: v, Now: h.now,
		Signer: func(context.Context) (issuer.Signer, error) { return key, nil },
	}
	h.manager = &session.Manager{Store: h.set.Sessions, Accounts: h.set.Accounts, Revocations: h.set.Tokens, Changes: h.set.Revision, Now: h.now}
	t.Cleanup(func() {
		if err := h.manager.Close(); err != nil {
			t.Error(err)
		}
	})
	intake := &gate401.Intake{Now: h.now}
	door := &session.Door{Manager: h.manager, Intake: intake}
	h.end = &consent.Endpoint{
		Guard: &defend.Guard{Now: h.now}, Issuer: s, Clients: h.set.Clients, Consents: h.set.Consents, People: door, Sessions: h.set.Sessions, Intake: intake, Now: h.now,
		Observe: func(r *gate401.Request, d *gate401.Decision) {
			h.seen = append(h.seen, d.Rule+" "+string(d.Reason())+" "+r.Target)
		},
		AskLogin: func(w http.ResponseWriter, _ *http.Request, ask consent.Ask) {
			h.asks = append(h.asks, ask)
			w.WriteHeader(http.StatusUnauthorized)
		},
	}
	mux.Handle("/auth/", h.end)
	mux.Handle("/auth/problems/", &guide.Guide{}) // with the files of all pages
	mux.Handle("/auth/token", &issuer.TokenEndpoint{
		Desk:   issuer.Desk{Issuer: s, Auth: issuer.ClientAuth{Clients: h.set.Clients, Now: h.now}, Realm: "orders"},
		Grants: issuer.Grants(),
	})
	mux.HandleFunc("/test/login", func(w http.ResponseWriter, hr *http.Request) {
		_, cookie, err := door.Begin(hr.Context(), session.Proved{Subject: hr.FormValue("as"), Issuer: hr.FormValue("issuer"), Scopes: []string{"orders:read"}, AMR: []string{"pwd"}}, hr)
		if err != nil {
			t.Error(err)
			return
		}
		http.SetCookie(w, cookie)
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	h.browser = &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return h
}

// login logs somebody in.
func (h *house) login(as string) { h.get("/test/login?as=" + as) }

// page is an answer.
type page struct {
	status int
	header http.Header
	body   string
}

func (h *house) do(hr *http.Request) page {
	h.t.Helper()
	resp, err := h.browser.Do(hr)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return page{resp.StatusCode, resp.Header, string(body)}
}

func (h *house) get(target string) page {
	h.t.Helper()
	hr, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.server.URL+target, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.do(hr)
}

func (h *house) post(target string, form url.Values, header ...string) page {
	h.t.Helper()
	hr, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.server.URL+target, strings.NewReader(form.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		hr.Header.Set(header[i], header[i+1])
	}
	return h.do(hr)
}

// params is a good request, changed by pairs of name and value; "" removes.
func params(change ...string) url.Values {
	v := url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {callback}, "state": {"xyz"}, "scope": {"orders:read"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		if v.Del(change[i]); change[i+1] != "" {
			v.Set(change[i], change[i+1])
		}
	}
	return v
}

const verifier = "a-verifier-of-43-characters-or-more-is-needed"

func (h *house) authorize(v url.Values) page {
	h.t.Helper()
	return h.get("/auth/authorize?" + v.Encode())
}

// location is where an answer leads.
func (h *house) location(p page) *url.URL {
	h.t.Helper()
	u, err := url.Parse(p.header.Get("Location"))
	if p.status != http.StatusSeeOther || err != nil {
		h.t.Fatalf("answer %d to %q, want 303\n%s", p.status, p.header.Get("Location"), p.body)
	}
	return u
}

// fields are the hidden fields of a page's form.
func fields(p page) url.Values {
	v := url.Values{}
	for _, name := range []string{"request", "bind"} {
		_, rest, ok := strings.Cut(p.body, `name="`+name+`" value="`)
		value, _, _ := strings.Cut(rest, `"`)
		if ok {
			v.Set(name, strings.NewReplacer("&amp;", "&", "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">").Replace(value))
		}
	}
	return v
}

// answer sends the form of a consent page.
func (h *house) answer(p page, answer string, header ...string) page {
	h.t.Helper()
	if p.status != http.StatusOK || !strings.Contains(p.body, "to act for you?") {
		h.t.Fatalf("no consent page: %d\n%s", p.status, p.body)
	}
	v := fields(p)
	v.Set("answer", answer)
	return h.post("/auth/authorize/consent", v, header...)
}
