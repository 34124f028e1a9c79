package attack

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/e2e/program"
)

// certificate writes a certificate for api.example and its key, and returns who
// trusts it.
func certificate(t testing.TB) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"api.example", "admin.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return cert, key, pool
}

// Over HTTP/2 the same is refused as over HTTP/1.1, and what passes reaches the
// API as one request of HTTP/1.1.
func TestHTTP2(t *testing.T) {
	cert, key, pool := certificate(t)
	g := newGate(t, "", "tls: {cert: "+cert+", key: "+key+"}"+rules)
	client := &http.Client{Timeout: program.Patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, g.addr)
		},
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}}
	defer client.CloseIdleConnections()
	// ask sends a path as it is.
	ask := func(method, path, host string, fields ...string) (*http.Response, error) {
		if host == "" {
			host = "api.example"
		}
		req := (&http.Request{Method: method, URL: &url.URL{Scheme: "https", Host: "api.example", Opaque: "//" + host + path}, Host: host, Header: http.Header{}}).WithContext(t.Context())
		for _, f := range fields {
			name, value, _ := strings.Cut(f, ": ")
			req.Header[name] = append(req.Header[name], value)
		}
		res, err := client.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.ProtoMajor != 2 {
				t.Fatalf("HTTP/%d", res.ProtoMajor)
			}
		}
		return res, err
	}
	good := "Authorization: Bearer " + token(claims(`,"groups":["staff"]`))
	refused := 0
	for _, p := range closed {
		if _, err := url.PathUnescape(p); err != nil || p[0] != '/' || strings.ContainsAny(p, "\\") {
			continue // Go's client cannot say it, or its server ends the stream
		}
		res, err := ask("GET", p, "", good)
		if err != nil {
			continue
		}
		refused++
		if res.StatusCode != 400 {
			t.Errorf("%s: %d", p, res.StatusCode)
		}
	}
	if refused < len(closed)/2 {
		t.Errorf("only %d of %d paths could be said", refused, len(closed))
	}
	for _, tt := range []struct {
		name, method, path, host string
		fields                   []string
		want                     int
	}{
		{"nothing", "GET", "/private", "", nil, 401},
		{"X-Forwarded-Uri", "GET", "/private", "", []string{"X-Forwarded-Uri: /public/x"}, 401},
		{"a query", "GET", "/private?/public/x", "", nil, 401},
		{"the host of others", "GET", "/public/x", "admin.example", []string{good}, 403},
		{"the host of others in capitals", "GET", "/public/x", "ADMIN.example.", []string{good}, 403},
		{"a Host field beside the authority", "GET", "/public/x", "admin.example", []string{good, "Host: api.example"}, 403},
		{"two Authorization fields", "GET", "/private", "", []string{good, "Authorization: Basic eDp5"}, 400},
		{"a method in small letters", "delete", "/items/7", "", nil, 400},
		{"an override", "DELETE", "/items/7?_method=GET", "", []string{"X-Http-Method-Override: GET"}, 401},
	} {
		res, err := ask(tt.method, tt.path, tt.host, tt.fields...)
		if err != nil || res.StatusCode != tt.want {
			t.Errorf("%s: %v %v", tt.name, res, err)
		}
	}
	g.untouched(t, "all of them")

	res, err := ask("GET", "/private?_method=DELETE&a=1", "", good, "gate401_subject: root", "Remote.User: root", "X-Forwarded-For: 10.9.8.7", "X-Forwarded-Proto: http", "x_forwarded_host: evil.example", "X-Http-Method: DELETE", "Content_length: 7")
	took := g.api.all()
	if err != nil || res.StatusCode != 200 || len(took) != 1 {
		t.Fatalf("%v %v %v", res, err, took)
	}
	q := took[0]
	text := strings.Join(q.Lines, "\n")
	if q.Target != "/private?a=1" || strings.Contains(text, "root") || strings.Contains(text, "10.9.8.7") || strings.Contains(text, "evil") || strings.Contains(text, "DELETE") || strings.Contains(text, "_") ||
		q.value("X-Forwarded-Proto") != "https" || q.value("Gate401-Subject") != "alice" || q.value("Authorization") != "" {
		t.Errorf("the API got %s\n%s", q.Target, text)
	}
	g.clean(t)
}

