package inspector_test

import (
	"net/http/httptest"
	"testing"

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
