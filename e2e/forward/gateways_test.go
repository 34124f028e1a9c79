//go:build linux

package forward_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/internal/component"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// nginx runs on what init prints, within the http block of a file that says what
// every nginx needs.
func nginx(t *testing.T, settings string) (*gate, string) {
	program := component.Need(t, "nginx", "nginx")
	address := foreign.FreeAddress(t)
	public := "http://" + address
	g := newGate(t, public, settings)
	user := ""
	if os.Geteuid() == 0 {
		user = "user nobody nogroup;"
	}
	write(t, g.dir, "gate401.conf", g.configuration(t, "nginx"))
	main := write(t, g.dir, "nginx.conf", fmt.Sprintf(`%[2]s
daemon off; master_process off; pid %[1]s/nginx.pid; error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  include %[1]s/gate401.conf;
}
`, g.dir, user))
	foreign.Start(t, exec.Command(program, "-c", main, "-p", g.dir), address)
	return g, public
}

// caddy runs on what init prints, behind the options that keep it from looking
// for certificates.
func caddy(t *testing.T, settings string) (*gate, string) {
	program := component.Need(t, "caddy", "caddy")
	address := foreign.FreeAddress(t)
	public := "http://" + address
	g := newGate(t, public, settings)
	file := write(t, g.dir, "Caddyfile", "{\n\tadmin off\n\tauto_https off\n\tstorage file_system "+g.dir+"\n}\n"+g.configuration(t, "caddy"))
	cmd := exec.Command(program, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(cmd.Environ(), "HOME="+g.dir, "XDG_CONFIG_HOME="+g.dir, "XDG_DATA_HOME="+g.dir)
	foreign.Start(t, cmd, address)
	return g, public
}

const (
	alice = "Authorization: Basic YWxpY2U6d29uZGVybGFuZA==" // alice:wonderland
	wrong = "Authorization: Basic YWxpY2U6"                 // and a guess that the row appends
)

// Every class of refusal comes out of the gateway as the gate wrote it, and
// nothing of it reaches the API.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, string) (*gate, string){"nginx": nginx, "caddy": caddy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, at := start(t, "")
			for _, x := range []struct {
				name    string
				lines   []string
				status  int
				code    string
				schemes string
			}{
				{"nothing sent", []string{"GET /orders"}, 401, "credentials-missing", "[Basic Bearer]"},
				{"a query", []string{"GET /orders?a=/open/x"}, 401, "credentials-missing", "[Basic Bearer]"},
				{"a wrong token", []string{"GET /orders", "Authorization: Bearer abc"}, 401, "token-malformed", "[Basic Bearer]"},
				{"two credentials", []string{"DELETE /orders", "X-API-Key: a", "X-API-Key: b"}, 400, "credentials-ambiguous", "[]"},
				{"no right", []string{"GET /admin/x", alice}, 403, "access-denied", "[]"},
				{"empty segment", []string{"GET //orders", alice}, 400, "request-malformed", "[]"},
				{"dot segment", []string{"GET /open/../orders"}, 400, "request-malformed", "[]"},
				{"encoded dot segment", []string{"GET /open/%2e%2e/orders"}, 400, "request-malformed", "[]"},
				{"encoded slash", []string{"GET /open%2forders"}, 400, "request-malformed", "[]"},
				{"a parameter", []string{"GET /open;/../orders"}, 400, "request-malformed", "[]"},
				{"lower case", []string{"get /orders", alice}, 400, "", "[]"},
			} {
				got := raw(t, at, x.lines...)
				if got.status != x.status || x.code != "" && got.code() != x.code || fmt.Sprint(got.schemes()) != x.schemes {
					t.Errorf("%s: got %d %s %v, want %d %s %s\n%s", x.name, got.status, got.code(), got.header["Www-Authenticate"], x.status, x.code, x.schemes, got.body)
				}
				if x.code == "" {
					continue // the gateway itself may refuse it first
				}
				if got.header.Get("Content-Type") != "application/problem+json" || got.header.Get("Cache-Control") != "no-store" ||
					!strings.Contains(got.body, got.header.Get("X-Request-Id")) || got.header.Get("Gate401-Refusal") != "" || got.header.Get("Gate401-Status") != "" {
					t.Errorf("%s: %v\n%s", x.name, got.header, got.body)
				}
			}
			if r := g.forwarded(); r != nil {
				t.Errorf("the API got %s %s", r.Method, r.URL)
			}
			head := raw(t, at, "HEAD /orders")
			if head.status != 401 || head.body != "" || fmt.Sprint(head.schemes()) != "[Basic Bearer]" {
				t.Errorf("HEAD: %+v", head)
			}
			page := raw(t, at, "GET /orders", "Accept: text/html")
			if page.status != 401 || !strings.HasPrefix(page.body, "<!doctype html>") || page.header.Get("Content-Security-Policy") == "" || fmt.Sprint(page.schemes()) != "[Basic Bearer]" {
				t.Errorf("page: %+v", page)
			}
			cookies := raw(t, at, "GET /orders", "Cookie: big="+strings.Repeat("x", 7000))
			if cookies.status != 401 || cookies.code() != "credentials-missing" {
				t.Errorf("big cookies: %+v", cookies)
			}
			body := raw(t, at, "POST /orders", "Content-Length: 3", "", "abc")
			if body.status != 401 || g.forwarded() != nil {
				t.Errorf("with a body: %+v", body)
			}
		})
	}
}

