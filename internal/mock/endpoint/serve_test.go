package endpoint_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/gate401/gate401/internal/mock/journal"
)

// set is a Set with the endpoints of a YAML text.
func set(t *testing.T, yaml string) *endpoint.Set {
	t.Helper()
	all, err := endpoint.Decode("test.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	s := &endpoint.Set{Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }, Rand: zeros{}}
	if _, err := s.Add(all...); err != nil {
		t.Fatal(err)
	}
	return s
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// teapot answers what no endpoint does.
var teapot = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })

func ask(h http.Handler, method, target string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestMatching(t *testing.T) {
	h := set(t, `
- {id: any, path: /**, answer: 201}
- {id: orders, path: /orders, answer: 202}
- {id: get, path: /orders, method: get, answer: 203}
- {id: anonymous, path: /orders, method: GET, match: header authorization missing, answer: 401}
- {id: basic, path: /orders, method: GET, match: [header authorization scheme basic, query page not equals 2], answer: 402}
- {id: one, path: "/users/{id}", answer: 403}
- {id: me, path: /users/me, answer: 404}
- {id: star, path: "/users/*/files", answer: 405}
- {id: files, path: "/users/{id}/files/**", answer: 406}
- {id: slash, path: /slash/, answer: 407}
- {id: space, path: /a%20b, answer: 408}
- {id: cookie, path: /c, match: cookie sid present, answer: 409}
- {id: own, path: /orders, method: GET, session: mine, answer: 410}
`).Handler(teapot)
	const bearer = "Authorization: Bearer x"
	for _, tc := range []struct {
		name, method, target string
		fields               []string
		want                 int
	}{
		{"nothing else", "GET", "/elsewhere", nil, 201},
		{"the root", "GET", "/", nil, 201},
		{"any method", "POST", "/orders", nil, 202},
		{"this method", "GET", "/orders", []string{bearer}, 203},
		{"HEAD is GET", "HEAD", "/orders", []string{bearer}, 203},
		{"missing field", "GET", "/orders?page=2", nil, 401},
		{"scheme without case", "GET", "/orders", []string{"Authorization: bASIC eA=="}, 402},
		{"a condition that fails", "GET", "/orders?page=2", []string{"Authorization: Basic eA=="}, 203},
		{"parameter", "GET", "/users/7", nil, 403},
		{"literal before parameter", "GET", "/users/me", nil, 404},
		{"star", "GET", "/users/7/files", nil, 406}, // a parameter is more specific than a star
		{"below", "GET", "/users/7/files/a/b", nil, 406},
		{"empty parameter", "GET", "/users/", nil, 201},
		{"slash", "GET", "/slash/", nil, 407},
		{"no slash", "GET", "/slash", nil, 201},
		{"encoded", "GET", "/a%20b", nil, 408},
		{"encoded slash is no slash", "GET", "/users%2Fme", nil, 201},
		{"cookie", "GET", "/c", []string{"Cookie: sid=1"}, 409},
		{"other cookie", "GET", "/c", []string{"Cookie: side=1"}, 201},
		{"its own session", "GET", "/s/mine/orders", nil, 410},
		{"another session", "GET", "/s/other/orders", []string{bearer}, 203},
		{"the mock's own", "GET", "/__mock/", nil, 418},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := ask(h, tc.method, tc.target, tc.fields...).Code; got != tc.want {
				t.Errorf("%s %s: %d, want %d", tc.method, tc.target, got, tc.want)
			}
		})
	}
}

func TestNoMatchFallsThrough(t *testing.T) {
	h := set(t, `{path: /orders, method: GET, answer: 401}`).Handler(teapot)
	for _, target := range []string{"/", "/order", "/orders/1", "/orders/"} {
		if got := ask(h, "GET", target).Code; got != http.StatusTeapot {
			t.Errorf("%s: %d", target, got)
		}
	}
}

