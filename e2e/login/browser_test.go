package login_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"

	"github.com/gate401/gate401/web/browsertest"
)

func TestBrowser(t *testing.T) {
	b := browsertest.Start(t)
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, b *browsertest.Browser)
	}{
		{"a deep link", testDeepLink},
		{"the back button", testBack},
		{"logout", testLogout},
		{"two tabs", testTwoTabs},
		{"without scripts", testWithoutScripts},
		{"a form that was refused", testRefusedForm},
		{"a dead cookie", testDeadCookie},
		{"no dialog", testNoDialog},
		{"the script of the page", testScript},
		{"a narrow window", testNarrow},
		{"on to an app", testApp},
		{"as somebody else", testSomebodyElse},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, b) })
	}
}

func text(p *browsertest.Tab) string { return browsertest.JS[string](p, `document.body.innerText`) }

func href(p *browsertest.Tab) string { return browsertest.JS[string](p, `location.href`) }

// logsIn fills in the form that is open.
func logsIn(p *browsertest.Tab, name, password string) {
	p.Fill("username", name)
	p.Fill("password", password)
	p.Submit(`button[type="submit"]`)
}

// clean demands that nothing was said in the console but what the browser itself
// notes of every 401.
func clean(t *testing.T, p *browsertest.Tab) {
	t.Helper()
	for _, line := range p.Console() {
		if !strings.Contains(line, "status of 401") {
			t.Errorf("in the console: %s", line)
		}
	}
}

// From a link into the site to the page that it is for: the login is there at the
// very address, and leads to exactly that place.
func testDeepLink(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, methods), b.Tab(t)
	place := h.url + "/orders/42?tab=lines&q=%C3%A9%20%26#line-3"
	if status := p.Open(place); status != 401 {
		t.Errorf("%d", status)
	}
	if got := href(p); got != place {
		t.Errorf("the address became %s", got)
	}
	if focus := browsertest.JS[string](p, `document.activeElement.id`); focus != "username" {
		t.Errorf("the focus is on %q", focus)
	}
	p.Look("login")

	logsIn(p, "alice", "not her password")
	said := browsertest.JS[struct {
		Alert, Title, Focus, Name, Pass string
		Invalid                         bool
	}](p, `({alert: document.querySelector('[role="alert"]').innerText, title: document.title, focus: document.activeElement.id,
		name: document.getElementById("username").value, pass: document.getElementById("password").value,
		invalid: document.getElementById("password").getAttribute("aria-invalid") === "true"})`)
	if !strings.HasPrefix(said.Title, "Error: ") || said.Focus != "password" || said.Name != "alice" || said.Pass != "" || !said.Invalid {
		t.Errorf("%+v", said)
	}
	p.Look("login-wrong")
	logsIn(p, "nobody", "not her password")
	if alert := browsertest.JS[string](p, `document.querySelector('[role="alert"]').innerText`); alert != said.Alert {
		t.Errorf("somebody without an account is told something else:\n%s\n%s", alert, said.Alert)
	}

	logsIn(p, "alice", password)
	if got := href(p); got != place {
		t.Errorf("the login led to %s, want %s", got, place)
	}
	if got := browsertest.JS[string](p, `document.getElementById("place").textContent`); got != "GET /orders/42?tab=lines&q=%C3%A9%20%26" {
		t.Errorf("the site saw %s", got)
	}
	if got := browsertest.JS[string](p, `document.cookie`); strings.Contains(got, "g401") || !strings.Contains(got, "theme=dark") {
		t.Errorf("scripts see the cookies %q", got)
	}
	p.Open(h.url + "/again")
	if c := h.last().Get("Cookie"); c != "theme=dark" {
		t.Errorf("the site was sent the cookies %q", c)
	}
	if s := h.last().Get("Gate401-Subject"); s != "alice" {
		t.Errorf("the site was told %q", s)
	}
	clean(t, p)
}

