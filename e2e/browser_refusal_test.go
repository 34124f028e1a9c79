package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/fetch"

	"github.com/gate401/gate401/web/browsertest"
)

// A person who opens a protected address, and closes the dialog, gets a page to read.
func testRefusalPage(t *testing.T, b *chromium) {
	p := b.Tab(t)
	dialogs := p.AnswerDialog(fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth})
	if status := p.Open(b.gate + "/orders"); status != 401 {
		t.Errorf("%d", status)
	}
	if dialogs() != 1 {
		t.Errorf("the dialog opened %d times", dialogs())
	}
	got := browsertest.JS[struct{ Type, H1, Text, Lang, Link string }](p, `({
		type: document.contentType, h1: document.querySelector("h1").textContent, text: document.body.innerText,
		lang: document.documentElement.lang, link: document.querySelector("a").href,
	})`)
	if got.Type != "text/html" || got.Lang != "en" || got.H1 == "" || !strings.Contains(got.Text, "credentials-missing") {
		t.Errorf("%+v", got)
	}
	id := browsertest.JS[string](p, `[...document.querySelectorAll("dd code")].at(-1).textContent`)
	if line := b.process.decision(id); line["reason"] != "credentials-missing" {
		t.Errorf("the request id on the page leads to %v", line)
	}
	if status := p.Open(got.Link); status != 200 || !strings.HasPrefix(got.Link, b.gate+"/auth/problems/credentials-missing") {
		t.Errorf("%s: %d", got.Link, status)
	}
	for _, line := range p.Console() {
		// The browser itself notes every 401.
		if !strings.Contains(line, "status of 401") {
			t.Errorf("in the console: %s", line)
		}
	}
}

// A name and password given in the browser's own dialog are let through.
func testBasicDialog(t *testing.T, b *chromium) {
	alice := b.demo.People[0]
	p := b.Tab(t)
	dialogs := p.AnswerDialog(fetch.AuthChallengeResponse{
		Response: fetch.AuthChallengeResponseResponseProvideCredentials, Username: alice.Name, Password: alice.Password,
	})
	if status := p.Open(b.gate + "/orders"); status != 200 {
		t.Errorf("%d", status)
	}
	if dialogs() != 1 {
		t.Errorf("the dialog opened %d times", dialogs())
	}
	if got := browsertest.JS[string](p, `document.body.textContent`); !strings.Contains(got, `"orders"`) {
		t.Errorf("got %s", got)
	}
}

// answerOf is what a script sees of fetch.
type answerOf struct {
	Failed, Type, Challenge, Code, ID, By string
	Status                                int
}

// fetched is fetch() with these options, in the page.
func fetched(p *browsertest.Tab, url, options string) answerOf {
	return browsertest.JS[answerOf](p, `fetch(`+browsertest.Quoted(url)+`, `+options+`).then(async (r) => ({
		status: r.status, type: r.headers.get("Content-Type") ?? "", challenge: r.headers.get("WWW-Authenticate") ?? "",
		id: r.headers.get("X-Request-Id") ?? "", by: r.headers.get("Gate401-Refused-By") ?? "", code: (await r.json()).code ?? "",
	}), (e) => ({failed: e.name}))`)
}

// A script never gets a page, and can read why it was refused.
func testFetch(t *testing.T, b *chromium) {
	p := b.Tab(t)
	p.Open(b.gate + "/")
	got := fetched(p, "/orders", `{credentials: "omit"}`)
	if got.Status != 401 || got.Type != "application/problem+json" || got.Code != "credentials-missing" || got.By != "gate" ||
		!strings.Contains(got.Challenge, `Bearer realm="orders"`) || !strings.Contains(got.Challenge, "Basic") {
		t.Errorf("%+v", got)
	}
	if got := fetched(p, "/orders", `{headers: {Authorization: "Bearer `+b.demo.Tokens["valid"]+`"}}`); got.Status != 200 {
		t.Errorf("with a token: %+v", got)
	}
	got = fetched(p, "/orders", `{credentials: "omit", headers: {Authorization: "Bearer `+b.demo.Tokens["expired"]+`"}}`)
	if got.Status != 401 || got.Code != "token-expired" || !strings.Contains(got.Challenge, `error="invalid_token"`) {
		t.Errorf("with an expired token: %+v", got)
	}
}

// A page of a listed origin may use the API and read its refusals; a page of
// any other origin learns nothing.
func testOtherOrigins(t *testing.T, b *chromium) {
	url := b.gate + "/orders"
	bearer := func(kind string) string {
		return `{credentials: "omit", headers: {Authorization: "Bearer ` + b.demo.Tokens[kind] + `"}}`
	}
	for _, x := range []struct {
		name, origin, options string
		failed                bool
		status                int
		code                  string
	}{
		{"listed, nothing", listedOrigin, `{credentials: "omit"}`, false, 401, "credentials-missing"},
		{"listed, token after a preflight", listedOrigin, bearer("valid"), false, 200, ""},
		{"listed, expired token", listedOrigin, bearer("expired"), false, 401, "token-expired"},
		{"listed, a header that is not allowed", listedOrigin, `{headers: {"X-Other": "1"}}`, true, 0, ""},
		{"listed, with what the browser keeps", listedOrigin, `{credentials: "include"}`, true, 0, ""},
		{"unlisted, nothing", unlistedOrigin, `{credentials: "omit"}`, true, 0, ""},
		{"unlisted, token", unlistedOrigin, bearer("valid"), true, 0, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			p := b.Tab(t)
			if status := p.Open(x.origin + "/"); status != 200 || browsertest.JS[string](p, `location.origin`) != x.origin {
				t.Fatalf("the page of %s: %d", x.origin, status)
			}
			got := fetched(p, url, x.options)
			if x.failed {
				if got.Failed != "TypeError" {
					t.Errorf("a script of %s can read %+v", x.origin, got)
				}
				if said := p.Console(); !strings.Contains(strings.Join(said, "\n"), "CORS policy") {
					t.Errorf("it failed for another reason than CORS: %v", said)
				}
				return
			}
			if got.Status != x.status || got.Code != x.code {
				t.Fatalf("%+v", got)
			}
			if x.status == 401 && (!strings.Contains(got.Challenge, "Bearer") || got.ID == "") {
				t.Errorf("a script cannot read the challenge or the request id: %+v", got)
			}
		})
	}
	// What the browser saw before: the preflight is answered without asking for
	// credentials, which it never carries, and names a listed origin only.
	for _, origin := range []string{listedOrigin, unlistedOrigin} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "GET")
		req.Header.Set("Access-Control-Request-Headers", "authorization")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		want := map[string]string{listedOrigin: listedOrigin}[origin]
		if got := res.Header.Get("Access-Control-Allow-Origin"); res.StatusCode != 204 || got != want || len(res.Header["Www-Authenticate"]) > 0 {
			t.Errorf("the preflight of %s: %d, names %q, challenges %v", origin, res.StatusCode, got, res.Header["Www-Authenticate"])
		}
	}
	// The public part is for any page.
	p := b.Tab(t)
	p.Open(unlistedOrigin + "/")
	if got := fetched(p, b.gate+b.demo.Paths["public"], `{credentials: "omit"}`); got.Status != 200 {
		t.Errorf("public: %+v", got)
	}
}
