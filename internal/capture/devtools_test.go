package capture_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/component"
	"github.com/gate401/gate401/web/browsertest"
	"github.com/google/go-cmp/cmp"
)

// copyAs calls what the menu of the network tab calls, for a request made up of
// the given parts, and returns what would be in the clipboard.
const copyAs = `(async () => {
	const {NetworkLogView: {NetworkLogView: view}} = await import("devtools://devtools/bundled/panels/network/network.js");
	const out = [];
	for (const q of %s) {
		const cookies = q.cookies.map(([name, value]) => ({cookie: {name: () => name, value: () => value, domain: () => "api.example.com"}}));
		const request = {
			url: () => q.url, requestMethod: q.method, requestHeaders: () => q.headers, requestFormData: async () => q.body,
			includedRequestCookies: () => cookies, securityState: () => "secure", referrerPolicy: () => null, isBlobRequest: () => false,
		};
		out.push([
			await view.generateCurlCommand(request, "unix"), await view.generateCurlCommand(request, "win"),
			await view.prototype.generatePowerShellCommand.call({}, request),
			await view.prototype.generateFetchCall.call({}, request, 0), await view.prototype.generateFetchCall.call({}, request, 1),
		]);
	}
	return JSON.stringify(out);
})()`

type copied struct {
	URL     string              `json:"url"`
	Method  string              `json:"method"`
	Headers []map[string]string `json:"headers"`
	Cookies [][2]string         `json:"cookies"`
	Body    *string             `json:"body"`
}

// "Copy as cURL (bash)", "(cmd)", "PowerShell", "fetch" and "fetch (Node.js)" of
// the real DevTools are read back to what they were made of.
func TestDevToolsCopyAs(t *testing.T) {
	ctx := browsertest.Start(t).Tab(t).Context()
	limited, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if _, err := chromedp.Run(limited, chromedp.NavigateResponse("devtools://devtools/bundled/devtools_app.html")); err != nil {
		t.Fatal(err)
	}
	nasty := []string{
		"plain", `Bearer a.b-c_d~e+f/g==`, `say "hi" 'there' \ back\\ \"`, `100% %PATH% %41 %%`, `^carets^ & amp | pipe < > ( ) !bang`, "$HOME `tick` ${x} $(y)",
		`{"a":[1,"b"]}; --flag @{x=1} #hash`, "trailing \\", "tab\there", `;,=*?[]`,
	}
	var requests []copied
	for i, value := range nasty {
		q := copied{URL: "https://api.example.com/orders?q=%20a&n=" + fmt.Sprint(i), Method: "GET", Cookies: [][2]string{}}
		q.Headers = []map[string]string{{"name": ":authority", "value": "api.example.com"}, {"name": "authorization", "value": value}}
		if i%2 == 1 {
			body := value + "\nsecond line & " + value
			q.Method, q.Body = "PUT", &body
			q.Headers = append(q.Headers, map[string]string{"name": "content-type", "value": "text/plain"})
			q.Cookies = [][2]string{{"sid", "a$b"}, {"lang", "en"}}
			q.Headers = append(q.Headers, map[string]string{"name": "cookie", "value": "sid=a$b; lang=en"})
		}
		requests = append(requests, q)
	}
	text, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	got, err := chromedp.Call(limited, runtime.Evaluate, runtime.EvaluateParams{Expression: fmt.Sprintf(copyAs, text), AwaitPromise: new(true), ReturnByValue: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	if got.ExceptionDetails != nil {
		component.Missing(t, "a Chromium with these DevTools ("+got.ExceptionDetails.Text+")", "apt-get install chromium")
	}
	var out [][]string
	var clipboard string
	if err := json.Unmarshal([]byte(got.Result.Value), &clipboard); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(clipboard), &out); err != nil {
		t.Fatal(err)
	}
	for i, forms := range out {
		q := requests[i]
		for k, name := range []string{"curl bash", "curl cmd", "PowerShell", "fetch", "fetch Node.js"} {
			t.Run(name, func(t *testing.T) {
				c, err := capture.Curl(forms[k])
				if err != nil {
					t.Fatalf("%v\n%s", err, forms[k])
				}
				r := c.Exchanges[0].Request
				have := []string{r.Method, r.URL.String(), r.Header.Get("Authorization"), r.Header.Get("Cookie"), string(r.Body)}
				want := []string{q.Method, q.URL, q.Headers[1]["value"], "", ""}
				if q.Body != nil {
					want[3], want[4] = "sid=a$b; lang=en", *q.Body
				}
				switch name {
				case "fetch":
					want[3] = "" // the browser keeps cookies to itself
				case "curl cmd":
					for i := range want {
						want[i], have[i] = asWindows(want[i]), asWindows(have[i])
					}
				}
				if diff := cmp.Diff(want, have); diff != "" {
					t.Errorf("%s\n%s", diff, forms[k])
				}
			})
		}
	}
}

// asWindows takes out what the copy for cmd.exe does not keep: DevTools writes
// blanks for tabulators, and doubles every backslash, although the C runtime
// halves only those before a quote. What is read is what curl.exe would get.
func asWindows(text string) string {
	text = strings.ReplaceAll(text, "\t", " ")
	for strings.Contains(text, `\\`) {
		text = strings.ReplaceAll(text, `\\`, `\`)
	}
	return text
}
