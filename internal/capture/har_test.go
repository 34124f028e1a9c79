package capture_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/capture"
	"github.com/google/go-cmp/cmp"
)

// harLines is what matters of each exchange, in a line.
func harLines(c capture.Capture) []string {
	var out []string
	for _, x := range c.Exchanges {
		line := fmt.Sprintf("%s %s", x.Request.Method, x.Request.URL.Path)
		for _, name := range []string{"Authorization", "Cookie"} {
			if v := x.Request.Header.Get(name); v != "" {
				line += fmt.Sprintf(" %s=%q", name, v)
			}
		}
		if len(x.Request.Body) > 0 {
			line += fmt.Sprintf(" body=%q", x.Request.Body)
		}
		if x.Request.Incomplete {
			line += " incomplete"
		}
		if x.Response != nil {
			line += fmt.Sprintf(" -> %d", x.Response.Status)
			for _, name := range []string{"WWW-Authenticate", "Location"} {
				if v := x.Response.Header.Get(name); v != "" {
					line += fmt.Sprintf(" %s=%q", name, v)
				}
			}
			if n := len(x.Response.Header.Values("Set-Cookie")); n > 0 {
				line += fmt.Sprintf(" set-cookie=%d", n)
			}
			if x.Response.FromCache {
				line += " cached"
			}
		}
		for _, n := range x.Notes {
			line += fmt.Sprintf(" [%s %s: %s]", n.Kind, n.About, n.Text)
		}
		out = append(out, line)
	}
	return out
}

// chromiumLines is what Chromium does on the page of shop.
func chromiumLines(sanitized bool) []string {
	lines := []string{
		`GET / -> 200`,
		`POST /login body="{\"name\":\"alice\",\"password\":\"wonder\"}" -> 200 set-cookie=2`,
		`GET /orders Cookie="lang=en" -> 401 WWW-Authenticate="Bearer realm=\"shop\""`,
		`GET /orders Authorization="Bearer abc.def.ghi" Cookie="lang=en" -> 401 WWW-Authenticate="Bearer realm=\"shop\", error=\"invalid_token\", error_description=\"The access token expired\""`,
		`GET /account Cookie="lang=en" -> 302 Location="/sign-in?next=/account"`,
		`GET /sign-in Cookie="lang=en" -> 200`,
		`GET /orders Authorization="Bearer abc.def.ghi" -> 0 [error _error: net::ERR_FAILED] [error status: the client got no answer, or does not show it]`,
		`OPTIONS /orders -> 401 WWW-Authenticate="Bearer realm=\"api\""`,
		`GET / -> 0 [error _error: net::ERR_CONNECTION_REFUSED] [error status: the client got no answer, or does not show it]`,
	}
	if sanitized {
		for i := range lines {
			for _, secret := range []string{` Cookie="lang=en"`, ` Authorization="Bearer abc.def.ghi"`, ` set-cookie=2`} {
				lines[i] = strings.Replace(lines[i], secret, "", 1)
			}
			lines[i] = strings.Replace(lines[i], " ->", " incomplete ->", 1)
		}
	}
	return lines
}

