package demo_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/demo"
	"github.com/gate401/gate401/web"
	"github.com/gate401/gate401/web/webtest"
)

// fetch goes through the gate, as a browser does.
func (w *world) fetch(t *testing.T, method, path string, fields ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.gate.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

const asBrowser = "text/html,application/xhtml+xml"

func TestPages(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name, method, path string
		fields             []string
		whole              bool
	}{
		{"index", "GET", "/", nil, true},
		{"one row without a script", "POST", "/demo/try/password-wrong", []string{"Accept", asBrowser}, true},
		{"one row for the script", "POST", "/demo/try/password-wrong", []string{"Accept", "text/html", "Demo-Part", "result"}, false},
		{"all rows", "POST", "/demo/try", []string{"Accept", asBrowser}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, page := w.fetch(t, c.method, c.path, c.fields...)
			if resp.StatusCode != 200 || resp.Header.Get("Content-Security-Policy") != web.Policy || resp.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v", resp.StatusCode, resp.Header)
			}
			for _, fault := range webtest.Faults(page, c.whole) {
				t.Error(fault)
			}
			if c.method == "POST" && (strings.Contains(page, "badge bad") || !strings.Contains(page, "credentials-invalid")) {
				t.Error("not as expected")
			}
		})
	}
	_, index := w.fetch(t, "GET", "/")
	for _, row := range w.page.Rows() {
		if !strings.Contains(index, `id="`+row.ID+`"`) || !strings.Contains(index, `action="/demo/try/`+row.ID+`"`) {
			t.Errorf("%s is not on the page", row.ID)
		}
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="(/demo/-/[^"]+)"`).FindAllStringSubmatch(index, -1) {
		if resp, _ := w.fetch(t, "GET", m[1]); resp.StatusCode != 200 {
			t.Errorf("%s: %d", m[1], resp.StatusCode)
		}
	}
}

func TestTryAsJSON(t *testing.T) {
	w := newWorld(t)
	resp, body := w.fetch(t, "POST", "/demo/try/password-wrong")
	var got struct {
		Reason, Shown, Logged, Page, Request, Response, Curl string
		Status                                               int
		AsExpected                                           bool `json:"as_expected"`
		Right                                                struct {
			Request, Response, Curl, Note string
			Status                        int
		}
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != 200 {
		t.Fatalf("%d %v %s", resp.StatusCode, err, body)
	}
	if got.Reason != "password-wrong" || got.Shown != "credentials-invalid" || got.Logged != "password-wrong" || got.Page != "/auth/problems/credentials-invalid" ||
		got.Status != 401 || got.Right.Status != 200 || !got.AsExpected || !strings.HasPrefix(got.Curl, "curl -i -H 'Authorization: Basic ") ||
		!strings.HasPrefix(got.Response, "HTTP/1.1 401 Unauthorized\r\n") || got.Right.Note == "" {
		t.Errorf("%+v", got)
	}
	resp, body = w.fetch(t, "POST", "/demo/try")
	var all struct {
		Results []struct {
			ID         string
			AsExpected bool `json:"as_expected"`
		}
	}
	if err := json.Unmarshal([]byte(body), &all); err != nil || len(all.Results) != len(w.page.Rows()) {
		t.Fatalf("%d %v, %d results", resp.StatusCode, err, len(all.Results))
	}
	for _, r := range all.Results {
		if !r.AsExpected {
			t.Errorf("%s is not as expected", r.ID)
		}
	}
}

func TestTryRefuses(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name, method, path string
		fields             []string
		want               int
	}{
		{"no such row", "POST", "/demo/try/nothing", nil, 404},
		{"a host as a row", "POST", "/demo/try/http:%2f%2felsewhere", nil, 400}, // the gate refuses the path
		{"another site", "POST", "/demo/try/header-missing", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"same site, other origin", "POST", "/demo/try/header-missing", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"another origin", "POST", "/demo/try/header-missing", []string{"Origin", "https://elsewhere.example"}, 403},
		{"own origin", "POST", "/demo/try/header-missing", []string{"Origin", w.gate.URL, "Sec-Fetch-Site", "same-origin"}, 200},
		{"reload", "GET", "/demo/try/header-missing", nil, 303},
		{"reload of all", "GET", "/demo/try", nil, 303},
		{"other method", "PUT", "/demo/try/header-missing", nil, 405},
		{"other address", "GET", "/demo/elsewhere", nil, 404},
		{"other file", "GET", "/demo/-/elsewhere.css", nil, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := w.fetch(t, c.method, c.path, c.fields...)
			if resp.StatusCode != c.want {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			if c.want == 303 && !strings.HasPrefix(resp.Header.Get("Location"), "/") {
				t.Errorf("leads to %q", resp.Header.Get("Location"))
			}
		})
	}
}

