package page_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"

	"github.com/gate401/gate401/internal/inspector"
	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/judge"
	"github.com/gate401/gate401/internal/mock/openapi"
	"github.com/gate401/gate401/internal/mock/page"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/web/browsertest"
	"github.com/gate401/gate401/web/webtest"
)

// groups are enough for every form that a row has.
func groups() []page.Group {
	return []page.Group{
		{ID: "reason", Title: "Refusals of the catalogue", Scenarios: []page.Scenario{
			{Name: "token-expired", Title: "The access token expired", Explain: "It carries `exp`.", Path: "/orders/expired", Expect: "Refresh once and repeat the request once.", Reason: reason.TokenExpired},
			{Name: "clock-ahead", Title: "The server's clock is an hour ahead", Explain: "Tokens look expired.", Path: "/orders/KEY/", Expect: "Do not refresh in circles.", Reason: reason.TokenExpired},
		}},
		{ID: "connection", Title: "Connections that end early", Scenarios: []page.Scenario{
			{Name: "connection-reset", Title: "The connection is reset", Explain: "No answer comes.", Path: "/reset", Expect: "Report it."},
		}},
	}
}

func newPage() *page.Page {
	p := &page.Page{
		Groups: groups(), AccessFaults: []page.Choice{{Value: "wrong-audience", Text: "made for another API"}},
		RefreshFaults: []page.Choice{{Value: "lost-answer", Text: "is done, and its answer gets lost"}},
		Commands:      []page.Command{{Title: "Expire the access tokens", JSON: `{"do":"expire-access-tokens"}`}},
		Inspector:     "/__mock/token", Guide: "/auth/problems/",
	}
	for _, f := range endpoint.Faults() {
		p.Faults = append(p.Faults, page.Choice{Value: string(f), Text: f.Text()})
	}
	return p
}

// serve is a mock that has the real endpoints and the real journal, and of
// sessions only the answers.
func serve(t *testing.T) string {
	t.Helper()
	history := &journal.Journal{}
	set := &endpoint.Set{}
	if _, err := set.Add(endpoint.Endpoint{ID: "expired", Path: "/orders/expired", Answer: "token-expired"}, endpoint.Endpoint{ID: "reset", Path: "/reset", Answer: "reset"}); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/__mock/", newPage())
	mux.Handle("/__mock/token", inspector.Handler{})
	mux.Handle(endpoint.PathEndpoints, set.API())
	mux.Handle(endpoint.PathEndpoints+"/", set.API())
	mux.Handle("/__mock/api/journal", history.Handler())
	mux.Handle("/__mock/api/journal.har", history.Handler())
	mux.Handle("/__mock/api/journal/", history.Handler())
	mux.Handle(judge.PathVerdict, judge.Handler(history))
	documents := &openapi.Library{Options: openapi.Options{Tokens: []string{"mock-token"}}}
	mux.Handle(openapi.PathDocuments, documents.API())
	mux.Handle(openapi.PathDocuments+"/", documents.API())
	mux.HandleFunc("GET /__mock/api/sessions", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"sessions":[]}`)) })
	mux.HandleFunc("POST /__mock/api/sessions", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"id":"s1","url":"http://` + r.Host + `/s/s1"}`))
	})
	mux.HandleFunc("POST /__mock/api/sessions/s1/do", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("DELETE /__mock/api/sessions/s1", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Handle("/", history.Wrap(set.Handler(documents.Handler(http.NotFoundHandler()))))
	s := httptest.NewServer(mux)
	t.Cleanup(func() {
		history.Close()
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

func TestPage(t *testing.T) {
	p := newPage()
	get := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(method, path, http.NoBody))
		return w
	}
	whole := get("GET", page.Path)
	for _, fault := range webtest.Faults(strings.ReplaceAll(whole.Body.String(), "<noscript>", ""), true) {
		// A select may have a label of its own, and a template is no element yet.
		if !strings.Contains(fault, "noscript") {
			t.Error(fault)
		}
	}
	if !strings.Contains(whole.Header().Get("Content-Security-Policy"), "script-src 'self'") {
		t.Error("no policy")
	}
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"HEAD", page.Path, 200}, {"GET", "/__mock", 308}, {"GET", "/__mock/x", 404}, {"POST", page.Path, 405}, {"GET", "/__mock/-/mock.js", 200}, {"GET", "/__mock/-/none.js", 404},
	} {
		if w := get(c.method, c.path); w.Code != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.status)
		}
	}
}

