package login_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/login"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
)

func TestOutcomes(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for _, tt := range []struct {
		name   string
		form   url.Values
		status int
		want   reason.Code
		says   string
	}{
		{"right", url.Values{"username": {"alice"}, "password": {rightPassword}}, 303, "", ""},
		{"wrong", url.Values{"username": {"alice"}, "password": {"x"}}, 401, reason.PasswordWrong, "The name or the password is not right"},
		{"unknown", url.Values{"username": {"nobody"}, "password": {"x"}}, 401, reason.AccountUnknown, "The name or the password is not right"},
		{"suspended, wrong", url.Values{"username": {"mallory"}, "password": {"x"}}, 401, reason.PasswordWrong, "The name or the password is not right"},
		{"suspended, right", url.Values{"username": {"mallory"}, "password": {rightPassword}}, 403, reason.AccountSuspended, "This account is suspended"},
		{"no password", url.Values{"username": {"alice"}}, 401, reason.CredentialsMissing, "Something is missing"},
		{"nothing", url.Values{}, 401, reason.CredentialsMissing, "Something is missing"},
		{"a long password", url.Values{"username": {"alice"}, "password": {long}}, 400, reason.RequestMalformed, "could not be read"},
		{"a long name", url.Values{"username": {long}, "password": {"x"}}, 400, reason.RequestMalformed, "could not be read"},
		{"a field twice", url.Values{"username": {"alice", "bob"}, "password": {rightPassword}}, 400, reason.RequestMalformed, "could not be read"},
		{"a form that is too long", url.Values{"username": {"alice"}, "x": {strings.Repeat("x", 64<<10)}}, 400, reason.RequestMalformed, "could not be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			w := h.do(http.MethodPost, "/auth/login", tt.form, page...)
			d := h.last()
			if w.Code != tt.status || d.Reason() != tt.want || !strings.Contains(w.Body.String(), tt.says) || d.Rule != login.Rule {
				t.Errorf("%d %s of rule %s\n%s", w.Code, d.Reason(), d.Rule, w.Body)
			}
			if d.Method() != "session" && tt.status != 400 && tt.want != reason.CredentialsMissing {
				t.Errorf("the method is %q", d.Method())
			}
			if challenge := w.Header().Get("WWW-Authenticate"); (challenge == `Session realm="orders", login="/auth/login"`) != (tt.status == 401) {
				t.Errorf("the challenge is %q", challenge)
			}
			if cookie := w.Header().Get("Set-Cookie"); (cookie != "") != (tt.status == 303) {
				t.Errorf("the cookie is %q", cookie)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Request-Id") == "" {
				t.Errorf("%v", w.Header())
			}
			if strings.Contains(w.Body.String(), rightPassword) || strings.Contains(w.Body.String(), long) {
				t.Error("the page repeats the password")
			}
		})
	}
}

// A program is told how to log in, and nothing of what it sent.
func TestDetail(t *testing.T) {
	const body = `{"username":"alice","password":"` + rightPassword + `"}`
	for _, tt := range []struct{ name, origin, target, kind, body, want string }{
		{"JSON", "https://gate.example", "/auth/login", "application/json", body, "Content-Type: application/x-www-form-urlencoded"},
		{"no type", "https://gate.example", "/auth/logout", "", "everywhere=1", "Content-Type: application/x-www-form-urlencoded"},
		{"plain http", "http://gate.example", "/auth/login", "application/x-www-form-urlencoded", "username=alice&password=" + rightPassword, "https"},
	} {
		h := newHouse(t)
		hr := httptest.NewRequest(http.MethodPost, tt.origin+tt.target, strings.NewReader(tt.body))
		hr.Header.Set("Content-Type", tt.kind)
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, hr)
		var got struct{ Code, Detail string }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if w.Code != 400 || got.Code != "request-malformed" || !strings.Contains(got.Detail, tt.want) || strings.Contains(w.Body.String(), "alice") || strings.Contains(w.Body.String(), rightPassword) {
			t.Errorf("%s: %d %s", tt.name, w.Code, w.Body)
		}
	}
}

// Nobody learns from the page whether somebody has an account.
func TestNothingIsRevealed(t *testing.T) {
	bodies := map[string]string{}
	for _, name := range []string{"alice", "nobody", "mallory"} {
		h := newHouse(t)
		w := h.post("/auth/login", "username", name, "password", "x")
		bodies[name] = strings.ReplaceAll(strings.ReplaceAll(w.Body.String(), name, "NAME"), w.Header().Get("X-Request-Id"), "ID")
	}
	if bodies["alice"] != bodies["nobody"] || bodies["alice"] != bodies["mallory"] {
		t.Errorf("the pages differ:\n%s\n%s", bodies["alice"], bodies["nobody"])
	}
}

