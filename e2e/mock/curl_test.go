package mock

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// curlStatus is the last status that curl saw; curl must end well.
func curlStatus(t *testing.T, args ...string) string {
	t.Helper()
	curl := component.Need(t, "curl", "curl")
	return client(t, curl, append([]string{"-s", "-o", os.DevNull, "-w", "%{http_code}"}, args...)...)
}

// What curl does by itself with each kind of challenge, request by request.
func TestCurlChallenges(t *testing.T) {
	for _, x := range []struct {
		name string
		args []string // the last is the path
		want string
		said []string
	}{
		{"nothing", []string{"/basic-auth/u/p"}, "401", []string{"GET /basic-auth/u/p - 401"}},
		{"Basic, unasked", []string{"-u", "u:p", "/basic-auth/u/p"}, "200", []string{"GET /basic-auth/u/p Basic 200"}},
		{"Basic, wrong", []string{"-u", "u:wrong", "/basic-auth/u/p"}, "401", []string{"GET /basic-auth/u/p Basic 401"}},
		{"Basic, hidden", []string{"-u", "u:wrong", "/hidden-basic-auth/u/p"}, "404", []string{"GET /hidden-basic-auth/u/p Basic 404"}},
		{"Basic, asked first", []string{"--anyauth", "-u", "u:p", "/basic-auth/u/p"}, "200", []string{
			"GET /basic-auth/u/p - 401", "GET /basic-auth/u/p Basic 200",
		}},
		{"Basic, asked first and wrong", []string{"--anyauth", "-u", "u:wrong", "/basic-auth/u/p"}, "401", []string{
			"GET /basic-auth/u/p - 401", "GET /basic-auth/u/p Basic 401",
		}},
		{"a percent-encoded password", []string{"-u", "u:p ä", "/basic-auth/u/p%20%C3%A4"}, "200", []string{"GET /basic-auth/u/p%20%C3%A4 Basic 200"}},
		{"Bearer", []string{"--oauth2-bearer", "some-token", "/bearer"}, "200", []string{"GET /bearer Bearer 200"}},
		{"the best of two", []string{"--anyauth", "-u", "alice:wonderland", "/s/curl/api/orders"}, "200", []string{
			"GET /s/curl/api/orders - 401", "GET /s/curl/api/orders Basic 200",
		}},
		{"HEAD", []string{"-I", "/status/401"}, "401", []string{"HEAD /status/401 - 401"}},
		{"a redirect on the same host", []string{"-L", "-u", "u:p", "/redirect-to?url=/basic-auth/u/p"}, "200", []string{
			"GET /redirect-to?url=/basic-auth/u/p Basic 302", "GET /basic-auth/u/p Basic 200",
		}},
		{"a redirect to another host", []string{"-L", "-u", "user:passwd", "/scenario/redirect-cross-host/"}, "200", []string{
			"GET /scenario/redirect-cross-host/ Basic 307", "GET /scenario/redirect-cross-host/landed - 200",
		}},
		{"a redirect to another host that is trusted", []string{"-L", "--location-trusted", "-u", "user:passwd", "/scenario/redirect-cross-host/"}, "200", []string{
			"GET /scenario/redirect-cross-host/ Basic 307", "GET /scenario/redirect-cross-host/landed Basic 200",
		}},
		{"a wish", []string{"-H", "Prefer: code=401", "/get"}, "401", []string{"GET /get - 401"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := startMock(t)
			last := len(x.args) - 1
			if got := curlStatus(t, append(x.args[:last:last], s.URL+x.args[last])...); got != x.want {
				t.Errorf("status %s, want %s", got, x.want)
			}
			s.says(x.said...)
		})
	}
}

// curl computes Digest by itself; both ways in which the mock offers it must be
// ones that it understands.
func TestCurlDigest(t *testing.T) {
	for _, mode := range []string{"", "--strict"} {
		var s *server
		if mode == "" {
			s = startMock(t)
		} else {
			s = startMock(t, mode)
		}
		for _, x := range []struct{ path, password, want, algorithm string }{
			{"/digest-auth/auth/u/p", "p", "200", map[string]string{"": "MD5", "--strict": "SHA-256"}[mode]},
			{"/digest-auth/auth/u/p/MD5", "p", "200", "MD5"},
			{"/digest-auth/auth/u/p/SHA-256", "p", "200", "SHA-256"},
			{"/digest-auth/auth/u/p/SHA-256", "wrong", "401", "SHA-256"},
			{"/digest-auth/auth/u/p/SHA-256/1", "p", "200", "SHA-256"}, // stale after one use
		} {
			t.Run(strings.TrimPrefix(mode+" ", "--")+x.path+" "+x.password, func(t *testing.T) {
				s.t = t
				s.forget()
				if got := curlStatus(t, "--digest", "-u", "u:"+x.password, s.URL+x.path); got != x.want {
					t.Errorf("status %s, want %s", got, x.want)
				}
				s.says("GET "+x.path+" - 401", "GET "+x.path+" Digest "+x.want)
				sent := s.entries("")[1].Header.Get("Authorization")
				if !regexp.MustCompile(`algorithm="?` + x.algorithm + `"?(,|$)`).MatchString(sent) {
					t.Errorf("curl answered with %s, want %s", sent, x.algorithm)
				}
			})
		}
	}
	t.Run("auth-int", func(t *testing.T) {
		s := startMock(t, "--strict")
		curl := component.Need(t, "curl", "curl")
		url := s.URL + "/digest-auth/auth-int/u/p/SHA-256"
		if out := client(t, curl, "-si", "--digest", "-u", "u:p", url); !strings.Contains(out, "Authentication-Info: rspauth=") {
			t.Errorf("the server does not prove itself:\n%s", out)
		}
		// Every curl until now puts the hash of an empty body into its answer, whatever
		// it sends: strictly seen that is a body that somebody exchanged.
		if got := curlStatus(t, "--digest", "-u", "u:p", "-d", "a body", url); got != "401" {
			t.Errorf("a body that the answer does not cover gets %s", got)
		}
	})
}

