package httpbin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/mock/httpbin"
	"github.com/google/go-cmp/cmp"
	reference "github.com/mccutchen/go-httpbin/v2/httpbin"
)

// fields are those that are compared; the others are of the connection.
var fields = []string{
	"Content-Type", "Www-Authenticate", "Proxy-Authenticate", "Location", "Set-Cookie", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
	"Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age", "X-More-Info", "Server-Timing", "Allow", "X-Test", "Retry-After",
}

type request struct {
	method, target, body string
	header               []string
}

func requests() []request {
	basic := func(user, password string) []string {
		v, _ := httpauth.EncodeBasic(user, password)
		return []string{"Authorization", v}
	}
	get := func(target string, header ...string) request {
		return request{method: http.MethodGet, target: target, header: header}
	}
	all := []request{
		get("/basic-auth/u/p"), get("/basic-auth/u/p", basic("u", "p")...), get("/basic-auth/u/p", basic("u", "x")...), get("/basic-auth/u/p", basic("x", "p")...),
		get("/basic-auth/u/p", "Authorization", "basic dTpw"), get("/basic-auth/u/p", "Authorization", "Basic dTpw "), get("/basic-auth/u/p", "Authorization", "Basic %%%"),
		get("/basic-auth/u/p", "Authorization", "Bearer dTpw"), get("/basic-auth/u", basic("u", "")...), get("/basic-auth/u/p/", basic("u", "p")...), get("/basic-auth/u%20x/p%2Fq", basic("u x", "p/q")...),
		get("/basic-auth/u/a:b", basic("u", "a:b")...), get("/basic-auth/ü/p", basic("ü", "p")...),
		{method: http.MethodPost, target: "/basic-auth/u/p", body: "x", header: basic("u", "p")},
		{method: http.MethodOptions, target: "/basic-auth/u/p"}, {method: http.MethodHead, target: "/basic-auth/u/p"},
		get("/hidden-basic-auth/u/p"), get("/hidden-basic-auth/u/p", basic("u", "p")...), get("/hidden-basic-auth/u/p", basic("u", "q")...),
		get("/bearer"), get("/bearer", "Authorization", "Bearer abc"), get("/bearer", "Authorization", "bearer abc"), get("/bearer", "Authorization", "Bearer"),
		get("/bearer", "Authorization", "Bearer a b"), get("/bearer", "Authorization", "Bearer  abc"), get("/bearer", "Authorization", "Basic abc"),
		{method: http.MethodDelete, target: "/bearer", header: []string{"Authorization", "Bearer t"}},
		get("/cookies"), get("/cookies", "Cookie", "a=1; b=2"), get("/cookies", "Cookie", `a="q"; ;x`), get("/cookies/set?a=1"), get("/cookies/set?a=1&attr[Secure]=true&attr[path]=/x&attr[SameSite]=None&attr[HttpOnly]=0&attr[Domain]=example.com"),
		get("/cookies/set?a=1", "X-Forwarded-Proto", "https"), get("/cookies/set"), get("/cookies/set?a=x%20y&attr[samesite]=strict"),
		get("/headers", "X-Test", "1", "Accept", "a/b"), get("/get?a=1&a=2&b=", "X-Forwarded-Proto", "https"), get("/get", "X-Forwarded-For", "192.0.2.1, 198.51.100.2"), get("/ip", "True-Client-IP", "192.0.2.9"),
		get("/ip"), get("/ip?format=text"), get("/user-agent", "User-Agent", "x/1"), get("/user-agent", "User-Agent", ""),
		{method: http.MethodPost, target: "/get"}, {method: http.MethodOptions, target: "/get", header: []string{"Origin", "https://x.example", "Access-Control-Request-Headers", "authorization"}},
		get("/get", "Origin", "https://x.example"), get("/post"), {method: http.MethodPut, target: "/post"},
		{method: http.MethodPost, target: "/post", body: "a=1&b=2&b=3", header: []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{method: http.MethodPost, target: "/post", body: "a=%zz", header: []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{method: http.MethodPost, target: "/post?q=1", body: `{"a":[1,{"b":null}]}`, header: []string{"Content-Type", "application/json; charset=utf-8"}},
		{method: http.MethodPost, target: "/post", body: `{"a"`, header: []string{"Content-Type", "application/json"}},
		{method: http.MethodPut, target: "/put", body: "text", header: []string{"Content-Type", "text/plain"}},
		{method: http.MethodPatch, target: "/patch", body: "\x00\xff", header: []string{"Content-Type", "image/png"}}, {method: http.MethodDelete, target: "/delete", body: "?"},
		{method: http.MethodDelete, target: "/delete", body: "a=1", header: []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{method: http.MethodPost, target: "/post", body: "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\nfile\r\n--x\r\nContent-Disposition: form-data; name=\"v\"\r\n\r\n1\r\n--x--\r\n", header: []string{"Content-Type", "multipart/form-data; boundary=x"}},
		get("/anything"), get("/anything/a/b?c=d"), {method: http.MethodPost, target: "/anything/x", body: "hi", header: []string{"Content-Type", "text/plain"}}, {method: "MADEUP", target: "/anything"}, {method: http.MethodHead, target: "/anything"},
		get("/delay/0"), get("/delay/0.01"), get("/delay/5ms"), get("/delay/-1"), get("/delay/11"), get("/delay/x"), get("/delay/1h"),
		get("/response-headers?X-Test=1&X-Test=2"), get("/response-headers?Content-Type=text/html&X-Test=<b>"), get("/response-headers?Content-Type=text/plain&a=<b>"), get("/response-headers"), get("/response-headers?Www-Authenticate=Bearer"),
		get("/response-headers?X-Test=a%0d%0aX-Bad:b"), get("/response-headers?bad%20name=1"),
		get("/unstable?seed=1"), get("/unstable?seed=2&failure_rate=0.9"), get("/unstable?failure_rate=0"), get("/unstable?failure_rate=1"), get("/unstable?seed=x"), get("/unstable?failure_rate=x"),
		get("/redirect-to?url=https://example.com/a%3Fb"), get("/redirect-to?url=/get&status_code=307"), get("/redirect-to?url=/get&status_code=200"), get("/redirect-to"), get("/redirect-to?url=%zz"), get("/redirect-to?url=/get&status_code=x"),
		get("/redirect/1"), get("/redirect/3"), get("/redirect/3?absolute=true"), get("/redirect/0"), get("/redirect/x"), get("/relative-redirect/2"), get("/absolute-redirect/1"),
		get("/digest-auth/auth/u/p"), get("/digest-auth/AUTH/u/p/sha-256"), get("/digest-auth/auth-int/u/p"), get("/digest-auth/auth/u/p/SHA-512"), get("/digest-auth/auth/u/p", "Authorization", "Digest x"),
		get("/digest-auth/auth/u/p", basic("u", "p")...), get("/status/200,200:0"), get("/status/x"), get("/status/600"), get("/status/99"), get("/status/"), get("/status/200:x,201"), get("/status/x,201"), get("/status/418,418"),
		get("/status/200/"), get("/cookies//set"), get("/./get"),
	}
	for _, code := range []string{"200", "201", "204", "205", "206", "301", "302", "303", "304", "305", "307", "400", "401", "403", "404", "405", "406", "407", "410", "418", "419", "429", "451", "499", "500", "502", "503", "504", "511", "599"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodHead, http.MethodOptions} {
			all = append(all, request{method: method, target: "/status/" + code})
		}
	}
	for seed := range 40 {
		all = append(all, get("/unstable?failure_rate=0.4&seed="+string(rune('0'+seed%10))+string(rune('0'+seed/10))))
	}
	return all
}

type answer struct {
	Status int
	Header map[string][]string
	JSON   any
	Text   string
}

func ask(t *testing.T, c *http.Client, base string, q request) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), q.method, base+q.target, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	// Both servers are to see the same name, and their own address otherwise.
	r.Host = "bin.example"
	for i := 0; i+1 < len(q.header); i += 2 {
		r.Header.Add(q.header[i], q.header[i+1])
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", q.method, q.target, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Status: resp.StatusCode, Header: map[string][]string{}}
	for _, name := range fields {
		if v := resp.Header.Values(name); len(v) > 0 {
			a.Header[name] = slices.Sorted(slices.Values(v))
		}
	}
	if json.Unmarshal(body, &a.JSON) != nil {
		a.Text = string(body)
	}
	return a
}

func servers(t *testing.T) (theirs, ours string, c *http.Client) {
	t.Helper()
	a, b := httptest.NewServer(reference.New()), httptest.NewServer(&httpbin.Handler{})
	t.Cleanup(a.Close)
	t.Cleanup(b.Close)
	return a.URL, b.URL, &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Everything but what Divergences lists is answered as go-httpbin answers it.
func TestSameAsGoHTTPBin(t *testing.T) {
	theirs, ours, c := servers(t)
	for _, q := range requests() {
		want, got := ask(t, c, theirs, q), ask(t, c, ours, q)
		for _, a := range []*answer{&want, &got} {
			// Nonces are chance, and cookies that are deleted have a date.
			for i, v := range a.Header["Www-Authenticate"] {
				a.Header["Www-Authenticate"][i] = withoutChance(v)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s %q (-go-httpbin +ours):\n%s", q.method, q.target, q.header, diff)
		}
	}
}

func withoutChance(v string) string {
	before, after, ok := strings.Cut(v, "nonce=")
	if !ok {
		return v
	}
	parts := strings.Split(after, "opaque=")
	if len(parts) != 2 || len(strings.TrimSuffix(parts[0], ", ")) != 32 || len(parts[1]) != 32 {
		return v
	}
	return before + "nonce=..., opaque=..."
}

// An answer to the challenge of one is taken by the other, since neither keeps
// its nonces.
func TestDigestAsGoHTTPBin(t *testing.T) {
	theirs, ours, c := servers(t)
	for _, tt := range []struct {
		name, target, user, password string
		algorithm                    httpauth.DigestAlgorithm
		spoil                        func(*httpauth.DigestCredentials)
		want                         int
	}{
		{name: "right", target: "/digest-auth/auth/u/p", user: "u", password: "p", algorithm: "MD5", want: 200},
		{name: "sha-256", target: "/digest-auth/auth/u/p/SHA-256", user: "u", password: "p", algorithm: "SHA-256", want: 200},
		{name: "downgraded", target: "/digest-auth/auth/u/p/SHA-256", user: "u", password: "p", algorithm: "MD5", want: 200},
		{name: "password", target: "/digest-auth/auth/u/p", user: "u", password: "q", algorithm: "MD5", want: 401},
		{name: "user", target: "/digest-auth/auth/u/p", user: "v", password: "p", algorithm: "MD5", want: 401},
		{name: "algorithm", target: "/digest-auth/auth/u/p", user: "u", password: "p", algorithm: "SHA-512-256", want: 401},
		{name: "old form", target: "/digest-auth/auth/u/p", user: "u", password: "p", algorithm: "MD5", want: 200, spoil: func(c *httpauth.DigestCredentials) { c.QOP, c.NC, c.CNonce = "", "", "" }},
		{name: "realm of the client", target: "/digest-auth/auth/u/p", user: "u", password: "p", algorithm: "MD5", want: 200, spoil: func(c *httpauth.DigestCredentials) { c.Realm = "mine" }},
		{name: "other target", target: "/digest-auth/auth/u/p?x=1", user: "u", password: "p", algorithm: "MD5", want: 200, spoil: func(c *httpauth.DigestCredentials) { c.URI = "/digest-auth/auth/u/p?x=1" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cred := httpauth.DigestCredentials{
				Username: tt.user, Realm: "go-httpbin", URI: tt.target, Nonce: "never handed out", Algorithm: tt.algorithm, QOP: "auth", NC: "00000001", CNonce: "abc",
			}
			if tt.spoil != nil {
				tt.spoil(&cred)
			}
			cred.Response = cred.Compute(httpauth.DigestHA1(tt.algorithm, tt.user, cred.Realm, tt.password), http.MethodGet, "")
			q := request{method: http.MethodGet, target: tt.target, header: []string{"Authorization", cred.Value()}}
			a, b := ask(t, c, theirs, q), ask(t, c, ours, q)
			if a.Status != tt.want || b.Status != tt.want {
				t.Errorf("go-httpbin %d, ours %d, want %d", a.Status, b.Status, tt.want)
			}
			if diff := cmp.Diff(a.JSON, b.JSON); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDivergences(t *testing.T) {
	for _, d := range httpbin.Divergences() {
		if d.Path == "" || d.Theirs == "" || d.Ours == "" || d.Why == "" {
			t.Errorf("incomplete: %+v", d)
		}
	}
}