func TestBrowser(t *testing.T) {
	b := browsertest.Start(t)
	t.Run("without script", func(t *testing.T) { testWithoutScript(t, b) })
	t.Run("not admitted", func(t *testing.T) { testNotAdmitted(t, b) })
	for _, part := range []struct {
		name string
		run  func(*testing.T, *browsertest.Tab, string)
	}{
		{"endpoint", testEndpoint},
		{"scenarios", testScenarios},
		{"session", testSession},
		{"openapi", testOpenAPI},
		{"journal", testJournal},
	} {
		t.Run(part.name, func(t *testing.T) {
			url := serve(t)
			p := b.Tab(t)
			if status := p.Open(url + page.Path); status != 200 {
				t.Fatal(status)
			}
			p.Wait(`document.getElementById("live").textContent === "Live"`)
			part.run(t, p, url)
			for _, asked := range p.Requests() {
				if !strings.HasPrefix(asked, url) && asked != "about:blank" {
					t.Errorf("asked of elsewhere: %s", asked)
				}
			}
			for _, line := range p.Console() {
				// The browser notes each refused request and each that was cut.
				if !strings.Contains(line, "Failed to load resource") {
					t.Error(line)
				}
			}
			p.Open("about:blank")
		})
	}
}

func testEndpoint(t *testing.T, p *browsertest.Tab, url string) {
	p.Look("mock-start")
	p.Fill("path", "/flaky")
	p.Click("#make button[type=submit]")
	p.Wait(`document.querySelector("[data-endpoint] h3 code") && document.getElementById("made").textContent.includes("/flaky")`)
	for _, want := range []int{401, 401, 200} {
		res, err := http.Get(url + "/flaky")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%d, want %d", res.StatusCode, want)
		}
	}
	p.Wait(`[...document.querySelectorAll(".entry")].map((e) => e.dataset.status).join() === "200,401,401"`)
	p.Wait(`document.getElementById("made").textContent.includes("3 requests")`)
	p.Click(".entry:last-of-type summary")
	p.Wait(`document.querySelector(".entry[open] .wire mark")?.textContent.includes("Www-Authenticate")`)
	row := `[data-endpoint] button[aria-label="Try /flaky"]`
	p.Click(row)
	p.Wait(`document.querySelector("[data-endpoint] .outcome .wire")?.textContent.includes("GET /flaky")`)
	p.Look("mock-endpoint")
	p.Click(`[aria-label="Begin again: /flaky"]`)
	p.Wait(`document.getElementById("made").textContent.includes("0 requests")`)

	// What the form cannot mean is said in the words of the API.
	p.Fill("answer", "40l")
	p.Click("#make button[type=submit]")
	p.Wait(`document.getElementById("make-said").textContent.includes("40l")`)
	p.Fill("answer", "401,200")
	p.Fill("path", "/slow")
	browsertest.JS[bool](p, `(document.querySelector("#make details").open = true)`)
	p.Fill("challenge", "Basic realm=\"x\"")
	p.Fill("delay", "10ms")
	p.Click("#make button[type=submit]")
	p.Wait(`document.getElementById("made").textContent.includes("/slow")`)
	start := time.Now()
	res, err := http.Get(url + "/slow")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if got := res.Header.Get("WWW-Authenticate"); got != `Basic realm="x"` || time.Since(start) < 10*time.Millisecond {
		t.Errorf("%d %s", res.StatusCode, got)
	}
	// The line for scripts makes the same.
	if got := browsertest.JS[string](p, `document.getElementById("make-curl").textContent`); !strings.Contains(got, url) || !strings.Contains(got, `"path":"/slow"`) {
		t.Error(got)
	}
	p.Click(`[aria-label="Delete /flaky"]`)
	p.Wait(`!document.getElementById("made").textContent.includes("/flaky")`)
}

