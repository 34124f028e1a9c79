package login_test

import (
	"net/http"
	"net/url"
	"testing"
)

// Whoever is blocked comes nowhere, at the gate's own pages neither.
func TestBlocked(t *testing.T) {
	h := serve(t, methods+`
issuer: {}
defend: {block: ["127.0.0.0/8"]}
`)
	for _, path := range []string{"/orders", "/auth/login", "/auth/logout", "/auth/me", "/auth/account", "/auth/account/password", "/auth/link", "/auth/authorize", "/auth/device", "/auth/token"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			hr, err := http.NewRequestWithContext(t.Context(), method, h.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			hr.URL.RawQuery = url.Values{"client_id": {"app"}}.Encode()
			resp, err := http.DefaultTransport.RoundTrip(hr)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s: %d %s", method, path, resp.StatusCode, resp.Header.Get("Location"))
			}
		}
	}
}