// Too many guesses are 429, a gate that cannot check or is away 503, and never
// the 500 that nginx makes of what it does not know.
func TestLimitsAndFailures(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, string) (*gate, string){"nginx": nginx, "caddy": caddy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, at := start(t, "")
			guesses := []string{"YQ==", "Yg==", "Yw==", "ZA==", "ZQ=="} // "alice:" and one letter
			var last answer
			for _, guess := range guesses {
				last = raw(t, at, "GET /guessed/x", wrong+guess, "X-Forwarded-For: 192.0.2."+fmt.Sprint(len(guess)+int(guess[1])))
			}
			if last.status != 429 || last.code() != "rate-limited" || last.header.Get("Retry-After") == "" {
				t.Errorf("after %d guesses: %+v", len(guesses), last)
			}
			if err := g.Stop(); err != nil {
				t.Fatal(err)
			}
			away := raw(t, at, "GET /orders", alice)
			if name == "nginx" && (away.status != 503 || away.header.Get("Retry-After") != "5" || !strings.Contains(away.body, `"status":503`)) || away.status < 500 {
				t.Errorf("without the gate: %+v", away)
			}
			if g.forwarded() != nil {
				t.Error("the API was reached")
			}
		})
	}
}

// A preflight that the gate answers does not reach the API; what is allowed
// carries the gate's CORS fields and none of the API's.
func TestCORS(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, string) (*gate, string){"nginx": nginx, "caddy": caddy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, at := start(t, "")
			const origin = "Origin: https://shop.example"
			asked := raw(t, at, "OPTIONS /cors/x", origin, "Access-Control-Request-Method: PUT")
			if asked.status != 204 || asked.header.Get("Access-Control-Allow-Methods") != "PUT" || asked.header.Get("Access-Control-Allow-Origin") != "https://shop.example" || g.forwarded() != nil {
				t.Errorf("preflight: %+v", asked)
			}
			refused := raw(t, at, "GET /cors/x", origin)
			if refused.status != 401 || refused.header.Get("Access-Control-Allow-Origin") != "https://shop.example" || !strings.Contains(refused.header.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
				t.Errorf("refusal: %+v", refused)
			}
			for _, path := range []string{"/cors/x", "/orders"} {
				got := raw(t, at, "GET "+path, origin, alice)
				want := "[https://shop.example]"
				if path == "/orders" {
					want = "[]"
				}
				if got.status != 200 || fmt.Sprint(got.header["Access-Control-Allow-Origin"]) != want {
					t.Errorf("%s: %+v, want %s", path, got, want)
				}
			}
		})
	}
}
