package account_test

import (
	"bytes"
	"context"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/account"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/internal/secondfactor"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

const (
	origin      = "https://gate.example"
	oldPassword = "correct horse battery"
	newPassword = "staple of another kind"
)

var start = time.Date(2026, 11, 21, 20, 0, 10, 0, time.UTC)

// site is the pages with a clock that stands still.
type site struct {
	*account.Handler
	set *store.Set

	mu  sync.Mutex
	at  time.Time
	saw []gate401.Decision
}

func (s *site) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *site) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{at: start}
	s.set = memory.Open(memory.Options{Now: s.clock})
	t.Cleanup(func() { _ = s.set.Close() })
	ring, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	public, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	sessions := &session.Manager{
		Store: s.set.Sessions, Accounts: s.set.Accounts, Revocations: s.set.Tokens, Changes: s.set.Revision, Idle: 30 * 24 * time.Hour, Absolute: 30 * 24 * time.Hour, Now: s.clock,
	}
	t.Cleanup(func() { _ = sessions.Close() })
	s.Handler = &account.Handler{
		Prefix: "/auth/",
		Gate: &gate401.Gate{
			Intake: gate401.Intake{PublicURL: public, Now: s.clock}, Guard: &defend.Guard{Now: s.clock, Wait: -1},
			Observe: func(_ *gate401.Request, d *gate401.Decision) { s.saw = append(s.saw, *d) },
		},
		Sessions:       sessions,
		People:         &people.People{Set: s.set, Hasher: &password.Hasher{Params: password.Params{Memory: 64, Time: 1, Threads: 1}}, Now: s.clock},
		Factors:        &secondfactor.Factors{Records: s.set.Factors, Sealer: ring, Audit: s.set.Audit, Now: s.clock},
		KeyEnvironment: "live",
		AskLogin: func(w http.ResponseWriter, _ *http.Request, again *session.Person) {
			w.WriteHeader(http.StatusUnauthorized)
			if again != nil {
				_, _ = io.WriteString(w, "again "+again.Subject)
			}
		},
	}
	s.add(t, store.Account{Name: "alice", Scopes: []string{"orders:read"}, Groups: []string{"staff"}})
	s.add(t, store.Account{Name: "bob"})
	s.pass(time.Second)
	return s
}

func (s *site) add(t *testing.T, a store.Account) {
	t.Helper()
	phc, err := s.People.Hasher.Hash(t.Context(), oldPassword)
	if err != nil {
		t.Fatal(err)
	}
	a.SetPassword(phc, s.clock())
	if _, err := s.set.Accounts.CreateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

// browser is one that keeps the session's cookie.
type browser struct {
	site   *site
	cookie *http.Cookie
	id     string // of the session
	header map[string]string
}

// login begins a session as the login page does.
func (s *site) login(t *testing.T, p session.Proved) *browser {
	t.Helper()
	hr := httptest.NewRequestWithContext(t.Context(), http.MethodPost, origin+"/auth/login", nil)
	r, err := s.Gate.Intake.Request(hr)
	if err != nil {
		t.Fatal(err)
	}
	begun, cookie, err := s.Sessions.Begin(t.Context(), p, r)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{site: s, cookie: cookie, id: begun.ID}
}

func (s *site) alice(t *testing.T) *browser {
	t.Helper()
	return s.login(t, session.Proved{Subject: "alice", AMR: []string{"pwd"}})
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
}

func (a answer) text() string { return html.UnescapeString(a.Body.String()) }

func (b *browser) send(t *testing.T, method, path string, form url.Values) answer {
	t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	hr := httptest.NewRequestWithContext(context.WithoutCancel(t.Context()), method, origin+path, body)
	if form != nil {
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.cookie != nil {
		hr.AddCookie(b.cookie)
	}
	for name, value := range b.header {
		hr.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, hr)
	for _, c := range w.Result().Cookies() {
		b.cookie = c
	}
	return answer{w}
}

func (b *browser) get(t *testing.T, path string) answer {
	t.Helper()
	return b.send(t, http.MethodGet, path, nil)
}

func (b *browser) post(t *testing.T, path string, pairs ...string) answer {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.send(t, http.MethodPost, path, form)
}

// want demands a status and, if it is one, the address of a redirect.
func want(t *testing.T, a answer, status int, location string) {
	t.Helper()
	if a.Code != status || a.Header().Get("Location") != location {
		t.Fatalf("%d %q, want %d %q\n%.3000s", a.Code, a.Header().Get("Location"), status, location, a.text())
	}
}

var (
	hiddenID   = regexp.MustCompile(`name="(?:id|next)" value="(k-[a-z0-9]{10})"`)
	keyShown   = regexp.MustCompile(`g401_live_[0-9A-Za-z]{49}`)
	codesShown = regexp.MustCompile(`[0-9a-z]{4}(?:-[0-9a-z]{4}){3}`)
	typed      = regexp.MustCompile(`<code>([A-Z2-7 ]{39,})</code>`)
)

func find(t *testing.T, re *regexp.Regexp, a answer) string {
	t.Helper()
	m := re.FindStringSubmatch(a.text())
	if m == nil {
		t.Fatalf("%s is not in %.3000s", re, a.text())
	}
	return m[len(m)-1]
}

// code is what the app shows, steps away from now.
func (s *site) code(t *testing.T, secret string, steps int) string {
	t.Helper()
	text, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), s.clock().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// twoSteps switches two-step login on, and lets a minute pass.
func (b *browser) twoSteps(t *testing.T) (secret string, codes []string) {
	t.Helper()
	want(t, b.post(t, "/auth/account/two-step/begin"), http.StatusSeeOther, "/auth/account/two-step")
	secret = find(t, typed, b.get(t, "/auth/account/two-step"))
	a := b.post(t, "/auth/account/two-step/confirm", "code", b.site.code(t, secret, 0))
	want(t, a, http.StatusOK, "")
	b.site.pass(time.Minute)
	return secret, codesShown.FindAllString(a.text(), -1)
}
