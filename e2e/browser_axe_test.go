package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Every kind of page meets WCAG 2.2 AA as far as a program can tell, in both
// colour schemes, on a phone and on a desktop, and never scrolls sideways.
func testAccessibility(t *testing.T, b *chromium) {
	axe := axeSource(t)
	p := b.tab(t)
	p.answerDialog(fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth})
	expand := func(p *tab) {
		p.do(chromedp.Click(chromedp.CSS("#token-expired form[data-try] button")), chromedp.Click(chromedp.CSS("#credentials summary")))
		p.wait(`document.querySelector("#token-expired .result[open]")`)
	}
	for _, x := range []struct {
		name, path string
		prepare    func(*tab)
	}{
		{"demo", "/", func(*tab) {}},
		{"result", "/#token-expired", expand},
		{"guide", "/auth/problems/", func(*tab) {}},
		{"reason", "/auth/problems/token-expired", func(*tab) {}},
		{"masked-reason", "/auth/problems/password-wrong", func(*tab) {}},
		{"unknown-reason", "/auth/problems/token-expird", func(*tab) {}},
		{"refusal", "/orders", func(*tab) {}},
	} {
		t.Run(x.name, func(t *testing.T) {
			p := p.in(t)
			p.size(desktop)
			p.open("about:blank")
			p.open(b.gate + x.path)
			x.prepare(p)
			js[chromedp.Void](p, axe)
			for _, s := range []size{phone, desktop} {
				for _, scheme := range []string{"light", "dark"} {
					p.size(s)
					p.scheme(scheme)
					for _, violation := range js[[]string](p, axeRun) {
						t.Errorf("%s, %s: %s", s.name, scheme, violation)
					}
					wide := js[[]string](p, `document.scrollingElement.scrollWidth <= innerWidth ? [] :
						[...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML.slice(0, 120))`)
					if len(wide) > 0 {
						t.Errorf("%s: wider than the window: %s", s.name, strings.Join(wide, "\n"))
					}
					p.picture(x.name + "-" + s.name + "-" + scheme)
				}
			}
		})
	}
}

// axeRun says each violation with the elements that it was found in.
const axeRun = `axe.run(document, {
	runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}, resultTypes: ["violations"],
}).then((r) => {
	if (r.passes.length < 5) return ["axe looked at nothing"];
	return r.violations.map((v) => v.id + ": " + v.help + "\n" + v.nodes.map((n) => n.html + "\n" + n.failureSummary).join("\n"));
})`

// picture keeps a screenshot for a person to look at, where GATE401_PICTURES
// names a directory.
func (p *tab) picture(name string) {
	dir := os.Getenv("GATE401_PICTURES")
	if dir == "" {
		return
	}
	whole := true
	shot := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &whole})
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot.Data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