// testWithoutScript reads the page as somebody does who allows no scripts.
func testWithoutScript(t *testing.T, b *browsertest.Browser) {
	url := serve(t)
	p := b.Tab(t)
	browsertest.Call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.Open(url + page.Path)
	text := browsertest.JS[string](p, `document.body.innerText`)
	for _, want := range []string{"Scripts are switched off", "Refusals of the catalogue", "/__mock/api/journal"} {
		if !strings.Contains(text, want) {
			t.Errorf("cannot be read: %q", want)
		}
	}
	if strings.Contains(text, "Pause") {
		t.Error("a button that cannot work is shown")
	}
	if got := browsertest.JS[string](p, `document.body.textContent`); !strings.Contains(got, "curl -i http://127.0.0.1:8403/orders/expired") {
		t.Error("the scenarios have no lines")
	}
}

// testNotAdmitted says why nothing works where the admin API refuses the page.
func testNotAdmitted(t *testing.T, b *browsertest.Browser) {
	const why = "The admin API answers programs of the same machine."
	mux := http.NewServeMux()
	mux.Handle("/__mock/", newPage())
	mux.HandleFunc("/__mock/api/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"status":403,"detail":"` + why + `"}`))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	p := b.Tab(t)
	p.Open(s.URL + page.Path)
	p.Wait(`document.getElementById("live").textContent === ` + browsertest.Quoted(why))
	p.Click("#open button[type=submit]")
	p.Wait(`document.getElementById("open-said").textContent === ` + browsertest.Quoted(why))
	p.Click("#make button[type=submit]")
	p.Wait(`document.getElementById("make-said").textContent === ` + browsertest.Quoted(why))
	p.Look("mock-refused")
}

func testScenarios(t *testing.T, p *browsertest.Tab, _ string) {
	p.Fill("filter-text", "expired refresh")
	p.Wait(`document.getElementById("filter-said").textContent === "2 of 3 scenarios"`)
	p.Fill("filter-text", "token-expired once")
	p.Wait(`document.getElementById("filter-said").textContent === "1 of 3 scenarios"`)
	p.Click("#scenario-token-expired form button")
	p.Wait(`document.querySelector("#scenario-token-expired .wire mark")?.textContent.includes("invalid_token") || document.querySelector("#scenario-token-expired .outcome").textContent.includes("token-expired")`)
	p.Look("mock-scenario")
	p.Fill("filter-text", "reset")
	p.Click("#scenario-connection-reset form button")
	p.Wait(`document.querySelector("#scenario-connection-reset .outcome").textContent.includes("the connection was cut")`)
	if got := browsertest.JS[string](p, `document.querySelector("#scenario-clock-ahead .cmd code").textContent`); strings.Contains(got, "KEY") {
		t.Error(got)
	}
}

func testSession(t *testing.T, p *browsertest.Tab, url string) {
	p.Fill("ttl", "5s")
	p.Click("#open button[type=submit]")
	p.Wait(`document.querySelector("[data-session=s1]")`)
	if got := browsertest.JS[string](p, `document.querySelector("[data-session=s1]").innerText`); !strings.Contains(got, url+"/s/s1/") || strings.Count(got, "curl") != 3 {
		t.Error(got)
	}
	p.Click(`[aria-label="Call: session s1"]`)
	p.Wait(`document.querySelector("[data-session=s1] .outcome .wire")?.textContent.includes("GET /s/s1/api/orders")`)
	p.Click(`[data-do*="expire-access-tokens"]`)
	p.Wait(`document.querySelector("[data-session=s1] [role=status]").textContent.startsWith("Done")`)
	p.Look("mock-session")
	p.Click(`[aria-label="Close: session s1"]`)
	p.Wait(`!document.querySelector("[data-session=s1]")`)
}

func testOpenAPI(t *testing.T, p *browsertest.Tab, url string) {
	p.Click("#import button[type=submit]")
	p.Wait(`document.getElementById("import-said").textContent.startsWith("Choose a file")`)
	browsertest.JS[bool](p, `(document.querySelector("#import details").open = true)`)
	p.Fill("document", "openapi: 3.0.3")
	p.Click("#import button[type=submit]")
	p.Wait(`document.getElementById("import-said").textContent.includes("info")`)
	const pets = `{"openapi":"3.0.3","info":{"title":"Pets","version":"1"},"security":[{"token":[]}],"paths":{"/pets/{id}":{"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string","example":"rex"}}],"get":{"responses":{"200":{"description":"ok"}}}},
		"/locks":{"post":{"security":[{"key":[]},{"basic":[]}],"responses":{"201":{"description":"ok"}}}}},
		"components":{"securitySchemes":{"token":{"type":"http","scheme":"bearer"},"key":{"type":"apiKey","in":"query","name":"key"},"basic":{"type":"http","scheme":"basic"}}}}`
	p.Fill("document", pets)
	p.Click("#import button[type=submit]")
	p.Wait(`document.querySelector("[data-document] h3")?.textContent === "Pets" && document.getElementById("import-said").textContent === ""`)
	shown := browsertest.JS[string](p, `document.querySelector("[data-document]").innerText`)
	for _, want := range []string{"-H 'Authorization: Bearer mock-token'", "-u 'user:passwd'", "curl -i -H 'Authorization: Bearer mock-token' " + url + "/pets/rex", "needs key, or basic"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not shown:\n%s", want, shown)
		}
	}
	p.Click(`[aria-label="Try GET /pets/{id}"]`)
	p.Wait(`document.querySelector("[data-document] .operation:last-of-type .status, [data-document] .operation .status")?.textContent === "200"`)
	p.Click(`[aria-label="Try POST /locks"]`)
	p.Wait(`[...document.querySelectorAll("[data-document] .operation .status")].map((e) => e.textContent).sort().join() === "200,201"`)
	p.Look("mock-openapi")
	p.Click(`[aria-label="Remove the document Pets"]`)
	p.Wait(`!document.querySelector("[data-document]")`)
}

