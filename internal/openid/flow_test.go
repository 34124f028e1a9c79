package openid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/openid"
	"github.com/gate401/gate401/internal/session"
)

// Answers that belong to no login of this browser, or not to this one.
func TestStrayAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(g *rig, q url.Values)
		reason string
		again  bool // the person is led back to where they wanted to go
	}{
		{"no state", func(_ *rig, q url.Values) { q.Del("state") }, "session-expired", false},
		{"an invented state", func(_ *rig, q url.Values) { q.Set("state", strings.Repeat("x", 43)) }, "session-expired", false},
		{"a state that is too long", func(_ *rig, q url.Values) { q.Set("state", strings.Repeat("x", 5000)) }, "session-expired", false},
		{"another browser", func(g *rig, _ url.Values) { clear(g.cookies) }, "session-unknown", false},
		{"another browser that began a login too", func(g *rig, _ url.Values) { clear(g.cookies); g.begin("") }, "session-unknown", false},
		{"too late", func(g *rig, _ url.Values) { g.now = g.now.Add(11 * time.Minute) }, "session-expired", true},
		{"a second time", func(g *rig, q url.Values) { g.back(q); g.who = nil }, "session-expired", true},
		{"a second time, after an error", func(g *rig, q url.Values) {
			g.back(url.Values{"state": q["state"], "iss": q["iss"], "error": {"access_denied"}})
		}, "session-expired", true},
		{"another issuer (RFC 9207)", func(_ *rig, q url.Values) { q.Set("iss", "https://evil.example") }, "session-unknown", true},
		{"no issuer, which it has always", func(_ *rig, q url.Values) { q.Del("iss") }, "session-unknown", true},
		{"an issuer that is empty", func(_ *rig, q url.Values) { q.Set("iss", "") }, "session-unknown", true},
		{"an error of another issuer", func(_ *rig, q url.Values) { q.Set("iss", "https://evil.example"); q.Set("error", "access_denied") }, "session-unknown", true},
		{"two codes", func(_ *rig, q url.Values) { q.Add("code", "other") }, "request-malformed", false},
		{"two states", func(_ *rig, q url.Values) { q.Add("state", "other") }, "request-malformed", false},
		{"two issuers", func(_ *rig, q url.Values) { q.Add("iss", "other") }, "request-malformed", false},
		{"no code", func(_ *rig, q url.Values) { q.Del("code") }, "request-malformed", true},
		{"a code that is too long", func(_ *rig, q url.Values) { q.Set("code", strings.Repeat("x", 5000)) }, "request-malformed", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, nil)
			q := url.Values{"state": {g.begin("?return_to=/orders").Get("state")}, "code": {"a-code"}, "iss": {g.op.URL}}
			tt.change(g, q)
			g.op.form = nil
			w := g.back(q)
			if g.who != nil || g.shown == nil || string(g.shown.Reason()) != tt.reason || w.Code != g.shown.Status() {
				t.Fatalf("%d %+v, want %s", w.Code, g.shown, tt.reason)
			}
			if g.op.form != nil {
				t.Error("the code went to the provider")
			}
			if got := strings.Contains(w.Body.String(), "return_to=%2Forders"); got != tt.again {
				t.Errorf("back to /orders: %v, want %v\n%s", got, tt.again, w.Body)
			}
		})
	}
}

// An answer of one provider is none of another, whose secret and token endpoint
// would be told the code (RFC 9700 section 4.4).
func TestMixUp(t *testing.T) {
	g := newRig(t, nil)
	evil := newOP(t, func() time.Time { return g.now })
	other := &openid.Provider{Name: "evil", Issuer: evil.URL, ClientID: "gate", ClientSecret: "theirs"}
	g.h.Providers = append(g.h.Providers, other)
	q := url.Values{"state": {g.begin("").Get("state")}, "code": {"a-code"}, "iss": {evil.URL}}
	w := g.get("/auth/login/evil/callback?" + q.Encode())
	if w.Code != 401 || string(g.shown.Reason()) != "session-expired" || evil.form != nil {
		t.Errorf("%d %v %v", w.Code, g.shown, evil.form)
	}
	// The login at the right one was not harmed.
	q.Set("iss", g.op.URL)
	if g.back(q); g.who == nil {
		t.Error(g.shown)
	}
}

// Of any number of answers with one state one is taken.
func TestOneOfMany(t *testing.T) {
	g := newRig(t, nil)
	q := url.Values{"state": {g.begin("").Get("state")}, "code": {"a-code"}, "iss": {g.op.URL}}
	var mu sync.Mutex
	codes := map[int]int{}
	var wg sync.WaitGroup
	g.h.Gate.Observe = nil
	g.h.Admit = func(w http.ResponseWriter, _ *http.Request, _ session.Proved, _ string) {
		w.WriteHeader(http.StatusSeeOther)
	}
	for range 20 {
		wg.Go(func() {
			r := httptest.NewRequest(http.MethodGet, "/auth/login/work/callback?"+q.Encode(), nil)
			for k, v := range g.cookies {
				r.AddCookie(&http.Cookie{Name: k, Value: v})
			}
			w := httptest.NewRecorder()
			g.h.ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			codes[w.Code]++
		})
	}
	wg.Wait()
	if codes[http.StatusSeeOther] != 1 || codes[http.StatusUnauthorized] != 19 {
		t.Error(codes)
	}
}

