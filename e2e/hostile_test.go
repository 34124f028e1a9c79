package e2e

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Bad input gets a clear 4xx in bounded time and memory: never a 5xx, a panic, a
// hang, or the API behind.
func TestBadInput(t *testing.T) {
	p, c := startDemo(t)
	host := strings.TrimPrefix(p.gate, "http://")
	jwt := func(header, payload string) string {
		enc := base64.RawURLEncoding.EncodeToString
		return "Authorization: Bearer " + enc([]byte(header)) + "." + enc([]byte(payload)) + "." + enc([]byte("signature"))
	}
	es256 := `{"alg":"ES256","typ":"at+jwt"}`
	deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	basic := func(s string) string { return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, x := range []struct {
		name, line, fields string
		want               []int
	}{
		{"a field of 64 KiB", "GET /orders HTTP/1.1", "Authorization: Bearer " + strings.Repeat("a", 64<<10), []int{401, 431}},
		{"a field of 60 KiB", "GET /orders HTTP/1.1", "Authorization: Bearer " + strings.Repeat("a", 60<<10), []int{401, 431}},
		{"a megabyte of fields", "GET /orders HTTP/1.1", strings.Repeat("X-Filler: "+strings.Repeat("b", 1000)+"\r\n", 1000) + "X-End: 1", []int{431}},
		{"ten thousand fields", "GET /orders HTTP/1.1", strings.Repeat("X: 1\r\n", 9_000) + "X-End: 1", []int{401, 431}},
		{"a password of 48 KiB", "GET /orders HTTP/1.1", basic("alice:" + strings.Repeat("p", 32<<10)), []int{401}},
		{"a name of 32 KiB", "GET /orders HTTP/1.1", basic(strings.Repeat("n", 32<<10) + ":p"), []int{401}},
		{"control characters in Basic", "GET /orders HTTP/1.1", basic("ali\x00ce:p\x1bw"), []int{401}},
		{"no UTF-8 in Basic", "GET /orders HTTP/1.1", basic("ali\xffce:pw"), []int{401}},
		{"a NUL in a field", "GET /orders HTTP/1.1", "Authorization: Bearer a\x00b", []int{400}},
		{"a bare carriage return in a field", "GET /orders HTTP/1.1", "Authorization: Bearer a\rb", []int{400}},
		{"octets beyond ASCII", "GET /orders HTTP/1.1", "Authorization: Bearer \xff\xfe\xfd", []int{401}},
		{"two Authorization fields", "GET /orders HTTP/1.1", "Authorization: Bearer " + c.Tokens["valid"] + "\r\nAuthorization: Bearer " + c.Tokens["valid"], []int{400}},
		{"two credentials in one field", "GET /orders HTTP/1.1", "Authorization: Bearer " + c.Tokens["valid"] + ", Bearer " + c.Tokens["valid"], []int{401}},
		{"two different keys", "GET /orders HTTP/1.1", "X-API-Key: " + c.APIKeys[0].Value + "\r\nX-API-Key: " + c.APIKeys[1].Value, []int{400}},
		{"a tab behind Bearer", "GET /orders HTTP/1.1", "Authorization: Bearer\t" + c.Tokens["valid"], []int{401}},
		{"two spaces behind Bearer", "GET /orders HTTP/1.1", "Authorization: Bearer  " + c.Tokens["valid"], []int{401}},
		{"an exponent that never ends", "GET /orders HTTP/1.1", jwt(es256, `{"exp":1e1000000000}`), []int{401}},
		{"a number of a megabyte", "GET /orders HTTP/1.1", jwt(es256, `{"exp":1`+strings.Repeat("0", 30_000)+`}`), []int{401}},
		{"deep nesting", "GET /orders HTTP/1.1", jwt(es256, deep[:len(deep)/8]), []int{401}},
		{"deep nesting in the header", "GET /orders HTTP/1.1", jwt(deep[:30_000], `{}`), []int{401}},
		{"alg none", "GET /orders HTTP/1.1", "Authorization: Bearer " + base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(c.Tokens["valid"], ".")[1] + ".", []int{401}},
		{"alg None", "GET /orders HTTP/1.1", jwt(`{"alg":"nOnE"}`, `{}`), []int{401}},
		{"a key in the header", "GET /orders HTTP/1.1", jwt(`{"alg":"ES256","jwk":{"kty":"oct","k":"AAAA"}}`, `{}`), []int{401}},
		{"an unknown critical extension", "GET /orders HTTP/1.1", jwt(`{"alg":"ES256","crit":["exp"]}`, `{}`), []int{401}},
		{"the same claim twice", "GET /orders HTTP/1.1", jwt(es256, `{"sub":"a","sub":"b"}`), []int{401}},
		{"an encrypted token", "GET /orders HTTP/1.1", "Authorization: Bearer a.b.c.d.e", []int{401}},
		{"a cookie of nothing", "GET /orders HTTP/1.1", "Cookie: =;;;=;" + strings.Repeat("a=;", 9000), []int{401}},
		{"a host that is two", "GET /orders HTTP/1.1", "X-A: 1\r\nHost: other", []int{400}},
		{"length and chunks", "POST /orders HTTP/1.1", "Content-Length: 5\r\nTransfer-Encoding: chunked", []int{400, 401}},
		{"two lengths", "POST /orders HTTP/1.1", "Content-Length: 5\r\nContent-Length: 6", []int{400}},
		{"a space before the colon", "GET /orders HTTP/1.1", "Authorization : Bearer x", []int{400}},
		{"a field without a name", "GET /orders HTTP/1.1", ": x", []int{400}},
		{"a folded field", "GET /orders HTTP/1.1", "Authorization: Bearer\r\n x", []int{400, 401}},
		{"no method", " /orders HTTP/1.1", "X: 1", []int{400}},
		{"a method of a page", strings.Repeat("G", 70_000) + " /orders HTTP/1.1", "X: 1", []int{400, 431}},
		{"CONNECT", "CONNECT orders:443 HTTP/1.1", "X: 1", []int{400}},
		{"an asterisk", "OPTIONS * HTTP/1.1", "X: 1", []int{400}},
		{"a version of the future", "GET /orders HTTP/9.9", "X: 1", []int{505, 400}},
	} {
		t.Run(x.name, func(t *testing.T) {
			began := time.Now()
			res, body, err := p.raw(x.line + "\r\nHost: " + host + "\r\n" + x.fields + "\r\nConnection: close\r\n\r\n")
			if err != nil {
				t.Fatal(err)
			}
			ok := false
			for _, want := range x.want {
				ok = ok || res.StatusCode == want
			}
			if !ok || strings.Contains(body, `"orders":`) {
				t.Errorf("%d, want one of %v\n%.300s", res.StatusCode, x.want, body)
			}
			if res.StatusCode == 401 && res.Header.Get("WWW-Authenticate") == "" {
				t.Error("a 401 without a challenge")
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
	if strings.Contains(p.Stderr.String(), "panic") {
		t.Errorf("something panicked:\n%s", p.Stderr)
	}
	if res, _ := get(t, c.Gate+c.Paths["public"], nil); res.StatusCode != 200 {
		t.Errorf("after all that, the public part answers %d", res.StatusCode)
	}
}

// A body that never ends, on a request that is refused, costs nothing: the
// answer comes at once and the connection ends.
func TestEndlessBody(t *testing.T) {
	p, _ := startDemo(t)
	before := memory(t, p)
	for range 20 {
		res, _, err := p.raw("POST /orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat("x", 4096)+"\r\n", 2000))
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != 401 || !res.Close {
			t.Errorf("%d, connection kept %v", res.StatusCode, !res.Close)
		}
	}
	if after := memory(t, p); after > before+64<<10 {
		t.Errorf("%d KiB before, %d KiB after 160 MB of bodies", before, after)
	}
}

// A body that never comes does not keep the answer back, and does not keep the
// connection for long.
func TestBodyThatNeverComes(t *testing.T) {
	p, c := startDemo(t)
	for _, head := range []string{
		"POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n",
		"POST /orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST /auth/problems/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n",
		"POST /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + c.Tokens["expired"] + "\r\nContent-Length: 1000\r\n\r\npart",
	} {
		// What waits for the body does so each time; what is slow, now and then.
		took := time.Minute
		for try := 0; try < 3 && took > 5*time.Second; try++ {
			began := time.Now()
			res, _, err := p.raw(head)
			if err != nil {
				t.Fatalf("%q: %v", head, err)
			}
			if res.StatusCode < 400 || res.StatusCode >= 500 {
				t.Errorf("%q: %d", head, res.StatusCode)
			}
			took = time.Since(began)
		}
		if took > 5*time.Second {
			t.Errorf("%q: the answer took %s", head, took)
		}
	}
	// A client that is quick keeps its connection.
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	reused := false
	for range 2 {
		trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }}
		req, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodPost, p.gate+"/orders", strings.NewReader(`{"item":"tea"}`))
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	if !reused {
		t.Error("a refused POST with a short body costs its connection")
	}
}

// memory is the resident memory of the process in KiB.
func memory(t *testing.T, p *process) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("resident memory is read from /proc, which only Linux has")
	}
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kib
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

// The corpus of known ways past a gateway: no spelling of a protected path
// reaches the API without proof, and no field of a stranger is believed.
func TestKnownBypasses(t *testing.T) {
	p, _ := startDemo(t)
	host := strings.TrimPrefix(p.gate, "http://")
	fields := map[string]string{
		"X-Forwarded-Uri": "/public/catalogue", "X-Original-URL": "/public/catalogue", "X-Rewrite-URL": "/public/catalogue",
		"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1", "Forwarded": "for=127.0.0.1",
		"X-HTTP-Method-Override": "OPTIONS", "User-Agent": "kube-probe/1.30", "Gate401-Subject": "root",
		"X-Forwarded-Prefix": "/public", "X_Forwarded_Proto": "https", "Connection": "close, Gate401-Subject, X-Forwarded-For",
		"Origin": "https://app.example.com", "Upgrade-Insecure-Requests": "1", "Remote-User": "root", "X-Forwarded-User": "root",
	}
	var lines []string
	for _, path := range []string{
		"/orders", "/orders/", "/orders/../orders", "/public/../orders", "/public/..;/orders", "/public/%2e%2e/orders", "/public/%2e%2e%2forders",
		"/public%2f..%2forders", "/public/..%5corders", "/public\\..\\orders", "//orders", "/./orders", "/%2forders", "/orders%00", "/orders%23/public",
		"/orders#/public", "/orders?x=/public/catalogue", "/orders%3f/public", "/orders;/public", "/%6frders", "/ORDERS", "/orders%20", "/public/catalogue/../../orders",
		"/public/%252e%252e/orders", "/admin/report", "/admin//report", "/internal/metrics", "/users/root/orders", "/demo/../orders", "/auth/problems/../../orders",
		"http://elsewhere/orders", "http://127.0.0.1:1/orders", "/auth/../orders", "/AUTH/problems/", "/auth", "/auth/nothing",
	} {
		lines = append(lines, "GET "+path+" HTTP/1.1", "HEAD "+path+" HTTP/1.1")
	}
	lines = append(lines, "OPTIONS /orders HTTP/1.1", "TRACE /orders HTTP/1.1", "PROPFIND /orders HTTP/1.1", "get /orders HTTP/1.1", "Get /public/catalogue HTTP/1.1", "GET /orders HTTP/1.0",
		"GET /public/%c0%ae%c0%ae%c0%aforders HTTP/1.1", "GET /public/..%20/orders HTTP/1.1")
	check := func(what, octets string) {
		t.Helper()
		res, body, err := p.raw(octets)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		if res.StatusCode < 400 || res.StatusCode >= 500 || strings.Contains(body, `"orders":`) {
			t.Errorf("%s: %d\n%.200s", what, res.StatusCode, body)
		}
		if who := res.Header.Get("Gate401-Refused-By"); who == "upstream" {
			t.Errorf("%s reached the API", what)
		}
	}
	for _, line := range lines {
		check(line, line+"\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
	}
	for name, value := range fields {
		sep := "\r\nConnection: close"
		if name == "Connection" {
			sep = ""
		}
		check(name, fmt.Sprintf("GET /orders HTTP/1.1\r\nHost: %s\r\n%s: %s%s\r\n\r\n", host, name, value, sep))
	}
}

// What the API is told about who is asking is ours, in every spelling.
func TestIdentityCannotBeForged(t *testing.T) {
	p, c := startDemo(t)
	var forged strings.Builder
	for _, name := range []string{"Gate401-Subject", "gate401_subject", "Gate401.Subject", "GATE401-groups", "Gate401_Scopes", "Gate401-Method", "Gate401-Anything", "gate401.request_id"} {
		forged.WriteString(name + ": forged-value\r\n")
	}
	res, body, err := p.raw("GET /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + c.Tokens["valid"] + "\r\n" + forged.String() +
		"X-Request-Id: forged-id\r\nCookie: a=1\r\nConnection: close, Gate401-Subject\r\n\r\n")
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%v %v", res, err)
	}
	if strings.Contains(body, "forged") || strings.Contains(body, c.Tokens["valid"]) || !strings.Contains(body, `"Gate401-Subject":["alice"]`) || !strings.Contains(body, `"Cookie":["a=1"]`) {
		t.Errorf("the API saw\n%s", body)
	}
	if res.Header.Get("X-Request-Id") == "forged-id" {
		t.Error("the client's request id became ours")
	}
}

// A refusal is nothing that a cache may keep or a robot may list, and carries no
// octet of the API.
func TestRefusalsAreNotKept(t *testing.T) {
	_, c := startDemo(t)
	for _, path := range []string{"protected", "admin_only", "others"} {
		res, body := get(t, c.Gate+c.Paths[path], nil)
		if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("X-Robots-Tag") != "noindex" || res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %v", path, res.Header)
		}
		if strings.Contains(body, "report") || strings.Contains(body, "customer") {
			t.Errorf("%s: %s", path, body)
		}
	}
}
