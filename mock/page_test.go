package mock_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401/mock"
	"github.com/gate401/gate401/web/browsertest"
)

// The page works on the real mock: it makes an endpoint, which refuses twice,
// and the journal shows it; scenarios are played in place.
func TestPageInBrowser(t *testing.T) {
	handler, err := mock.NewServer(mock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(func() {
		_ = handler.Close()
		s.CloseClientConnections()
		s.Close()
	})
	p := browsertest.Start(t).Tab(t)
	if status := p.Open(s.URL + "/"); status != 200 {
		t.Fatal(status)
	}
	p.Wait(`document.getElementById("live").textContent === "Live"`)
	p.Look("real-start")
	p.Click("#make button[type=submit]")
	p.Wait(`document.querySelector('[data-endpoint] [aria-label="Try /orders"]')`)
	for _, want := range []int{401, 401, 200} {
		res, err := http.Get(s.URL + "/orders")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%d, want %d", res.StatusCode, want)
		}
	}
	p.Wait(`[...document.querySelectorAll(".entry")].map((e) => e.dataset.status).join().startsWith("200,401,401")`)
	if n := browsertest.JS[int](p, `document.querySelectorAll("#scenarios ~ details .row").length`); n != len(mock.Scenarios()) {
		t.Errorf("%d of %d scenarios are listed", n, len(mock.Scenarios()))
	}
	for name, want := range map[string]string{
		"token-expired": `"token-expired"`, "credentials-missing": "Bearer realm",
	} {
		row := "#scenario-" + name
		p.Fill("filter-text", name)
		p.Click(row + " form button")
		p.Wait(`document.querySelector("` + row + ` .wire")`)
		if got := browsertest.JS[string](p, `document.querySelector("`+row+` .outcome").textContent`); !strings.Contains(got, want) {
			t.Errorf("%s: %.600s", name, got)
		}
	}
	p.Fill("filter-text", "")
	browsertest.JS[bool](p, `(document.querySelector("details.family[data-group=challenge]").open = true)`)
	p.Look("real-scenarios")
	browsertest.JS[bool](p, `document.querySelectorAll("details.family").forEach((d) => (d.open = false)) ?? true`)
	testPageSession(p)
	for _, line := range p.Console() {
		if !strings.Contains(line, "Failed to load resource") {
			t.Error(line)
		}
	}
	p.Open("about:blank")
}

// testPageSession lives through a login, an expiry and a refresh by the buttons.
func testPageSession(p *browsertest.Tab) {
	p.Click("#open button[type=submit]")
	p.Wait(`document.querySelector("[data-session]")`)
	press := func(label, shows string) {
		p.Click(`[data-session] [aria-label^="` + label + `:"]`)
		p.Wait(`(() => { const o = document.querySelector("[data-session] .outcome"); return !document.querySelector("[data-session] [aria-busy]") && o.textContent.includes(` + browsertest.Quoted(shows) + `); })()`)
	}
	press("Log in", "access_token")
	press("Call", "200 OK")
	p.Click(`[data-do*="expire-access-tokens"]`)
	p.Wait(`document.querySelector("[data-session] [role=status]").textContent.startsWith("Done")`)
	press("Call", `"token-expired"`)
	press("Refresh", "access_token")
	press("Call", "200 OK")
	p.Look("real-session")
	p.Click(`[data-session] [aria-label^="Show in the journal:"]`)
	p.Wait(`document.querySelectorAll(".entry").length === 5`)
	p.Click(`[data-session] [aria-label^="Close:"]`)
	p.Wait(`!document.querySelector("[data-session]")`)
}
