//go:build linux

package tls_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/e2e/program"
)

// raw sends octets and returns the first answer.
func raw(t *testing.T, address, octets string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(program.Patience))
	if _, err := io.WriteString(conn, octets); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(octets, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", octets, err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res, string(body)
}

// Plain http is a way to https and to nothing else: it never asks for a
// credential, and leads nowhere but to the gate.
func TestRedirect(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	a.install(t, dir, 100, "api.example.test", "*.shop.example.test")
	plain := foreign.FreeAddress(t)
	g := serve(t, dir, "gate: {listen: '127.0.0.1:0', upstream: UPSTREAM}\ntls: {cert: cert.pem, key: key.pem, redirect: '"+plain+"'}\n"+
		"methods:\n  password: {type: basic}\n  key: {type: api-key, header: X-API-Key, query: key, cookie: apikey}\n")
	port := ":" + strconv.Itoa(port(t, g.address))
	const host = "Host: api.example.test\r\n"
	const secret = "s3cr3t-value"
	for _, c := range []struct {
		name, sent string
		status     int
		want       string // Location; or, in a refusal, a piece of the body
	}{
		{"GET", "GET /orders/7?a=b%20c HTTP/1.1\r\n" + host + "\r\n", 308, "https://api.example.test" + port + "/orders/7?a=b%20c"},
		{"HEAD", "HEAD / HTTP/1.1\r\n" + host + "\r\n", 308, "https://api.example.test" + port + "/"},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n" + host + "\r\n", 308, "https://api.example.test" + port + "/"},
		{"with a port", "GET / HTTP/1.1\r\nHost: api.example.test:80\r\n\r\n", 308, "https://api.example.test" + port + "/"},
		{"capitals and a dot", "GET / HTTP/1.1\r\nHost: API.Example.test.\r\n\r\n", 308, "https://api.example.test" + port + "/"},
		{"below the asterisk", "GET / HTTP/1.1\r\nHost: a.shop.example.test\r\n\r\n", 308, "https://a.shop.example.test" + port + "/"},
		{"an absolute target", "GET http://api.example.test/a HTTP/1.1\r\nHost: evil.example\r\n\r\n", 308, "https://api.example.test" + port + "/a"},
		{"two slashes", "GET //evil.example/ HTTP/1.1\r\n" + host + "\r\n", 308, "https://api.example.test" + port + "//evil.example/"},
		{"an encoded slash", "GET /a%2Fb/..%2f HTTP/1.1\r\n" + host + "\r\n", 308, "https://api.example.test" + port + "/a%2Fb/..%2f"},

		{"another host", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421, "not a host of this gate"},
		{"another absolute target", "GET http://evil.example/a HTTP/1.1\r\n" + host + "\r\n", 421, "not a host of this gate"},
		{"a user", "GET / HTTP/1.1\r\nHost: api.example.test@evil.example\r\n\r\n", 400, ""},
		{"below it", "GET / HTTP/1.1\r\nHost: api.example.test.evil.example\r\n\r\n", 421, "not a host of this gate"},
		{"two labels below the asterisk", "GET / HTTP/1.1\r\nHost: a.b.shop.example.test\r\n\r\n", 421, "not a host of this gate"},
		{"an address", "GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", 421, "not a host of this gate"},
		{"no host", "GET / HTTP/1.0\r\n\r\n", 421, "not a host of this gate"},
		{"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 421, "not a host of this gate"},
		{"two hosts", "GET / HTTP/1.1\r\n" + host + "Host: evil.example\r\n\r\n", 400, ""},
		{"CONNECT", "CONNECT api.example.test:443 HTTP/1.1\r\n" + host + "\r\n", 421, "not a host of this gate"},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", 421, "not a host of this gate"},

		{"a password", "GET /orders HTTP/1.1\r\n" + host + "Authorization: Basic " + secret + "\r\n\r\n", 403, "Replace the credential"},
		{"a password for nobody's host", "GET /orders HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Basic " + secret + "\r\n\r\n", 421, ""},
		{"an empty one", "GET /orders HTTP/1.1\r\n" + host + "Authorization:\r\n\r\n", 403, "Replace the credential"},
		{"a key", "GET /orders HTTP/1.1\r\n" + host + "X-API-Key: " + secret + "\r\n\r\n", 403, "X-API-Key"},
		{"a key in the query", "GET /orders?a=b&key=" + secret + " HTTP/1.1\r\n" + host + "\r\n", 403, "the parameter key"},
		{"a key in a query that is none", "GET /orders?%zz&key=" + secret + " HTTP/1.1\r\n" + host + "\r\n", 403, "the parameter key"},
		{"a key in a cookie", "GET /orders HTTP/1.1\r\n" + host + "Cookie: a=b; apikey=" + secret + "\r\n\r\n", 403, "the cookie apikey"},
		{"another cookie", "GET / HTTP/1.1\r\n" + host + "Cookie: a=b\r\n\r\n", 308, "https://api.example.test" + port + "/"},
		{"a key where nobody looks", "GET /orders?api_key=g401_live_x HTTP/1.1\r\n" + host + "\r\n", 403, "a parameter"},
		{"a token in the query", "GET /orders?access_token=" + secret + " HTTP/1.1\r\n" + host + "\r\n", 403, "a parameter"},
		{"a field misspelt", "GET /orders HTTP/1.1\r\n" + host + "Authorisation: Bearer " + secret + "\r\n\r\n", 403, "the field Authorisation"},
		{"a state of a page", "GET /orders?state=open&code=7 HTTP/1.1\r\n" + host + "\r\n", 308, "https://api.example.test" + port + "/orders?state=open&code=7"},
		{"HEAD with a password", "HEAD /orders HTTP/1.1\r\n" + host + "Authorization: Basic " + secret + "\r\n\r\n", 403, ""},
		{"POST", "POST /orders HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\n{}", 403, "only GET and HEAD are redirected"},
		{"no challenge of the ACME server", "GET /.well-known/acme-challenge/x HTTP/1.1\r\n" + host + "\r\n", 308, "https://api.example.test" + port + "/.well-known/acme-challenge/x"},
		{"too large", "GET / HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, body := raw(t, plain, c.sent)
			if res.StatusCode != c.status {
				t.Errorf("%s, want %d: %s", res.Status, c.status, body)
			}
			location := res.Header.Get("Location")
			switch {
			case c.status == 308 && location != c.want:
				t.Errorf("Location: %s, want %s", location, c.want)
			case c.status != 308 && (location != "" || !strings.Contains(body, c.want)):
				t.Errorf("Location: %q; %s; want %q", location, body, c.want)
			}
			if res.Header["Www-Authenticate"] != nil || res.Header[sts] != nil {
				t.Errorf("over plain http: %v", res.Header)
			}
			if strings.Contains(body, secret) {
				t.Errorf("the answer holds the credential: %s", body)
			}
			if c.status == 403 && !strings.HasPrefix(c.sent, "HEAD") && !strings.Contains(body, `"https_url":"https://api.example.test`+port+`/orders"`) {
				t.Errorf("no URL to go on with: %s", body)
			}
		})
	}
	soon(t, "a line about the credentials", func() bool { return g.Event("a credential came by plain http") != nil })
	if err := g.Stop(); err != nil {
		t.Error(err)
	}
	if strings.Contains(g.Stderr.String(), secret) {
		t.Error("the log holds a credential")
	}
}

// Where the port of the redirect is told to be the same as the gate's, nothing starts.
func TestRedirectInUse(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	a.install(t, dir, 100, "api.example.test")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file := "gate: {listen: '127.0.0.1:0', upstream: 'http://127.0.0.1:1'}\nadmin: {listen: '127.0.0.1:0'}\ntls: {cert: cert.pem, key: key.pem, redirect: '" + l.Addr().String() + "'}\n"
	if err := os.WriteFile(dir+"/gate401.yaml", []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := run(t, dir, "serve"); code != 1 || !strings.Contains(out, "address already in use") {
		t.Errorf("exit %d: %s", code, out)
	}
}
