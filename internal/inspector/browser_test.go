package inspector_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gate401/gate401/internal/inspector"
	"github.com/gate401/gate401/web/browsertest"
)

// TestBrowser owns the one browser that all of its parts use.
func TestBrowser(t *testing.T) {
	b := browsertest.Start(t)
	s := httptest.NewServer(inspector.Handler{})
	t.Cleanup(s.Close)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *browsertest.Browser, string)
	}{
		{"look", testLook},
		{"no request", testNoRequest},
		{"findings", testFindings},
		{"fields", testFields},
		{"verdicts", testVerdicts},
		{"signatures", testSignatures},
		{"inputs", testInputs},
		{"clocks", testClocks},
		{"report", testReport},
		{"no cryptography", testNoCrypto},
		{"keyboard", testKeyboard},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, b, s.URL) })
	}
}

func testLook(t *testing.T, b *browsertest.Browser, url string) {
	p := b.Tab(t)
	if status := p.Open(url + "/auth/inspect"); status != 200 {
		t.Fatal(status)
	}
	p.Look("empty")
	p.Click("#example")
	p.Wait(`document.querySelector(".verdict-box.good")`)
	p.Look("good")
	p.Fill("aud", "billing/")
	p.Wait(`document.querySelector("[data-cause='token-audience-wrong']")`)
	p.Look("audience")
	p.Fill("input", "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4IiwgImV4cCI6MTYwMDAwMDAwMCwic3ViIjoiYWxpY2UifQ=.MEUCIQ")
	p.Wait(`document.querySelector("[data-cause='token-malformed']")`)
	p.Look("malformed")
	p.Fill("input", "Authorization: Basic dTpw")
	p.Wait(`document.querySelector("#basic")`)
	p.Look("basic")
	p.Fill("input", "g401_live_abc")
	p.Fill("key", "a short secret")
	p.Wait(`document.querySelector("[data-cause='api-key-malformed']")`)
	p.Look("key")
	for _, line := range p.Console() {
		t.Error(line)
	}
}

// testNoCrypto is a page from a plain http address: browsers give it no
// cryptography, and it must say so instead of judging.
func testNoCrypto(t *testing.T, b *browsertest.Browser, url string) {
	p := b.Tab(t)
	browsertest.Call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `Object.defineProperty(globalThis, "crypto", {value: {}})`})
	p.Open(url)
	p.Fill("input", jwt(`{"alg":"HS256"}`, `{"iss":"i","aud":"a","exp":4102444800}`))
	p.Fill("key", "0123456789abcdef0123456789abcdef")
	p.Wait(`document.querySelector("tr[data-step=Signature]").dataset.state === "unknown"`)
	p.Wait(`document.querySelector("tr[data-step=Signature]").textContent.includes("only over https")`)
	p.Wait(`document.querySelector("[data-cause=none]")`)
}

// testKeyboard works without a pointer: the field has the focus, and everything
// else is in reach of the Tab key, in the order in which it is read.
func testKeyboard(t *testing.T, b *browsertest.Browser, url string) {
	p := b.Tab(t)
	p.Open(url)
	p.Wait(`document.activeElement.id === "input"`)
	var order []string
	for range 8 {
		order = append(order, browsertest.JS[string](p, `document.activeElement.id`))
		p.Do(chromedp.KeyEvent(kb.Tab))
	}
	if got, want := strings.Join(order, " "), "input example clear iss aud key date"; !strings.HasPrefix(got, want) {
		t.Errorf("the order is %s, want %s", got, want)
	}
}