// After a wrong password the address is again that which was asked for, so that
// neither reload nor the back button wants to send the form once more.
func testBack(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, methods), b.Tab(t)
	place := h.url + "/orders/42?tab=lines#line-3"
	p.Open(place)
	logsIn(p, "alice", "not her password")
	if got := href(p); got != place {
		t.Errorf("after a wrong password the address is %s", got)
	}
	logsIn(p, "alice", password)
	browsertest.JS[bool](p, `(globalThis.before = true, setTimeout(() => history.back()), true)`)
	p.Wait(`!globalThis.before && document.readyState === "complete"`)
	if got := text(p); href(p) != place || !strings.Contains(got, "Secret orders") {
		t.Errorf("behind the back button stands:\n%s", got)
	}
}

// After a logout nothing is left: not in the cache, not behind the back button.
func testLogout(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, methods), b.Tab(t)
	p.Open(h.url + "/orders/42")
	logsIn(p, "alice", password)
	p.Open(h.url + "/auth/me")
	p.Look("me")
	p.Open(h.url + "/auth/login?return_to=/orders/7")
	p.Look("login-again")
	if !strings.Contains(text(p), "Alice Adler") {
		t.Errorf("%s", text(p))
	}
	p.Open(h.url + "/orders/42")
	p.Open(h.url + "/auth/logout")
	p.Look("logout")
	p.Submit(`button.first`)
	if !strings.Contains(text(p), "You are logged out") {
		t.Fatalf("%s", text(p))
	}
	p.Look("goodbye")
	browsertest.JS[bool](p, `(history.go(-2), true)`)
	p.Wait(`location.pathname === "/orders/42" && document.readyState === "complete"`)
	if got := text(p); strings.Contains(got, "Secret orders") || !strings.Contains(got, "Log in") {
		t.Errorf("behind the back button stands:\n%s", got)
	}
	cookies := browsertest.Call(p, network.GetCookies, network.GetCookiesParams{})
	for _, c := range cookies.Cookies {
		if strings.Contains(c.Name, "g401") {
			t.Errorf("the cookie %s is left", c.Name)
		}
	}
}

// A logout in one tab is felt in the other at once, and so is a login.
func testTwoTabs(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, methods), b.Tab(t)
	p.Open(h.url + "/orders/1")
	logsIn(p, "alice", password)
	status := `fetch("/api/orders").then((r) => r.status)`
	if got := browsertest.JS[int](p, status); got != 200 {
		t.Errorf("logged in: %d", got)
	}
	// A tab is opened by a person, or not at all.
	browsertest.JS[bool](p, `(() => { document.getElementById("place").onclick = () => { globalThis.other = window.open("/auth/logout"); }; return true; })()`)
	p.Click("#place")
	p.Wait(`other.document.readyState === "complete" && other.document.querySelector("button.first")`)
	browsertest.JS[bool](p, `(other.document.querySelector("button.first").click(), true)`)
	p.Wait(`other.document.body && other.document.body.innerText.includes("You are logged out")`)
	if got := browsertest.JS[int](p, status); got != 401 {
		t.Errorf("logged out in the other tab: %d", got)
	}
	browsertest.JS[bool](p, `(() => { other.location = "/orders/2"; return true; })()`)
	p.Wait(`other.location.pathname === "/orders/2" && other.document.readyState === "complete" && other.document.getElementById("username")`)
	browsertest.JS[bool](p, `(() => { const d = other.document; d.getElementById("username").value = "alice";
		d.getElementById("password").value = `+browsertest.Quoted(password)+`; d.querySelector("form").requestSubmit(); return true; })()`)
	p.Wait(`other.document.body && other.document.body.innerText.includes("Secret orders")`)
	if got := browsertest.JS[int](p, status); got != 200 {
		t.Errorf("logged in again in the other tab: %d", got)
	}
}

