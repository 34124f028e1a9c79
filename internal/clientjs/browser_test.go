package clientjs_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gate401/gate401/web/browsertest"
)

// gate is what the script sees of one: tokens that rotate, a session, and an API
// that wants one of both.
type gate struct {
	*httptest.Server

	mu        sync.Mutex
	in        bool   // the session is good
	access    string // the token that is good
	refresh   string
	made      int
	challenge string // of the code that was given
	token     int    // what the token endpoint answers instead, 0 for an answer
	calls     map[string]int
	late      chan struct{} // the token endpoint answers when it is closed; nil at once
	away      atomic.Pointer[string]
	retry     string // what a refusal advises, "" for refresh or reauthenticate
}

func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{calls: map[string]int{}}
	script := script(t)
	m := http.NewServeMux()
	m.Handle("/auth/client.js", script)
	m.Handle("/auth/client.mjs", script)
	m.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>Page</title><link rel="icon" href="data:,"><script src="/auth/client.js"></script>`)
	})
	m.HandleFunc("/module", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>Module</title><link rel="icon" href="data:,"><script type="module">
			import { client, RepeatError } from '/auth/client.mjs'
			window.found = [typeof client, new RepeatError().name, typeof window.gate401].join()
		</script>`)
	})
	m.HandleFunc("/auth/login", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the login page") })
	m.HandleFunc("/auth/me", g.me)
	m.HandleFunc("/auth/logout", func(http.ResponseWriter, *http.Request) { g.set(func() { g.in = false }) })
	m.HandleFunc("/auth/revoke", func(http.ResponseWriter, *http.Request) { g.set(func() { g.access, g.refresh = "", "" }) })
	m.HandleFunc("/auth/authorize", g.authorize)
	m.HandleFunc("/auth/token", g.exchange)
	m.HandleFunc("/orders", g.orders)
	m.HandleFunc("/session/orders", g.sessionOrders)
	m.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, *g.away.Load()+"/there", http.StatusFound)
	})
	m.HandleFunc("/session/step-up", func(w http.ResponseWriter, _ *http.Request) { refuse(w, `Session realm="orders"`, "step-up") })
	m.HandleFunc("/says/{status}", func(w http.ResponseWriter, r *http.Request) {
		var status int
		_, _ = fmt.Sscan(r.PathValue("status"), &status)
		w.Header().Set("WWW-Authenticate", r.URL.Query().Get("challenge"))
		w.WriteHeader(status)
	})
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.set(func() { g.calls[r.URL.Path]++ })
		m.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gate) set(do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	do()
}

func (g *gate) count(path string) (n int) {
	g.set(func() { n = g.calls[path] })
	return n
}

// forget begins to count anew.
func (g *gate) forget() { g.set(func() { g.calls = map[string]int{} }) }

// over lets the access token be over.
func (g *gate) over() { g.set(func() { g.access = "" }) }