func TestRightByDefault(t *testing.T) {
	h := set(t, `
- {path: /plain, answer: 401}
- {path: /none, answer: 401, challenge: none}
- {path: /both, answer: 401, challenge: [bearer, basic]}
- {path: /raw, answer: 401, challenge: ['Bearer realm="x', Digest]}
- {path: /field, answer: 401, headers: {www-authenticate: Odd}}
- {path: /reason, answer: token-expired}
- {path: /scope, answer: scope-insufficient}
- {path: /limited, answer: rate-limited}
- {path: /proxy, answer: 407}
- {path: /forbidden, answer: 403}
- {path: /body, answer: 401, body: "no"}
- {path: /empty, answer: 204}
`).Handler(teapot)
	const (
		basic  = "Authorization: Basic eDp5"
		bearer = "Authorization: Bearer abc"
	)
	for _, tc := range []struct {
		target, field, sent string
		status              int
		want                []string
	}{
		{"/plain", "Www-Authenticate", "", 401, []string{`Bearer realm="mock"`}},
		{"/plain", "Gate401-Reason", "", 401, []string{"credentials-missing"}},
		{"/plain", "Content-Type", "", 401, []string{"application/problem+json"}},
		{"/plain", "Cache-Control", "", 401, []string{"no-store"}},
		{"/plain", "Www-Authenticate", basic, 401, []string{`Basic realm="mock", charset="UTF-8"`}},
		{"/plain", "Www-Authenticate", bearer, 401, []string{`Bearer realm="mock", error="invalid_token", error_description="The access token is not valid"`}},
		{"/none", "Www-Authenticate", "", 401, nil},
		{"/both", "Www-Authenticate", "", 401, []string{`Bearer realm="mock"`, `Basic realm="mock", charset="UTF-8"`}},
		{"/raw", "Www-Authenticate", bearer, 401, []string{`Bearer realm="x`, "Digest"}},
		{"/field", "Www-Authenticate", "", 401, []string{"Odd"}},
		{"/reason", "Gate401-Reason", bearer, 401, []string{"token-expired"}},
		{"/reason", "Www-Authenticate", bearer, 401, []string{`Bearer realm="mock", error="invalid_token", error_description="The access token expired"`}},
		{"/scope", "Www-Authenticate", bearer, 403, []string{`Bearer realm="mock", error="insufficient_scope", error_description="The credential lacks a scope for this"`}},
		{"/limited", "Retry-After", bearer, 429, []string{"1"}},
		{"/limited", "Www-Authenticate", bearer, 429, nil},
		{"/proxy", "Proxy-Authenticate", "", 407, []string{`Basic realm="mock", charset="UTF-8"`}},
		{"/forbidden", "Www-Authenticate", bearer, 403, nil},
		{"/body", "Www-Authenticate", "", 401, []string{`Bearer realm="mock"`}},
		{"/body", "Content-Type", "", 401, []string{"text/plain; charset=utf-8"}},
		{"/empty", "Content-Length", "", 204, nil},
	} {
		t.Run(tc.target+" "+tc.field+" "+tc.sent, func(t *testing.T) {
			var fields []string
			if tc.sent != "" {
				fields = append(fields, tc.sent)
			}
			w := ask(h, "GET", tc.target, fields...)
			if w.Code != tc.status {
				t.Errorf("status %d, want %d", w.Code, tc.status)
			}
			if got := w.Header()[tc.field]; strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
				t.Errorf("%s: %q, want %q", tc.field, got, tc.want)
			}
		})
	}
}

