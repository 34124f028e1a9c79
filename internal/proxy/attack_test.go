package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/proxy"
	"pgregory.net/rapid"
)

// Requests that talked other gates into letting them through.
func TestNotTalkedPast(t *testing.T) {
	s := start(t, echo, nil)
	const auth = "Authorization: Bearer alice\n"
	for _, tt := range []struct {
		name, in string
		want     int
	}{
		{"no credential", "GET /private HTTP/1.1\nHost: a\n\n", 401},
		{"forwarded uri", "GET /private HTTP/1.1\nHost: a\nX-Forwarded-Uri: /public\n\n", 401},
		{"original url", "GET /private HTTP/1.1\nHost: a\nX-Original-URL: /public\nX-Rewrite-URL: /public\n\n", 401},
		{"probe's user agent", "GET /private HTTP/1.1\nHost: a\nUser-Agent: GoogleHC/1.0\n\n", 401},
		{"public path in the query", "GET /private?x=/public HTTP/1.1\nHost: a\n\n", 401},
		{"encoded number sign", "GET /private%23/public HTTP/1.1\nHost: a\n\n", 400},
		{"number sign", "GET /public#/../private HTTP/1.1\nHost: a\n\n", 400},
		{"method override", "GET /private HTTP/1.1\nHost: a\nX-HTTP-Method-Override: OPTIONS\n\n", 401},
		{"two Authorization fields", "GET /private HTTP/1.1\nHost: a\n" + auth + auth + "\n", 400},
		{"absolute form", "GET http://b/private HTTP/1.1\nHost: a\n\n", 401},
		{"double slash", "GET //private HTTP/1.1\nHost: a\n" + auth + "\n", 400},
		{"double slash as authority", "GET //public/private HTTP/1.1\nHost: a\n\n", 400},
		{"dot segments", "GET /public/../private HTTP/1.1\nHost: a\n\n", 400},
		{"encoded dot segments", "GET /public/%2e%2E/private HTTP/1.1\nHost: a\n\n", 400},
		{"dots and semicolon", "GET /public/..;/private HTTP/1.1\nHost: a\n\n", 400},
		{"encoded slash", "GET /public%2f..%2fprivate HTTP/1.1\nHost: a\n\n", 400},
		{"backslash", "GET /public\\..\\private HTTP/1.1\nHost: a\n\n", 400},
		{"encoded backslash", "GET /public%5c..%5cprivate HTTP/1.1\nHost: a\n\n", 400},
		{"encoded NUL", "GET /public%00 HTTP/1.1\nHost: a\n\n", 400},
		{"encoded twice", "GET /public/%252e%252e/private HTTP/1.1\nHost: a\n\n", 400},
		{"encoded line break", "GET /public%0d%0aX:y HTTP/1.1\nHost: a\n\n", 400},
		{"CONNECT", "CONNECT a:80 HTTP/1.1\nHost: a:80\n\n", 400},
		{"asterisk", "OPTIONS * HTTP/1.1\nHost: a\n\n", 200}, // answered by net/http itself, nothing is forwarded
		{"preflight", "OPTIONS /private HTTP/1.1\nHost: a\nOrigin: https://evil\nAccess-Control-Request-Method: GET\n\n", 204},
		{"OPTIONS that is none", "OPTIONS /private HTTP/1.1\nHost: a\nOrigin: https://evil\n\n", 401},
		{"Content-Length and Transfer-Encoding", "POST /public HTTP/1.1\nHost: a\nContent-Length: 3\nTransfer-Encoding: chunked, identity\n\n0\n\n", 501},
		{"two lengths", "POST /public HTTP/1.1\nHost: a\nContent-Length: 3\nContent-Length: 4\n\nabcd", 400},
		{"length with sign", "POST /public HTTP/1.1\nHost: a\nContent-Length: +3\n\nabc", 400},
		{"empty field name", "GET /public HTTP/1.1\nHost: a\n: x\n\n", 400},
		{"space before colon", "GET /public HTTP/1.1\nHost: a\nContent-Length : 3\n\nabc", 400},
		{"folded line", "GET /private HTTP/1.1\nHost: a\nAuthorization: Bearer\n alice2\n\n", 401},
		{"two hosts", "GET /public HTTP/1.1\nHost: a\nHost: b\n\n", 400},
		{"no host", "GET /public HTTP/1.1\n\n", 400},
		{"header of a megabyte", "GET /public HTTP/1.1\nHost: a\nX: " + strings.Repeat("x", 2<<20) + "\n\n", 431},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &rig{t: t, addr: s.addr}
			res, body := s.raw(tt.in)
			if res.StatusCode != tt.want {
				t.Errorf("status %d, want %d: %s", res.StatusCode, tt.want, body)
			}
			if res.StatusCode == 401 && (len(res.Header["Www-Authenticate"]) == 0 || res.Header.Get("Gate401-Refused-By") != "gate") {
				t.Errorf("401 with %v", res.Header)
			}
		})
	}
	if n := s.hits.Load(); n != 0 {
		t.Errorf("%d of these requests reached the upstream", n)
	}
}