// What cannot be returned to is forgotten.
func TestReturn(t *testing.T) {
	for in, want := range map[string]string{
		"/orders?x=1#y": "/orders?x=1#y", "": "", "https://evil.example/": "", "//evil.example/": "", `/\evil.example`: "",
		"/%2f%2fevil.example": "", "javascript:alert(1)": "", "/\t/evil.example": "", "/a/../..//evil.example": "",
		"/auth/authorize?client_id=x": "/auth/authorize?client_id=x",
	} {
		g := newRig(t, nil)
		if w := g.login("?return_to=" + url.QueryEscape(in)); g.who == nil || g.to != want {
			t.Errorf("%q leads to %q, want %q: %d", in, g.to, want, w.Code)
		}
	}
}

func TestWrongUse(t *testing.T) {
	for _, tt := range []struct {
		name, method, target, accept string
		status                       int
		says                         string
	}{
		{"no such provider", "GET", "/auth/login/nobody", "", 404, "No provider has this name."},
		{"no such address", "GET", "/auth/login/work/other", "", 404, "No provider has this name."},
		{"a post", "POST", "/auth/login/work", "", 405, "GET and HEAD"},
		{"a program", "GET", "/auth/login/work/callback?state=x&code=y", "application/json", 401, `"code":"session-expired"`},
		{"two addresses to return to", "GET", "/auth/login/work?return_to=/a&return_to=/b", "application/json", 400, `"code":"request-malformed"`},
		{"a query that cannot be read", "GET", "/auth/login/work?%zz", "application/json", 400, `"code":"request-malformed"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, nil)
			r := httptest.NewRequest(tt.method, tt.target, nil)
			r.Header.Set("Accept", tt.accept)
			w := httptest.NewRecorder()
			g.h.ServeHTTP(w, r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	g := newRig(t, nil)
	g.h.Gate.Intake.PublicURL = &url.URL{Scheme: "http", Host: "gate.example"}
	if w := g.get("/auth/login/work"); w.Code != 400 || !strings.Contains(w.Body.String(), "Open it with https") || len(g.cookies) != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A person who follows an old link reads a page, with a way on.
func TestNoSuchProviderInABrowser(t *testing.T) {
	g := newRig(t, nil)
	r := httptest.NewRequest("GET", "/auth/login/NOPE", nil)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	w := httptest.NewRecorder()
	g.h.ServeHTTP(w, r)
	if body := w.Body.String(); w.Code != 404 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || w.Header().Get("Content-Security-Policy") == "" ||
		!strings.Contains(body, "There is no such way to log in") || !strings.Contains(body, `href="/auth/login"`) || strings.Contains(body, "Try again") || strings.Contains(body, "NOPE") {
		t.Errorf("%d %v\n%s", w.Code, w.Header(), body)
	}
}

// The keys of a provider are replaced while the gate runs.
func TestKeyRotation(t *testing.T) {
	g := newRig(t, nil)
	for i := range 3 {
		g.who = nil
		if g.login(""); g.who == nil {
			t.Fatalf("after %d rotations: %v", i, g.shown)
		}
		g.op.key, g.op.kid = newKey(t), fmt.Sprint("key ", i)
		g.now = g.now.Add(30 * time.Second)
	}
}

func TestMetadata(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change map[string]any
		note   string
	}{
		{"another issuer", map[string]any{"issuer": "https://other.example"}, "they name the issuer"},
		{"an issuer that is a number", map[string]any{"issuer": 7}, "no JSON that can be read"},
		{"no authorization endpoint", map[string]any{"authorization_endpoint": nil}, "authorization_endpoint is missing"},
		{"no token endpoint", map[string]any{"token_endpoint": nil}, "token_endpoint is missing"},
		{"no URL", map[string]any{"token_endpoint": "https://%zz"}, "token_endpoint is missing or no URL"},
		{"plain http elsewhere", map[string]any{"token_endpoint": "http://idp.example/token"}, "https is required"},
		{"a script", map[string]any{"authorization_endpoint": "javascript:alert(1)"}, "missing or no URL"},
		{"a name in the URL", map[string]any{"token_endpoint": "https://a:b@idp.example/"}, "https is required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, func(g *rig) { g.op.metadata = tt.change })
			w := g.get("/auth/login/work")
			if w.Code != 503 || string(g.shown.Reason()) != "check-failed" || !strings.Contains(g.shown.Denial.Error(), tt.note) || w.Header().Get("Retry-After") == "" {
				t.Errorf("%d %v", w.Code, g.shown.Denial)
			}
			if !strings.Contains(w.Body.String(), "Work does not answer just now") {
				t.Error(w.Body)
			}
		})
	}
}

// A provider that is away is left alone for a while, and used again when it is
// back; what is known of it outlives an hour of silence.
func TestAway(t *testing.T) {
	g := newRig(t, func(g *rig) { g.op.metadata["issuer"] = "broken" })
	asked := func() (n int) {
		g.op.mu.Lock()
		defer g.op.mu.Unlock()
		for _, path := range g.op.asked {
			if strings.HasSuffix(path, "openid-configuration") {
				n++
			}
		}
		return n
	}
	for range 50 {
		if w := g.get("/auth/login/work"); w.Code != 503 {
			t.Fatal(w.Code)
		}
	}
	if n := asked(); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
	for range 10 {
		g.now = g.now.Add(time.Minute)
		g.get("/auth/login/work")
	}
	if n := asked(); n != 11 {
		t.Errorf("it was asked %d times", n)
	}
	g.op.mu.Lock()
	g.op.metadata = map[string]any{}
	g.op.mu.Unlock()
	g.now = g.now.Add(time.Minute)
	g.begin("")
	g.op.mu.Lock()
	g.op.metadata["issuer"] = "broken"
	g.op.mu.Unlock()
	g.now = g.now.Add(3 * time.Hour)
	g.begin("")
	g.now = g.now.Add(30 * time.Hour)
	if w := g.get("/auth/login/work"); w.Code != 503 {
		t.Error(w.Code)
	}
}
