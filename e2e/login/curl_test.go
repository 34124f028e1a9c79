package login_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/internal/component"
)

// curl runs curl with a jar of cookies and returns head and body.
func (h *house) curl(args ...string) string {
	h.t.Helper()
	path := component.Need(h.t, "curl", "curl")
	jar := filepath.Join(h.dir, "jar")
	out, err := exec.Command(path, append([]string{"-sSi", "-c", jar, "-b", jar, "--max-time", "60"}, args...)...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("curl %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func wants(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("lacks %q:\n%s", w, got)
		}
	}
}

// A program that keeps cookies logs in and out as a browser does, and reads JSON.
func TestCurl(t *testing.T) {
	h := serve(t, methods)
	wants(t, h.curl(h.url+"/orders/42"), "HTTP/1.1 401 ", `Www-Authenticate: Session realm="orders", login="/auth/login"`, `Www-Authenticate: Basic realm="orders"`, `"code":"credentials-missing"`)
	wants(t, h.curl(h.url+"/auth/login", "-d", "username=alice", "-d", "password=wrong"), "HTTP/1.1 401 ", `"code":"credentials-invalid"`, "Cache-Control: no-store")
	in := h.curl(h.url+"/auth/login", "-d", "username=alice", "--data-urlencode", "password="+password, "--data-urlencode", "return_to=/orders/42?tab=lines")
	wants(t, in, "HTTP/1.1 303 ", "Location: /orders/42?tab=lines\r\n", "Set-Cookie: g401=", "; HttpOnly; SameSite=Lax")
	wants(t, h.curl(h.url+"/orders/42"), "HTTP/1.1 200 ", "Secret orders")
	if h.last().Get("Cookie") != "" || h.last().Get("Gate401-Method") != "session" {
		t.Errorf("the site was sent %v", h.last())
	}
	wants(t, h.curl(h.url+"/auth/me"), "HTTP/1.1 200 ", `"subject":"alice"`, `"groups":["customers"]`)
	// A form of another site, with the cookie.
	wants(t, h.curl("-X", "POST", "-H", "Origin: https://evil.example", h.url+"/orders/new"), "HTTP/1.1 403 ", `"code":"csrf-failed"`)
	// Explicit credentials outrank the cookie.
	wants(t, h.curl("-u", "alice:wrong", h.url+"/orders/42"), "HTTP/1.1 401 ", `"code":"credentials-invalid"`)
	wants(t, h.curl("-X", "POST", h.url+"/auth/logout"), "HTTP/1.1 204 ", `Clear-Site-Data: "cache", "storage"`, "Set-Cookie: g401=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
	wants(t, h.curl(h.url+"/orders/42"), "HTTP/1.1 401 ")
	wants(t, h.curl(h.url+"/auth/login?return_to=//evil.example", "-H", "Accept: text/html"), "HTTP/1.1 401 ", "<form")
}

// A session that is ended ends what goes on in it, by whatever way it is ended.
func TestStreamEndsWithTheSession(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(h *house, c *http.Client)
	}{
		{"logout", func(h *house, c *http.Client) {
			resp, err := c.Post(h.url+"/auth/logout", "", nil)
			if err != nil {
				h.t.Fatal(err)
			}
			_ = resp.Body.Close()
		}},
		{"revoked on the command line", func(h *house, c *http.Client) {
			h.run("session", "revoke", strings.Split(strings.Split(body(h.t, c, h.url+"/auth/me"), `"session":"`)[1], `"`)[0])
		}},
		{"suspended", func(h *house, _ *http.Client) { h.run("user", "suspend", "alice") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := serve(t, methods)
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			resp, err := c.PostForm(h.url+"/auth/login", url.Values{"username": {"alice"}, "password": {password}})
			if err != nil || resp.StatusCode != 303 {
				t.Fatal(resp, err)
			}
			_ = resp.Body.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/events", nil)
			stream, err := c.Do(req)
			if err != nil || stream.StatusCode != 200 {
				t.Fatal(stream, err)
			}
			defer stream.Body.Close()
			lines := bufio.NewScanner(stream.Body)
			if !lines.Scan() {
				t.Fatal("the stream says nothing")
			}
			tt.end(h, c)
			for lines.Scan() {
			}
			if ctx.Err() != nil {
				t.Error("the stream goes on")
			}
		})
	}
}

func body(t *testing.T, c *http.Client, address string) string {
	t.Helper()
	resp, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b := new(strings.Builder)
	for s := bufio.NewScanner(resp.Body); s.Scan(); {
		b.WriteString(s.Text())
	}
	return b.String()
}

// A session outlives the process, and so does its end.
func TestRestart(t *testing.T) {
	h := serve(t, methods)
	restart := func() {
		t.Helper()
		if err := h.Stop(); err != nil {
			t.Fatal(err)
		}
		h.Process = program.Start(t, binary, h.dir, "serve", "--log-format", "json")
		h.url = h.Ready["gate"].(string)
	}
	h.curl(h.url+"/auth/login", "-d", "username=alice", "--data-urlencode", "password="+password)
	kept, err := os.ReadFile(filepath.Join(h.dir, "jar"))
	if err != nil {
		t.Fatal(err)
	}
	restart()
	wants(t, h.curl(h.url+"/orders/42"), "HTTP/1.1 200 ")
	h.curl("-X", "POST", h.url+"/auth/logout", "-d", "everywhere=1")
	restart()
	if err := os.WriteFile(filepath.Join(h.dir, "jar"), kept, 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, h.curl(h.url+"/orders/42"), "HTTP/1.1 401 ", `"code":"session-expired"`, "Set-Cookie: g401=; Path=/; Max-Age=0")
}

// On https the cookie is one that nobody else can set.
func TestTLS(t *testing.T) {
	h := serve(t, methods+"tls: {cert: cert.pem, key: key.pem}\n")
	in := h.curl("-k", h.url+"/auth/login", "-d", "username=alice", "--data-urlencode", "password="+password)
	wants(t, in, " 303", "set-cookie: __Host-g401=", "; Path=/; HttpOnly; Secure; SameSite=Lax")
	wants(t, h.curl("-k", h.url+"/orders/42"), " 200", "Secret orders")
	// Its name without the prefix means nothing here.
	value := strings.Split(strings.Split(in, "__Host-g401=")[1], ";")[0]
	if err := os.Remove(filepath.Join(h.dir, "jar")); err != nil {
		t.Fatal(err)
	}
	wants(t, h.curl("-k", "-b", "g401="+value, h.url+"/orders/42"), " 401")
}
