//go:build linux

package account_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/web/browsertest"
)

// A person goes through all of the account with a browser.
func TestAccount(t *testing.T) {
	g := start(t)
	browser := browsertest.Start(t)
	tab := browser.Tab(t)

	if status := tab.Open(g.url + "/auth/account"); status != http.StatusUnauthorized {
		t.Fatalf("before the login: %d", status)
	}
	login(tab, password)
	want(t, tab, "/auth/account", "Your account")

	// A key: shown once, good, replaced with an overlap, revoked.
	tab.Submit(`a[href="/auth/account/keys/new"]`)
	want(t, tab, "/auth/account/keys/new", "A new API key")
	tab.Look("account-key-new")
	tab.Fill("name", "backup script")
	tab.Click(`input[name="scope"]`)
	tab.Submit("button.first")
	want(t, tab, "/auth/account/keys/new", "Your new API key")
	tab.Look("account-key-made")
	key := shown(tab)
	if got := g.status(t, key); got != "200" {
		t.Errorf("the new key: %s", got)
	}
	tab.Open(g.url + "/auth/account")
	if text := browsertest.JS[string](tab, "document.documentElement.outerHTML"); strings.Contains(text, key) {
		t.Error("the key is shown again")
	}
	tab.Submit(`a[href^="/auth/account/keys/replace"]`)
	tab.Look("account-key-replace")
	tab.Submit("button.first")
	want(t, tab, "/auth/account/keys/replace", "Your replaced API key")
	next := shown(tab)
	if a, b := g.status(t, key), g.status(t, next); a != "200" || b != "200" || key == next {
		t.Errorf("while they overlap: %s, %s", a, b)
	}

	// Another browser, and a changed password that ends it.
	other := browser.Tab(t)
	other.Open(g.url + "/auth/account")
	login(other, password)
	tab.Open(g.url + "/auth/account")
	tab.Look("account-overview")
	for range 2 {
		tab.Click("details.sure summary")
		tab.Submit(`form[action$="/keys/revoke"] button`)
		want(t, tab, "/auth/account", "Your account")
	}
	if a, b := g.status(t, key), g.status(t, next); a != "401" || b != "401" {
		t.Errorf("revoked: %s, %s", a, b)
	}
	tab.Submit(`a[href="/auth/account/password"]`)
	want(t, tab, "/auth/account/password", "Change your password")
	tab.Fill("present", "not this one")
	tab.Fill("next", another)
	tab.Submit("main button.first")
	tab.Look("account-password-wrong")
	tab.Fill("present", password)
	tab.Fill("next", another)
	tab.Submit("main button.first")
	want(t, tab, "/auth/account", "Your account")
	if status := other.Open(g.url + "/auth/account"); status != http.StatusUnauthorized {
		t.Errorf("the other browser, after the password was changed: %d", status)
	}
	login(other, password)
	if h := heading(other); h == "Your account" {
		t.Error("the old password lets in")
	}
	login(other, another)
	want(t, other, "/auth/account", "Your account")

	// One browser logs the other one out.
	tab.Open(g.url + "/auth/account")
	tab.Submit(`form[action$="/sessions/end"] button`)
	if status := other.Open(g.url + "/orders"); status != http.StatusUnauthorized {
		t.Errorf("the other browser, after it was logged out: %d", status)
	}
	if status := tab.Open(g.url + "/orders"); status != http.StatusOK {
		t.Errorf("this browser: %d", status)
	}
	clean(t, tab, g.url)
}