// The browser comes back to exactly where it wanted to go, on this site.
func TestReturn(t *testing.T) {
	for _, tt := range []struct{ to, want string }{
		{"/orders/42?tab=lines&q=%C3%A9", "/orders/42?tab=lines&q=%C3%A9"},
		{"/app#/orders/42", "/app#/orders/42"},
		{"", "/"},
		{"//evil.example", "/"},
		{`/\evil.example`, "/"},
		{"https://evil.example/", "/"},
		{"/auth/login?return_to=/x", "/"},
		{"/auth/login/corp?return_to=/x", "/"},
		{"/auth/logout", "/"},
		{"/auth/authorize?client_id=a", "/auth/authorize?client_id=a"},
	} {
		h := newHouse(t)
		w := h.post("/auth/login", "username", "alice", "password", rightPassword, "return_to", tt.to)
		if got := w.Header().Get("Location"); w.Code != 303 || got != tt.want {
			t.Errorf("%q leads to %q, %d; want %q", tt.to, got, w.Code, tt.want)
		}
		// The same, by the link to the page and the hidden field in it.
		w = h.open("/auth/login?return_to=" + url.QueryEscape(tt.to))
		if strings.Contains(w.Body.String(), "evil.example") {
			t.Errorf("the page leads to %q", tt.to)
		}
	}
}

