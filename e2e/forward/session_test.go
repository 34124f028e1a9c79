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
			for origin, want := range map[string]int{at: http.StatusSwitchingProtocols, "https://evil.example": http.StatusForbidden} {
				hr, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+"/ws", nil)
				if err != nil {
					t.Fatal(err)
				}
				hr.AddCookie(in.Cookies()[0])
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
