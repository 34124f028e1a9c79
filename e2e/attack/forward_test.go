package attack

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// forwardRules are rules with a gateway on this machine that may ask, or one
// elsewhere.
func forwardRules(from string) string { return rules + "forward: {from: [\"" + from + "\"]}\n" }

// asked is a check as a gateway sends it, by the way that it asks.
var asked = map[string]func(method, host, target string) string{
	"nginx": func(method, host, target string) string {
		return "GET /auth/check/nginx HTTP/1.1\r\nHost: gate\r\nX-Original-Method: " + method + "\r\nX-Original-URL: http://" + host + target + "\r\nX-Forwarded-For: 192.0.2.7\r\n"
	},
	"traefik": func(method, host, target string) string {
		return "GET /auth/check/traefik HTTP/1.1\r\nHost: " + host + "\r\nX-Forwarded-Method: " + method + "\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: " + host + "\r\nX-Forwarded-Uri: " + target + "\r\nX-Forwarded-For: 192.0.2.7\r\n"
	},
	"caddy": func(method, host, target string) string {
		return "GET /auth/check/caddy HTTP/1.1\r\nHost: " + host + "\r\nX-Forwarded-Method: " + method + "\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: " + host + "\r\nX-Forwarded-Uri: " + target + "\r\nX-Forwarded-For: 192.0.2.7\r\n"
	},
	"envoy": func(method, host, target string) string {
		return method + " /auth/check/envoy" + target + " HTTP/1.1\r\nHost: " + host + "\r\nX-Forwarded-Proto: http\r\nX-Forwarded-For: 192.0.2.7\r\n"
	},
}

// Row 1: a stranger who asks in a gateway's place learns nothing and gets in
// nowhere, and cannot try passwords from addresses of his choice.
func TestStrangersMayNotAsk(t *testing.T) {
	g := newGate(t, "", forwardRules("192.0.2.0/24"))
	for name, ask := range asked {
		for _, target := range []string{"/public/x", "/private", "/status"} {
			a, err := g.raw(ask("GET", "api.example", target) + "Connection: close\r\n\r\n")
			if err != nil || a.StatusCode != 403 || a.Header.Get("Gate401-Subject") != "" || a.Header.Get("WWW-Authenticate") != "" {
				t.Errorf("%s %s: %v %v", name, target, err, a.Response)
			}
		}
	}
	g.untouched(t, "the checks")
}

// Every way to ask gets the decision of the proxy for the same request: the
// corpora of rows 1 to 4, 10, 11 and 15 once more.
func TestChecksAreTheSameDecision(t *testing.T) {
	g := newGate(t, "", forwardRules("127.0.0.0/8"))
	good := "Authorization: Bearer " + token(claims(`,"groups":["staff"]`))
	for name, ask := range asked {
		check := func(what, method, host, target string, want int, fields ...string) {
			t.Helper()
			text := ask(method, host, target)
			for _, f := range fields {
				text += f + "\r\n"
			}
			a, err := g.raw(text + "Connection: close\r\n\r\n")
			if err != nil {
				t.Errorf("%s: %s: %v", name, what, err)
				return
			}
			status := a.StatusCode
			// nginx passes on 2xx, 401 and 403 alone, so the real status has a field.
			if real := a.Header.Get("Gate401-Status"); real != "" {
				status = 0
				for _, c := range real {
					status = status*10 + int(c-'0')
				}
			}
			if status != want && !(want == 400 && status >= 400 && status < 500 && a.Header.Get("Gate401-Reason") == "request-malformed") {
				t.Errorf("%s: %s: %d (%d), want %d: %s", name, what, status, a.StatusCode, want, a.Body)
			}
			if status != 200 && a.Header.Get("Gate401-Subject") != "" {
				t.Errorf("%s: %s: a refusal names somebody", name, what)
			}
		}
		check("open", "GET", "api.example", "/public/x", 200)
		check("closed", "GET", "api.example", "/private", 401)
		check("closed, as alice", "GET", "api.example", "/private", 200, good)
		check("a query", "GET", "api.example", "/private?/public/x", 401)
		check("the method counts", "DELETE", "api.example", "/items/7", 401)
		check("an override", "GET", "api.example", "/items/7", 200, "X-HTTP-Method-Override: DELETE")
		check("the host counts", "GET", "admin.example", "/public/x", 403, good)
		check("a probe's agent", "GET", "api.example", "/private", 401, "User-Agent: kube-probe/1.30")
		check("aliases", "GET", "api.example", "/private", 401, "X_Forwarded_Uri: /public/x", "X.Original.Url: http://api.example/public/x", "x_original_uri: /public/x")
		check("identity fields", "GET", "api.example", "/private", 401, "Gate401-Subject: root", "Remote-User: root")
		check("two Authorization fields", "GET", "api.example", "/private", 400, good, "Authorization: Basic eDp5")
		for _, p := range closed {
			if p[0] == '/' && !strings.ContainsAny(p, "\x00") {
				check(p, "GET", "api.example", p, 400, good)
			}
		}
		// The client's own field beside the gateway's is one too many.
		if name != "envoy" {
			field := "X-Forwarded-Uri: /public/x"
			if name == "nginx" {
				field = "X-Original-URL: http://api.example/public/x"
			}
			check("a second one of the client", "GET", "api.example", "/private", 400, field)
		}
	}
	g.untouched(t, "the checks")
}

// Whatever the path is made of, a check never allows what the proxy refuses.
func TestChecksAllowNoMore(t *testing.T) {
	g := newGate(t, "", forwardRules("127.0.0.0/8"))
	piece := rapid.SampledFrom([]string{"/", "a", ".", "..", "/../", "//", ";", "%2e", "%2f", "%5c", "%00", "%23", "?", "%3f", "%25", "%20", "private", "public", "items", "\u00fc", "%c0%ae", "%", "&", "=", "_method=DELETE"})
	ways := []string{"nginx", "traefik", "caddy", "envoy"}
	rapid.Check(t, func(rt *rapid.T) {
		target := "/" + strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(rt, "pieces"), "")
		direct, err := g.raw("GET " + target + " HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
		if err != nil {
			rt.Fatal(err)
		}
		for _, way := range ways {
			a, err := g.raw(asked[way]("GET", "api.example", target) + "Connection: close\r\n\r\n")
			if err != nil {
				rt.Fatalf("%s %q: %v", way, target, err)
			}
			if allowed := a.StatusCode >= 200 && a.StatusCode < 300; allowed != (direct.StatusCode == 200) {
				rt.Fatalf("%q: the proxy answers %d, %s is told %d", target, direct.StatusCode, way, a.StatusCode)
			}
		}
	})
}
