package login_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/login"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

const rightPassword = "correct horse"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// house is a gate with people, where one can log in.
type house struct {
	*login.Login
	t       *testing.T
	set     *store.Set
	clock   time.Time
	jar     map[string]string // the cookies of the browser
	client  string            // its address; empty for that of httptest
	handler http.Handler      // the login, and a site behind the gate

	mu   sync.Mutex
	seen []gate401.Decision
}

// passwords knows alice, bob, and mallory who is suspended.
type passwords struct{ h *house }

func (p passwords) Prove(ctx context.Context, _ time.Time, name, password string) (store.Account, error) {
	a, err := p.h.set.Accounts.Account(ctx, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a, &gate401.Denial{Reason: reason.AccountUnknown, Method: "basic"}
	case err != nil:
		return a, err
	case password != rightPassword:
		return a, &gate401.Denial{Reason: reason.PasswordWrong, Method: "basic", Subject: name}
	case a.Suspended:
		return a, &gate401.Denial{Reason: reason.AccountSuspended, Method: "basic", Subject: name}
	}
	return a, nil
}

// factor is bob's second factor; each code is good once.
type factor struct{ used map[string]bool }

func (f *factor) Needed(_ context.Context, account string) (bool, error) {
	return account == "bob", nil
}

func (f *factor) Check(_ context.Context, _, code string) (string, error) {
	if code == "away" {
		return "", errors.New("the store is away")
	}
	if f.used[code] || (code != "123456" && code != "654321") {
		return "", login.ErrWrongCode
	}
	f.used[code] = true
	return "otp", nil
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, clock: noon, jar: map[string]string{}}
	now := func() time.Time { return h.clock }
	h.set = memory.Open(memory.Options{Now: now})
	t.Cleanup(func() { _ = h.set.Close() })
	for _, a := range []store.Account{{Name: "alice", Display: "Alice Adler", Groups: []string{"admin"}}, {Name: "bob"}, {Name: "mallory", Suspended: true}} {
		if _, err := h.set.Accounts.CreateAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	m := &session.Manager{Name: "browser", Store: h.set.Sessions, Accounts: h.set.Accounts, Revocations: h.set.Tokens, Changes: h.set.Revision, Now: now}
	t.Cleanup(func() { _ = m.Close() })
	gate := &gate401.Gate{
		Guard: &defend.Guard{Now: now}, Intake: gate401.Intake{Now: now}, Responder: &gate401.Responder{},
		Observe: func(_ *gate401.Request, d *gate401.Decision) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.seen = append(h.seen, *d)
		},
	}
	browser := &authn.Session{Realm: "orders", Sessions: m}
	gate.Policy = func(r *gate401.Request) gate401.Requirement {
		q := gate401.Requirement{Rule: "all", Accept: []gate401.Authenticator{browser}}
		if r.Path == "/sensitive" {
			q.MaxAge = 10 * time.Minute
		}
		return q
	}
	h.Login = &login.Login{
		Realm: "orders", Gate: gate, Sessions: m, Passwords: passwords{h}, Tickets: h.set.Tickets, SecondFactor: &factor{map[string]bool{}},
	}
	gate.Responder.Login = h.Page
	site := gate.Protect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("the site")) }))
	h.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.Owns(r.URL.Path) {
			h.ServeHTTP(w, r)
			return
		}
		site.ServeHTTP(w, r)
	})
	return h
}

// do sends a request as the browser does, and keeps the cookies.
func (h *house) do(method, target string, form url.Values, fields ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	hr := httptest.NewRequest(method, "https://gate.example"+target, strings.NewReader(form.Encode()))
	if form == nil {
		hr = httptest.NewRequest(method, "https://gate.example"+target, nil)
	} else {
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if h.client != "" {
		hr.RemoteAddr = h.client
	}
	for i := 0; i+1 < len(fields); i += 2 {
		hr.Header.Set(fields[i], fields[i+1])
	}
	for name, value := range h.jar {
		hr.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, hr)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(h.jar, c.Name)
		} else {
			h.jar[c.Name] = c.Value
		}
	}
	return w
}

// page are the fields of a browser that opens a page or posts a form of ours.
var page = []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "same-origin", "Accept", "text/html"}

func (h *house) open(target string) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.do(http.MethodGet, target, nil, page...)
}

func (h *house) post(target string, pairs ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return h.do(http.MethodPost, target, form, page...)
}

func (h *house) logIn() *httptest.ResponseRecorder {
	h.t.Helper()
	return h.post("/auth/login", "username", "alice", "password", rightPassword)
}

// last is the decision that was observed last.
func (h *house) last() *gate401.Decision {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.seen) == 0 {
		return &gate401.Decision{}
	}
	return &h.seen[len(h.seen)-1]
}
