package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gate401/gate401/web/browsertest"
)

func testGuide(t *testing.T, b *chromium) {
	p := b.Tab(t)
	guide := b.gate + "/auth/problems/"
	if status := p.Open(guide); status != 200 {
		t.Fatalf("%d", status)
	}
	headings(t, p)
	all := browsertest.JS[int](p, `document.querySelectorAll(".reasons li").length`)
	if all < 40 {
		t.Errorf("only %d reasons", all)
	}
	const visible = `[...document.querySelectorAll(".reasons li")].filter((li) => li.offsetParent !== null)`
	p.Do(chromedp.SendKeys(chromedp.ID("filter-text"), "audience wrong"))
	if got := browsertest.JS[[]string](p, visible+`.map((li) => li.querySelector(".code").textContent)`); len(got) != 1 || got[0] != "token-audience-wrong" {
		t.Errorf("found %v", got)
	}
	if got := browsertest.JS[string](p, `location.search + document.getElementById("filter-said").textContent`); !strings.HasPrefix(got, "?q=audience+wrong1 of ") {
		t.Errorf("said %q", got)
	}
	// The address with the search leads to what was found.
	p.Open(browsertest.JS[string](p, `location.href`))
	if got := browsertest.JS[int](p, visible+`.length`); got != 1 {
		t.Errorf("%d found by the address", got)
	}
	p.Do(chromedp.Focus(chromedp.ID("filter-text")), chromedp.KeyEvent(kb.Escape))
	p.Wait(visible + `.length === document.querySelectorAll(".reasons li").length`)

	for _, code := range []string{"token-expired", "credentials-invalid", "password-wrong"} {
		if status := p.Open(guide + code); status != 200 {
			t.Errorf("%s: %d", code, status)
		}
		headings(t, p)
		if got := browsertest.JS[[]string](p, `[...document.querySelectorAll("h2")].map((h) => h.textContent)`); strings.Join(got, "|") !=
			"What happened|What to do|Should the client try again?|How the answer looks|Where it is written|Related reasons" {
			t.Errorf("%s: %v", code, got)
		}
	}
	p.Clean(b.gate)
	if status := p.Open(guide + "token-expird"); status != 404 || !browsertest.JS[bool](p, `document.querySelector("main a[href$='/token-expired']") !== null`) {
		t.Errorf("a misspelt reason: %d", status)
	}
}

// headings demands one h1 and no level left out.
func headings(t *testing.T, p *browsertest.Tab) {
	t.Helper()
	levels := browsertest.JS[[]int](p, `[...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((h) => Number(h.localName[1]))`)
	above, first := 0, 0
	for _, level := range levels {
		if level == 1 {
			first++
		}
		if level > above+1 {
			t.Errorf("a heading of level %d below one of %d", level, above)
		}
		above = level
	}
	if first != 1 {
		t.Errorf("%d headings of level 1", first)
	}
}

// Every address that a page names is there, and so is the part of it that is named.
func testGuideLinks(t *testing.T, b *chromium) {
	type page struct{ text, from string }
	links := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	pages := map[string]*page{} // by address without fragment
	var crawl func(from, to string)
	crawl = func(from, to string) {
		base, err := url.Parse(from)
		if err != nil {
			t.Fatal(err)
		}
		u, err := base.Parse(strings.ReplaceAll(to, "&amp;", "&"))
		if err != nil {
			t.Errorf("%s names %q: %v", from, to, err)
			return
		}
		fragment := u.Fragment
		u.Fragment = ""
		if !strings.HasPrefix(u.String(), b.gate) || strings.HasPrefix(u.Path, "/demo/try") {
			return // somebody else's, or a form
		}
		seen := pages[u.String()]
		if seen == nil {
			res, text := get(t, u.String(), map[string]string{"Accept": "text/html"})
			// A page that wants a login is the page to log in at.
			login := res.StatusCode == 401 && strings.Contains(text, `name="password"`)
			if res.StatusCode != 200 && !login {
				t.Errorf("%s names %s: %d", from, u, res.StatusCode)
			}
			seen = &page{text: text, from: from}
			pages[u.String()] = seen
			if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
				for _, m := range links.FindAllStringSubmatch(text, -1) {
					crawl(u.String(), m[1])
				}
			}
		}
		if fragment != "" && !strings.Contains(seen.text, `id="`+fragment+`"`) {
			t.Errorf("%s names %s#%s, and there is no such part", from, u, fragment)
		}
	}
	crawl(b.gate+"/", "/auth/problems/")
	crawl(b.gate+"/", "/")
	if len(pages) < 100 {
		t.Errorf("only %d addresses were found", len(pages))
	}
}