// A login that is too old is asked for again, at the page itself, and leads back to
// it; what takes away is not held up.
func TestOldLogin(t *testing.T) {
	g := start(t)
	tab := browsertest.Start(t).Tab(t)
	tab.Open(g.url + "/auth/account")
	login(tab, password)
	want(t, tab, "/auth/account", "Your account")
	g.age(t, 16*time.Minute)
	const page = "/auth/account/keys/new"
	for deadline := time.Now().Add(program.Patience); tab.Open(g.url+page) != http.StatusUnauthorized; {
		if time.Now().After(deadline) {
			t.Fatal("an old login is not asked for again")
		}
	}
	if p := at(tab); p != page {
		t.Errorf("asked at %s", p)
	}
	tab.Look("account-again")
	if status := tab.Open(g.url + "/auth/account"); status != http.StatusOK {
		t.Errorf("the page that only shows: %d", status)
	}
	tab.Open(g.url + page)
	tab.Fill("password", password)
	tab.Submit("form[data-login] button.first")
	want(t, tab, page, "A new API key")

	g.age(t, 24*time.Hour)
	tab.Open(g.url + "/auth/account")
	tab.Submit(`form[action$="/everywhere"] button`)
	want(t, tab, "/auth/account/everywhere", "You are logged out everywhere")
	tab.Look("account-everywhere")
	if status := tab.Open(g.url + "/auth/account"); status != http.StatusUnauthorized {
		t.Errorf("afterwards: %d", status)
	}
	clean(t, tab, g.url)
}

// Two-step login from the picture to a login with a recovery code.
func TestTwoSteps(t *testing.T) {
	g := start(t)
	browser := browsertest.Start(t)
	tab := browser.Tab(t)
	tab.Open(g.url + "/auth/account/two-step")
	login(tab, password)
	want(t, tab, "/auth/account/two-step", "Two-step login")
	tab.Look("account-two-step-off")
	tab.Submit("button.first")
	tab.Look("account-two-step-setup")
	secret := browsertest.JS[string](tab, `document.querySelector("details code").textContent`)
	tab.Fill("confirm", "000000")
	tab.Submit("li button.first")
	want(t, tab, "/auth/account/two-step/confirm", "Two-step login")
	tab.Fill("confirm", code(t, secret, 0))
	tab.Submit("li button.first")
	want(t, tab, "/auth/account/two-step/confirm", "Two-step login is on")
	tab.Look("account-recovery")
	codes := strings.Fields(shown(tab))
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}

	// The password alone does not let in; a code does, once.
	// That of the next step, which is good for longer than any of this takes.
	used := code(t, secret, 1)
	for i, tt := range []struct {
		field, value string
		in           bool
	}{{"code", used, true}, {"code", used, false}, {"recovery", codes[0], true}, {"recovery", codes[0], false}} {
		other := browser.Tab(t)
		other.Open(g.url + "/auth/account")
		login(other, another)
		if browsertest.JS[bool](other, `!!document.getElementById("code")`) {
			t.Fatal("asked for a code after a wrong password")
		}
		login(other, password)
		if tt.field == "recovery" {
			other.Click("summary")
		}
		other.Fill(tt.field, tt.value)
		other.Submit("form:has(#" + tt.field + ") button")
		if in := heading(other) == "Your account"; in != tt.in {
			t.Errorf("login %d, by %s: in %v, want %v: %s", i, tt.field, in, tt.in, heading(other))
		}
	}

	// Off only with a code, and then the password alone lets in.
	tab.Open(g.url + "/auth/account/two-step")
	tab.Look("account-two-step-on")
	tab.Click(`details:has(form[action$="/off"]) summary`)
	tab.Fill("code-off", used)
	tab.Submit(`form[action$="/off"] button`)
	want(t, tab, "/auth/account/two-step/off", "Two-step login")
	tab.Look("account-two-step-wrong")
	tab.Fill("code-off", codes[1])
	tab.Submit(`form[action$="/off"] button`)
	want(t, tab, "/auth/account", "Your account")
	other := browser.Tab(t)
	other.Open(g.url + "/auth/account")
	login(other, password)
	want(t, other, "/auth/account", "Your account")
	clean(t, tab, g.url)
}