func testJournal(t *testing.T, p *browsertest.Tab, url string) {
	call := func() {
		res, err := http.Get(url + "/orders/expired")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	call()
	p.Wait(`document.querySelectorAll(".entry").length === 1`)
	p.Click("#pause")
	call()
	p.Wait(`document.getElementById("live").textContent.startsWith("1 more")`)
	p.Click("#pause")
	p.Wait(`document.querySelectorAll(".entry").length === 2`)
	p.Click("#judge")
	p.Wait(`document.getElementById("verdict").textContent.startsWith("2 requests looked at: nothing is wrong")`)
	// The same refused token twice.
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/orders/expired", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer refused-before")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		// Read to its end, so that both go over one connection, one after the other.
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	p.Wait(`document.querySelectorAll(".entry").length === 4`)
	p.Click("#judge")
	p.Wait(`document.querySelector("#verdict [data-rule=token-repeated]")?.textContent.includes("A refused token was sent again")`)
	p.Look("mock-verdict")
	p.Click("#clear")
	p.Wait(`document.getElementById("verdict").textContent === "" && document.querySelectorAll(".entry").length === 0 && !document.getElementById("nothing").hidden`)
	call()
	p.Wait(`document.querySelectorAll(".entry").length === 1`)
	if got := browsertest.JS[string](p, `document.getElementById("har").getAttribute("href")`); got != "/__mock/api/journal.har" {
		t.Error(got)
	}
}
