package foreign_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
)

func get(t *testing.T, c *http.Client, target, user, password string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header
}

// The servers are what the tests think they are: they refuse with the challenge
// that they are there for, and let the right credential in.
func TestServers(t *testing.T) {
	check := func(t *testing.T, base, path, scheme, password, want string) {
		t.Helper()
		status, _, h := get(t, http.DefaultClient, base+path, "", "")
		if got := h.Get("WWW-Authenticate"); status != 401 || !strings.HasPrefix(got, scheme+" ") {
			t.Errorf("%s: %d with challenge %q, want 401 with %s", path, status, got, scheme)
		}
		if password == "" {
			return
		}
		if status, body, _ := get(t, http.DefaultClient, base+path, foreign.User, password); status != 200 || !strings.HasPrefix(body, want) {
			t.Errorf("%s with the right password: %d %q", path, status, body)
		}
	}
	t.Run("apache", func(t *testing.T) {
		s := foreign.Apache(t)
		check(t, s.URL, "/basic/ok.txt", "Basic", foreign.Password, "ok basic")
		check(t, s.URL, "/digest/ok.txt", "Digest", "", "")
	})
	t.Run("nginx", func(t *testing.T) {
		s := foreign.Nginx(t, "")
		check(t, s.URL, "/basic/ok.txt", "Basic", foreign.PlainPassword, "ok basic")
	})
	t.Run("caddy", func(t *testing.T) {
		s := foreign.Caddy(t)
		check(t, s.URL, "/basic", "Basic", foreign.PlainPassword, "ok basic")
	})
	for _, scheme := range []string{"basic", "digest"} {
		t.Run("squid "+scheme, func(t *testing.T) {
			nginx, s := foreign.Nginx(t, ""), foreign.Squid(t, scheme)
			proxy, err := url.Parse(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			tr := &http.Transport{Proxy: http.ProxyURL(proxy)}
			defer tr.CloseIdleConnections()
			status, _, h := get(t, &http.Client{Transport: tr}, nginx.URL+"/open/ok.txt", "", "")
			if got := h.Get("Proxy-Authenticate"); status != 407 || !strings.HasPrefix(strings.ToLower(got), scheme+" ") {
				t.Errorf("%d with challenge %q, want 407 with %s", status, got, scheme)
			}
		})
	}
}
