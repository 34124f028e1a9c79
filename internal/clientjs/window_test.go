package clientjs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/gate401/gate401/web/browsertest"
)

func TestWindows(t *testing.T) {
	b := browsertest.Start(t)
	for name, run := range map[string]func(*testing.T, *browsertest.Browser){
		"two windows": testWindows, "back from the cache": testCache, "a page with another base": testBase,
		"an image with a name": testClobbered, "a newer proof": testAgain,
	} {
		t.Run(name, func(t *testing.T) { run(t, b) })
	}
}

const shop = mine + `api.fetch('/orders').then(r => '' + r.status)`

// Two windows of one browser: the second has what the first got, both renew it
// once, and a logout in a third that never asked for anything withdraws it.
func testWindows(t *testing.T, b *browsertest.Browser) {
	g := newGate(t)
	one := loggedIn(t, b, g)
	browsertest.JS[bool](one, mine+`api.handleRedirect()`)
	two, three := one.Beside(), one.Beside()
	two.Open(g.URL + "/page")
	three.Open(g.URL + "/page")
	if got := browsertest.JS[string](two, shop); got != "200" || g.count("/auth/token") != 1 {
		t.Errorf("the second window: %s, %d tokens", got, g.count("/auth/token"))
	}
	for range 3 {
		g.over()
		g.forget()
		for _, p := range []*browsertest.Tab{one, two} {
			browsertest.JS[bool](p, `window.all = `+many+`, true`)
		}
		for i, p := range []*browsertest.Tab{one, two} {
			if got := browsertest.JS[string](p, `all`); got != "200" {
				t.Errorf("window %d: %s", i+1, got)
			}
		}
		if n := g.count("/auth/token"); n != 1 {
			t.Errorf("%d refreshes", n)
		}
	}
	browsertest.JS[bool](three, mine+`api.logout().then(() => true)`)
	if n := g.count("/auth/revoke"); n != 1 {
		t.Errorf("a window without tokens withdrew those of others %d times", n)
	}
	for i, p := range []*browsertest.Tab{one, two} {
		// It hears of it soon, and not of what another had before it heard.
		got := browsertest.JS[string](p, `(async () => {
			for (let n = 0; n < 20 && !asked; n++) if ((await api.fetch('/orders')).status != 401) return 'an answer'
			return (await api.fetch('/orders')).status + ' ' + (asked > 0)
		})()`)
		if got != "401 true" {
			t.Errorf("window %d after the logout: %s", i+1, got)
		}
	}
}

// A page that comes back from the cache of the browser heard nothing while it was
// there: it asks before it renews by what another used up.
func testCache(t *testing.T, b *browsertest.Browser) {
	g := newGate(t)
	one := loggedIn(t, b, g)
	browsertest.JS[bool](one, mine+`api.handleRedirect()`)
	two := one.Beside()
	two.Open(g.URL + "/page")
	browsertest.JS[string](two, shop)
	g.forget()
	// It renews, and is the only one who knows.
	browsertest.JS[bool](two, `window.post = BroadcastChannel.prototype.postMessage, BroadcastChannel.prototype.postMessage = () => {}, true`)
	g.over()
	if got := browsertest.JS[string](two, many); got != "200" {
		t.Errorf("the other window: %s", got)
	}
	browsertest.JS[bool](two, `BroadcastChannel.prototype.postMessage = post, true`)
	browsertest.JS[bool](one, `dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`)
	if got := browsertest.JS[string](one, many); got != "200" || g.count("/auth/token") != 1 {
		t.Errorf("%s, %d refreshes", got, g.count("/auth/token"))
	}
}

// elsewhere is another origin, that says what it was sent.
func elsewhere(t *testing.T) (address string, sent func() string) {
	t.Helper()
	all := make(chan string, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization") + r.Header.Get("Access-Control-Request-Headers")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization")
	}))
	t.Cleanup(s.Close)
	return s.URL, func() string {
		select {
		case x := <-all:
			return x
		default:
			return ""
		}
	}
}

// A relative address leads to where <base> says, which is not where the page is.
func testBase(t *testing.T, b *browsertest.Browser) {
	g := newGate(t)
	other, sent := elsewhere(t)
	p := loggedIn(t, b, g)
	browsertest.JS[bool](p, mine+`api.handleRedirect()`)
	browsertest.JS[bool](p, `document.head.append(Object.assign(document.createElement('base'), { href: '`+other+`/' })), true`)
	browsertest.JS[string](p, `api.fetch('orders').then(r => '' + r.status, e => e.name)`)
	if got := sent(); got != "GET /orders " {
		t.Errorf("another origin was sent %q", got)
	}
	// An API that leads elsewhere takes no token there: the browser drops it.
	g.away.Store(&other)
	browsertest.JS[string](p, `api.fetch('`+g.URL+`/away').then(r => '' + r.status, e => e.name)`)
	if got := sent(); got != "GET /there " {
		t.Errorf("after a redirect another origin was sent %q", got)
	}
	// And what leads back to the gate has the token.
	if got := browsertest.JS[string](p, `api.fetch('`+g.URL+`/orders').then(r => '' + r.status)`); got != "200" {
		t.Error(got)
	}
}

// An element that has the name of a property of the document takes its place: an
// image in what a person wrote must not say where the gate is.
func testClobbered(t *testing.T, b *browsertest.Browser) {
	g := newGate(t)
	other, sent := elsewhere(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Page</title><link rel="icon" href="data:,"><img name="currentScript" src="%s/x.png" alt=""><script src="%s/auth/client.js"></script>`, other, g.URL)
	}))
	t.Cleanup(site.Close)
	p := b.Tab(t)
	p.Open(site.URL)
	browsertest.JS[bool](p, `gate401.client({ clientId: 'shop' }).login() && true`)
	p.Wait(`location.search.includes('code=') && window.gate401`)
	for got := sent(); got != ""; got = sent() {
		if got != "GET /x.png " {
			t.Errorf("another origin was asked: %s", got)
		}
	}
}

// A newer proof is asked for at the login, although there is a session.
func testAgain(t *testing.T, b *browsertest.Browser) {
	g, p := newGate(t), b.Tab(t)
	p.Open(g.URL + "/page?a=b")
	browsertest.JS[bool](p, `gate401.client().fetch('/session/step-up') && true`)
	p.Wait(`location.pathname == '/auth/login'`)
	q, err := url.ParseQuery(browsertest.JS[string](p, `location.search.slice(1)`))
	if err != nil || q.Get("again") != "1" || q.Get("return_to") != "/page?a=b" {
		t.Errorf("%v, %v", q, err)
	}
	if n := g.count("/auth/me"); n != 0 {
		t.Errorf("looked %d times who is logged in, which does not matter", n)
	}
}
