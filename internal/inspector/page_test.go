package inspector_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/inspector"
	"github.com/gate401/gate401/web/browsertest"
)

func TestPageIsOnePiece(t *testing.T) {
	page := string(inspector.Page())
	for _, bad := range []string{"{{", " src=", "<link rel=\"stylesheet\"", "http://", "@import", "url(\"", ": url(", "fetch(", "XMLHttpRequest", "WebSocket", "EventSource", "sendBeacon", "localStorage.set", "localStorage[", "sessionStorage", "indexedDB", "document.cookie", "innerHTML", "eval("} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if len(page) > 144<<10 {
		t.Errorf("%d octets", len(page))
	}
	copied := inspector.Page()
	copied[0] = 'x'
	if inspector.Page()[0] == 'x' {
		t.Error("a caller can change the page")
	}
}

func TestHandler(t *testing.T) {
	for _, c := range []struct {
		method string
		status int
		body   bool
	}{{"GET", 200, true}, {"HEAD", 200, false}, {"POST", 405, true}} {
		w := httptest.NewRecorder()
		inspector.Handler{}.ServeHTTP(w, httptest.NewRequest(c.method, "/x", http.NoBody))
		if w.Code != c.status || (w.Body.Len() > 0) != c.body {
			t.Errorf("%s: %d, %d octets", c.method, w.Code, w.Body.Len())
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", c.method, w.Header())
		}
		if c.status == 200 {
			for _, part := range []string{"default-src 'none'", "connect-src 'none'", "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'sha256-"} {
				if !strings.Contains(w.Header().Get("Content-Security-Policy"), part) {
					t.Errorf("%s: the policy lacks %s", c.method, part)
				}
			}
		}
	}
}

func TestClaimsAreTold(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range append(inspector.Claims(), inspector.HeaderParameters()...) {
		if c.Means == "" || c.Section == "" || !strings.HasSuffix(c.Means, ".") {
			t.Errorf("%+v", c)
		}
		seen[c.Name] = true
	}
	for _, name := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "alg", "kid", "typ"} {
		if !seen[name] {
			t.Errorf("%s is not explained", name)
		}
	}
}

// testNoRequest uses all of the page, from a file, and sees not one request
// besides the page itself, and nothing kept.
func testNoRequest(t *testing.T, b *browsertest.Browser, _ string) {
	file := filepath.Join(t.TempDir(), "inspector.html")
	if err := os.WriteFile(file, inspector.Page(), 0o600); err != nil {
		t.Fatal(err)
	}
	p := b.Tab(t)
	p.Open("file://" + file)
	p.Click("#example")
	p.Wait(`document.querySelector(".verdict-box.good")`)
	p.Click("#report")
	p.Wait(`!document.getElementById("outbox").hidden`)
	p.Fill("date", time.Now().UTC().Format(http.TimeFormat))
	p.Fill("input", "<img src=https://elsewhere.example/x onerror=alert(1)><script>fetch('/x')</script>")
	p.Fill("input", jwt(`{"alg":"RS256","jku":"https://elsewhere.example/keys","x5u":"https://elsewhere.example/"}`,
		`{"iss":"https://elsewhere.example","picture":"https://elsewhere.example/me.png","<img src=https://elsewhere.example/y>":"<img src=https://elsewhere.example/z>","exp":1}`))
	p.Wait(`document.querySelector("[data-hint=jwt-carries-key]")`)
	// What the page would do if it wanted to is forbidden.
	if got := browsertest.JS[string](p, `fetch("https://elsewhere.example/").then(() => "sent", () => "refused")`); got != "refused" {
		t.Error(got)
	}
	for _, url := range p.Requests() {
		if !strings.HasPrefix(url, "file://"+file) && !strings.HasPrefix(url, "data:image/svg+xml") && url != "about:blank" {
			t.Errorf("asked for %s", url)
		}
	}
	if got := browsertest.JS[string](p, `location.href`); got != "file://"+file {
		t.Errorf("the address became %s", got)
	}
	if n := browsertest.JS[int](p, `document.images.length + document.scripts.length - 1`); n != 0 {
		t.Errorf("%d elements came out of the token", n)
	}
	// The refusal of the fetch above is the only thing that may be complained of.
	for _, line := range p.Console() {
		if !strings.Contains(line, "elsewhere.example") {
			t.Error(line)
		}
	}
	if got := browsertest.JS[string](p, `(dispatchEvent(new Event("pagehide")), [...document.querySelectorAll("input, textarea")].map((e) => e.value).join("") + document.getElementById("result").textContent)`); got != "" {
		t.Errorf("left behind: %q", got)
	}
}