// A forgotten password is set by a link, whose secret no log has.
func TestLink(t *testing.T) {
	g := start(t)
	browser := browsertest.Start(t)
	inside := browser.Tab(t)
	inside.Open(g.url + "/auth/account")
	login(inside, password)
	want(t, inside, "/auth/account", "Your account")

	link, secret := g.link(t)
	tab := browser.Tab(t)
	tab.Open(g.url + "/auth/link")
	tab.Look("account-link-paste")
	tab.Open("about:blank")
	tab.Open(link)
	tab.Do(chromedp.WaitReady(chromedp.CSS("#next")))
	if where := browsertest.JS[string](tab, "location.href"); where != g.url+"/auth/link" {
		t.Errorf("the address bar says %s", strings.ReplaceAll(where, secret, "THE SECRET"))
	}
	tab.Look("account-link")
	tab.Fill("next", another)
	tab.Submit("main button.first")
	want(t, tab, "/auth/link", "Your password is set")
	tab.Look("account-link-used")
	if status := inside.Open(g.url + "/auth/account"); status != http.StatusUnauthorized {
		t.Errorf("who was logged in: %d", status)
	}
	tab.Submit("main a.button")
	login(tab, another)
	want(t, tab, "/auth/account", "Your account")
	clean(t, tab, g.url)
	for _, asked := range tab.Requests() {
		if strings.Contains(asked, secret) {
			t.Error("the secret was sent in an address")
		}
	}
	if err := g.Stop(); err != nil {
		t.Error(err)
	}
	if strings.Contains(g.Stderr.String()+g.Stdout.String(), secret) {
		t.Error("the secret is in the log")
	}
}

// Who must have a second factor and has none cannot log in, and sets it up by a
// link.
func TestLinkWithSecondFactor(t *testing.T) {
	g := start(t, "login: {second_factor_groups: [staff]}")
	tab := browsertest.Start(t).Tab(t)
	tab.Open(g.url + "/auth/account")
	login(tab, password)
	if h := heading(tab); h == "Your account" {
		t.Fatal("the password alone lets in")
	}
	link, _ := g.link(t)
	tab.Open(link)
	tab.Do(chromedp.WaitReady(chromedp.CSS("#factor")))
	tab.Look("account-link-factor")
	secret := browsertest.JS[string](tab, `document.querySelector("details code").textContent`)
	tab.Fill("next", another)
	tab.Fill("factor", code(t, secret, 0))
	tab.Submit("main button.first")
	want(t, tab, "/auth/link", "Your password is set")
	tab.Look("account-link-recovery")
	tab.Submit("main a.button")
	login(tab, another)
	tab.Fill("code", code(t, secret, 1))
	tab.Submit("form:has(#code) button")
	want(t, tab, "/auth/account", "Your account")
	tab.Open(g.url + "/auth/account/two-step")
	tab.Look("account-two-step-must")
	if browsertest.JS[bool](tab, `!!document.querySelector('form[action$="/off"]')`) {
		t.Error("it can be switched off")
	}
	clean(t, tab, g.url)
}

// Without scripts the link is pasted; it is good once.
func TestLinkWithoutScripts(t *testing.T) {
	g := start(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	defer client.CloseIdleConnections()
	post := func(fields url.Values) (int, string) {
		t.Helper()
		resp, err := client.PostForm(g.url+"/auth/link", fields)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	pasted, _ := g.link(t)
	for _, tt := range []struct {
		name   string
		fields url.Values
		status int
		says   string
	}{
		{"cut off", url.Values{"code": {pasted[:len(pasted)-1]}}, http.StatusUnprocessableEntity, "There is no such link"},
		{"pasted", url.Values{"code": {pasted}}, http.StatusOK, "For the account <strong>alice</strong>"},
		{"weak", url.Values{"code": {pasted}, "next": {"short"}}, http.StatusUnprocessableEntity, "Choose another one: it has 5 characters"},
		{"good", url.Values{"code": {pasted}, "next": {another}}, http.StatusOK, "The link is used up"},
		{"again", url.Values{"code": {pasted}, "next": {another + "!"}}, http.StatusGone, "used already"},
	} {
		status, body := post(tt.fields)
		if status != tt.status || !strings.Contains(body, tt.says) {
			t.Errorf("%s: %d, want %d and %q\n%s", tt.name, status, tt.status, tt.says, body)
		}
	}
}
