package gate401_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// asking is a method that finds nothing and asks for one scheme.
type asking struct {
	gate401.Authenticator
	scheme string
}

func (a asking) Find(*gate401.Request) (gate401.Credential, bool, error) { return nil, false, nil }

func (a asking) Challenges(*gate401.Request, *gate401.Requirement, *gate401.Denial) []httpauth.Challenge {
	return []httpauth.Challenge{{Scheme: a.scheme, Params: []httpauth.Param{{Name: "realm", Value: "orders"}}}}
}

// paging is one with a page to log in at.
type paging struct{ asking }

func (paging) Pages() {}

func schemes(w *httptest.ResponseRecorder) (names []string) {
	for _, v := range w.Header()["Www-Authenticate"] {
		name, _, _ := strings.Cut(v, " ")
		names = append(names, name)
	}
	return names
}

// Where people log in at a page, no request of a browser is offered what opens a
// dialog, unless it sent that scheme itself.
func TestNoDialogBesideAPage(t *testing.T) {
	all := []gate401.Authenticator{asking{scheme: "Basic"}, asking{scheme: "Digest"}, asking{scheme: "Bearer"}, paging{asking{scheme: "Session"}}}
	for _, tt := range []struct {
		name   string
		accept []gate401.Authenticator
		fields []string
		want   []string
	}{
		{"no browser", all, nil, []string{"Bearer", "Digest", "Session", "Basic"}},
		{"fetch", all, []string{"Sec-Fetch-Mode", "cors"}, []string{"Bearer", "Session"}},
		{"an image", all, []string{"Sec-Fetch-Mode", "no-cors"}, []string{"Bearer", "Session"}},
		{"a page", all, []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, []string{"Bearer", "Session"}},
		{"fetch that sent Basic", all, []string{"Sec-Fetch-Mode", "cors", "Authorization", "basic eDp5"}, []string{"Bearer", "Session", "Basic"}},
		{"fetch that sent Digest", all, []string{"Sec-Fetch-Mode", "cors", "Authorization", "Digest x=y"}, []string{"Bearer", "Digest", "Session"}},
		{"no page to log in at", all[:3], []string{"Sec-Fetch-Mode", "cors"}, []string{"Bearer", "Digest", "Basic"}},
	} {
		for _, prepared := range []bool{true, false} {
			q := gate401.Requirement{Rule: "all", Accept: tt.accept}
			if prepared {
				q.Prepare()
			}
			g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return q }}
			hr := httptest.NewRequest(http.MethodGet, "/orders", nil)
			for i := 0; i+1 < len(tt.fields); i += 2 {
				hr.Header.Set(tt.fields[i], tt.fields[i+1])
			}
			w := httptest.NewRecorder()
			g.Protect(http.NotFoundHandler()).ServeHTTP(w, hr)
			if got := schemes(w); w.Code != 401 || !slices.Equal(got, tt.want) {
				t.Errorf("%s, prepared %v: %d %v, want %v", tt.name, prepared, w.Code, got, tt.want)
			}
		}
	}
}

// Somebody who is logged in, and may not see a page, is offered to be somebody else.
func TestSwitch(t *testing.T) {
	for _, tt := range []struct {
		method string
		code   reason.Code
		want   bool
	}{
		{"session", reason.GroupMissing, true},
		{"session", reason.AccountSuspended, true},
		{"session", reason.CSRFFailed, false},
		{"session", reason.SessionExpired, false},
		{"basic", reason.GroupMissing, false},
	} {
		r := &gate401.Request{Method: http.MethodGet, Path: "/a", URL: &url.URL{Path: "/a", RawQuery: "x=1&y=2"}, Header: http.Header{"Accept": {"text/html"}}}
		w := httptest.NewRecorder()
		p := &gate401.Responder{Switch: "/auth/login"}
		p.Respond(w, r, gate401.Decision{Denial: &gate401.Denial{Reason: tt.code, Method: tt.method}})
		if got := strings.Contains(w.Body.String(), `href="/auth/login?return_to=%2Fa%3Fx%3D1%26y%3D2"`); got != tt.want {
			t.Errorf("%s, %s: %v\n%s", tt.method, tt.code, got, w.Body)
		}
	}
}

// Whoever may not see a page is told as whom they are logged in; a subject of a
// provider is no name that a person knows.
func TestSwitchTellsWho(t *testing.T) {
	for _, tt := range []struct {
		name string
		id   *gate401.Identity
		want bool
	}{
		{"an account", &gate401.Identity{Subject: "<alice>", Method: "session"}, true},
		{"a provider's", &gate401.Identity{Subject: "<alice>", Method: "session", Issuer: "https://idp.example"}, false},
		{"a password", &gate401.Identity{Subject: "<alice>", Method: "basic"}, false},
		{"nobody", nil, false},
	} {
		r := &gate401.Request{Method: http.MethodGet, Path: "/a", Header: http.Header{"Accept": {"text/html"}}}
		w := httptest.NewRecorder()
		p := &gate401.Responder{Switch: "/auth/login"}
		d := gate401.Decision{Identity: tt.id, Denial: &gate401.Denial{Reason: reason.GroupMissing}}
		if tt.id != nil {
			d.Denial.Method = tt.id.Method
		}
		p.Respond(w, r, d)
		if got := strings.Contains(w.Body.String(), `<dt>Logged in as</dt><dd>&lt;alice&gt;</dd>`); got != tt.want || strings.Contains(w.Body.String(), "<alice>") {
			t.Errorf("%s: %v\n%s", tt.name, got, w.Body)
		}
	}
}

// The login page is the 401 of a page that is opened where one can log in, and of
// nothing else.
func TestLoginPage(t *testing.T) {
	page := []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	for _, tt := range []struct {
		name   string
		accept gate401.Authenticator
		fields []string
		writes bool
		want   bool
	}{
		{"a page", paging{asking{scheme: "Session"}}, page, true, true},
		{"an old browser", paging{asking{scheme: "Session"}}, []string{"Accept", "text/html"}, true, true},
		{"fetch", paging{asking{scheme: "Session"}}, []string{"Sec-Fetch-Mode", "cors", "Accept", "text/html"}, true, false},
		{"nothing to log in at", asking{scheme: "Bearer"}, page, true, false},
		{"the page declines", paging{asking{scheme: "Session"}}, page, false, false},
	} {
		called := false
		g := &gate401.Gate{
			Policy: func(*gate401.Request) gate401.Requirement {
				return gate401.Requirement{Rule: "all", Accept: []gate401.Authenticator{tt.accept}}
			},
			Responder: &gate401.Responder{Login: func(w http.ResponseWriter, _ *gate401.Request, d *gate401.Decision) bool {
				called = true
				if tt.writes {
					w.WriteHeader(d.Status())
					_, _ = w.Write([]byte("log in"))
				}
				return tt.writes
			}},
		}
		hr := httptest.NewRequest(http.MethodGet, "/orders", nil)
		for i := 0; i+1 < len(tt.fields); i += 2 {
			hr.Header.Set(tt.fields[i], tt.fields[i+1])
		}
		w := httptest.NewRecorder()
		g.Protect(http.NotFoundHandler()).ServeHTTP(w, hr)
		if got := w.Body.String() == "log in"; w.Code != 401 || got != tt.want || len(schemes(w)) != 1 || (called && !tt.want) != (tt.name == "the page declines") {
			t.Errorf("%s: %d, login page %v, want %v", tt.name, w.Code, got, tt.want)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: it may be kept", tt.name)
		}
	}
}
