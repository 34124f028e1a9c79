package e2e

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gate401/gate401/web/browsertest"
)

// A row of the page is tried by its button; what it shows is what was on the wire.
func testDemoPage(t *testing.T, b *chromium) {
	p := b.Tab(t)
	if status := p.Open(b.gate + "/"); status != 200 {
		t.Fatalf("%d", status)
	}
	rows := browsertest.JS[int](p, `document.querySelectorAll("article.row form[data-try] button").length`)
	if rows < 50 {
		t.Errorf("only %d rows", rows)
	}

	t.Run("search", func(t *testing.T) {
		p := p.In(t)
		visible := `[...document.querySelectorAll("article.row")].filter((r) => r.offsetParent !== null)`
		p.Do(chromedp.SendKeys(chromedp.ID("filter-text"), "token expired"))
		if got := browsertest.JS[[]string](p, visible+`.map((r) => r.id)`); strings.Join(got, " ") != "token-expired refresh-token-expired" {
			t.Errorf("found %v", got)
		}
		if got := browsertest.JS[string](p, `document.getElementById("said").textContent`); got != "2 of "+strconv.Itoa(rows)+" rows" {
			t.Errorf("said %q", got)
		}
		p.Do(chromedp.SendKeys(chromedp.ID("filter-text"), " nonsense"))
		if got := browsertest.JS[int](p, visible+`.length + [...document.querySelectorAll(".group")].filter((g) => g.offsetParent !== null).length`); got != 0 {
			t.Errorf("%d rows and groups found for nonsense", got)
		}
		p.Do(chromedp.KeyEvent(kb.Escape))
		p.Wait(visible + `.length === ` + strconv.Itoa(rows))
	})

	for _, x := range []struct {
		id     string
		status int
		// line stands in the response on the wire.
		line string
		// page is where the link to the reason leads; empty for no refusal.
		page string
	}{
		{"header-missing", 401, "WWW-Authenticate: Bearer", "credentials-missing"},
		{"token-expired", 401, `error="invalid_token"`, "token-expired"},
		{"password-wrong", 401, `"code":"credentials-invalid"`, "credentials-invalid"},
		{"path-dots", 400, "Gate401-Reason: request-malformed", "request-malformed"},
		{"preflight-foreign", 204, "Vary: Origin", ""},
		{"basic-right", 200, `"Gate401-Subject":["alice"]`, ""},
	} {
		t.Run(x.id, func(t *testing.T) {
			p := p.In(t)
			row := "#" + x.id
			p.Do(chromedp.Click(chromedp.CSS(row + " form[data-try] button")))
			p.Wait(`document.querySelector("` + row + ` .result[open]")`)
			got := browsertest.JS[struct {
				Badge, Request, Response, Curl, Link, Button, Hash string
				Wires                                              int
			}](p, `(() => {
				const at = (s) => document.querySelector("`+row+` " + s);
				const wires = document.querySelectorAll("`+row+` .wire");
				return {
					badge: at(".badge.good") ? at(".badge").textContent : "bad: " + at(".badge").textContent,
					request: wires[0].textContent, response: wires[1].textContent, wires: wires.length,
					curl: at(".cmd code").textContent, link: at(".verdict a")?.getAttribute("href") ?? "",
					button: at("form button").textContent, hash: location.hash,
				};
			})()`)
			if want := strconv.Itoa(x.status) + " as expected"; got.Badge != want {
				t.Errorf("badge %q, want %q", got.Badge, want)
			}
			if !strings.HasPrefix(got.Response, "HTTP/1.1 "+strconv.Itoa(x.status)+" ") || !strings.Contains(strings.ToLower(got.Response), strings.ToLower(x.line)) {
				t.Errorf("response without %q:\n%s", x.line, got.Response)
			}
			if !strings.Contains(got.Request, "Host: "+strings.TrimPrefix(b.gate, "http://")) || got.Wires != 4 {
				t.Errorf("%d messages; request:\n%s", got.Wires, got.Request)
			}
			if !strings.HasPrefix(got.Curl, "curl ") || !strings.Contains(got.Curl, b.gate) {
				t.Errorf("curl line %q", got.Curl)
			}
			if got.Button != "Try again" || got.Hash != row {
				t.Errorf("button %q, address %q", got.Button, got.Hash)
			}
			if !strings.HasSuffix(got.Link, x.page) || (x.page == "") != (got.Link == "") {
				t.Fatalf("the link leads to %q, want %q", got.Link, x.page)
			}
			if x.page != "" {
				res, text := get(t, got.Link, nil)
				if res.StatusCode != 200 || !strings.Contains(text, "<code>"+x.page+"</code>") {
					t.Errorf("%s: %d", got.Link, res.StatusCode)
				}
			}
		})
	}

	t.Run("copy", func(t *testing.T) {
		p := p.In(t)
		for _, name := range []string{"clipboard-read", "clipboard-write"} {
			if _, err := chromedp.CallBrowser(p.Context(), browser.SetPermission, browser.SetPermissionParams{
				Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted, Origin: b.gate,
				BrowserContextID: chromedp.FromContext(p.Context()).BrowserContextID,
			}); err != nil {
				t.Fatal(err)
			}
		}
		browsertest.Call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		button := `document.querySelector("#token-expired .cmd button")`
		p.Do(chromedp.Click(chromedp.CSS("#token-expired .cmd button")))
		p.Wait(button + `.textContent === "Copied"`)
		if copied, shown := browsertest.JS[string](p, `navigator.clipboard.readText()`), browsertest.JS[string](p, `document.querySelector("#token-expired .cmd code").textContent`); copied != shown {
			t.Errorf("copied %q, shown is %q", copied, shown)
		}
		// What was copied does in a shell what the page says.
		if out := tool(t, browsertest.JS[string](p, `navigator.clipboard.readText()`), "sh"); !strings.Contains(out, "token-expired") {
			t.Errorf("the curl line printed\n%s", out)
		}
	})

	t.Run("unreachable", func(t *testing.T) {
		p := b.Tab(t)
		p.Open(b.gate + "/")
		browsertest.Call(p, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{{URLPattern: b.gate + "/demo/try/*", Block: true}}})
		p.Do(chromedp.Click(chromedp.CSS("#public form[data-try] button")))
		p.Wait(`document.querySelector("#public .outcome .error")?.textContent === "The demo cannot be reached. Is it still running?"`)
	})

	t.Run("deep link", func(t *testing.T) {
		p := b.Tab(t)
		p.Open(b.gate + "/#token-expired")
		p.Wait(`(() => {
			const box = document.querySelector("#token-expired:target").getBoundingClientRect();
			return box.top >= document.querySelector(".demo-bar").getBoundingClientRect().bottom && box.bottom <= innerHeight;
		})()`)
		// A link to a row that the search hides shows it again.
		p.Do(chromedp.SendKeys(chromedp.ID("filter-text"), "slash"))
		p.Wait(`document.getElementById("token-expired").hidden`)
		browsertest.JS[chromedp.Void](p, `location.hash = "#password-wrong"`)
		p.Wait(`!document.getElementById("password-wrong").hidden && document.getElementById("filter-text").value === ""`)
		p.Clean(b.gate)
	})
	p.Clean(b.gate)
}

