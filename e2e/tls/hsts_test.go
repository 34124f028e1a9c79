//go:build linux

package tls_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

const sts = "Strict-Transport-Security"

// Every answer over https to a name says it once: refusals, answers of the API,
// the gate's own pages, and what is not there. Over plain http nothing does.
func TestHSTS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, hsts string
		want       string // in answers of the gate
		upstream   string // where the API says max-age=1
	}{
		{"not given", "", "max-age=31536000", "max-age=1"},
		{"given", ", hsts: {max_age: 48h, include_subdomains: true}", "max-age=172800; includeSubDomains", "max-age=172800; includeSubDomains"},
		{"for the list", ", hsts: {include_subdomains: true, preload: true}", "max-age=31536000; includeSubDomains; preload", "max-age=31536000; includeSubDomains; preload"},
		{"none", ", hsts: none", "", "max-age=1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, dir := newAuthority(t), t.TempDir()
			a.install(t, dir, 100, "api.example.test", "localhost")
			g := serve(t, dir, "gate: {listen: '127.0.0.1:0', upstream: UPSTREAM}\ntls: {cert: cert.pem, key: key.pem"+c.hsts+"}\n")
			for _, h2 := range []bool{true, false} {
				client := client(t, g.address, a.pool, h2)
				for path, status := range map[string]int{
					"/open/x": 200, "/orders": 401, "/auth/problems/": 200, "/auth/none": 404, "/open/hsts": 200, "/open/%00": 400,
				} {
					for _, host := range []string{"api.example.test", "localhost"} {
						want := c.want
						if path == "/open/hsts" {
							want = c.upstream
						}
						if host == "localhost" && path != "/open/hsts" {
							// It would hold for every other program on this machine.
							want = ""
						} else if host == "localhost" {
							want = "max-age=1"
						}
						res, err := client.Get("https://" + host + path)
						if err != nil {
							t.Fatal(err)
						}
						res.Body.Close()
						if got := strings.Join(res.Header[sts], " | "); got != want || res.StatusCode != status {
							t.Errorf("h2 %t, %s%s: %d %q, want %d %q", h2, host, path, res.StatusCode, got, status, want)
						}
					}
				}
			}
		})
	}
}

// Behind a proxy that is trusted, or a gateway that may ask, what it says of the
// client's connection counts; of anyone else it does not.
func TestHSTSBehindProxy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, trusted, settings string
		proto                   []string
		want                    bool
	}{
		{"trusted, https", "127.0.0.0/8", "", []string{"https"}, true},
		{"trusted, http", "127.0.0.0/8", "", []string{"http"}, false},
		{"trusted, the last counts", "127.0.0.0/8", "", []string{"https, http"}, false},
		{"trusted, says nothing", "127.0.0.0/8", "", nil, false},
		{"somebody else", "192.0.2.0/24", "", []string{"https"}, false},
		{"a gateway", "192.0.2.0/24", "forward: {from: [127.0.0.1]}\n", []string{"https"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := serve(t, t.TempDir(), "gate: {listen: '127.0.0.1:0', upstream: UPSTREAM, trusted_proxies: ['"+c.trusted+"']}\n"+c.settings)
			for _, path := range []string{"/orders", "/open/x"} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://api.example.test"+path, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				if c.proto != nil {
					req.Header["X-Forwarded-Proto"] = c.proto
				}
				res, err := client(t, g.address, nil, false).Do(req)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if got := slices.Equal(res.Header[sts], []string{"max-age=31536000"}); got != c.want || len(res.Header[sts]) > 0 && !c.want {
					t.Errorf("%s: %q, want any %t", path, res.Header[sts], c.want)
				}
			}
		})
	}
}
