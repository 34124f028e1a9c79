package consent_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/web/browsertest"
)

// TestBrowser is what a person sees and does, in one browser.
func TestBrowser(t *testing.T) {
	b := browsertest.Start(t)
	h := open(t)
	// The program that asks, at an origin of its own.
	client := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!DOCTYPE html><html lang="en"><title>The program</title><main><h1 id="back">Back</h1></main>`))
	}))
	t.Cleanup(client.Close)
	c := store.Client{
		ID: "wordy", Name: "A program with " + strings.Repeat("averylongname", 8), Registered: true, Method: "none",
		RedirectURIs: []string{"https://" + strings.Repeat("long.", 20) + "example/cb"}, Grants: []string{"authorization_code", "refresh_token"},
		Scopes: []string{"openid", "profile", "offline_access", "orders:read", "orders:write"},
	}
	if _, err := h.set.Clients.CreateClient(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	h.end.Words = map[string]string{"orders:read": "Read your orders"}
	h.end.Realm = "orders"
	request := h.server.URL + "/auth/authorize?" + params("client_id", "cli", "redirect_uri", client.URL+"/cb").Encode()
	p := b.Tab(t)
	p.Open(h.server.URL + "/test/login?as=alice")

	for name, in := range map[string]string{
		"consent":       request,
		"consent-wordy": h.server.URL + "/auth/authorize?" + params("client_id", "wordy", "redirect_uri", c.RedirectURIs[0], "scope", strings.Join(c.Scopes, " ")).Encode(),
		"sorry":         h.server.URL + "/auth/authorize?" + params("client_id", "nobody").Encode(),
		"device":        h.server.URL + "/auth/device",
	} {
		p.Open(in)
		p.Look(name)
		p.Size(browsertest.Size{Name: "narrow", Width: 320, Height: 568, Mobile: true})
		if browsertest.JS[bool](p, `document.scrollingElement.scrollWidth > innerWidth`) {
			t.Errorf("%s is wider than 320 px", name)
		}
		if n := browsertest.JS[int](p, `document.scripts.length`); n != 0 {
			t.Errorf("%s has %d scripts", name, n)
		}
		p.Size(browsertest.Desktop)
	}

	// The answer leads to another origin, which the policy of the page must allow;
	// a browser holds forms to it on the way.
	p.Open(request)
	p.Submit(`button[value=allow]`)
	if to := browsertest.JS[string](p, `location.href`); !strings.HasPrefix(to, client.URL+"/cb?code=") || !strings.Contains(to, "state=xyz") {
		t.Errorf("allowed, the browser is at %s", to)
	}
	if from := browsertest.JS[string](p, `document.referrer`); from != "" {
		t.Errorf("the program is told where the person was: %s", from)
	}
	// Back, and once more: the page asks again, and leads on again.
	browsertest.JS[bool](p, `history.back(), true`)
	arrive(t, p, `!!document.querySelector("button[value=cancel]")`)
	// As the page does it: out of the browser's memory, the tools do not find it.
	browsertest.JS[bool](p, `document.querySelector("button[value=cancel]").click(), true`)
	arrive(t, p, `location.href.includes("error=")`)
	if to := browsertest.JS[string](p, `location.href`); !strings.HasPrefix(to, client.URL+"/cb?error=access_denied") {
		t.Errorf("cancelled, the browser is at %s", to)
	}
	// By the keyboard alone: past the link that skips, to the first button.
	p.Open(request)
	p.Do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab))
	if on := browsertest.JS[string](p, `document.activeElement.value || document.activeElement.outerHTML`); on != "allow" {
		t.Errorf("after two steps the focus is on %s", on)
	}
	// A form elsewhere that posts what the page would: the browser tells where it
	// comes from, and sends no cookie along.
	browsertest.Call(p, cdp.SetBypassCSP, cdp.SetBypassCSPParams{Enabled: true})
	p.Open(client.URL)
	browsertest.JS[bool](p, `(() => {
		const f = document.createElement("form");
		f.method = "post"; f.action = `+browsertest.Quoted(h.server.URL+"/auth/authorize/consent")+`;
		f.innerHTML = '<input name="answer" value="allow"><input name="request" value="x">';
		document.body.append(f); f.submit(); return true;
	})()`)
	arrive(t, p, `document.body.textContent.includes("came from another site")`)
	browsertest.Call(p, cdp.SetBypassCSP, cdp.SetBypassCSPParams{Enabled: false})

	code, poll := h.device("orders:read")
	p.Open(h.server.URL + "/auth/device?user_code=BCDF-GHJK")
	p.Submit("button")
	p.Look("device-wrong")
	p.Open(h.server.URL + "/auth/device?user_code=" + code)
	p.Submit("button")
	p.Look("device-question")
	p.Submit(`button[value=allow]`)
	p.Look("device-done")
	if got := poll(); got != "access_token" {
		t.Errorf("the device gets %s", got)
	}
}

// arrive waits for a page that the browser is on its way to: what is asked of the
// one before it may get no answer.
func arrive(t *testing.T, p *browsertest.Tab, expression string) {
	t.Helper()
	for range 6000 {
		there, err := chromedp.Run(p.Context(), chromedp.Evaluate[bool](expression))
		if err == nil && there {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("never true: %s", expression)
}