// spellings of a field name that some server takes for it.
func spellings(name string) []string {
	out := []string{name, strings.ToLower(name), strings.ToUpper(name)}
	for _, c := range []string{"_", ".", "~", "!"} {
		out = append(out, strings.ReplaceAll(name, "-", c), strings.Replace(name, "-", c, 1))
	}
	return out
}

// Nothing that says who is asking, or where from, comes from the client.
func TestIdentityIsOurs(t *testing.T) {
	identity := proxy.DefaultIdentity()
	identity["Remote-User"], identity["Remote-Email"] = proxy.FieldSubject, proxy.FieldIssuer
	s := start(t, echo, func(c *proxy.Config) { c.Identity = identity })
	var lines []string
	names := []string{"Gate401-Anything", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix",
		"X-Forwarded-User", "Forwarded", "X-Real-IP", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-HTTP-Method",
		"X-Method-Override", "X-Request-Id", "Proxy",
		"X-Forwarded", "Forwarded-For", "X-Forward-For", "X-Original-Forwarded-For", "Proxy-Client-IP", "WL-Proxy-Client-IP", "X-Remote-IP",
		"X-Remote-Addr", "X-Originating-IP", "CF-Connecting-IP", "Fastly-Client-IP", "X-Azure-ClientIP", "X-Envoy-External-Address",
		"X-HTTP-Host-Override", "X-Envoy-Original-Path", "X-Scheme", "X-URL-Scheme", "Front-End-Https",
		"Remote-Groups", "Remote-Name", "X-Remote-User", "X-Remote-Group", "X-WebAuth-User", "X-WebAuth-Role", "X-Auth-Request-User", "X-Auth-Request-Preferred-Username", "Client-Cert", "Client-Cert-Chain"}
	for name := range identity {
		names = append(names, name)
	}
	for _, name := range names {
		for _, spelt := range spellings(name) {
			lines = append(lines, spelt+": spoofed")
		}
	}
	for _, tt := range []struct {
		who  string
		want map[string]string
	}{
		{"alice", map[string]string{"Gate401-Subject": "alice", "Gate401-Method": "bearer", "Gate401-Groups": "staff,a%2Cb",
			"Gate401-Issuer": "https://idp.example", "Gate401-Scopes": "orders:read orders:write", "Remote-User": "alice", "Remote-Email": "https://idp.example"}},
		// What the identity does not have is absent, not the client's.
		{"bob", map[string]string{"Gate401-Subject": "bob", "Gate401-Method": "bearer", "Remote-User": "bob"}},
		{"odd", map[string]string{"Gate401-Subject": "%20J%C3%BCrgen%0D%0AX-Admin: 1%25", "Gate401-Method": "bearer",
			"Gate401-Groups": "x y", "Remote-User": "%20J%C3%BCrgen%0D%0AX-Admin: 1%25"}},
		{"", map[string]string{}},
	} {
		t.Run("as "+tt.who, func(t *testing.T) {
			target, auth := "/orders", "Authorization: Bearer "+tt.who
			if tt.who == "" {
				target, auth = "/public", "X: y"
			}
			s := &rig{t: t, addr: s.addr}
			got := s.get(target, append([]string{auth}, lines...)...)
			for name, values := range got.Header {
				if slices.Contains(values, "spoofed") {
					t.Errorf("the client's %s reached the upstream", name)
				}
			}
			for name := range identity {
				if name == "Gate401-Request-Id" {
					continue
				}
				if v := got.Header.Get(name); v != tt.want[name] {
					t.Errorf("%s: %q, want %q", name, v, tt.want[name])
				}
			}
			if id := got.Header.Get("Gate401-Request-Id"); len(id) != 26 || got.Header["X-Request-Id"] != nil {
				t.Errorf("request id %q, and the client's %q", id, got.Header.Get("X-Request-Id"))
			}
			if got.Header.Get("X-Forwarded-For") != "127.0.0.1" || got.Header.Get("X-Forwarded-Proto") != "http" || got.Header.Get("X-Forwarded-Host") != "api.example" {
				t.Errorf("forwarded: %v", got.Header)
			}
		})
	}
}

