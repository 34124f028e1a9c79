package gate401_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/google/go-cmp/cmp"
)

func TestPreflight(t *testing.T) {
	cors := &gate401.CORS{Origins: []string{"https://app.example.com"}, Headers: []string{"Authorization"}, MaxAge: time.Minute}
	policy := func(r *gate401.Request) gate401.Requirement {
		q := gate401.Requirement{Rule: "get", Accept: []gate401.Authenticator{tokens("bearer", "Bearer")}, CORS: cors}
		if r.Method == "DELETE" {
			q.Rule, q.CORS = "delete", nil
		}
		return q
	}
	g := &gate401.Gate{Policy: policy}
	for _, c := range []struct {
		name, origin, method, allowed, rule string
	}{
		{"listed", "https://app.example.com", "GET", "https://app.example.com", "get"},
		{"not listed", "https://evil.example", "GET", "", "get"},
		{"a rule without cors", "https://app.example.com", "DELETE", "", "delete"},
	} {
		t.Run(c.name, func(t *testing.T) {
			hr := httptest.NewRequest("OPTIONS", "/orders", nil)
			hr.Header.Set("Origin", c.origin)
			hr.Header.Set("Access-Control-Request-Method", c.method)
			hr.Header.Set("Access-Control-Request-Headers", "authorization")
			w := httptest.NewRecorder()
			g.Protect(forbidden(t)).ServeHTTP(w, hr)
			if w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != c.allowed || !strings.Contains(w.Header().Get("Vary"), "Origin") {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			if w.Header().Get("WWW-Authenticate") != "" {
				t.Error("a preflight was challenged")
			}
			if got := w.Header().Get("Access-Control-Allow-Headers"); (c.allowed != "") != (got == "Authorization") {
				t.Errorf("allows the fields %q", got)
			}
		})
	}
	// An OPTIONS that is no preflight is judged.
	w := httptest.NewRecorder()
	g.Protect(forbidden(t)).ServeHTTP(w, httptest.NewRequest("OPTIONS", "/orders", nil))
	if w.Code != 401 {
		t.Errorf("OPTIONS without Origin: %d", w.Code)
	}
	// A refusal can be read by the pages that are listed.
	hr := httptest.NewRequest("GET", "/orders", nil)
	hr.Header.Set("Origin", "https://app.example.com")
	w = httptest.NewRecorder()
	g.Protect(forbidden(t)).ServeHTTP(w, hr)
	h := w.Header()
	if w.Code != 401 || h.Get("Access-Control-Allow-Origin") != "https://app.example.com" || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
		t.Errorf("%d %v", w.Code, h)
	}
}

// With credentials a star names nobody.
func TestCORSStarNeverWithCredentials(t *testing.T) {
	g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement {
		return gate401.Requirement{Rule: "r", Open: true, CORS: &gate401.CORS{Origins: []string{"*"}, Credentials: true}}
	}}
	d := g.Decide(t.Context(), request(t, http.Header{"Origin": {"https://evil.example"}}))
	if got := d.Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("allows %q", got)
	}
}

func forbidden(t *testing.T) http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler behind the gate was reached") })
}

// A preflight for the upstream does not come from where nobody may come, and not
// to where nobody may pass.
func TestPreflightForTheUpstream(t *testing.T) {
	cors := &gate401.CORS{Upstream: true}
	for _, c := range []struct {
		name string
		q    gate401.Requirement
		want int
	}{
		{"open", gate401.Requirement{Rule: "r", Open: true, CORS: cors}, 200},
		{"nobody", gate401.Requirement{Rule: "r", CORS: cors}, 403},
		{"wrong network", gate401.Requirement{Rule: "r", Open: true, CORS: cors, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, 403},
		{"blocked", gate401.Requirement{Rule: "r", Open: true, CORS: cors, Blocked: true}, 403},
	} {
		g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement { return c.q }}
		hr := httptest.NewRequest(http.MethodOptions, "/", nil)
		hr.Header.Set("Origin", "https://evil.example")
		hr.Header.Set("Access-Control-Request-Method", "GET")
		w := httptest.NewRecorder()
		g.Protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, hr)
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.want)
		}
	}
}

func TestVaryAddsUp(t *testing.T) {
	g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement {
		return gate401.Requirement{Rule: "r", Open: true, CORS: &gate401.CORS{Origins: []string{"*"}}}
	}}
	w := httptest.NewRecorder()
	w.Header().Set("Vary", "Accept-Encoding")
	g.Protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if diff := cmp.Diff([]string{"Accept-Encoding", "Origin"}, w.Header()["Vary"]); diff != "" {
		t.Error(diff)
	}
}

// A rule that lists no fields allows those without which no page can call an API.
func TestCORSDefaultHeaders(t *testing.T) {
	g := &gate401.Gate{Policy: func(*gate401.Request) gate401.Requirement {
		return gate401.Requirement{Rule: "r", CORS: &gate401.CORS{Origins: []string{"https://app.example"}, Expose: []string{"X-Request-Id", "X-Total"}},
			Accept: []gate401.Authenticator{tokens("bearer", "Bearer")}}
	}}
	d := g.Decide(t.Context(), func() *gate401.Request {
		r := request(t, http.Header{"Origin": {"https://app.example"}, "Access-Control-Request-Method": {"PUT"}})
		r.Method = http.MethodOptions
		return r
	}())
	if got := d.Header.Get("Access-Control-Allow-Headers"); got != "Authorization, Content-Type" || d.Header.Get("Access-Control-Allow-Methods") != "PUT" {
		t.Errorf("%v", d.Header)
	}
	d = g.Decide(t.Context(), request(t, http.Header{"Origin": {"https://app.example"}}))
	if got := d.Header.Get("Access-Control-Expose-Headers"); got != "WWW-Authenticate, Retry-After, DPoP-Nonce, X-Request-Id, X-Total" {
		t.Errorf("exposes %q", got)
	}
}
