package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	"github.com/gate401/gate401/web/browsertest"
)

// Every kind of page meets WCAG 2.2 AA as far as a program can tell, in both
// colour schemes, on a phone and on a desktop, and never scrolls sideways.
func testAccessibility(t *testing.T, b *chromium) {
	p := b.Tab(t)
	p.AnswerDialog(fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth})
	expand := func(p *browsertest.Tab) {
		p.Do(chromedp.Click(chromedp.CSS("#token-expired form[data-try] button")), chromedp.Click(chromedp.CSS("#credentials summary")))
		p.Wait(`document.querySelector("#token-expired .result[open]")`)
	}
	for _, x := range []struct {
		name, path string
		prepare    func(*browsertest.Tab)
	}{
		{"demo", "/", func(*browsertest.Tab) {}},
		{"result", "/#token-expired", expand},
		{"guide", "/auth/problems/", func(*browsertest.Tab) {}},
		{"reason", "/auth/problems/token-expired", func(*browsertest.Tab) {}},
		{"masked-reason", "/auth/problems/password-wrong", func(*browsertest.Tab) {}},
		{"unknown-reason", "/auth/problems/token-expird", func(*browsertest.Tab) {}},
		{"refusal", "/orders", func(*browsertest.Tab) {}},
	} {
		t.Run(x.name, func(t *testing.T) {
			p := p.In(t)
			p.Size(browsertest.Desktop)
			p.Open("about:blank")
			p.Open(b.gate + x.path)
			x.prepare(p)
			p.Look(x.name)
		})
	}
}