// The request id is told once: as the identity fields say, or as X-Request-Id.
func TestRequestIDIsTold(t *testing.T) {
	s := start(t, echo, func(c *proxy.Config) { c.Identity = map[string]proxy.Field{"Remote-User": proxy.FieldSubject} })
	if got := s.get("/orders", "Authorization: Bearer alice", "X-Request-Id: theirs"); len(got.Header.Get("X-Request-Id")) != 26 {
		t.Errorf("request id %q", got.Header.Get("X-Request-Id"))
	}
}

// A client cannot have our fields removed by naming them as hop-by-hop.
func TestConnectionNamesOurFields(t *testing.T) {
	s := start(t, echo, nil)
	got := s.get("/orders", "Authorization: Bearer alice", "X-Mine: y",
		"Connection: Gate401-Subject, gate401-groups, X-Forwarded-For, X-Forwarded-Host, Gate401-Request-Id, Via, Authorization, X-Mine")
	for _, name := range []string{"Gate401-Subject", "Gate401-Groups", "X-Forwarded-For", "X-Forwarded-Host", "Gate401-Request-Id", "Via"} {
		if got.Header.Get(name) == "" {
			t.Errorf("%s was removed", name)
		}
	}
	if got.Header.Get("X-Mine") != "" || got.Header.Get("Connection") != "" {
		t.Errorf("hop-by-hop fields were forwarded: %v", got.Header)
	}
}

func TestForwardedFor(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		trusted        bool
	}{
		{"nobody is trusted", "X-Forwarded-For: 9.9.9.9", "127.0.0.1", false},
		{"trusted", "X-Forwarded-For: 9.9.9.9", "9.9.9.9, 127.0.0.1", true},
		{"invented on the left", "X-Forwarded-For: 6.6.6.6, 9.9.9.9", "9.9.9.9, 127.0.0.1", true},
		{"unreadable", "X-Forwarded-For: 6.6.6.6, evil", "127.0.0.1", true},
		{"none", "X: y", "127.0.0.1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, echo, nil)
			if tt.trusted {
				s.gate.Intake.TrustedProxies = loopback
			}
			got := s.get("/public", tt.in, "X-Forwarded-Proto: https", "X-Forwarded-Host: ext.example")
			if v := got.Header["X-Forwarded-For"]; len(v) != 1 || v[0] != tt.want {
				t.Errorf("X-Forwarded-For %q, want %q", v, tt.want)
			}
			proto, host := "http", "api.example"
			if tt.trusted {
				proto, host = "https", "ext.example"
			}
			if got.Header.Get("X-Forwarded-Proto") != proto || got.Header.Get("X-Forwarded-Host") != host {
				t.Errorf("forwarded %v", got.Header)
			}
		})
	}
}

// The path that is judged is the path that is sent, octet for octet.
func TestJudgedIsSent(t *testing.T) {
	s := start(t, echo, nil)
	var judged string
	s.gate.Observe = func(r *gate401.Request, _ *gate401.Decision) { judged = r.Path }
	// judged is written before the upstream is asked, and read after its answer.
	piece := rapid.SampledFrom([]string{"/", "a", "B", "%41", "%7e", "%2e", ".", "..", "%2f", "%5C", ";", "!", "'", "(", "*", "+", ":", "@", "&", "=", "$", ",",
		"%20", "%c3%bc", "%C3%BC", "\u00fc", "[", "]", "{", "|", "%7b", "%25", "%00", "%", "~", "_", "-", "^", "\"", "%3f", "%3F", "//", "/./", "%80"})
	rapid.Check(t, func(rt *rapid.T) {
		path := "/public/" + strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(rt, "pieces"), "")
		// The target as net/http reads it: an octet that may not stand there makes
		// it encode others as well.
		u, err := url.ParseRequestURI(path)
		if err != nil {
			rt.Skip("no target at all")
		}
		want, err := gate401.CanonicalPath(u.EscapedPath())
		res, body := s.raw("GET " + path + " HTTP/1.1\nHost: a\nConnection: close\n\n")
		if err != nil {
			if res.StatusCode != 400 {
				rt.Fatalf("%q: status %d, want 400 since %v", path, res.StatusCode, err)
			}
			return
		}
		if !strings.HasPrefix(want, "/public") {
			rt.Fatalf("%q became %q", path, want)
		}
		if res.StatusCode != 200 {
			// net/http refuses some targets before anybody judges them.
			if res.StatusCode == 400 && res.Header.Get("Gate401-Refused-By") == "" {
				return
			}
			rt.Fatalf("%q: status %d: %s", path, res.StatusCode, body)
		}
		if judged != want || !strings.Contains(body, fmt.Sprintf(`"Target":%s,`, quoteJSON(want))) {
			rt.Fatalf("%q: judged %q, want %q, upstream got %s", path, judged, want, body)
		}
	})
}