func testDemoTryAll(t *testing.T, b *chromium) {
	p := b.Tab(t)
	p.Open(b.gate + "/")
	browsertest.JS[chromedp.Void](p, `
		window.seen = [];
		new MutationObserver(() => {
			const bar = document.getElementById("progress");
			if (!bar.hidden) seen.push(bar.value + "/" + bar.max);
		}).observe(document.getElementById("progress"), {attributes: true})`)
	p.Do(chromedp.Click(chromedp.CSS("#all button")))
	p.Wait(`/as expected$/.test(document.getElementById("said").textContent)`)
	got := browsertest.JS[struct {
		Said                string
		Rows, Good, Results int
		Seen                []string
		Hidden              bool
	}](p, `({
		said: document.getElementById("said").textContent, rows: document.querySelectorAll("article.row").length,
		good: document.querySelectorAll(".badge.good").length, results: document.querySelectorAll(".result").length,
		seen, hidden: document.getElementById("progress").hidden,
	})`)
	if got.Rows < 50 || got.Good != got.Rows || got.Results != got.Rows {
		t.Errorf("%d rows, %d results, %d as expected", got.Rows, got.Results, got.Good)
		t.Log(browsertest.JS[[]string](p, `[...document.querySelectorAll("article.row")].filter((r) => !r.querySelector(".badge.good")).map((r) => r.id + ": " + r.querySelector(".outcome").textContent)`))
	}
	if want := strconv.Itoa(got.Rows) + " of " + strconv.Itoa(got.Rows) + " as expected"; got.Said != want {
		t.Errorf("said %q, want %q", got.Said, want)
	}
	if len(got.Seen) < got.Rows/2 || !got.Hidden {
		t.Errorf("progress was shown as %v, hidden at the end: %v", got.Seen, got.Hidden)
	}
	p.Clean(b.gate)
}

