package oauth_test

import (
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/gate401/gate401/web/browsertest"
)

func text(p *browsertest.Tab) string { return browsertest.JS[string](p, `document.body.innerText`) }

func href(p *browsertest.Tab) string { return browsertest.JS[string](p, `location.href`) }

// A person logs in to a web application at another site by the gate: from a deep
// link and back to it, with the question in between, once; back, out, and again.
func TestBrowser(t *testing.T) {
	t.Parallel()
	b := browsertest.Options{Hosts: map[string]string{"localhost": "127.0.0.1"}}.Start(t)
	g := serve(t, "issuer: {scopes: {\"orders:read\": Read your orders}}\n")
	a, p := application(t, g), b.Tab(t)
	logsIn := func() {
		p.Fill("username", "alice")
		p.Fill("password", password)
		p.Submit(`button[type="submit"]`)
	}
	at := func(t *testing.T, path string) {
		t.Helper()
		if got := href(p); got != a.url+path {
			t.Fatalf("the browser is at %s, want %s\n%s", got, a.url+path, text(p))
		}
		if got := text(p); !strings.Contains(got, "Alice at "+path) {
			t.Errorf("it shows %s", got)
		}
	}
	step := func(name string, run func(t *testing.T, p *browsertest.Tab)) {
		if !t.Failed() {
			t.Run(name, func(t *testing.T) { run(t, p.In(t)) })
		}
	}

	step("a deep link", func(t *testing.T, p *browsertest.Tab) {
		if status := p.Open(a.url + "/reports/7?tab=lines&q=%C3%A9"); status != 401 {
			t.Errorf("the login has the status %d", status)
		}
		if got := text(p); !strings.Contains(got, "The Shop") || !strings.HasPrefix(href(p), g.url+"/auth/authorize?") {
			t.Errorf("%s shows\n%s", href(p), got)
		}
		p.Look("oauth-login")
		logsIn()
		for _, says := range []string{"The Shop", "Alice Adler", "Read your orders", "a program on this computer"} {
			if got := text(p); !strings.Contains(got, says) {
				t.Errorf("the question does not say %q:\n%s", says, got)
			}
		}
		p.Look("oauth-consent")
		p.Submit(`button[value=allow]`)
		at(t, "/reports/7?tab=lines&q=%C3%A9")
	})
	step("the back button", func(t *testing.T, p *browsertest.Tab) {
		browsertest.JS[bool](p, `(history.back(), true)`)
		// The question, if the browser still has the page, or the way that leads on
		// by itself, because it was answered.
		home := `location.href === ` + browsertest.Quoted(a.url+"/") + ` && document.readyState === "complete"`
		p.Wait(`document.querySelector("button[value=allow]") || ` + home)
		browsertest.JS[bool](p, `(document.querySelector("button[value=allow]")?.click(), true)`)
		p.Wait(home)
		at(t, "/")
	})
	step("asked once", func(t *testing.T, p *browsertest.Tab) {
		p.Open(a.url + "/logout")
		p.Open(a.url + "/reports/8")
		at(t, "/reports/8")
	})
	step("asked for the password again", func(t *testing.T, p *browsertest.Tab) {
		p.Open(a.url + "/logout")
		a.mu.Lock()
		a.extra = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "login")}
		a.mu.Unlock()
		p.Open(a.url + "/reports/9")
		p.Look("oauth-login-again")
		logsIn()
		at(t, "/reports/9")
	})
	step("taken back", func(t *testing.T, p *browsertest.Tab) {
		p.Open(g.url + "/auth/account")
		p.Look("oauth-account")
		if !strings.Contains(text(p), "The Shop") {
			t.Fatalf("%s", text(p))
		}
		p.Submit(`form[action$="/apps/revoke"] button`)
		p.Open(a.url + "/logout")
		p.Open(a.url + "/reports/10")
		if !strings.Contains(text(p), "Read your orders") {
			t.Fatalf("nobody asks again:\n%s", text(p))
		}
		p.Submit(`button[value=cancel]`)
		if got := text(p); !strings.Contains(got, "not logged in: access_denied") {
			t.Errorf("%s shows %s", href(p), got)
		}
		p.Open(a.url + "/reports/10")
		p.Submit(`button[value=allow]`)
		at(t, "/reports/10")
	})
	step("logged out of both", func(t *testing.T, p *browsertest.Tab) {
		p.Open(g.url + "/auth/logout")
		p.Submit(`button.first`)
		p.Open(a.url + "/logout")
		browsertest.JS[bool](p, `(history.back(), true)`)
		p.Wait(`document.readyState === "complete" && document.body.innerText.length > 0 && !location.href.endsWith("/logout")`)
		if status := p.Open(a.url + "/reports/11"); status != 401 || !strings.Contains(text(p), "The Shop") {
			t.Errorf("%d, %s shows\n%s", status, href(p), text(p))
		}
	})
	for _, line := range p.Console() {
		if !strings.Contains(line, "status of 401") {
			t.Errorf("in the console: %s", line)
		}
	}
}