// Bad input costs a 4xx at most. 501 and 505 are net/http's own, for transfer
// codings and versions that it does not know.
func TestGarbageIsTheClientsFault(t *testing.T) {
	s := start(t, echo, func(c *proxy.Config) { c.Strip, c.PassHost = places, true })
	name := rapid.SampledFrom([]string{"Host", "Connection", "Upgrade", "TE", "Trailer", "Transfer-Encoding", "Content-Length", "Expect",
		"Cookie", "Authorization", "X-Forwarded-For", "Forwarded", "Range", "X-\xff", "X y", "", "Te ", "Keep-Alive", "Proxy-Connection"})
	value := rapid.SampledFrom([]string{"", "a", "a:b", "[::1", "[::1]:80", "\xff\xfe", "chunked", "gzip, chunked", "trailers", "close", "upgrade", "Upgrade, x",
		"websocket", "0", "1", "-1", "99999999999999999999", "100-continue", "a=b; =;;", "Bearer alice", "x\x00y", "a\tb", "Content-Length", "a@b", "a/b"})
	method := rapid.SampledFrom([]string{"GET", "POST", "HEAD", "OPTIONS", "CONNECT", "PRI", "get", "X-\x01", ""})
	target := rapid.SampledFrom([]string{"/public", "/public?\xff=%zz&;", "/public/\xc3\xbc", "*", "http://u:p@h/public", "http://[::1/public", "public", "//", "/public#a", ""})
	rapid.Check(t, func(rt *rapid.T) {
		text := method.Draw(rt, "method") + " " + target.Draw(rt, "target") + " " + rapid.SampledFrom([]string{"HTTP/1.1", "HTTP/1.0", "HTTP/3.0", "x"}).Draw(rt, "version") + "\n"
		for range rapid.IntRange(0, 4).Draw(rt, "fields") {
			text += name.Draw(rt, "name") + ": " + value.Draw(rt, "value") + "\n"
		}
		if rapid.Bool().Draw(rt, "host") {
			text += "Host: a\n"
		}
		c := s.dial()
		defer c.Close()
		// What follows ends any body that the fields may promise.
		if _, err := io.WriteString(c, strings.ReplaceAll(text, "\n", "\r\n")+"\r\n0\r\n\r\n"); err != nil {
			rt.Fatal(err)
		}
		status, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			return // closed without an answer: there was nobody to answer
		}
		code := strings.Fields(status)[1]
		if code[0] == '5' && code != "501" && code != "505" {
			rt.Fatalf("%q got %s", text, status)
		}
	})
}

func TestUpstreamWithPath(t *testing.T) {
	s := start(t, echo, func(c *proxy.Config) { c.Upstream = c.Upstream.JoinPath("/base%20x/") })
	if got := s.get("/public/a%20b?q=%zz;1&x"); got.Target != "/base%20x/public/a%20b?q=%zz;1&x" {
		t.Errorf("upstream got %s", got.Target)
	}
}

func TestHost(t *testing.T) {
	s := start(t, echo, nil)
	if got := s.get("/public"); "http://"+got.Host != s.upstream.URL {
		t.Errorf("Host %q, want the upstream's", got.Host)
	}
	s = start(t, echo, func(c *proxy.Config) { c.PassHost = true })
	if got := s.get("/public"); got.Host != "api.example" {
		t.Errorf("Host %q, want the external one", got.Host)
	}
}

func TestUnauthenticatedAnswerHoldsNothingOfTheUpstream(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "protected") }, nil)
	for _, method := range []string{"GET", "HEAD", "POST", "DELETE", "PROPFIND"} {
		res, body := s.raw(method + " /orders HTTP/1.1\nHost: a\nContent-Length: 0\n\n")
		if res.StatusCode != 401 || strings.Contains(body, "protected") {
			t.Errorf("%s: %d %s", method, res.StatusCode, body)
		}
	}
	if s.hits.Load() != 0 {
		t.Error("the upstream was asked")
	}
}