func readHAR(t *testing.T, name string) capture.Capture {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "har", name))
	if err != nil {
		t.Fatal(err)
	}
	c, err := capture.HAR(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// firefoxLines are what Firefox recorded; its tokens are left out here.
var firefoxLines = []string{
	`GET / -> 304`,
	`POST /s/firefox/login body="{\"username\":\"alice\",\"password\":\"wonderland\"}" -> 200`,
	`OPTIONS /s/firefox/login -> 204`,
	`GET /s/firefox/api/orders Authorization="Token JWT" -> 401 WWW-Authenticate="Bearer realm=\"mock\", resource_metadata=\"http://127.0.0.1:8403/.well-known/oauth-protected-resource/s/firefox/api\""`,
	`OPTIONS /s/firefox/api/orders -> 204`,
	`GET /s/firefox/api/orders Authorization="Bearer JWT" -> 200`,
	`OPTIONS /s/firefox/api/orders -> 204`,
	`GET /scenario/token-expired/ -> 401 WWW-Authenticate="Bearer realm=\"orders\", error=\"invalid_token\", error_description=\"The access token expired\""`,
	`GET /scenario/preflight-401/ Authorization="Bearer x" -> 0 [error status: the client got no answer, or does not show it]`,
	`OPTIONS /scenario/preflight-401/ -> 401 WWW-Authenticate="Bearer realm=\"mock\""`,
	`GET /refused -> 0 [error status: the client got no answer, or does not show it]`,
}

func TestHARGolden(t *testing.T) {
	tests := []struct {
		file, source string
		want         []string
	}{
		{"chromium.har", "HAR of Chromium's DevTools", chromiumLines(false)},
		{"chromium-sanitized.har", "HAR of Chromium's DevTools", chromiumLines(true)},
		{"firefox-written.har", "HAR of Firefox 128.0", []string{
			`POST /token body="grant_type=refresh_token&refresh_token=r" -> 400`,
			`GET /orders Authorization="Bearer a.b.c" Cookie="lang=en" -> 401 WWW-Authenticate="Bearer realm=\"shop\""`,
			`GET /img -> 200 set-cookie=2`,
			`GET /blocked -> 0 [error status: the client got no answer, or does not show it]`,
		}},
		{"firefox.har", "HAR of Firefox 153.7.0", firefoxLines},
		{"safari.har", "HAR of Safari", []string{
			`GET /orders Authorization="Basic YTpi" -> 401 WWW-Authenticate="Basic realm=\"x\""`,
			`GET /app.js -> 200 cached`,
			`GET /gone -> 0 [error _error: The network connection was lost.] [error status: the client got no answer, or does not show it]`,
		}},
		{"mitmproxy.har", "HAR of mitmproxy 10.3.0", []string{
			`POST /upload Authorization="Bearer abc" body="\x00\x01\x02" -> 403`,
			`GET /private -> 302 Location="/login"`,
		}},
		{"insomnia.har", "HAR of Insomnia REST Client insomnia.desktop.app:v9.3.2", []string{
			`POST /orders Authorization="Bearer " body="a=x+y&b=1" -> 401`,
		}},
		{"blocked-cookies.har", "HAR of chrome-har 1.0.1", []string{
			`GET /me -> 401 [cookie sid: not stored: SecureOnly] [cookie old: not stored: InvalidDomain] [cookie sid: not sent: SameSiteLax, ThirdPartyPhaseout]`,
		}},
		{"cleaned.har", "HAR of Chromium's DevTools", []string{
			`GET /a Authorization="[authorization redacted]" incomplete -> 401 [ignored Authorization: the value was taken out of the file before it was handed over]`,
			`GET /b -> 200`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			c := readHAR(t, tt.file)
			if c.Source != tt.source {
				t.Errorf("source %q", c.Source)
			}
			lines := harLines(c)
			for i := range lines {
				lines[i] = regexp.MustCompile(`eyJ[\w.-]+`).ReplaceAllString(lines[i], "JWT")
			}
			if diff := cmp.Diff(tt.want, lines); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The rest of an entry: version, times, address, spelling, joined fields.
func TestHAREntry(t *testing.T) {
	c := readHAR(t, "firefox-written.har")
	x := c.Exchanges[1]
	if want := time.Date(2026, 11, 20, 12, 0, 1, 500e6, time.UTC); !x.Started.Equal(want) || x.Took != 42*time.Millisecond {
		t.Errorf("started %v, took %v", x.Started, x.Took)
	}
	if x.Request.Proto != "HTTP/2" || x.Response.Proto != "HTTP/2" || x.Response.Address != "2001:db8::1" || x.Response.Reason != "Unauthorized" {
		t.Errorf("%+v %+v", x.Request, x.Response)
	}
	if diff := cmp.Diff(capture.Header{{Name: "accept", Value: "*/*"}, {Name: "authorization", Value: "Bearer a.b.c"}, {Name: "sec-fetch-mode", Value: "cors"}, {Name: "Cookie", Value: "lang=en"}}, x.Request.Header); diff != "" {
		t.Error(diff)
	}
	if x.Request.Options.Mode != "cors" {
		t.Errorf("mode %q", x.Request.Options.Mode)
	}
	if got := c.Exchanges[2].Response; string(got.Body) != "\x89PNG" {
		t.Errorf("body %q", got.Body)
	}
	if c := readHAR(t, "chromium-sanitized.har"); len(c.Notes) != 1 || !strings.Contains(c.Notes[0].Text, "sensitive") {
		t.Errorf("notes %+v", c.Notes)
	}
}

func TestHARErrors(t *testing.T) {
	for in, want := range map[string]string{
		`{"log":{"entries":[`:           "line 1: it ends too early",
		"{\n\"log\":{\n\"entries\":[{]": "line 3: it is no JSON",
		`[]`:                            "an object should be here",
		`{"a":1}`:                       `there is no "log"`,
		`{"log":{"entries":{}}}`:        "the list of entries should be here",
		`{"log":[]}`:                    "an object should be here",
		`<html>`:                        "it is no JSON",
	} {
		_, err := capture.HAR([]byte(in))
		var syntax *capture.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
	if _, err := capture.HAR([]byte("\xef\xbb\xbf ")); !errors.Is(err, capture.ErrEmpty) {
		t.Error(err)
	}
	var size *capture.SizeError
	if _, err := capture.HAR(make([]byte, capture.MaxFile+1)); !errors.As(err, &size) {
		t.Error(err)
	}
	c, err := capture.HAR([]byte("\xef\xbb\xbf" + `{"log":{"entries":["x",{"time":"5","request":{"method":"GET","url":"https://a.example/"},"response":{"status":"401"}}]}}`))
	if err != nil || len(c.Exchanges) != 1 || c.Exchanges[0].Response.Status != 401 || about(c.Notes, capture.NoteMalformed) != "entry 1" {
		t.Errorf("%+v %v", c, err)
	}
}
