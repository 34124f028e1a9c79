package mock_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gate401/gate401/mock"
)

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// login gets the tokens of alice in a session.
func login(t testing.TB, h http.Handler, session string) tokens {
	t.Helper()
	return post(t, h, "/s/"+session+"/login", url.Values{"username": {"alice"}, "password": {"wonderland"}})
}

func refresh(t testing.TB, h http.Handler, session string, old tokens) tokens {
	t.Helper()
	return post(t, h, "/s/"+session+"/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old.Refresh}, "client_id": {"app"}})
}

func post(t testing.TB, h http.Handler, target string, form url.Values) (got tokens) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8403"+target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &got) != nil {
		t.Fatalf("%s: %d %s", target, w.Code, w.Body)
	}
	return got
}

func orders(h http.Handler, session, token string) int {
	return ask(h, http.MethodGet, "http://127.0.0.1:8403/s/"+session+"/api/orders", local, "Authorization", "Bearer "+token).Code
}

// The first request of a session makes its world by the scenario in its id, and
// sessions do not see each other.
func TestScenarioSessions(t *testing.T) {
	s := newServer(t, mock.Config{})
	const a, b = "token-life-refused-once--a", "token-life-refused-once--b"
	for _, session := range []string{a, b} {
		first := login(t, s, session)
		if got := orders(s, session, first.Access); got != http.StatusUnauthorized {
			t.Errorf("%s: the first request: %d", session, got)
		}
		if got := orders(s, session, refresh(t, s, session, first).Access); got != http.StatusOK {
			t.Errorf("%s: after a refresh: %d", session, got)
		}
	}
	if got := orders(s, b, login(t, s, a).Access); got != http.StatusUnauthorized {
		t.Errorf("a token of another session: %d", got)
	}
	for _, e := range s.Entries(a) {
		if e.Scenario != "token-life-refused-once" {
			t.Errorf("%s %s: scenario %q", e.Method, e.Target, e.Scenario)
		}
	}
}

// Every scenario with a world can be begun.
func TestEveryWorld(t *testing.T) {
	s := newServer(t, mock.Config{})
	for _, one := range mock.Scenarios() {
		if one.World == nil {
			continue
		}
		path := strings.ReplaceAll(one.Path, "SESSION", "x")
		if w := ask(s, http.MethodGet, "http://127.0.0.1:8403"+path, local); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		session := strings.Trim(strings.TrimPrefix(path, "/s/"), "/")
		login(t, s, session)
		if all := s.Entries(session); len(all) != 2 || all[0].Scenario != one.Name {
			t.Errorf("%s: %+v", one.Name, all)
		}
	}
}

// A scenario that is misspelt in a session must not become a world in which
// everything works.
func TestUnknownScenarioInSession(t *testing.T) {
	s := newServer(t, mock.Config{})
	for _, tt := range []struct{ path, near string }{
		{"/s/token-life-shrot--x/login", "/s/token-life-short--x/"},
		{"/s/token_life_short--a-b/api/orders", "/s/token-life-short--a-b/"},
		{"/s/short--x/", "/s/token-life-short--x/"},
		{"/.well-known/oauth-authorization-server/s/refresh-slwo--x", "/s/refresh-slow--x/"},
		{"/s/preflight-401--x/", "/scenario/preflight-401/"},
		{"/s/nothing-of-the-kind--x/", ""},
	} {
		w := ask(s, http.MethodGet, "http://127.0.0.1:8403"+tt.path, local)
		var doc struct {
			Detail  string
			Nearest []string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != http.StatusNotFound || !strings.Contains(doc.Detail, "no scenario") {
			t.Fatalf("%s: %d %s", tt.path, w.Code, w.Body)
		}
		if tt.near == "" && len(doc.Nearest) > 0 || tt.near != "" && (len(doc.Nearest) == 0 || doc.Nearest[0] != tt.near || !strings.Contains(doc.Detail, tt.near)) {
			t.Errorf("%s: %q, %q", tt.path, doc.Nearest, doc.Detail)
		}
	}
	// Who names such a session in a file knows what it is.
	f, err := mock.LoadFile("mock.yaml", []byte("sessions:\n  - {id: my--test}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s = newServer(t, mock.Config{File: f})
	if got := ask(s, http.MethodGet, "http://127.0.0.1:8403/s/my--test/", local).Code; got != http.StatusOK {
		t.Errorf("a session of the file: %d", got)
	}
}

// A broken refusal can be laid over a world: its own refusals are replaced, and
// good tokens still pass.
func TestLaidOver(t *testing.T) {
	s := newServer(t, mock.Config{})
	for name, want := range map[string]struct {
		status    int
		challenge string
	}{
		"challenge-none": {401, ""}, "challenge-bare": {401, "Bearer"}, "status-403": {403, ""}, "answer-cacheable": {401, `Basic realm="mock", charset="UTF-8"`},
	} {
		session := name + "--x"
		got := login(t, s, session)
		if status := orders(s, session, got.Access); status != http.StatusOK {
			t.Errorf("%s: a good token: %d", name, status)
		}
		w := ask(s, http.MethodGet, "http://127.0.0.1:8403/s/"+session+"/api/orders", local)
		if w.Code != want.status || w.Header().Get("WWW-Authenticate") != want.challenge || len(w.Header().Values("WWW-Authenticate")) > 1 {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if cached := w.Header().Values("Cache-Control"); name == "answer-cacheable" && (len(cached) != 1 || cached[0] != "public, max-age=60") {
			t.Errorf("%s: Cache-Control %q", name, cached)
		}
		if all := s.Entries(session); len(all) != 3 || all[2].Scenario != name || all[2].Reason != "credentials-missing" {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

// The session of a file begins as the file says, and what was made for a session
// ends with it.
func TestFileSessions(t *testing.T) {
	f, err := mock.LoadFile("mock.yaml", []byte("sessions:\n  - {id: dead, settings: {access: {expired: true}}}\n  - {id: kept, scenario: refresh-kept}\nendpoints:\n  - {path: /orders, answer: \"418\", session: dead}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, mock.Config{File: f})
	if got := orders(s, "dead", login(t, s, "dead").Access); got != http.StatusUnauthorized {
		t.Errorf("an expired token: %d", got)
	}
	if got := refresh(t, s, "kept", login(t, s, "kept")); got.Refresh != "" {
		t.Error("the refresh token rotates")
	}
	if w := ask(s, http.MethodGet, "/s/dead/orders", local); w.Code != http.StatusTeapot {
		t.Errorf("%d", w.Code)
	}
	if w := ask(s, http.MethodDelete, "/__mock/api/sessions/dead", local, "Host", "127.0.0.1"); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(s, http.MethodGet, "/s/dead/orders", local); w.Code != http.StatusNotFound {
		t.Errorf("the endpoint of the session stayed: %d", w.Code)
	}
}