// Cookies live in curl's jar as they would in a browser.
func TestCurlCookies(t *testing.T) {
	curl := component.Need(t, "curl", "curl")
	s := startMock(t)
	jar := filepath.Join(t.TempDir(), "jar")
	for _, x := range []struct{ path, want string }{
		{"/cookies/set?session=one&theme=dark", `"session": "one"`},
		{"/cookies", `"theme": "dark"`},
	} {
		if out := client(t, curl, "-sL", "-b", jar, "-c", jar, s.URL+x.path); !strings.Contains(out, x.want) {
			t.Errorf("%s: %s, want %s", x.path, out, x.want)
		}
	}
	// The answer after the deletion is that of the same run: curl reads its jar anew
	// before it writes it.
	out := client(t, curl, "-sL", "-b", jar, s.URL+"/cookies/delete?theme")
	if !strings.Contains(out, `"session"`) || strings.Contains(out, `"theme"`) {
		t.Errorf("after the deletion of one of two cookies: %s", out)
	}
}

// A large body waits for leave: what is refused for want of credentials is not
// uploaded, and what is let in is.
func TestCurlExpect(t *testing.T) {
	curl := component.Need(t, "curl", "curl")
	s := startMock(t)
	big := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(big, make([]byte, 60<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ credentials, want string }{
		{"nobody:nothing", "401 0"},
		{"alice:wonderland", "201 61440"},
	} {
		got := client(t, curl, "-s", "-o", os.DevNull, "-w", "%{http_code} %{size_upload}", "-H", "Expect: 100-continue", "--expect100-timeout", "20",
			"-u", x.credentials, "-H", "Content-Type: application/octet-stream", "--data-binary", "@"+big, s.URL+"/s/expect/api/orders")
		if got != x.want {
			t.Errorf("%s: status and octets sent are %s, want %s", x.credentials, got, x.want)
		}
	}
}

// The whole life of a login, by hand, and what explain makes of the journal.
func TestCurlLife(t *testing.T) {
	curl := component.Need(t, "curl", "curl")
	s := startMock(t)
	world := s.world("life", map[string]any{"access": map[string]any{"ttl": "10m"}})
	field := func(json, name string) string {
		m := regexp.MustCompile(`"` + name + `":"([^"]+)"`).FindStringSubmatch(json)
		if m == nil {
			t.Fatalf("no %s in %s", name, json)
		}
		return m[1]
	}
	login := client(t, curl, "-sf", "-d", "username=alice", "--data-urlencode", "password=wonderland", world+"/login")
	access, refresh := field(login, "access_token"), field(login, "refresh_token")
	if got := curlStatus(t, "--oauth2-bearer", access, world+"/api/orders"); got != "200" {
		t.Errorf("a new token gets %s", got)
	}
	s.api("POST", "sessions/life/do", map[string]any{"do": "advance-clock", "by": "11m"}, nil)
	out := client(t, curl, "-si", "--oauth2-bearer", access, world+"/api/orders")
	if !strings.Contains(out, `error="invalid_token"`) || !strings.Contains(out, `"code":"token-expired"`) {
		t.Errorf("an expired token gets\n%s", out)
	}
	if got := s.explained("life"); !strings.Contains(got, "token-expired") || strings.Contains(got, refresh) || strings.Contains(got, access) {
		t.Errorf("explain says of the expired token\n%s", got)
	}
	redeem := []string{"-s", "-d", "grant_type=refresh_token", "-d", "refresh_token=" + refresh, world + "/token"}
	renewed := client(t, curl, redeem...)
	if got := curlStatus(t, "--oauth2-bearer", field(renewed, "access_token"), world+"/api/orders"); got != "200" {
		t.Errorf("the renewed token gets %s", got)
	}
	// The thief and the owner: who comes second ends the login for both.
	if out := client(t, curl, redeem...); !strings.Contains(out, `"error":"invalid_grant"`) {
		t.Errorf("a used refresh token gets %s", out)
	}
	if got := curlStatus(t, "--oauth2-bearer", field(renewed, "access_token"), world+"/api/orders"); got != "401" {
		t.Errorf("after the reuse the renewed token gets %s", got)
	}
}