func TestPageAtTheAddress(t *testing.T) {
	h := newHouse(t)
	w := h.open("/orders/42?x=1&y=2")
	body := w.Body.String()
	if w.Code != 401 || !strings.Contains(body, `name="return_to" value="/orders/42?x=1&amp;y=2"`) || !strings.Contains(body, "/orders/42") {
		t.Errorf("%d\n%s", w.Code, body)
	}
	if strings.Contains(body, `role="alert"`) {
		t.Error("an error at the first visit")
	}
	if h.last().Reason() != reason.SessionMissing {
		t.Errorf("%s", h.last().Reason())
	}
	// A script gets no page, nor does somebody else's frame or a prefetch.
	for _, fields := range [][]string{
		{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"},
		{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"},
		{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Purpose", "prefetch;prerender"},
		{"Accept", "application/json"}, nil,
	} {
		if w := h.do(http.MethodGet, "/orders/42", nil, fields...); w.Code != 401 || strings.Contains(w.Body.String(), "<html") {
			t.Errorf("%v: %d\n%s", fields, w.Code, w.Body)
		}
	}
	if w := h.do(http.MethodGet, "/orders/42", nil, "Accept", "text/html,application/xhtml+xml,*/*;q=0.8"); !strings.Contains(w.Body.String(), "<form") {
		t.Error("an old browser gets no page")
	}
	if w := h.do(http.MethodHead, "/orders/42", nil, page...); w.Code != 401 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

// What was sent with a request that was refused is not sent again: the person comes
// back to the page with the form, if that is one of ours.
func TestUnsafeRequestIsNotRepeated(t *testing.T) {
	for _, tt := range []struct{ referer, want string }{
		{"https://gate.example/cart?x=1", "/cart?x=1"},
		{"", "/orders"},
		{"https://evil.example/cart", "/orders"},
		{"http://gate.example/cart", "/orders"},
		{"https://gate.example:8443/cart", "/orders"},
	} {
		h := newHouse(t)
		w := h.do(http.MethodPost, "/orders", url.Values{"a": {"b"}}, append([]string{"Referer", tt.referer}, page...)...)
		if body := w.Body.String(); w.Code != 401 || !strings.Contains(body, "not taken") || !strings.Contains(body, `value="`+tt.want+`"`) {
			t.Errorf("%q: %d\n%s", tt.referer, w.Code, body)
		}
	}
}

func TestForgery(t *testing.T) {
	for _, target := range []string{"/auth/login", "/auth/logout"} {
		h := newHouse(t)
		h.logIn()
		for _, fields := range [][]string{
			{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
			{"Sec-Fetch-Site", "same-site", "Origin", "https://www.gate.example"},
			{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "https://gate.example:8443"},
		} {
			w := h.do(http.MethodPost, target, url.Values{"username": {"alice"}, "password": {rightPassword}}, fields...)
			if w.Code != 403 || h.last().Reason() != reason.CSRFFailed || w.Header()["Set-Cookie"] != nil {
				t.Errorf("%s %v: %d %s", target, fields, w.Code, h.last().Reason())
			}
		}
		if w := h.open("/auth/me"); w.Code != 200 {
			t.Errorf("%s: logged out by another site", target)
		}
	}
	h := newHouse(t)
	if w := h.do(http.MethodPost, "/auth/login", url.Values{"username": {"alice"}, "password": {rightPassword}}, "Origin", "https://gate.example"); w.Code != 303 {
		t.Errorf("our own form of an old browser: %d", w.Code)
	}
	if w := h.do(http.MethodPost, "/auth/login", url.Values{"username": {"alice"}, "password": {rightPassword}}); w.Code != 303 {
		t.Errorf("no browser: %d", w.Code)
	}
}

// A session that was there before the login is worth nothing after it.
func TestFixation(t *testing.T) {
	h := newHouse(t)
	h.logIn()
	planted := h.jar["__Host-g401"]
	h.logIn()
	if h.jar["__Host-g401"] == planted {
		t.Fatal("the session stayed the same")
	}
	h.jar["__Host-g401"] = planted
	if w := h.open("/orders"); w.Code != 401 || h.jar["__Host-g401"] != "" {
		t.Errorf("the old one: %d, %v", w.Code, h.jar)
	}
}

func TestGuesses(t *testing.T) {
	h := newHouse(t)
	var w *httptest.ResponseRecorder
	for range 40 {
		if w = h.post("/auth/login", "username", "alice", "password", "x"); w.Code != 401 {
			break
		}
	}
	if w.Code != 429 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "Try again in ") {
		t.Errorf("%d %v\n%s", w.Code, w.Header(), w.Body)
	}
	// The right one is not even looked at now.
	if w = h.logIn(); w.Code != 429 {
		t.Errorf("%d", w.Code)
	}
	h.Gate.Guard = nil
	if w = h.logIn(); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("without a guard: %d", w.Code)
	}
}

func TestStoreAway(t *testing.T) {
	h := newHouse(t)
	h.logIn()
	_ = h.set.Close()
	for _, w := range []*httptest.ResponseRecorder{h.logIn(), h.post("/auth/logout"), h.post("/auth/logout", "everywhere", "1")} {
		if w.Code != 503 || w.Header()["Set-Cookie"] != nil {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	}
}

func TestInsecure(t *testing.T) {
	h := newHouse(t)
	hr := httptest.NewRequest(http.MethodGet, "http://gate.example/auth/login", nil)
	hr.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, hr)
	if !strings.Contains(w.Body.String(), "Open it with https") || strings.Contains(w.Body.String(), "<form") {
		t.Errorf("%s", w.Body)
	}
	hr = httptest.NewRequest(http.MethodPost, "http://gate.example/auth/login", strings.NewReader("username=alice&password="+url.QueryEscape(rightPassword)))
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, hr)
	if w.Code != 400 || w.Header()["Set-Cookie"] != nil {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestMaxAge(t *testing.T) {
	h := newHouse(t)
	h.logIn()
	if w := h.open("/sensitive"); w.Code != 200 {
		t.Fatalf("%d", w.Code)
	}
	h.clock = h.clock.Add(11 * time.Minute)
	w := h.open("/sensitive")
	if w.Code != 401 || h.last().Reason() != reason.AuthenticationTooOld || !strings.Contains(w.Body.String(), `value="alice"`) || !strings.Contains(w.Body.String(), "once more") {
		t.Errorf("%d %s\n%s", w.Code, h.last().Reason(), w.Body)
	}
	h.logIn()
	if w := h.open("/sensitive"); w.Code != 200 {
		t.Errorf("after another login: %d", w.Code)
	}
}

func TestAsk(t *testing.T) {
	h := newHouse(t)
	hr := httptest.NewRequest(http.MethodGet, "https://gate.example/auth/authorize?client_id=app&prompt=login", nil)
	hr.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	h.Ask(w, hr, login.Ask{Name: "alice", Why: "The app <b> wants to know who you are.", Confirm: true, ReturnTo: "/auth/authorize?client_id=app"})
	body := w.Body.String()
	if w.Code != 401 || !strings.Contains(body, `value="alice"`) || !strings.Contains(body, "app &lt;b&gt; wants") || !strings.Contains(body, `value="/auth/authorize?client_id=app"`) || !strings.Contains(body, "Confirm that it is you") {
		t.Errorf("%d\n%s", w.Code, body)
	}
	// The redirect to the app follows a form, and must not be stopped by the policy.
	if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, "form-action") || !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("%s", csp)
	}
	if csp := h.open("/orders").Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self'") {
		t.Errorf("%s", csp)
	}
	w = httptest.NewRecorder()
	hr.Header.Set("Accept", "*/*")
	h.Ask(w, hr, login.Ask{})
	if w.Code != 401 || strings.Contains(w.Body.String(), "<html") || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("a program: %d\n%s", w.Code, w.Body)
	}
}