// A gate that is away, or that answers without an end, must not take the page
// with it.
func TestGateInTrouble(t *testing.T) {
	f := newWorld(t).page.Fixtures
	talk := func(answer string) demo.Dial {
		return func(context.Context) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				go func() { _, _ = io.Copy(io.Discard, far) }()
				_, _ = io.WriteString(far, answer)
			}()
			return near, nil
		}
	}
	for _, c := range []struct {
		name string
		dial demo.Dial
		want int
	}{
		{"no gate", nil, 502},
		{"away", func(context.Context) (net.Conn, error) { return nil, errors.New("refused") }, 502},
		{"silent", talk(""), 502},
		{"not HTTP", talk("220 ready\r\n"), 502},
		{"without end", talk("HTTP/1.1 401 Unauthorized\r\nContent-Length: 999999\r\n\r\n" + strings.Repeat("x", 1<<17)), 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := call(t, &demo.Page{Fixtures: f, Dial: c.dial}, "POST", "/demo/try/header-missing", "")
			if rec.Code != c.want {
				t.Errorf("%d %.200s", rec.Code, rec.Body)
			}
			if rec.Body.Len() > 256<<10 {
				t.Errorf("%d bytes", rec.Body.Len())
			}
		})
	}
}

func TestRunsAreBounded(t *testing.T) {
	f := newWorld(t).page.Fixtures
	dialled, release := make(chan struct{}, 10), make(chan struct{})
	page := &demo.Page{Fixtures: f, Dial: func(context.Context) (net.Conn, error) {
		dialled <- struct{}{}
		<-release
		return nil, errors.New("away")
	}}
	done := make(chan int, 4)
	for range 4 {
		go func() { done <- call(t, page, "POST", "/demo/try/header-missing", "").Code }()
	}
	for range 4 {
		<-dialled
	}
	if rec := call(t, page, "POST", "/demo/try/header-missing", ""); rec.Code != 503 || rec.Header().Get("Retry-After") == "" {
		t.Errorf("the fifth run: %d", rec.Code)
	}
	close(release)
	for range 4 {
		if code := <-done; code != 502 {
			t.Errorf("%d", code)
		}
	}
}

func TestRawRequest(t *testing.T) {
	for _, c := range []struct {
		name string
		in   demo.RawRequest
		raw  string
		curl string
		loop int
	}{
		{"plain", demo.RawRequest{Method: "GET", Target: "/a"},
			"GET /a HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nConnection: close\r\n\r\n", "curl -i 'http://h/a'", 1},
		{"fields in order, twice, empty, quoted", demo.RawRequest{Method: "GET", Target: "/", Fields: []demo.Field{{"X", "1"}, {"x", "it's"}, {"Y", ""}, {"Accept", "a/b"}}},
			"GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\nx: it's\r\nY: \r\nAccept: a/b\r\nConnection: close\r\n\r\n",
			`curl -i -H 'X: 1' -H 'x: it'\''s' -H 'Y;' -H 'Accept: a/b' 'http://h/'`, 1},
		{"body", demo.RawRequest{Method: "POST", Target: "/a", Body: "{}"},
			"POST /a HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", "curl -i --data-binary '{}' 'http://h/a'", 1},
		{"head", demo.RawRequest{Method: "HEAD", Target: "/a"},
			"HEAD /a HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nConnection: close\r\n\r\n", "curl -i --head 'http://h/a'", 1},
		{"path as it is", demo.RawRequest{Method: "OPTIONS", Target: "/a/../b"},
			"OPTIONS /a/../b HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nConnection: close\r\n\r\n", "curl -i -X OPTIONS --path-as-is 'http://h/a/../b'", 1},
		{"loop", demo.RawRequest{Method: "GET", Target: "/a"},
			"GET /a HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nConnection: close\r\n\r\n",
			`for i in $(seq 3); do curl -s -o /dev/null -w '%{http_code}\n' 'http://h/a'; done`, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.raw, string(c.in.Bytes("h"))); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.curl, c.in.Curl("http://h/", c.loop)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A demo that runs for a day still has a token that is good.
func TestRenew(t *testing.T) {
	w := newWorld(t)
	page := &demo.Page{Fixtures: w.page.Fixtures, Dial: w.page.Dial}
	page.Fixtures.Credentials.Tokens.Valid = page.Fixtures.Credentials.Tokens.Expired
	row := page.Rows()[0]
	if res, err := page.Try(t.Context(), row); err != nil || res.Right.Status != 401 {
		t.Fatalf("%v, right call %d", err, res.Right.Status)
	}
	page.Renew = func(f demo.Fixtures) demo.Fixtures {
		f.Credentials.Tokens = w.page.Fixtures.Credentials.Tokens
		return f
	}
	if res, err := page.Try(t.Context(), row); err != nil || res.Right.Status != 200 || !res.Expected {
		t.Errorf("%v, right call %d", err, res.Right.Status)
	}
}

// What is not there is left out: no field is empty or invented.
func TestCredentialsAsJSON(t *testing.T) {
	small, err := json.Marshal(demo.Credentials{Gate: "http://g", Paths: demo.Paths{Public: "/p"}})
	if err != nil || string(small) != `{"gate":"http://g","paths":{"public":"/p"}}` {
		t.Errorf("%v %s", err, small)
	}
	full, err := json.Marshal(newWorld(t).page.Fixtures.Credentials)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"own":"/users/alice/orders"`, `"others":"/users/bob/orders"`, `"admin_only":`, `"not_yet_valid":"ey`, `"groups":["admin"]`, `"header":"X-API-Key"`, `"clients":[{"client_id":"backend","client_secret":"`} {
		if !strings.Contains(string(full), want) {
			t.Errorf("no %s in %s", want, full)
		}
	}
	for _, not := range []string{`""`, "null", "graphql"} {
		if strings.Contains(string(full), not) {
			t.Errorf("%s in %s", not, full)
		}
	}
}
