//go:build linux

package forward_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A page of another site opens no WebSocket with the cookie of who is logged in,
// though gateways do not say in their question that it is one.
func TestForeignWebSocket(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, string) (*gate, string){"nginx": nginx, "caddy": caddy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, at := start(t, browsers)
			cookie := login(t, at)
			for origin, want := range map[string]int{at: http.StatusSwitchingProtocols, "https://evil.example": http.StatusForbidden} {
				hr, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+"/ws", nil)
				if err != nil {
					t.Fatal(err)
				}
				hr.AddCookie(cookie)
				for field, value := range map[string]string{
					"Origin": origin, "Connection": "Upgrade", "Upgrade": "websocket",
					"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
				} {
					hr.Header.Set(field, value)
				}
				got, err := http.DefaultTransport.RoundTrip(hr)
				if err != nil {
					t.Fatal(err)
				}
				_ = got.Body.Close()
				if got.StatusCode != want {
					t.Errorf("from %s: %d %v, want %d", origin, got.StatusCode, got.Header, want)
				}
			}
		})
	}
}

// The session is for the gate: the API, which could act as the person with it,
// gets the other cookies alone, as they were sent.
func TestTheAPISeesNoSession(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, string) (*gate, string){"nginx": nginx, "caddy": caddy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, at := start(t, browsers)
			session := login(t, at)
			ours := session.Name + "=" + session.Value
			for _, x := range []struct{ sent, want string }{
				{ours, ""},
				{ours + "; a=b", "a=b"},
				{"theme=dark; " + ours + "; lang=de; " + ours, "theme=dark; lang=de"},
				{"theme=\"d a\"; x" + session.Name + "=1; " + ours, "theme=\"d a\"; x" + session.Name + "=1"},
			} {
				got := raw(t, at, "GET /orders", "Cookie: "+x.sent)
				r := g.forwarded()
				if got.status != 200 || r == nil || r.Header.Get("Gate401-Subject") != "alice" {
					t.Fatalf("%q: %+v", x.sent, got)
				}
				if seen := strings.Join(r.Header["Cookie"], " | "); seen != x.want {
					t.Errorf("of %q the API gets %q, want %q", x.sent, seen, x.want)
				}
			}
			// Open to anyone, and still not for the API.
			raw(t, at, "GET /open/x", "Cookie: "+ours+"; a=b")
			if r := g.forwarded(); r == nil || r.Header.Get("Cookie") != "a=b" {
				t.Errorf("the API sees %+v", r)
			}
		})
	}
}

// login is the session cookie of alice.
func login(t *testing.T, at string) *http.Cookie {
	t.Helper()
	hr, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/auth/login",
		strings.NewReader(url.Values{"username": {"alice"}, "password": {"wonderland"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	in, err := http.DefaultTransport.RoundTrip(hr)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Body.Close()
	if in.StatusCode != http.StatusSeeOther || len(in.Cookies()) == 0 {
		t.Fatalf("the login: %d %v", in.StatusCode, in.Header)
	}
	return in.Cookies()[0]
}