func TestFilling(t *testing.T) {
	h := set(t, `
- path: "/json/{name}"
  json: {id: "{name}", when: "{now}", uuid: "{uuid}", from: "{request.header.X-From}", q: "{request.query.q}", "{other}": {a: 1.50, b: [true, null]}}
- {path: "/text/{name}", body: "{name} {unknown} { {now", headers: {X-Name: "{name}"}}
- {path: "/html/{name}", body: "<p>{name}</p>"}
`).Handler(teapot)
	for _, tc := range []struct{ target, want, field string }{
		{"/json/a%22b?q=%0A", `{"id":"a\"b","when":"2026-01-02T03:04:05Z","uuid":"00000000-0000-4000-8000-000000000000","from":"me\\","q":"\n","{other}":{"a":1.50,"b":[true,null]}}`, ""},
		{"/text/a%0D%0Ab", "a\r\nb {unknown} { {now", "ab"},
		{"/html/%3Cscript%3E", "<p>&lt;script&gt;</p>", ""},
	} {
		w := ask(h, "GET", tc.target, `X-From: me\`)
		if got := w.Body.String(); got != tc.want {
			t.Errorf("%s: %s\nwant %s", tc.target, got, tc.want)
		}
		if got := w.Header().Get("X-Name"); got != tc.field {
			t.Errorf("%s: X-Name %q, want %q", tc.target, got, tc.field)
		}
	}
}

func server(t *testing.T, yaml string) (*journal.Journal, *httptest.Server) {
	t.Helper()
	j := &journal.Journal{}
	srv := httptest.NewServer(j.Wrap(set(t, yaml).Handler(teapot)))
	t.Cleanup(srv.Close)
	t.Cleanup(j.Close)
	return j, srv
}

// What a fault does is what a client sees, and the journal says so.
func TestFaults(t *testing.T) {
	j, srv := server(t, `
- {path: /close, answer: close}
- {path: /reset, answer: reset}
- {path: /garbage, answer: garbage}
- {path: /truncate, answer: 401!truncate, body: "0123456789"}
- {path: /nothing, answer: 401!truncate, challenge: none}
- {path: /slow, body: abc, fault: slow, over: 30ms}
- {path: /late, answer: 401+20ms}
`)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, tc := range []struct {
		path   string
		status int // as recorded
		check  func(*http.Response, error) bool
	}{
		{"/close", 0, func(_ *http.Response, err error) bool { return errors.Is(err, io.EOF) }},
		{"/reset", 0, func(_ *http.Response, err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		{"/garbage", 0, func(_ *http.Response, err error) bool {
			return err != nil && strings.Contains(err.Error(), "malformed")
		}},
		{"/truncate", 401, func(r *http.Response, err error) bool {
			if err != nil {
				return false
			}
			b, err := io.ReadAll(r.Body)
			return string(b) == "01234" && errors.Is(err, io.ErrUnexpectedEOF)
		}},
		{"/slow", 200, func(r *http.Response, err error) bool {
			if err != nil {
				return false
			}
			b, err := io.ReadAll(r.Body)
			return string(b) == "abc" && err == nil
		}},
		{"/late", 401, func(r *http.Response, err error) bool { return err == nil && r.StatusCode == 401 }},
	} {
		t.Run(tc.path, func(t *testing.T) {
			last := j.Stats().Last
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+tc.path, strings.NewReader("hello"))
			resp, err := client.Do(req)
			if !tc.check(resp, err) {
				t.Errorf("got %v, %v", resp, err)
			}
			if resp != nil {
				resp.Body.Close()
			}
			got, err := j.Wait(t.Context(), journal.Filter{After: last}, 1)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimPrefix(tc.path, "/")
			if want == "late" {
				want = ""
			}
			if e := got[0]; e.Fault != want || e.Status != tc.status || string(e.Body) != "hello" || e.Endpoint != tc.path[1:] {
				t.Errorf("recorded %+v", e)
			}
		})
	}
}

// The answer comes although the body never does.
func TestEarly(t *testing.T) {
	j, srv := server(t, `{path: /up, answer: 401!early}`)
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(conn, "POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 401 || !resp.Close || resp.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%d %v %v", resp.StatusCode, resp.Close, resp.Header)
	}
	got, err := j.Wait(t.Context(), journal.Filter{}, 1)
	if err != nil || got[0].Fault != "early" || len(got[0].Body) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