// Everything can be reached with Tab and used with Enter, and the focus is seen.
func testDemoKeyboard(t *testing.T, b *chromium) {
	p := b.Tab(t)
	p.Open(b.gate + "/")
	browsertest.Call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	p.Do(chromedp.KeyEvent(kb.Tab))
	if got := browsertest.JS[string](p, `document.activeElement.textContent`); got != "Skip to the content" {
		t.Errorf("the first stop is %q", got)
	}
	p.Do(chromedp.KeyEvent(kb.Enter))
	p.Wait(`location.hash === "#main" && document.activeElement.id === "main"`)
	const focused = `(() => {
		const el = document.activeElement, style = getComputedStyle(el), box = el.getBoundingClientRect();
		return {
			name: el.getAttribute("aria-label") || el.textContent.trim() || el.id,
			outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
			inside: box.top >= 0 && box.bottom <= innerHeight && box.width > 0,
			bare: el.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)),
		};
	})()`
	step := func(options ...chromedp.KeyOption) string {
		p.Do(chromedp.KeyEvent(kb.Tab, options...))
		at := browsertest.JS[struct {
			Name                  string
			Outline, Inside, Bare bool
		}](p, focused)
		if !at.Outline || !at.Inside || !at.Bare {
			t.Errorf("the focus on %q: outline %v, inside the window %v, not covered %v", at.Name, at.Outline, at.Inside, at.Bare)
		}
		return at.Name
	}
	for range 40 {
		if step() != "Try: The header is called X-Authorization" {
			continue
		}
		p.Do(chromedp.KeyEvent(kb.Enter))
		p.Wait(`document.querySelector("#header-prefixed .result[open] .badge.good")`)
		if got := browsertest.JS[string](p, `document.getElementById("said").textContent`); got != "The header is called X-Authorization: 401 as expected" {
			t.Errorf("a screen reader is told %q", got)
		}
		// The focus stays on the button, and the result comes next.
		p.Do(chromedp.KeyEvent(kb.Tab))
		if got := browsertest.JS[string](p, `document.activeElement.localName`); got != "summary" {
			t.Errorf("after the button comes %s", got)
		}
		p.Do(chromedp.KeyEvent(kb.Enter))
		p.Wait(`!document.querySelector("#header-prefixed .result").open`)
		// Upwards, below the bar that stays at the top.
		browsertest.JS[chromedp.Void](p, `document.querySelector("#public form button").focus()`)
		for range 30 {
			step(chromedp.KeyModifiers(chromedp.ModifierShift))
		}
		p.Clean(b.gate)
		return
	}
	t.Error("the button was never reached")
}

// Without scripts the button of a row is a form.
func testDemoWithoutScript(t *testing.T, b *chromium) {
	p := b.Tab(t)
	browsertest.Call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.Open(b.gate + "/")
	if shown := browsertest.JS[bool](p, `document.getElementById("filter").offsetParent !== null`); shown {
		t.Error("the search is offered, and cannot work")
	}
	p.Submit("#token-expired form button")
	got := browsertest.JS[struct{ Path, H1, Badge, Back, Wire string }](p, `({
		path: location.pathname, h1: document.querySelector("h1").textContent, badge: document.querySelector(".result[open] .badge.good").textContent,
		back: document.querySelector(".after a").getAttribute("href"), wire: document.querySelectorAll(".wire")[1].textContent,
	})`)
	if got.Path != "/demo/try/token-expired" || got.H1 != "The token expired" || got.Badge != "401 as expected" || got.Back != "/#token-expired" || !strings.HasPrefix(got.Wire, "HTTP/1.1 401 ") {
		t.Errorf("%+v", got)
	}
	p.Open(b.gate + "/")
	p.Submit("#all button")
	if bad := browsertest.JS[[]string](p, `[...document.querySelectorAll(".row")].filter((r) => !r.querySelector(".badge.good")).map((r) => r.textContent.slice(0, 80))`); len(bad) > 0 {
		t.Errorf("not as expected: %v", bad)
	}
	if n := browsertest.JS[int](p, `document.querySelectorAll(".row .badge.good").length`); n < 50 {
		t.Errorf("only %d results", n)
	}
	p.Clean(b.gate)
}
