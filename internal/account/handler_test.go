package account_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/web"
)

var pages = []string{
	"/auth/account", "/auth/account/", "/auth/account/keys/new", "/auth/account/password", "/auth/account/two-step", "/auth/link",
}

var forms = []string{
	"/auth/account/sessions/end", "/auth/account/sessions/others", "/auth/account/everywhere", "/auth/account/apps/revoke", "/auth/account/keys/revoke",
	"/auth/account/keys/new", "/auth/account/keys/replace", "/auth/account/password", "/auth/account/two-step/begin", "/auth/account/two-step/cancel",
	"/auth/account/two-step/confirm", "/auth/account/two-step/recovery", "/auth/account/two-step/off",
}

// secure demands the fields that every answer has.
func secure(t *testing.T, a answer) {
	t.Helper()
	for name, value := range map[string]string{
		"Cache-Control": "no-store", "Content-Security-Policy": web.Policy, "Referrer-Policy": "same-origin",
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "X-Robots-Tag": "noindex",
	} {
		if got := a.Header().Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if a.Header().Get("X-Request-Id") == "" {
		t.Error("no request id")
	}
}

func TestPages(t *testing.T) {
	s := newSite(t)
	alice := s.alice(t)
	for _, path := range pages {
		a := alice.get(t, path)
		want(t, a, http.StatusOK, "")
		secure(t, a)
		if head := alice.send(t, http.MethodHead, path, nil); head.Code != http.StatusOK || head.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d, %d octets", path, head.Code, head.Body.Len())
		}
	}
}

// Without a login the pages ask for one, and the forms do nothing.
func TestNobody(t *testing.T) {
	s := newSite(t)
	nobody := &browser{site: s}
	for _, path := range pages[:5] {
		a := nobody.get(t, path)
		want(t, a, http.StatusUnauthorized, "")
		secure(t, a)
	}
	for _, path := range forms {
		if a := nobody.post(t, path, "id", "x"); a.Code != http.StatusSeeOther {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
}

// A form that a page of another site sends does nothing, whoever is logged in.
func TestCrossSite(t *testing.T) {
	s := newSite(t)
	for _, tt := range []struct {
		name   string
		header map[string]string
		want   int
	}{
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, http.StatusForbidden},
		{"another host of the site", map[string]string{"Sec-Fetch-Site": "same-site"}, http.StatusForbidden},
		{"an old browser", map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		{"a sandbox", map[string]string{"Origin": "null"}, http.StatusForbidden},
		{"an old browser, our page", map[string]string{"Origin": origin}, http.StatusSeeOther},
		{"our page", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": origin}, http.StatusSeeOther},
	} {
		t.Run(tt.name, func(t *testing.T) {
			alice := s.alice(t)
			other := s.alice(t)
			alice.header = tt.header
			for _, path := range append([]string{"/auth/link"}, forms...) {
				if tt.want == http.StatusForbidden {
					a := alice.post(t, path, "id", other.id)
					want(t, a, tt.want, "")
					secure(t, a)
				}
			}
			a := alice.post(t, "/auth/account/sessions/end", "id", other.id)
			if a.Code != tt.want {
				t.Errorf("%d, want %d", a.Code, tt.want)
			}
			if ended := other.get(t, "/auth/account").Code == http.StatusUnauthorized; ended != (tt.want != http.StatusForbidden) {
				t.Errorf("the other session ended: %v", ended)
			}
		})
	}
	if last := s.saw[len(s.saw)-1]; last.Denial.Reason != reason.CSRFFailed || last.Rule != "account" {
		t.Errorf("observed %+v", last.Denial)
	}
}

// What gives power or weakens the account asks for a login that is not old; what
// takes away does not.
func TestRecent(t *testing.T) {
	for _, tt := range []struct {
		path  string
		pairs []string
		age   time.Duration
		get   int // 0 = not asked
		post  int
	}{
		{"/auth/account", nil, 24 * time.Hour, http.StatusOK, 0},
		{"/auth/account/password", nil, 15 * time.Minute, http.StatusOK, http.StatusUnprocessableEntity},
		{"/auth/account/password", nil, 15*time.Minute + time.Second, http.StatusUnauthorized, http.StatusUnprocessableEntity},
		{"/auth/account/password", nil, 20*time.Minute + time.Second, http.StatusUnauthorized, http.StatusSeeOther},
		{"/auth/account/keys/new", nil, 20*time.Minute + time.Second, http.StatusUnauthorized, http.StatusSeeOther},
		{"/auth/account/keys/replace", nil, 20*time.Minute + time.Second, http.StatusUnauthorized, http.StatusSeeOther},
		{"/auth/account/two-step", nil, 20*time.Minute + time.Second, http.StatusUnauthorized, 0},
		{"/auth/account/two-step/begin", nil, 20*time.Minute + time.Second, 0, http.StatusSeeOther},
		{"/auth/account/two-step/confirm", nil, 20*time.Minute + time.Second, 0, http.StatusSeeOther},
		{"/auth/account/two-step/off", nil, 20*time.Minute + time.Second, 0, http.StatusSeeOther},
		{"/auth/account/two-step/recovery", nil, 20*time.Minute + time.Second, 0, http.StatusSeeOther},
		{"/auth/account/sessions/others", nil, 24 * time.Hour, 0, http.StatusSeeOther},
		{"/auth/account/everywhere", nil, 24 * time.Hour, 0, http.StatusOK},
	} {
		t.Run(tt.path+" "+tt.age.String(), func(t *testing.T) {
			s := newSite(t)
			alice := s.alice(t)
			s.pass(tt.age)
			if tt.get != 0 {
				a := alice.get(t, tt.path)
				if a.Code != tt.get || a.Code == http.StatusUnauthorized && a.text() != "again alice" {
					t.Errorf("GET: %d %.200q, want %d", a.Code, a.text(), tt.get)
				}
			}
			if tt.post != 0 {
				if a := alice.post(t, tt.path, tt.pairs...); a.Code != tt.post {
					t.Errorf("POST: %d, want %d", a.Code, tt.post)
				}
			}
			if state, err := s.Factors.State(t.Context(), "alice", alice.id); err != nil || state.Pending {
				t.Errorf("something was begun: %+v, %v", state, err)
			}
		})
	}
}

func TestMethodsAndForms(t *testing.T) {
	s := newSite(t)
	alice := s.alice(t)
	for _, tt := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodDelete, "/auth/account", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodPost, "/auth/account", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodPut, "/auth/account/password", http.StatusMethodNotAllowed, "GET, HEAD, POST"},
		{http.MethodPut, "/auth/account/everywhere", http.StatusMethodNotAllowed, "POST"},
		{http.MethodPut, "/auth/link", http.StatusMethodNotAllowed, "GET, HEAD, POST"},
		{http.MethodGet, "/auth/account/everywhere", http.StatusSeeOther, ""},
		{http.MethodGet, "/auth/account/nothing", http.StatusNotFound, ""},
		{http.MethodGet, "/auth/account/keys/replace?id=k-0123456789", http.StatusNotFound, ""},
		{http.MethodPost, "/auth/account/keys/new", http.StatusBadRequest, ""}, // no form at all
		{http.MethodPost, "/auth/link", http.StatusBadRequest, ""},
	} {
		a := alice.send(t, tt.method, tt.path, nil)
		if a.Code != tt.status || a.Header().Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d %q, want %d %q", tt.method, tt.path, a.Code, a.Header().Get("Allow"), tt.status, tt.allow)
		}
		secure(t, a)
	}
	if a := alice.post(t, "/auth/account/password", "present", strings.Repeat("x", 1<<20)); a.Code != http.StatusBadRequest {
		t.Errorf("a form of a megabyte: %d", a.Code)
	}
	// Nothing that stands in an address is shown.
	if a := alice.get(t, "/auth/account?done=<b>you+have+won"); strings.Contains(a.text(), "you have won") {
		t.Error("the page says what its address says")
	}
}