// Row 22: the redirect from plain http leads to this gate and nowhere else,
// whatever stands in the request.
func TestRedirectStaysHere(t *testing.T) {
	cert, key, _ := certificate(t)
	plain := foreign.FreeAddress(t)
	g := newGate(t, `, public_url: "https://api.example"`, "tls: {cert: "+cert+", key: "+key+`, redirect: "`+plain+`"}`+rules)
	g.addr = plain
	target := rapid.SampledFrom([]string{
		"/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/%5cevil.example", "/%5c%5cevil.example", "/%2f%2fevil.example", "/%09/evil.example", "/\t/evil.example", "/%0d%0aLocation:%20https://evil.example",
		"/.evil.example", "/@evil.example", "@evil.example", ".evil.example/", ":80@evil.example/", "/..//evil.example", "/;//evil.example", "/?u=https://evil.example", "/#//evil.example", "https://evil.example/", "http://evil.example/", "http://api.example@evil.example/",
		"http://api.example:80@evil.example/", "http://api.example\\@evil.example/", "http:evil.example", "javascript:alert(1)", "*", "/%E3%80%82evil.example", "/\u3002evil.example", "/%00evil.example", "/\x00evil", "",
	})
	host := rapid.SampledFrom([]string{"api.example", "API.example.", "api.example:80", "api.example:evil", "evil.example", "api.example.evil.example", "evil.example#api.example", "api.example@evil.example", "api.example, evil.example", "api.example\\evil.example", "api.example/evil.example", "[::1]", "127.0.0.1", "api%2eexample", ""})
	led := 0
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom([]string{"GET", "HEAD"}).Draw(rt, "method") + " " + target.Draw(rt, "target") + " HTTP/1.1\r\nHost: " + host.Draw(rt, "host") + "\r\n"
		if rapid.Bool().Draw(rt, "forwarded") {
			text += "X-Forwarded-Host: evil.example\r\nX-Original-Host: evil.example\r\nX-Forwarded-Proto: https\r\nForwarded: host=evil.example\r\n"
		}
		a, err := g.raw(text + "Connection: close\r\n\r\n")
		if err != nil {
			rt.Fatalf("%q: %v", text, err)
		}
		where := a.Header.Get("Location")
		if a.StatusCode != http.StatusPermanentRedirect {
			if where != "" || a.StatusCode < 400 || a.StatusCode >= 500 || a.Header.Get("WWW-Authenticate") != "" {
				rt.Fatalf("%q: %d %v", text, a.StatusCode, a.Header)
			}
			return
		}
		led++
		u, err := url.Parse(where)
		if err != nil || !strings.HasPrefix(where, "https://api.example/") || u.Host != "api.example" || u.User != nil || strings.ContainsAny(where, "\\\r\n\t ") {
			rt.Fatalf("%q leads to %q", text, where)
		}
	})
	if led == 0 {
		t.Error("nothing was redirected: this proves nothing")
	}
	g.untouched(t, "the redirects")
}

// Row 21 over https: a length beside chunks is refused there too, and nothing
// behind it is read as another request; chunks alone are nothing odd, and the
// connection goes on.
func TestSmugglingOverTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	g := newGate(t, "", "tls: {cert: "+cert+", key: "+key+"}"+rules)
	const next = "GET /public/smuggled HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n"
	for _, tt := range []struct {
		fields  string
		version string
		status  string
		answers int
	}{
		{"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "1.1", "400", 1},
		{"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "1.1", "400", 1},
		{"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", "1.0", "400", 1},
		{": x\r\n", "1.1", "400", 1},
		{strings.Repeat("a", 70_000) + ": x\r\n", "1.1", "431", 1},
		{"Transfer-Encoding: chunked\r\n", "1.1", "200", 2},
	} {
		dialer := &tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: "api.example", MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}}
		c, err := dialer.DialContext(t.Context(), "tcp", g.addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(program.Patience))
		if _, err := io.WriteString(c, "POST /public/x HTTP/"+tt.version+"\r\nHost: api.example\r\n"+tt.fields+"\r\n0\r\n\r\n"+next); err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(c)
		_ = c.Close()
		if err != nil {
			t.Fatal(err)
		}
		name := tt.fields[:min(len(tt.fields), 60)]
		if n := strings.Count(string(all), "HTTP/"+tt.version+" "); n != tt.answers || !strings.HasPrefix(string(all), "HTTP/"+tt.version+" "+tt.status) || !strings.Contains(string(all), "Connection: close") {
			t.Errorf("%q: %d answers:\n%s", name, n, all)
		}
		took := g.api.all()
		if tt.status != "200" && len(took) > 0 || tt.status == "200" && (len(took) != 2 || took[0].Target != "/public/x" || took[1].Target != "/public/smuggled") {
			t.Errorf("%q: the API got %v", name, took)
		}
	}
	g.clean(t)
}
