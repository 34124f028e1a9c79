//go:build linux

package forward_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// folded is a name as servers may come to see it.
func folded(name string) string {
	return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
}

// What reaches the API says who is asking in the gate's words alone: no spelling
// of a field of the identity, no credential, no other method, no other client.
func TestWhatTheAPISees(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, string) (*gate, string){"nginx": nginx, "caddy": caddy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, at := start(t, "")
			lies := []string{
				"Gate401-Subject: root", "gate401_subject: root", "Gate401.Subject: root", "GATE401-SUBJECT: root", "Gate401-Groups: admin", "Gate401_Groups: admin",
				// Nobody has an issuer here, so that the gate's own value is empty.
				"Remote-Email: root", "Remote_Email: root", "Remote.Email: root", "remote-email: root",
				"Remote-User: root", "Remote_User: root", "X-Forwarded-User: root", "X_Forwarded_User: root",
				"X-HTTP-Method-Override: root", "X-Original-URL: /root", "X-Rewrite-URL: /root", "X-Original-Method: root", "Forwarded: for=root",
				"X-Forwarded-For: 192.0.2.1", "X-Real-IP: 192.0.2.1", "X-Forwarded-Host: root", "X-Forwarded-Proto: https", "X-Forwarded-Uri: /open/x", "X_Forwarded_Uri: /open/x",
				"X-Forwarded-Method: OPTIONS", "X-Request-Id: root",
				"X-Real_IP: root", "X_WebAuth-User: root", "X-Auth_Request.User: root", "X-HTTP-Method_Override: root", "X-Remote.User: root",
			}
			for _, hop := range []string{"", "Connection: X-Forwarded-Uri, X-Original-URI, X-Forwarded-For, Gate401-Subject, Remote-Email, X-Original-Method"} {
				lines := append([]string{"GET /orders/caf%C3%A9/a%3Ab?x=%2e%2e&y=1", alice, "X-API-Key: "}, lies...)
				if hop != "" {
					lines = append(lines, hop)
				}
				got := raw(t, at, lines...)
				r := g.forwarded()
				if name == "nginx" && got.status == 400 && r == nil {
					continue // two lies contradict each other
				}
				if got.status != 200 || r == nil {
					t.Fatalf("%+v", got)
				}
				if r.RequestURI != "/orders/caf%C3%A9/a%3Ab?x=%2e%2e&y=1" || r.Method != "GET" {
					t.Errorf("forwarded %s %s", r.Method, r.RequestURI)
				}
				for field, values := range r.Header {
					for _, v := range values {
						if strings.Contains(v, "root") || strings.Contains(v, "192.0.2.1") || strings.Contains(v, "admin") || strings.Contains(v, "/open") || v == "OPTIONS" {
							t.Errorf("the API is told %s: %s", field, v)
						}
					}
					if f := folded(field); f == "authorization" || f == "x-api-key" && values[0] != "" {
						t.Errorf("the API gets %s", field)
					}
				}
				if r.Header.Get("Gate401-Subject") != "alice" || r.Header.Get("Remote-Email") != "" || r.Header.Get("X-Forwarded-For") != "127.0.0.1" ||
					r.Header.Get("Gate401-Request-Id") == "" || r.Header.Get("Gate401-Request-Id") != got.header.Get("X-Request-Id") {
					t.Errorf("the API sees %v, the client %v", r.Header, got.header)
				}
				if got.header["Gate401-Reason"] != nil || len(got.header["X-Request-Id"]) != 1 {
					t.Errorf("the client sees %v", got.header)
				}
			}
			// Open to anyone, and still nobody's word but the gate's.
			raw(t, at, "POST /open/x", "Gate401-Subject: root", "Remote-Email: root", "Content-Length: 3", "", "abc")
			r := g.forwarded()
			if r == nil || r.Header.Get("Gate401-Subject") != "" || r.Header.Get("Remote-Email") != "" || r.Header.Get("Test-Body") != "3" {
				t.Errorf("the API sees %+v", r)
			}
			// Who asks in the gateway's name does not get to the gate.
			for _, target := range []string{"/auth/check", "/auth/check/" + name, "/auth//check/" + name, "/auth/%63heck/" + name, "/auth%2fcheck/" + name, "/AUTH/check/" + name, "/auth/check/nginx/refusal", "/.gate401/check", "/.gate401/refused"} {
				got := raw(t, at, "GET "+target, alice, "X-Original-URI: /orders", "X-Original-Method: GET", "X-Forwarded-Uri: /orders", "X-Forwarded-Method: GET", "X-Forwarded-For: 192.0.2.7")
				// Some of them are paths of the API to the gateway.
				if got.header.Get("Gate401-Subject") != "" || got.status < 400 && got.body != "the API" {
					t.Errorf("%s: %+v", target, got)
				}
			}
			if strings.Contains(g.Stderr.String(), "192.0.2.7") {
				t.Error("somebody asked in the gateway's name")
			}
			page := raw(t, at, "GET /auth/problems/token-expired", "Accept: text/html")
			if page.status != 200 || !strings.Contains(page.body, "token-expired") {
				t.Errorf("the gate's own page: %d", page.status)
			}
		})
	}
}

// The API's own 401 and 500 pass as they are, and are no answers of the gate.
func TestUpstream401(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, string) (*gate, string){"nginx": nginx, "caddy": caddy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, at := start(t, "")
			got := raw(t, at, "GET /orders?status=401", alice)
			if got.status != 401 || got.body != "the API says 401" || fmt.Sprint(got.header["Www-Authenticate"]) != `[Basic realm="the API's"]` || g.forwarded() == nil {
				t.Errorf("%+v", got)
			}
			if broken := raw(t, at, "GET /orders?status=500", alice); broken.status != 500 || broken.body != "the API says 500" {
				t.Errorf("%+v", broken)
			}
			var line map[string]any
			for deadline := time.Now().Add(2 * time.Minute); line == nil && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
				line = g.Event("decision")
			}
			if line["surface"] != "forward-auth/"+name || line["client"] != "127.0.0.1" || line["path"] != "/orders" {
				t.Errorf("logged %v", line)
			}
		})
	}
}

// A WebSocket is judged at its handshake, and then nobody stands between.
func TestWebSocket(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, string) (*gate, string){"nginx": nginx, "caddy": caddy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, at := start(t, "")
			for _, credential := range []string{"", alice} {
				u, err := url.Parse(at)
				if err != nil {
					t.Fatal(err)
				}
				c, err := net.DialTimeout("tcp", u.Host, time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(60 * time.Second))
				lines := []string{"GET /ws HTTP/1.1", "Host: " + u.Host, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
				if credential != "" {
					lines = append(lines, credential)
				}
				fmt.Fprint(c, strings.Join(append(lines, "", ""), "\r\n"))
				in := bufio.NewReader(c)
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				if credential == "" {
					if res.StatusCode != 401 || len(res.Header["Www-Authenticate"]) != 2 {
						t.Errorf("without a credential: %d %v", res.StatusCode, res.Header)
					}
					continue
				}
				if res.StatusCode != 101 {
					t.Fatalf("%d %v", res.StatusCode, res.Header)
				}
				fmt.Fprint(c, "hello\n")
				if line, err := in.ReadString('\n'); line != "echo hello\n" {
					t.Errorf("got %q, %v", line, err)
				}
			}
		})
	}
}
