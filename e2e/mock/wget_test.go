package mock

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/component"
)

// wget waits for the challenge before it sends a password, unless it is told not
// to, and shows what came with a refusal only when it is asked to.
func TestWget(t *testing.T) {
	wget := component.Need(t, "wget", "wget")
	user := []string{"--user", "u", "--password"}
	const refused = 6 // wget: "Username/password authentication failure"
	for _, x := range []struct {
		name string
		args []string // the last is the path
		exit int
		want string // in what it printed
		said []string
	}{
		{"nothing", []string{"/status/401"}, refused, "", []string{"GET /status/401 - 401"}},
		{"Basic", append(user, "p", "/basic-auth/u/p"), 0, `"authenticated": true`, []string{
			"GET /basic-auth/u/p - 401", "GET /basic-auth/u/p Basic 200",
		}},
		{"Basic, wrong", append(user, "wrong", "/basic-auth/u/p"), refused, "", []string{
			"GET /basic-auth/u/p - 401", "GET /basic-auth/u/p Basic 401",
		}},
		{"Basic, unasked", append(user, "p", "--auth-no-challenge", "/hidden-basic-auth/u/p"), 0, `"authenticated": true`, []string{
			"GET /hidden-basic-auth/u/p Basic 200",
		}},
		{"Digest", append(user, "p", "/digest-auth/auth/u/p"), 0, `"authenticated": true`, []string{
			"GET /digest-auth/auth/u/p - 401", "GET /digest-auth/auth/u/p Digest 200",
		}},
		{"Digest, wrong", append(user, "wrong", "/digest-auth/auth/u/p"), refused, "", []string{
			"GET /digest-auth/auth/u/p - 401", "GET /digest-auth/auth/u/p Digest 401",
		}},
		{"Digest, strict", append(user, "p", "/digest-auth/auth/u/p/MD5", "--strict"), 0, `"authenticated": true`, []string{
			"GET /digest-auth/auth/u/p/MD5 - 401", "GET /digest-auth/auth/u/p/MD5 Digest 200",
		}},
		// wget knows MD5 alone, and takes the second challenge.
		{"Digest, SHA-256 or MD5", append(user, "p", "/digest-auth/auth/u/p", "--strict"), 0, `"authenticated": true`, []string{
			"GET /digest-auth/auth/u/p - 401", "GET /digest-auth/auth/u/p Digest 200",
		}},
		{"Bearer", []string{"--header=Authorization: Bearer some-token", "/bearer"}, 0, `"some-token"`, []string{"GET /bearer Bearer 200"}},
		// The page of a 403 is shown, that of a 401 never.
		{"what is wrong", []string{"--content-on-error", "/scenario/access-denied/"}, 8, `"code":"access-denied"`, []string{"GET /scenario/access-denied/ - 403"}},
		{"what is wrong with a 401", []string{"--content-on-error", "/scenario/token-expired/"}, refused, "", []string{"GET /scenario/token-expired/ - 401"}},
		// --user is for every host that wget comes to.
		{"a redirect to another host", []string{"--user", "user", "--password", "passwd", "--auth-no-challenge", "/scenario/redirect-cross-host/"}, 0, `"authorization":true`, []string{
			"GET /scenario/redirect-cross-host/ Basic 307", "GET /scenario/redirect-cross-host/landed Basic 200",
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var mode []string
			last := len(x.args) - 1
			if x.args[last] == "--strict" {
				mode, last = []string{"--strict"}, last-1
			}
			s := startMock(t, mode...)
			args := append([]string{"-q", "-O", "-", "--no-hsts", "--tries", "1", "--timeout", "20"}, x.args[:last]...)
			out, exit := ran(t, exec.Command(wget, append(args, s.URL+x.args[last])...))
			if exit != x.exit || !strings.Contains(out, x.want) {
				t.Errorf("exit status %d, want %d and %q in\n%s", exit, x.exit, x.want, out)
			}
			s.says(x.said...)
		})
	}
}