// testInputs pastes what a person has at hand.
func testInputs(t *testing.T, b *browsertest.Browser, url string) {
	p := b.Tab(t)
	p.Open(url)
	token := jwt(`{"alg":"ES256"}`, `{"iss":"i","aud":"a","sub":"found","exp":4102444800}`)
	bound := jwt(`{"alg":"ES256"}`, `{"iss":"i","aud":"a","exp":4102444800,"cnf":{"jkt":"x"}}`)
	basic := base64.StdEncoding.EncodeToString([]byte("alice:secret"))
	const found = `document.querySelector("[data-claim=sub] .value")?.textContent.includes("found")`
	for _, c := range []struct{ name, in, want string }{
		{"token", "  " + token + "\n", found},
		{"field", "authorization: bearer " + token, found},
		{"devtools", "> GET / HTTP/1.1\n> Host: x\n> Authorization: Bearer " + token, found},
		{"curl", "curl -s 'https://api.example.com/orders' \\\n  -H 'Accept: */*' \\\n  -H 'Authorization: Bearer " + token + "'", found},
		{"curl double quotes", `curl "https://api.example.com" --header "authorization: Bearer ` + token + `"`, found},
		{"curl glued", `curl https://x -H"Authorization: Bearer ` + token + `"`, found},
		{"curl ansi", `curl https://x -H $'Authorization: Bearer ` + token + `'`, found},
		{"curl cmd", "curl.exe ^\"https://x^\" ^\n  -H ^\"Authorization: Bearer " + token + "^\"", found},
		{"curl oauth2", "curl --oauth2-bearer " + token + " https://x", found},
		{"curl user", "curl -u alice:secret https://x", `document.querySelector("#basic") && document.getElementById("result").textContent.includes("alice") && !document.getElementById("result").textContent.includes("secret")`},
		{"curl nothing", "curl https://x", `document.querySelector("#result .error").textContent.includes("sends no credential")`},
		{"token answer", `{"token_type":"Bearer","access_token":"` + token + `"}`, found},
		{"no token answer", `{"error":"x"}`, `document.querySelector("#result .error").textContent.includes("no access_token")`},
		{"address", "https://app.example.com/cb#access_token=" + token + "&x=1", found + ` && document.querySelector("[data-hint=token-in-address]")`},
		{"basic", "Basic " + basic, `document.querySelector("#basic")`},
		{"misspelt", "X-Authorization: Bearer " + token, `document.querySelector("[data-cause=authorization-misspelt]") && ` + found},
		{"quoted", `Authorization: Bearer "` + token + `"`, `document.querySelector("[data-cause=authorization-malformed]") && ` + found},
		{"dpop", "Authorization: Bearer " + bound, `document.querySelector("[data-hint=jwt-dpop-bound]").textContent.includes("token-binding-failed")`},
		{"id token", jwt(`{"alg":"ES256"}`, `{"iss":"i","aud":"a","exp":4102444800,"at_hash":"x"}`), `document.querySelector("[data-cause=token-type-wrong]") && document.querySelector("[data-hint=jwt-not-access-token]")`},
		{"encrypted", jwt(`{"alg":"RSA-OAEP","enc":"A256GCM"}`, `x`) + ".eA.eA", `document.querySelector("[data-cause=token-malformed]").textContent.includes("JWE")`},
		{"lost key", `{"kty":"EC","crv":"P-256"}`, `document.querySelector("#result .error").textContent.includes("field of the key")`},
	} {
		p.Fill("input", "")
		p.Wait(`document.getElementById("result").childElementCount === 0`)
		p.Fill("input", c.in)
		ok := false
		for range 50 {
			if ok = browsertest.JS[bool](p, `(() => { try { return !!(`+c.want+`); } catch { return false; } })()`); ok {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if !ok {
			t.Errorf("%s: %s", c.name, browsertest.JS[string](p, `document.getElementById("result").innerText.slice(0, 400)`))
		}
	}
	for _, line := range p.Console() {
		t.Error(line)
	}
}

// testClocks sees times count down, the verdict turn, and the server's clock
// decide.
func testClocks(t *testing.T, b *browsertest.Browser, url string) {
	p := b.Tab(t)
	p.Open(url)
	now := time.Now()
	text := jwt(`{"alg":"ES256"}`, fmt.Sprintf(`{"iss":"i","aud":"a","iat":%d,"exp":%d}`, now.Unix(), now.Add(10*time.Minute).Unix()))
	p.Fill("input", text)
	p.Wait(`document.querySelector("[data-claim=exp] [data-time]").textContent.startsWith("in 9 min")`)
	was := browsertest.JS[string](p, `document.querySelector("[data-claim=exp] [data-time]").textContent`)
	p.Wait(`document.querySelector("[data-claim=exp] [data-time]").textContent !== ` + browsertest.Quoted(was))
	p.Fill("date", "date: "+now.Add(time.Hour).UTC().Format(http.TimeFormat))
	p.Wait(`document.querySelector("[data-cause=token-expired]")`)
	if got := browsertest.JS[string](p, `document.getElementById("datenote").textContent`); !strings.Contains(got, "ahead of yours") {
		t.Error(got)
	}
	p.Fill("date", now.Add(-time.Hour).UTC().Format(http.TimeFormat))
	p.Wait(`document.querySelector("[data-cause=token-not-yet-valid]")`)
	p.Fill("date", "soon")
	p.Wait(`document.getElementById("datenote").textContent.includes("no date")`)
	// Within the leeway a gate forgives, and the page says so; then it turns by
	// itself, without anybody touching it.
	text = jwt(`{"alg":"ES256"}`, fmt.Sprintf(`{"iss":"i","aud":"a","exp":%d}`, time.Now().Add(-28*time.Second).Unix()))
	p.Fill("input", text)
	p.Wait(`document.querySelector("[data-step=Expiry]").textContent.includes("still forgives") && document.querySelector("[data-cause=none]")`)
	p.Wait(`document.querySelector("[data-cause=token-expired]")`)
}

// testReport copies a report that holds nothing that is secret.
func testReport(t *testing.T, b *browsertest.Browser, url string) {
	p := b.Tab(t)
	p.Open(url)
	text := jwt(`{"alg":"ES256","kid":"k1"}`, `{"iss":"https://idp.example.com","aud":"orders","sub":"alice-4711","email":"alice@example.com","custom":"private","exp":1600000000}`)
	p.Fill("input", "Authorization: Bearer "+text)
	p.Fill("key", "a secret that nobody may see in a ticket")
	p.Wait(`document.querySelector("[data-cause=token-algorithm-refused]") && document.querySelector("tr[data-code=token-expired]")`)
	p.Click("#report")
	p.Wait(`document.getElementById("out").value`)
	report := browsertest.JS[string](p, `document.getElementById("out").value`)
	for _, want := range []string{"token-expired", "iss: \"https://idp.example.com\"", "aud: \"orders\"", "exp: 1600000000  2020-09-13 12:26:40 UTC", "sub: [redacted]", "kid: \"k1\"", "Signature: [redacted]"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	for _, bad := range []string{"alice", "private", "c2lnbmF0dXJl", "eyJ", "ticket"} {
		if strings.Contains(report, bad) {
			t.Errorf("the report has %q:\n%s", bad, report)
		}
	}
}
