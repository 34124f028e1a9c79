package mock

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
)

// python runs a program, which gets the address of s as its argument, and returns
// what it prints.
func (s *server) python(t *testing.T, python, program string) string {
	t.Helper()
	cmd := exec.Command(python, "-c", program, s.URL)
	cmd.Env = append(cmd.Environ(), "NO_PROXY=*")
	out, exit := ran(t, cmd)
	if exit != 0 {
		t.Fatalf("exit status %d\n%s", exit, out)
	}
	return strings.TrimSpace(out)
}

// What requests does by itself: Basic, Digest with nonces that are reused and
// become stale, a session with cookies, a redirect to another host.
func TestRequests(t *testing.T) {
	python := foreign.Python(t, "requests")
	const prelude = `
import json, sys, requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth
base = sys.argv[1]
`
	for _, x := range []struct {
		name, program, want string
		said                []string
	}{
		{"Basic", `print(requests.get(base + "/basic-auth/u/p", auth=HTTPBasicAuth("u", "p")).status_code)`, "200",
			[]string{"GET /basic-auth/u/p Basic 200"}},
		{"Basic, wrong", `print(requests.get(base + "/basic-auth/u/p", auth=("u", "wrong")).status_code)`, "401",
			[]string{"GET /basic-auth/u/p Basic 401"}},
		{"name and password in the address", `print(requests.get(base.replace("//", "//u:p@") + "/basic-auth/u/p").status_code)`, "200",
			[]string{"GET /basic-auth/u/p Basic 200"}},
		{"Digest", `print([requests.get(base + "/digest-auth/auth/u/p/" + a, auth=HTTPDigestAuth("u", "p")).status_code for a in ["MD5", "MD5-sess", "SHA-256", "SHA-512"]])`,
			"[200, 200, 200, 200]", []string{
				"GET /digest-auth/auth/u/p/MD5 - 401", "GET /digest-auth/auth/u/p/MD5 Digest 200",
				"GET /digest-auth/auth/u/p/MD5-sess - 401", "GET /digest-auth/auth/u/p/MD5-sess Digest 200",
				"GET /digest-auth/auth/u/p/SHA-256 - 401", "GET /digest-auth/auth/u/p/SHA-256 Digest 200",
				"GET /digest-auth/auth/u/p/SHA-512 - 401", "GET /digest-auth/auth/u/p/SHA-512 Digest 200",
			}},
		{"Digest, wrong", `print(requests.get(base + "/digest-auth/auth/u/p", auth=HTTPDigestAuth("u", "wrong")).status_code)`, "401",
			[]string{"GET /digest-auth/auth/u/p - 401", "GET /digest-auth/auth/u/p Digest 401"}},
		{"Digest, stale after two", `
s = requests.Session()
s.auth = HTTPDigestAuth("u", "p")
print([s.get(base + "/digest-auth/auth/u/p/SHA-256/2").status_code for _ in range(3)])`, "[200, 200, 200]", []string{
			"GET /digest-auth/auth/u/p/SHA-256/2 - 401",
			"GET /digest-auth/auth/u/p/SHA-256/2 Digest 200", "GET /digest-auth/auth/u/p/SHA-256/2 Digest 200",
			"GET /digest-auth/auth/u/p/SHA-256/2 Digest 401", "GET /digest-auth/auth/u/p/SHA-256/2 Digest 200",
		}},
		{"a session and its cookies", `
s = requests.Session()
s.get(base + "/cookies/set?session=one&theme=dark")
s.get(base + "/cookies/delete?theme")
print(json.dumps(s.get(base + "/cookies").json()))`, `{"cookies": {"session": "one"}}`, []string{
			"GET /cookies/set?session=one&theme=dark - 302", "GET /cookies - 200", "GET /cookies/delete?theme - 302", "GET /cookies - 200", "GET /cookies - 200",
		}},
		{"a redirect to another host", `print(json.dumps(requests.get(base + "/scenario/redirect-cross-host/", auth=("user", "passwd")).json()["authorization"]))`, "false",
			[]string{"GET /scenario/redirect-cross-host/ Basic 307", "GET /scenario/redirect-cross-host/landed - 200"}},
		{"two challenges, each in its field", `
r = requests.get(base + "/s/requests/api/orders")
print(len(r.raw.headers.getlist("WWW-Authenticate")), r.json()["code"], r.headers["Content-Type"])`, "2 credentials-missing application/problem+json",
			[]string{"GET /s/requests/api/orders - 401"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := startMock(t, "--strict")
			if got := s.python(t, python, prelude+x.program); got != x.want {
				t.Errorf("it prints %s, want %s", got, x.want)
			}
			s.says(x.said...)
		})
	}
}