func (g *gate) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("response_type") != "code" || q.Get("client_id") != "shop" || q.Get("code_challenge_method") != "S256" {
		http.Error(w, "the request is wrong", http.StatusBadRequest)
		return
	}
	g.set(func() { g.challenge = q.Get("code_challenge") })
	back := url.Values{"state": {q.Get("state")}, "iss": {g.URL}, "code": {"c1"}}
	switch q.Get("scope") {
	case "denied":
		back.Del("code")
		back.Set("error", "access_denied")
	case "mixed-up":
		back.Set("iss", "https://evil.example")
	case "forged":
		back.Set("state", "of somebody else")
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (g *gate) exchange(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	late := g.late
	g.mu.Unlock()
	if late != nil {
		<-late
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	fits := base64.RawURLEncoding.EncodeToString(sum[:]) == g.challenge && r.PostFormValue("code") == "c1"
	if r.PostFormValue("grant_type") == "refresh_token" {
		fits = r.PostFormValue("refresh_token") == g.refresh && g.refresh != ""
	}
	switch {
	case g.token != 0:
		w.WriteHeader(g.token)
		return
	case !fits || r.PostFormValue("client_id") != "shop" || r.Header.Get("Cookie") != "":
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	g.made++
	g.access, g.refresh = fmt.Sprint("access-", g.made), fmt.Sprint("refresh-", g.made)
	_ = json.NewEncoder(w).Encode(map[string]string{"access_token": g.access, "refresh_token": g.refresh, "token_type": "Bearer"})
}

func (g *gate) orders(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	sent := r.Header.Get("Authorization")
	if g.access != "" && sent == "Bearer "+g.access {
		fmt.Fprintf(w, "orders of %s", r.Method)
		return
	}
	challenge, retry := `Bearer realm="orders"`, "reauthenticate"
	if sent != "" {
		challenge, retry = challenge+`, error="invalid_token"`, "refresh"
	}
	if g.retry != "" {
		retry = g.retry
	}
	refuse(w, challenge, retry)
}

func (g *gate) me(w http.ResponseWriter, _ *http.Request) { g.sessionOrders(w, nil) }

func (g *gate) sessionOrders(w http.ResponseWriter, _ *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in {
		fmt.Fprint(w, "{}")
		return
	}
	refuse(w, `Session realm="orders", login="/auth/login"`, "reauthenticate")
}

func refuse(w http.ResponseWriter, challenge, retry string) {
	w.Header().Set("WWW-Authenticate", challenge)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusUnauthorized)
	fmt.Fprintf(w, `{"status":401,"retry":%q}`, retry)
}

// loggedIn is a page with a client that has tokens.
func loggedIn(t *testing.T, b *browsertest.Browser, g *gate) *browsertest.Tab {
	t.Helper()
	p := b.Tab(t)
	p.Open(g.URL + "/page?tab=lines#line-3")
	browsertest.JS[bool](p, `gate401.client({ clientId: 'shop', scope: 'orders:read' }).login() && true || true`)
	p.Wait(`location.search.includes('code=') && window.gate401`)
	return p
}

const mine = `window.asked = 0; window.api = gate401.client({ clientId: 'shop', onLoginRequired: () => { asked++ } }); `

// many asks so often at once, and says what the answers were.
const many = `Promise.all(Array.from({ length: 20 }, () => api.fetch('/orders').then(r => r.status))).then(all => [...new Set(all)].join())`

func TestBrowser(t *testing.T) {
	b := browsertest.Start(t)
	for name, run := range map[string]func(*testing.T, *browsertest.Browser){
		"a login and its end": testLogin, "many at once": testMany, "refused": testRefused, "what is not repeated": testNotRepeated,
		"two tabs": testTabs, "a session": testSession, "aborted": testAborted, "a module": testModule, "a login that went wrong": testWrongLogin,
	} {
		t.Run(name, func(t *testing.T) { run(t, b) })
	}
}

// A login leads back to the very place, nothing of it stays in the address or in
// the history, and what is secret is in no storage.
func testLogin(t *testing.T, b *browsertest.Browser) {
	g := newGate(t)
	p := loggedIn(t, b, g)
	if !browsertest.JS[bool](p, mine+`api.handleRedirect()`) {
		t.Error("the redirect was not handled")
	}
	if got := browsertest.JS[string](p, `location.href`); got != g.URL+"/page?tab=lines#line-3" {
		t.Errorf("it led to %s", got)
	}
	if got := browsertest.JS[string](p, `api.fetch('/orders', { method: 'POST', body: 'x' }).then(r => r.text())`); got != "orders of POST" {
		t.Error(got)
	}
	if got := browsertest.JS[string](p, `JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])`); got != `[{},{},""]` {
		t.Errorf("kept: %s", got)
	}
	// Somebody goes back to where it led, and is no one new by that.
	for _, again := range []string{``, `history.replaceState(null, '', '/page?code=c1&state=s&iss=' + encodeURIComponent(location.origin)), `} {
		if got := browsertest.JS[string](p, again+`api.handleRedirect().then(r => r + location.search)`); got != "false" && got != "false?tab=lines" {
			t.Errorf("one redirect is two logins: %s", got)
		}
	}
	browsertest.JS[bool](p, `api.logout().then(() => true)`)
	if got := browsertest.JS[string](p, many); got != "401" || g.count("/auth/revoke") != 1 {
		t.Errorf("after the logout: %s", got)
	}
	if n := browsertest.JS[int](p, `asked`); n != 1 {
		t.Errorf("asked for a login %d times", n)
	}
}

// Twenty requests with a token that is over: one refresh, and all are answered.
func testMany(t *testing.T, b *browsertest.Browser) {
	g := newGate(t)
	p := loggedIn(t, b, g)
	browsertest.JS[bool](p, mine+`api.handleRedirect()`)
	for range 3 {
		g.over()
		g.forget()
		if got := browsertest.JS[string](p, many); got != "200" || g.count("/auth/token") != 1 || g.count("/orders") > 40 {
			t.Errorf("%s, %d refreshes, %d requests", got, g.count("/auth/token"), g.count("/orders"))
		}
	}
	if n := browsertest.JS[int](p, `asked`); n != 0 {
		t.Errorf("asked for a login %d times", n)
	}
	// Each form of a request is sent again as it was.
	for _, request := range []string{
		`'/orders', { method: 'PUT', body: 'x' }`, `new URL('/orders', location), { method: 'PUT' }`, `new Request('/orders', { method: 'PUT', body: 'x' })`,
		`new Request('/orders'), { method: 'PUT', headers: { 'x-a': 'b' }, body: new URLSearchParams({ a: 'b' }) }`,
	} {
		g.over()
		if got := browsertest.JS[string](p, `api.fetch(`+request+`).then(r => r.text())`); got != "orders of PUT" {
			t.Errorf("%s: %s", request, got)
		}
	}
}

// A refresh that is refused asks for a login, once; one that cannot be tried does
// not.
func testRefused(t *testing.T, b *browsertest.Browser) {
	for _, x := range []struct {
		name, want  string
		do          func(g *gate)
		asked, left int
	}{
		{"by the issuer", "401", func(g *gate) { g.refresh = "" }, 1, 0},
		{"not by an issuer that is away", "401", func(g *gate) { g.token = 503 }, 0, 1},
		{"not by one that is busy", "401", func(g *gate) { g.token = 429 }, 0, 1},
	} {
		g := newGate(t)
		p := loggedIn(t, b, g)
		browsertest.JS[bool](p, mine+`api.handleRedirect()`)
		g.over()
		g.set(func() { x.do(g) })
		g.forget()
		if got := browsertest.JS[string](p, many); got != x.want || g.count("/auth/token") == 0 || g.count("/orders") != 20 {
			t.Errorf("%s: %s, %d refreshes, %d requests", x.name, got, g.count("/auth/token"), g.count("/orders"))
		}
		if n := browsertest.JS[int](p, `asked`); n != x.asked {
			t.Errorf("%s: asked for a login %d times", x.name, n)
		}
		g.set(func() { g.token = 0 })
		g.forget()
		browsertest.JS[string](p, many)
		if n := g.count("/auth/token"); n != x.left {
			t.Errorf("%s: later there were %d refreshes", x.name, n)
		}
	}
}

func testNotRepeated(t *testing.T, b *browsertest.Browser) {
	g := newGate(t)
	p := loggedIn(t, b, g)
	browsertest.JS[bool](p, mine+`api.handleRedirect()`)
	for _, path := range []string{"403", "429", "503", "401?challenge=Basic+realm%3D%22x%22", "401", "401?challenge=Bearer+realm%3D%22x%22"} {
		g.forget()
		// Without omit the browser would open its dialog for Basic.
		got := browsertest.JS[string](p, `api.fetch('/says/`+path+`', { credentials: 'omit' }).then(r => '' + r.status)`)
		if status, _, _ := strings.Cut(path, "?"); got != status || g.count("/says/"+status) != 1 || g.count("/auth/token") != 0 {
			t.Errorf("%s: %s, %d requests, %d refreshes", path, got, g.count("/says/"+status), g.count("/auth/token"))
		}
	}
	// What the gate advises counts more than what the challenge looks like.
	for _, retry := range []string{"fix-request", "later", "repeat", "request-access"} {
		g.over()
		g.forget()
		g.set(func() { g.retry = retry })
		if got := browsertest.JS[string](p, many); got != "401" || g.count("/auth/token") != 0 {
			t.Errorf("%s: %s, %d refreshes", retry, got, g.count("/auth/token"))
		}
	}
	// A new proof is something that only the person can give.
	g.set(func() { g.retry = "step-up" })
	if got := browsertest.JS[string](p, `api.fetch('/orders').then(r => r.status + ' ' + asked)`); got != "401 1" || g.count("/auth/token") != 0 {
		t.Errorf("step-up: %s", got)
	}
	g.set(func() { g.retry = "" })
	// A stream is gone when the answer is there. Chromium sends none over HTTP/1.1,
	// so that the first answer is made up.
	g.forget()
	got := browsertest.JS[string](p, `(async () => {
		const real = window.fetch
		window.fetch = (to, init) => {
			window.fetch = real
			return init.body.cancel().then(() => new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }))
		}
		const body = new Blob(['A']).stream()
		try { await api.fetch('/orders', { method: 'POST', body, duplex: 'half' }); return 'answered' } catch (e) { return [e.name, e.response.status, e instanceof gate401.RepeatError] + '' }
	})()`)
	if got != "RepeatError,401,true" || g.count("/orders") != 0 || g.count("/auth/token") != 1 {
		t.Errorf("a stream: %s, %d requests, %d refreshes", got, g.count("/orders"), g.count("/auth/token"))
	}
	// Other sites get no token, and a request with a credential of its own keeps it.
	got = browsertest.JS[string](p, `(async () => {
		const real = window.fetch, seen = []
		window.fetch = async (to, init) => { seen.push(new Headers(init && init.headers).get('authorization')); return new Response() }
		await api.fetch('https://other.example/orders')
		await api.fetch('/orders', { headers: { Authorization: 'Bearer mine' } })
		await api.fetch(new Request('/orders', { headers: { Authorization: 'Bearer mine' } }))
		await api.fetch('/orders')
		window.fetch = real
		return JSON.stringify(seen)
	})()`)
	if got != `[null,"Bearer mine",null,"Bearer access-2"]` {
		t.Errorf("sent: %s", got)
	}
}

// Two clients are what two tabs are: they hear of each other.
func testTabs(t *testing.T, b *browsertest.Browser) {
	g := newGate(t)
	p := loggedIn(t, b, g)
	browsertest.JS[bool](p, mine+`window.other = gate401.client({ clientId: 'shop', onLoginRequired: () => { asked++ } }); api.handleRedirect()`)
	if got := browsertest.JS[string](p, `other.fetch('/orders').then(r => '' + r.status)`); got != "200" {
		t.Errorf("the other tab: %s", got)
	}
	g.over()
	g.forget()
	both := `Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? api : other).fetch('/orders').then(r => r.status))).then(all => [...new Set(all)].join())`
	if got := browsertest.JS[string](p, both); got != "200" {
		t.Errorf("both tabs: %s", got)
	}
	if n := g.count("/auth/token"); n != 1 {
		t.Errorf("%d refreshes", n)
	}
	// Also if the news comes later than the turn.
	g.over()
	g.forget()
	late := `window.post = BroadcastChannel.prototype.postMessage
		BroadcastChannel.prototype.postMessage = function (m) { setTimeout(() => post.call(this, m), 150) }; true`
	browsertest.JS[bool](p, late)
	if got := browsertest.JS[string](p, both); got != "200" {
		t.Errorf("both tabs, late news: %s", got)
	}
	if n := g.count("/auth/token"); n != 1 {
		t.Errorf("late news: %d refreshes", n)
	}
	browsertest.JS[bool](p, `BroadcastChannel.prototype.postMessage = post; true`)
	browsertest.JS[bool](p, `other.logout().then(() => true)`)
	if got := browsertest.JS[string](p, `api.fetch('/orders').then(r => r.status + ' ' + asked)`); got != "401 1" {
		t.Errorf("after the logout of the other: %s", got)
	}
}

func testSession(t *testing.T, b *browsertest.Browser) {
	g, p := newGate(t), b.Tab(t)
	p.Open(g.URL + "/page?a=b")
	all := strings.ReplaceAll(many, "/orders", "/session/orders")
	browsertest.JS[bool](p, `window.asked = 0, window.api = gate401.client({ onLoginRequired: () => { asked++ } }), true`)
	if got := browsertest.JS[string](p, all); got != "401" || g.count("/auth/me") != 1 || g.count("/session/orders") != 20 {
		t.Errorf("%s, %d looks, %d requests", got, g.count("/auth/me"), g.count("/session/orders"))
	}
	if n := browsertest.JS[int](p, `asked`); n != 1 {
		t.Errorf("asked for a login %d times", n)
	}
	// Somebody who logs in without leaving the page goes on.
	g.forget()
	browsertest.JS[bool](p, `window.api = gate401.client({ onLoginRequired: async () => { await fetch('/says/200'); await login(); return true } }), window.login = () => new Promise(done => { window.done = done }), true`)
	browsertest.JS[bool](p, `window.all = `+all+`, true`)
	p.Wait(`window.done`)
	g.set(func() { g.in = true })
	if got := browsertest.JS[string](p, `(done(), all)`); got != "200" {
		t.Errorf("after a login in the page: %s", got)
	}
	// Who says nothing is led to the login page, and back.
	browsertest.JS[bool](p, `gate401.client().logout().then(() => true)`)
	browsertest.JS[bool](p, `gate401.client().fetch('/session/orders') && true`)
	p.Wait(`location.pathname == '/auth/login'`)
	if got := browsertest.JS[string](p, `new URLSearchParams(location.search).get('return_to')`); got != "/page?a=b" {
		t.Errorf("it would lead back to %s", got)
	}
}

func testAborted(t *testing.T, b *browsertest.Browser) {
	g := newGate(t)
	p := loggedIn(t, b, g)
	browsertest.JS[bool](p, mine+`api.handleRedirect()`)
	g.over()
	g.forget()
	late := make(chan struct{})
	g.set(func() { g.late = late })
	browsertest.JS[bool](p, `window.stop = new AbortController(), window.one = api.fetch('/orders', { signal: stop.signal }).catch(e => e.name), window.two = api.fetch('/orders').then(r => '' + r.status), true`)
	for g.count("/auth/token") == 0 {
		browsertest.JS[bool](p, `true`)
	}
	if got := browsertest.JS[string](p, `(stop.abort(), one)`); got != "AbortError" {
		t.Errorf("the one that was given up: %s", got)
	}
	close(late)
	if got := browsertest.JS[string](p, `two`); got != "200" || g.count("/auth/token") != 1 {
		t.Errorf("the other one: %s, %d refreshes", got, g.count("/auth/token"))
	}
	if got := browsertest.JS[string](p, `api.fetch('/orders', { signal: AbortSignal.abort() }).catch(e => e.name)`); got != "AbortError" {
		t.Errorf("given up before it began: %s", got)
	}
}

func testModule(t *testing.T, b *browsertest.Browser) {
	g, p := newGate(t), b.Tab(t)
	p.Open(g.URL + "/module")
	p.Wait(`window.found`)
	if got := browsertest.JS[string](p, `found`); got != "function,RepeatError,undefined" {
		t.Error(got)
	}
	p.Clean(g.URL)
}

func testWrongLogin(t *testing.T, b *browsertest.Browser) {
	g := newGate(t)
	for scope, want := range map[string]string{"denied": "access_denied", "mixed-up": "This login was not begun here.", "forged": "This login was not begun here."} {
		p := b.Tab(t)
		p.Open(g.URL + "/page")
		browsertest.JS[bool](p, `gate401.client({ clientId: 'shop', scope: '`+scope+`' }).login() && true`)
		p.Wait(`location.search.includes('state=') && window.gate401`)
		if got := browsertest.JS[string](p, `gate401.client({ clientId: 'shop' }).handleRedirect().catch(e => e.message)`); got != want {
			t.Errorf("%s: %s", scope, got)
		}
		if got := browsertest.JS[string](p, `location.search`); got != "" {
			t.Errorf("%s: in the address there is %s", scope, got)
		}
	}
	if n := g.count("/auth/token"); n != 0 {
		t.Errorf("%d codes were exchanged", n)
	}
}