// All of it works without scripts.
func testWithoutScripts(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, methods), b.Tab(t)
	browsertest.Call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.Open(h.url + "/orders/42?tab=lines")
	if hidden := browsertest.JS[bool](p, `document.querySelector("[data-reveal]").hidden`); !hidden {
		t.Error("a button is shown that does nothing")
	}
	logsIn(p, "alice", "wrong")
	logsIn(p, "alice", password)
	if got := href(p); got != h.url+"/orders/42?tab=lines" {
		t.Errorf("led to %s", got)
	}
	p.Open(h.url + "/auth/logout")
	p.Submit(`button[name="everywhere"]`)
	if !strings.Contains(text(p), "All your sessions are over") {
		t.Errorf("%s", text(p))
	}
	if status := p.Open(h.url + "/orders/42"); status != 401 {
		t.Errorf("after the logout: %d", status)
	}
}

// A form that is sent after the session is over is not sent again in silence; the
// person comes back to the page that it was on.
func testRefusedForm(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, methods), b.Tab(t)
	p.Open(h.url + "/cart?items=3")
	logsIn(p, "alice", password)
	browsertest.Call(p, network.ClearBrowserCookies, cdp.Empty{})
	p.Submit("#buy")
	if got := text(p); !strings.Contains(got, "What you sent was not taken") {
		t.Errorf("%s", got)
	}
	p.Look("login-unsent")
	logsIn(p, "alice", password)
	if got := href(p); got != h.url+"/cart?items=3" {
		t.Errorf("led to %s", got)
	}
}

// A dead cookie goes with the page that is opened, and not with a fetch().
func testDeadCookie(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, methods), b.Tab(t)
	p.Open(h.url + "/orders/42")
	logsIn(p, "alice", password)
	// The session ends elsewhere.
	me := browsertest.JS[string](p, `fetch("/auth/me").then((r) => r.json()).then((m) => m.session)`)
	has := func() bool {
		for _, c := range browsertest.Call(p, network.GetCookies, network.GetCookiesParams{}).Cookies {
			if c.Name == "g401" {
				return true
			}
		}
		return false
	}
	h.run("session", "revoke", me)
	if !browsertest.JS[bool](p, `(async () => {
		for (let i = 0; i < 600; i++) {
			if ((await fetch("/api/orders")).status === 401) return true;
			await new Promise((next) => setTimeout(next, 50));
		}
		return false;
	})()`) {
		t.Fatal("the session that another process ended goes on")
	}
	if code := browsertest.JS[string](p, `fetch("/api/orders").then((r) => r.json()).then((m) => m.code)`); code != "session-expired" {
		t.Errorf("fetch is told %q", code)
	}
	if !has() {
		t.Error("fetch() has cleared the cookie")
	}
	if status := p.Open(h.url + "/orders/42"); status != 401 {
		t.Errorf("%d", status)
	}
	if has() || !strings.Contains(text(p), "Your session is over") {
		t.Errorf("the dead cookie is left: %v\n%s", has(), text(p))
	}
	p.Look("login-over")
}

// Where people log in at a page, no request of a browser opens the dialog of Basic.
func testNoDialog(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, methods), b.Tab(t)
	opened := p.AnswerDialog(fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth})
	p.Open(h.url + "/orders/42")
	got := browsertest.JS[struct{ Challenge, Type string }](p, `fetch("/api/orders").then((r) => ({challenge: r.headers.get("WWW-Authenticate"), type: r.headers.get("Content-Type")}))`)
	browsertest.JS[bool](p, `new Promise((done) => { const i = new Image(); i.onerror = () => done(true); i.src = "/picture.png"; })`)
	if n := opened(); n != 0 || strings.Contains(got.Challenge, "Basic") || !strings.Contains(got.Challenge, `Session realm="orders", login="/auth/login"`) {
		t.Errorf("%d dialogs; fetch() was told %q", n, got.Challenge)
	}
	if got.Type != "application/problem+json" {
		t.Errorf("fetch() got %s", got.Type)
	}
}