// httpx likewise, with a flow of its own that refreshes as its documentation
// shows it.
func TestHTTPX(t *testing.T) {
	python := foreign.Python(t, "httpx")
	const prelude = `
import json, sys, httpx
base = sys.argv[1]
`
	for _, x := range []struct {
		name, program, want string
		said                []string
	}{
		{"Basic", `print(httpx.get(base + "/basic-auth/u/p", auth=("u", "p")).status_code)`, "200", []string{"GET /basic-auth/u/p Basic 200"}},
		{"Digest", `print([httpx.get(base + "/digest-auth/auth/u/p/" + a, auth=httpx.DigestAuth("u", "p")).status_code for a in ["MD5", "SHA-256", "SHA-256-sess", "SHA-512"]])`,
			"[200, 200, 200, 200]", []string{
				"GET /digest-auth/auth/u/p/MD5 - 401", "GET /digest-auth/auth/u/p/MD5 Digest 200",
				"GET /digest-auth/auth/u/p/SHA-256 - 401", "GET /digest-auth/auth/u/p/SHA-256 Digest 200",
				"GET /digest-auth/auth/u/p/SHA-256-sess - 401", "GET /digest-auth/auth/u/p/SHA-256-sess Digest 200",
				"GET /digest-auth/auth/u/p/SHA-512 - 401", "GET /digest-auth/auth/u/p/SHA-512 Digest 200",
			}},
		{"Digest, SHA-256 or MD5", `print(httpx.get(base + "/digest-auth/auth/u/p", auth=httpx.DigestAuth("u", "p")).status_code)`, "200",
			[]string{"GET /digest-auth/auth/u/p - 401", "GET /digest-auth/auth/u/p Digest 200"}},
		{"a redirect to another host", `print(json.dumps(httpx.get(base + "/scenario/redirect-cross-host/", auth=("user", "passwd"), follow_redirects=True).json()["authorization"]))`, "false",
			[]string{"GET /scenario/redirect-cross-host/ Basic 307", "GET /scenario/redirect-cross-host/landed - 200"}},
		{"a refresh in the middle", `
class Tokens(httpx.Auth):
    requires_response_body = True
    def __init__(self, world):
        self.world = world
        self.tokens = httpx.post(world + "/login", json={"username": "alice", "password": "wonderland"}).json()
    def auth_flow(self, request):
        request.headers["Authorization"] = "Bearer " + self.tokens["access_token"]
        answer = yield request
        if answer.status_code == 401:
            renewed = yield httpx.Request("POST", self.world + "/token", data={"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]})
            self.tokens = renewed.json()
            request.headers["Authorization"] = "Bearer " + self.tokens["access_token"]
            yield request
world = base + "/s/token-life-refused-once--httpx"
with httpx.Client(auth=Tokens(world)) as c:
    print([c.get(world + "/api/orders").status_code for _ in range(2)])`, "[200, 200]", []string{
			"POST /s/token-life-refused-once--httpx/login - 200",
			"GET /s/token-life-refused-once--httpx/api/orders Bearer 401", "POST /s/token-life-refused-once--httpx/token - 200",
			"GET /s/token-life-refused-once--httpx/api/orders Bearer 200", "GET /s/token-life-refused-once--httpx/api/orders Bearer 200",
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := startMock(t, "--strict")
			if got := s.python(t, python, prelude+x.program); got != x.want {
				t.Errorf("it prints %s, want %s", got, x.want)
			}
			s.says(x.said...)
		})
	}
}
