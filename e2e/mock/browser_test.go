package mock

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/fetch"

	"github.com/gate401/gate401/web/browsertest"
)

// TestBrowser is what Chromium makes of the mock.
func TestBrowser(t *testing.T) {
	b := browsertest.Start(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *browsertest.Browser)
	}{
		{"a web application", testApplication},
		{"a page of the mock itself", testOwnPage},
		{"preflight", testPreflight},
		{"the admin API", testForeignAdmin},
		{"name and password in the address", testPasswordInURL},
		{"the dialog", testDialog},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, b) })
	}
}

// elsewhere opens a page of another origin: a port of its own.
func elsewhere(t *testing.T, b *browsertest.Browser) *browsertest.Tab {
	t.Helper()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>An application</title>`)
	}))
	t.Cleanup(other.Close)
	p := b.Tab(t)
	p.Open(other.URL)
	return p
}

// answer is what a script sees of fetch.
type answer struct {
	Failed            string
	Status            int
	Challenge, Reason string
	Body              map[string]any
}

func (a answer) text(name string) string {
	s, _ := a.Body[name].(string)
	return s
}

// fetched is fetch() with these options, in the page.
func fetched(p *browsertest.Tab, url, options string) answer {
	return browsertest.JS[answer](p, `fetch(`+browsertest.Quoted(url)+`, `+options+`).then(async (r) => ({
		status: r.status, challenge: r.headers.get("WWW-Authenticate") ?? "", reason: r.headers.get("Gate401-Reason") ?? "",
		body: await r.json().catch(() => ({})),
	}), (e) => ({failed: e.name}))`)
}

func withToken(token string) string {
	return `{headers: {Authorization: ` + browsertest.Quoted("Bearer "+token) + `}}`
}

// An application of another origin logs in, is refused, sees why, and refreshes:
// nothing of it is hidden by the browser's same-origin policy.
func testApplication(t *testing.T, b *browsertest.Browser) {
	s := startMock(t)
	world := s.world("app", nil)
	p := elsewhere(t, b)
	got := fetched(p, world+"/api/orders", `{}`)
	if got.Status != 401 || got.text("code") != "credentials-missing" || !strings.Contains(got.Challenge, `Bearer realm="mock"`) || !strings.Contains(got.Challenge, `Basic realm="mock"`) {
		t.Errorf("without a token the page sees %+v", got)
	}
	login := `{method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({username: "alice", password: "wonderland"})}`
	tokens := fetched(p, world+"/login", login)
	access, refresh := tokens.text("access_token"), tokens.text("refresh_token")
	if access == "" || refresh == "" {
		t.Fatalf("the login brings %+v", tokens)
	}
	if got := fetched(p, world+"/api/orders", withToken(access)); got.Status != 200 {
		t.Errorf("with a token the page sees %+v", got)
	}
	s.api(http.MethodPost, "sessions/app/do", map[string]any{"do": "expire-access-tokens"}, nil)
	got = fetched(p, world+"/api/orders", withToken(access))
	if got.Status != 401 || got.text("code") != "token-expired" || !strings.Contains(got.Challenge, `error="invalid_token"`) {
		t.Errorf("with an expired token the page sees %+v", got)
	}
	form := `{method: "POST", body: new URLSearchParams({grant_type: "refresh_token", refresh_token: ` + browsertest.Quoted(refresh) + `})}`
	renewed := fetched(p, world+"/token", form)
	if got := fetched(p, world+"/api/orders", withToken(renewed.text("access_token"))); got.Status != 200 {
		t.Errorf("with the renewed token the page sees %+v", got)
	}
	if got := fetched(p, world+"/token", form); got.Status != 400 || got.text("error") != "invalid_grant" {
		t.Errorf("the used refresh token gets %+v", got)
	}
	// Browsers keep what a preflight said: how many there are is up to them.
	entries := s.entries("app")
	if n := count(entries, http.MethodOptions, "/api/orders", 204); n == 0 {
		t.Errorf("no preflight for a request with Authorization:\n%s", s.said())
	}
	for _, e := range entries {
		if e.Method == http.MethodOptions && e.Status != 204 {
			t.Errorf("a preflight is answered %d", e.Status)
		}
	}
}

// What the mock serves as a page has an origin of its own that is nobody's, and
// can be used as an application nevertheless; the admin API is not for it.
func testOwnPage(t *testing.T, b *browsertest.Browser) {
	s := startMock(t)
	p := b.Tab(t)
	p.Open(s.URL + "/get")
	if origin := browsertest.JS[string](p, `origin`); origin != "null" {
		t.Errorf("a page that somebody chose by an address has the origin %s", origin)
	}
	if got := fetched(p, s.URL+"/s/own/api/orders", `{}`); got.Status != 401 || got.text("code") != "credentials-missing" {
		t.Errorf("the page sees %+v", got)
	}
	if got := fetched(p, s.URL+"/__mock/api/journal", `{}`); got.Failed == "" {
		t.Errorf("the page reads the journal: %+v", got)
	}
}

// The scenario is what it says: the browser never sends the request, and its page
// learns nothing.
func testPreflight(t *testing.T, b *browsertest.Browser) {
	s := startMock(t)
	p := elsewhere(t, b)
	if got := fetched(p, s.URL+"/scenario/preflight-401/", withToken("any")); got.Failed != "TypeError" {
		t.Errorf("the page sees %+v", got)
	}
	s.says("OPTIONS /scenario/preflight-401/ - 401")
	if got := fetched(p, s.URL+"/scenario/preflight-401/", `{}`); got.Status != 200 {
		t.Errorf("without a field that needs a preflight the page sees %+v", got)
	}
	// In all others a page may read the refusal, and its challenge.
	for _, name := range []string{"token-expired", "scope-insufficient", "challenge-two-fields", "401-once/browser"} {
		if got := fetched(p, s.URL+"/scenario/"+name+"/", withToken("any")); got.Failed != "" || got.Challenge == "" {
			t.Errorf("%s: the page sees %+v", name, got)
		}
	}
	// So it may with the endpoints of httpbin where they are strict.
	strict := startMock(t, "--strict")
	if got := fetched(p, strict.URL+"/basic-auth/u/p", `{}`); got.Status != 401 || got.Challenge == "" {
		t.Errorf("strict: the page sees %+v", got)
	}
}

// A page of another origin can neither read what the mock saw nor change what it
// answers, not even by a request that needs no preflight.
func testForeignAdmin(t *testing.T, b *browsertest.Browser) {
	s := startMock(t)
	p := elsewhere(t, b)
	for _, x := range []struct{ path, options string }{
		{"/__mock/api/journal", `{}`},
		{"/__mock/api/sessions", `{method: "POST", body: '{"id":"evil"}'}`},
		{"/__mock/api/endpoints", `{method: "POST", body: '{"id":"evil","path":"/evil","answer":"200"}'}`},
		{"/__mock/api/sessions", `{method: "POST", mode: "no-cors", body: '{"id":"evil"}'}`},
		{"/__mock/api/endpoints", `{method: "POST", mode: "no-cors", body: '{"id":"evil","path":"/evil","answer":"200"}'}`},
		{"/__mock/api/journal", `{method: "DELETE"}`},
	} {
		if got := fetched(p, s.URL+x.path, x.options); got.Status != 0 || len(got.Body) > 0 {
			t.Errorf("%s %s: the page sees %+v", x.path, x.options, got)
		}
	}
	for _, what := range []string{"sessions", "endpoints"} {
		var list any
		s.api(http.MethodGet, what, nil, &list)
		if strings.Contains(fmt.Sprint(list), "evil") {
			t.Errorf("a page of another origin made something: %v", list)
		}
	}
}

// Name and password in an address that a person opens are sent when they are
// asked for, and a script may not have any in an address.
func testPasswordInURL(t *testing.T, b *browsertest.Browser) {
	s := startMock(t)
	p := b.Tab(t)
	with := strings.Replace(s.URL, "//", "//u:p@", 1)
	if status := p.Open(with + "/basic-auth/u/p"); status != 200 {
		t.Errorf("the page is answered %d", status)
	}
	// The browser asks for an icon too.
	if got := s.said(); !strings.HasPrefix(got, "GET /basic-auth/u/p - 401\nGET /basic-auth/u/p Basic 200\n") {
		t.Errorf("the journal has\n%s", got)
	}
	if address := browsertest.JS[string](p, `location.href`); strings.Contains(address, "u:p@") {
		t.Errorf("the password stands in the address: %s", address)
	}
	if got := fetched(elsewhere(t, b), with+"/basic-auth/u/p", `{}`); got.Failed != "TypeError" {
		t.Errorf("a script sees %+v", got)
	}
}

// The browser's own dialog opens for Basic and for Digest, once.
func testDialog(t *testing.T, b *browsertest.Browser) {
	for _, x := range []struct {
		path, password string
		status         int64
	}{
		{"/basic-auth/u/p", "p", 200},
		{"/digest-auth/auth/u/p/SHA-256", "p", 200},
		{"/digest-auth/auth/u/p", "p", 200},
	} {
		t.Run(x.path, func(t *testing.T) {
			s := startMock(t, "--strict")
			p := b.Tab(t)
			opened := p.AnswerDialog(fetch.AuthChallengeResponse{
				Response: fetch.AuthChallengeResponseResponseProvideCredentials, Username: "u", Password: x.password,
			})
			if status := p.Open(s.URL + x.path); status != x.status || opened() != 1 {
				t.Errorf("status %d, and the dialog opened %d times", status, opened())
			}
			scheme := "Basic"
			if strings.HasPrefix(x.path, "/digest") {
				scheme = "Digest"
			}
			got := strings.Split(s.said(), "\n")
			if len(got) < 2 || got[0] != "GET "+x.path+" - 401" || got[1] != fmt.Sprintf("GET %s %s %d", x.path, scheme, x.status) {
				t.Errorf("the journal has %q", got)
			}
		})
	}
	// A challenge that is none opens no dialog, and the page is shown.
	s := startMock(t)
	p := b.Tab(t)
	opened := p.AnswerDialog(fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth})
	for _, x := range []struct {
		path string
		want int
	}{{"/scenario/challenge-none/", 0}, {"/scenario/challenge-unknown-only/", 0}, {"/bearer", 0}, {"/basic-auth/u/p", 1}} {
		before := opened()
		if status := p.Open(s.URL + x.path); status != 401 || opened()-before != x.want {
			t.Errorf("%s: status %d, and the dialog opened %d times, want %d", x.path, status, opened()-before, x.want)
		}
	}
}