// Who came by a provider, or logs in by a file, has no password and no keys here.
func TestStrangers(t *testing.T) {
	s := newSite(t)
	for name, b := range map[string]*browser{
		"by a provider": s.login(t, session.Proved{Subject: "alice", Issuer: "https://idp.example", Provider: "idp"}),
		"by a file":     s.alice(t),
	} {
		t.Run(name, func(t *testing.T) {
			s.FileAccounts = name == "by a file"
			a := b.get(t, "/auth/account")
			want(t, a, http.StatusOK, "")
			for _, text := range []string{"API keys", "Change password", "Two-step"} {
				if strings.Contains(a.Body.String(), ">"+text) {
					t.Errorf("the page has %q", text)
				}
			}
			for _, path := range pages[2:5] {
				want(t, b.get(t, path), http.StatusNotFound, "")
			}
			for _, path := range []string{"/auth/account/password", "/auth/account/keys/new", "/auth/account/keys/revoke", "/auth/account/two-step/begin"} {
				want(t, b.post(t, path, "present", oldPassword, "next", newPassword), http.StatusNotFound, "")
			}
		})
	}
}

func TestSuspended(t *testing.T) {
	s := newSite(t)
	alice := s.alice(t)
	account, err := s.set.Accounts.Account(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	account.Suspended = true
	if _, err := s.set.Accounts.UpdateAccount(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	want(t, alice.get(t, "/auth/account"), http.StatusForbidden, "")
	want(t, alice.post(t, "/auth/account/password", "present", oldPassword, "next", newPassword), http.StatusForbidden, "")
}

// away is a part of the store that cannot be reached.
type away struct{ store.Consents }

func (away) ListConsents(context.Context, string, string) ([]store.Consent, error) {
	return nil, errors.New("the disk says SECRET")
}

// What cannot be done is our fault, and says nothing of the inside.
func TestStoreIsAway(t *testing.T) {
	s := newSite(t)
	alice := s.alice(t)
	s.set.Consents = away{}
	a := alice.get(t, "/auth/account")
	want(t, a, http.StatusServiceUnavailable, "")
	secure(t, a)
	if a.Header().Get("Retry-After") == "" || strings.Contains(a.text(), "SECRET") {
		t.Errorf("Retry-After %q: %s", a.Header().Get("Retry-After"), a.text())
	}
}

// A body that does not come to its end ends the context of its request, too: what is
// refused then is still no 200.
func TestBrokenBody(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/auth/link", "/auth/account/password"} {
		ctx, cancel := context.WithCancel(t.Context())
		body := io.MultiReader(strings.NewReader("code="), iotest.ErrReader(errors.New("timed out")))
		hr := httptest.NewRequestWithContext(ctx, http.MethodPost, origin+path, body)
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		hr.AddCookie(s.alice(t).cookie)
		cancel()
		w := httptest.NewRecorder()
		s.ServeHTTP(w, hr)
		if w.Code < 400 || w.Body.Len() == 0 {
			t.Errorf("%s: %d with %d octets", path, w.Code, w.Body.Len())
		}
	}
}