// Whoever is logged in can be asked to prove it again: by a page whose request
// wants a newer proof. It is the page alone that differs, so that a link is no harm.
func TestAgain(t *testing.T) {
	h := newHouse(t)
	h.Providers = []login.Provider{{Name: "corp", Label: "Corp", URL: "/auth/login/corp"}}
	const address = "/auth/login?again=1&return_to=%2Forders%3Fx%3D1"
	if body := h.open(address).Body.String(); strings.Contains(body, "Confirm") || !strings.Contains(body, `type="password"`) {
		t.Errorf("nobody is logged in:\n%s", body)
	}
	h.logIn()
	w := h.open(address)
	body := w.Body.String()
	for _, want := range []string{"Confirm that it is you", `value="alice"`, `type="password"`, `value="/orders?x=1"`, "again=1\"", "wants to be sure"} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" || strings.Contains(body, "Go on") {
		t.Errorf("%d\n%s", w.Code, body)
	}
	if w := h.open("/auth/me"); w.Code != 200 {
		t.Errorf("the question ended the session: %d", w.Code)
	}
	if body := h.open("/auth/login?return_to=%2Forders").Body.String(); !strings.Contains(body, "Go on") {
		t.Errorf("without again:\n%s", body)
	}
}

func TestProviders(t *testing.T) {
	h := newHouse(t)
	h.Providers = []login.Provider{{Name: "corp", Label: "Corp & Co", URL: "/auth/login/corp"}}
	body := h.open("/orders?x=1").Body.String()
	if !strings.Contains(body, `href="/auth/login/corp?return_to=%2Forders%3Fx%3D1"`) || !strings.Contains(body, "Log in with Corp &amp; Co") {
		t.Errorf("%s", body)
	}
	hr := httptest.NewRequest(http.MethodGet, "https://gate.example/auth/login/corp/callback", nil)
	w := httptest.NewRecorder()
	h.Admit(w, hr, session.Proved{Subject: "42", Issuer: "https://corp.example", Provider: "corp", Display: "Kim", Groups: []string{"staff"}}, "/orders?x=1")
	if w.Code != 303 || w.Header().Get("Location") != "/orders?x=1" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	h.jar["__Host-g401"] = w.Result().Cookies()[0].Value
	if body := h.do(http.MethodGet, "/auth/me", nil).Body.String(); !strings.Contains(body, `"issuer":"https://corp.example"`) || !strings.Contains(body, `"groups":["staff"]`) {
		t.Errorf("%s", body)
	}
	h.Passwords = nil
	h.jar = map[string]string{}
	if body := h.open("/orders").Body.String(); strings.Contains(body, `type="password"`) || !strings.Contains(body, "Corp") {
		t.Errorf("%s", body)
	}
	if w := h.logIn(); w.Code != 401 {
		t.Errorf("a password where there are none: %d", w.Code)
	}
}

func TestMethods(t *testing.T) {
	h := newHouse(t)
	for target, allow := range map[string]string{"/auth/login": "GET, HEAD, POST", "/auth/logout": "GET, HEAD, POST", "/auth/me": "GET, HEAD"} {
		if w := h.do(http.MethodDelete, target, nil); w.Code != 405 || w.Header().Get("Allow") != allow {
			t.Errorf("%s: %d %q", target, w.Code, w.Header().Get("Allow"))
		}
	}
	if w := h.do(http.MethodPost, "/auth/login", nil); w.Code != 400 {
		t.Errorf("no form: %d", w.Code)
	}
}

// Whoever is blocked cannot guess at the login either.
func TestBlocked(t *testing.T) {
	h := newHouse(t)
	h.Gate.Policy = func(*gate401.Request) gate401.Requirement { return gate401.Requirement{Blocked: true} }
	for _, w := range []*httptest.ResponseRecorder{h.logIn(), h.open("/auth/login"), h.do(http.MethodGet, "/auth/me", nil)} {
		if w.Code != 403 || h.last().Reason() != reason.AddressBlocked || strings.Contains(w.Body.String(), `type="password"`) {
			t.Errorf("%d %s\n%s", w.Code, h.last().Reason(), w.Body)
		}
	}
}

// A password that was changed while the second factor was typed is not proved.
func TestChangedMeanwhile(t *testing.T) {
	h := newHouse(t)
	h.post("/auth/login", "username", "bob", "password", rightPassword)
	a, err := h.set.Accounts.Account(t.Context(), "bob")
	if err != nil {
		t.Fatal(err)
	}
	a.SetPassword("$x", noon)
	if _, err := h.set.Accounts.UpdateAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if w := h.post("/auth/login", "code", "123456"); w.Code != 401 {
		t.Errorf("%d %s", w.Code, h.last().Reason())
	}
	all, err := h.Sessions.List(t.Context(), "bob")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Revoked.IsZero() {
			t.Errorf("the session %s goes on", s.ID)
		}
	}
}
