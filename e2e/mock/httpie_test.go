package mock

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// HTTPie knows the three schemes by name, and ends with the first digit of the
// status where it is asked to look at it.
func TestHTTPie(t *testing.T) {
	http := component.Need(t, "http", "httpie")
	const refused = 4 // HTTPie: 4xx
	s := startMock(t, "--strict")
	for _, x := range []struct {
		name string
		args []string // PATH stands where the path is
		path string
		exit int
		want string
		said []string
	}{
		{"nothing", []string{"PATH"}, "/bearer", refused, `WWW-Authenticate: Bearer`, []string{"GET /bearer - 401"}},
		{"Basic", []string{"-a", "u:p", "PATH"}, "/basic-auth/u/p", 0, `"authenticated": true`, []string{"GET /basic-auth/u/p Basic 200"}},
		{"Basic, wrong", []string{"-a", "u:wrong", "PATH"}, "/basic-auth/u/p", refused, "", []string{"GET /basic-auth/u/p Basic 401"}},
		{"Digest, MD5", []string{"-A", "digest", "-a", "u:p", "PATH"}, "/digest-auth/auth/u/p/MD5", 0, `"authenticated": true`, []string{
			"GET /digest-auth/auth/u/p/MD5 - 401", "GET /digest-auth/auth/u/p/MD5 Digest 200",
		}},
		{"Digest, SHA-256", []string{"-A", "digest", "-a", "u:p", "PATH"}, "/digest-auth/auth/u/p/SHA-256", 0, `"authenticated": true`, []string{
			"GET /digest-auth/auth/u/p/SHA-256 - 401", "GET /digest-auth/auth/u/p/SHA-256 Digest 200",
		}},
		{"Bearer", []string{"-A", "bearer", "-a", "some-token", "PATH"}, "/bearer/some-token", 0, `"authenticated": true`, []string{"GET /bearer/some-token Bearer 200"}},
		{"login by JSON", []string{"POST", "PATH", "username=alice", "password=wonderland"}, "/s/httpie/login", 0, `"refresh_token"`, []string{"POST /s/httpie/login - 200"}},
		{"login by form", []string{"-f", "POST", "PATH", "username=alice", "password=wonderland"}, "/s/httpie/login", 0, `"refresh_token"`, []string{"POST /s/httpie/login - 200"}},
		{"a wrong password", []string{"POST", "PATH", "username=alice", "password=wrong"}, "/s/httpie/login", refused, `"code": "credentials-invalid"`, []string{"POST /s/httpie/login - 401"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s.t = t
			s.forget()
			args := []string{"--ignore-stdin", "--check-status", "--pretty=format", "--print=hb", "--timeout=20"}
			for _, a := range x.args {
				if a == "PATH" {
					a = s.URL + x.path
				}
				args = append(args, a)
			}
			cmd := exec.Command(http, args...)
			cmd.Env = append(cmd.Environ(), "HTTPIE_CONFIG_DIR="+t.TempDir(), "NO_PROXY=*")
			out, exit := ran(t, cmd)
			if exit != x.exit || !strings.Contains(strings.ToLower(out), strings.ToLower(x.want)) {
				t.Errorf("exit status %d, want %d and %q in\n%s", exit, x.exit, x.want, out)
			}
			s.says(x.said...)
		})
	}
}