// What the script adds: a button that shows the password, and a word when Caps
// Lock is on.
func testScript(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, methods), b.Tab(t)
	p.Open(h.url + "/orders/42")
	p.Fill("password", "secret")
	p.Click("[data-reveal]")
	got := browsertest.JS[struct{ Type, Label, Pressed, Focus string }](p, `(() => { const b = document.querySelector("[data-reveal]"); return {
		type: document.getElementById("password").type, label: b.getAttribute("aria-label"), pressed: b.getAttribute("aria-pressed"), focus: document.activeElement.id}; })()`)
	if got.Type != "text" || got.Label != "Hide password" || got.Pressed != "true" || got.Focus != "password" {
		t.Errorf("%+v", got)
	}
	caps := browsertest.JS[string](p, `(() => { document.getElementById("password").dispatchEvent(new KeyboardEvent("keydown", {key: "A", modifierCapsLock: true, bubbles: true}));
		return document.getElementById("capslock").textContent; })()`)
	if caps != "Caps Lock is on." {
		t.Errorf("%q", caps)
	}
	p.Look("login-shown")
	p.Click("[data-reveal]")
	if browsertest.JS[string](p, `document.getElementById("password").type`) != "password" {
		t.Error("it is still shown")
	}
	clean(t, p)
}

func testNarrow(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, methods+`  title: A title that is so long that it needs several lines
`), b.Tab(t)
	_ = h
	p.Open(h.url + "/orders/42/" + strings.Repeat("long", 18))
	p.Size(browsertest.Size{Name: "narrow", Width: 320, Height: 640, Mobile: true})
	if wide := browsertest.JS[int](p, `document.scrollingElement.scrollWidth`); wide > 320 {
		t.Errorf("%d pixels wide in a window of 320", wide)
	}
}

// A login for an app leads through the authorization endpoint to another origin.
// Browsers apply form-action to redirects: the policy of the page must let that be.
func testApp(t *testing.T, b *browsertest.Browser) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><title>App</title><p>the app`))
	}))
	t.Cleanup(app.Close)
	h, p := serve(t, strings.Replace(methods, "  browser:", "  own: {type: bearer}\n  browser:", 1)), b.Tab(t)
	h.run("client", "add", "shop", "--redirect-uri", app.URL+"/cb")
	address := h.url + "/auth/authorize?response_type=code&client_id=shop&state=s&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&redirect_uri=" + url.QueryEscape(app.URL+"/cb")
	if status := p.Open(address); status != 401 {
		t.Fatalf("%d\n%s", status, text(p))
	}
	logsIn(p, "alice", password)
	p.Submit(`button.first`)
	if got := href(p); !strings.HasPrefix(got, app.URL+"/cb?") {
		t.Fatalf("consent led to %s\n%s", got, text(p))
	}
	// The consent is remembered: now the login itself leads on.
	p.Open(h.url + "/auth/logout")
	p.Submit("button.first")
	p.Open(address)
	logsIn(p, "alice", password)
	if got := href(p); !strings.HasPrefix(got, app.URL+"/cb?") || !strings.Contains(got, "code=") || !strings.Contains(got, "state=s") {
		t.Errorf("the login led to %s; in the console: %q", got, p.Console())
	}
}

// Who may not see a page can log in as somebody who may, and is led back to it.
func testSomebodyElse(t *testing.T, b *browsertest.Browser) {
	h, p := serve(t, methods+`
rules:
  - {path: "/admin/**", groups: [admin]}
`), b.Tab(t)
	h.run("user", "add", "root", "--group", "admin", "--password-stdin")
	place := h.url + "/admin/people?page=2"
	p.Open(place)
	logsIn(p, "alice", password)
	if got := text(p); !strings.Contains(got, "Access is denied") {
		t.Fatalf("%s", got)
	}
	p.Look("forbidden")
	p.Submit(`a[href^="/auth/login"]`)
	p.Click("summary")
	logsIn(p, "root", password)
	if got := href(p); got != place || !strings.Contains(text(p), "Secret orders") {
		t.Errorf("led to %s\n%s", got, text(p))
	}
}
