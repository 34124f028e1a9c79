package openid_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/web/browsertest"
)

func text(p *browsertest.Tab) string { return browsertest.JS[string](p, `document.body.innerText`) }

func href(p *browsertest.Tab) string { return browsertest.JS[string](p, `location.href`) }

// A real browser, which has its own mind about cookies and redirects: two sites,
// since an address is one to it, whatever the port.
func TestBrowser(t *testing.T) {
	t.Parallel()
	at := foreign.FreeAddress(t)
	name := "localhost:" + at[strings.LastIndexByte(at, ':')+1:]
	home := "http://" + name
	b := browsertest.Options{Hosts: map[string]string{name: at}}.Start(t)
	work := idp(t, home, "work", nil)
	g := serve(t, at, fmt.Sprintf(`
providers:
  - {name: work, label: Work, issuer: %q, client_id: gate, client_secret: "SECRET", logout: provider}
`, work.URL))
	p := b.Tab(t)
	place := home + "/orders/42?tab=lines#line-3"
	if status := p.Open(place); status != 401 {
		t.Fatalf("%d\n%s", status, text(p))
	}
	p.Look("login")
	atWork := func() {
		t.Helper()
		p.Submit(`a[href*="/auth/login/work"]`)
		if !strings.HasPrefix(href(p), work.URL+"/interaction/") {
			t.Fatalf("%s\n%s\n%s", href(p), text(p), g.Stderr)
		}
	}
	atWork()
	// No, not now.
	p.Submit(`a[href$="/abort"]`)
	if !strings.HasPrefix(href(p), home+"/auth/login/work/callback?") || !strings.Contains(text(p), "You did not log in") {
		t.Fatalf("%s\n%s", href(p), text(p))
	}
	p.Look("cancelled")
	atWork()
	browsertest.JS[bool](p, `(() => {
		document.querySelector('[name="login"]').value = "alice";
		document.querySelector('[name="password"]').value = "alice";
		return true;
	})()`)
	p.Submit(`button[type="submit"]`)
	p.Submit(`button[type="submit"]`)
	// What follows the # is known to the browser alone, and comes back all the same.
	if got := href(p); got != place || !strings.Contains(text(p), "hello u-alice of "+work.URL) {
		t.Fatalf("%s\n%s\n%s", got, text(p), g.Stderr)
	}
	// The answer of the provider is not in the history to be sent again.
	browsertest.JS[bool](p, `(() => { history.back(); return true })()`)
	p.Wait(`!location.pathname.startsWith("/orders/")`)
	if got := href(p); strings.Contains(got, "/callback") {
		t.Errorf("going back leads to %s", got)
	}
	if status := p.Open(home + "/auth/logout"); status != 200 {
		t.Fatal(status)
	}
	p.Submit(`form button[type="submit"]`)
	// It goes on to the provider by itself.
	p.Wait(`location.href.startsWith(` + browsertest.Quoted(work.URL+"/session/end") + `)`)
	p.Submit(`button[name="logout"]`)
	if got := href(p); got != home+"/auth/logout" || !strings.Contains(text(p), "Nobody is logged in here") {
		t.Errorf("%s\n%s", got, text(p))
	}
	if status := p.Open(place); status != 401 {
		t.Errorf("%d after the logout", status)
	}
}
