//go:build linux

package tls_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/internal/component"
)

// What the gate answers over HTTP/2 is what it answers over HTTP/1.1, in all that
// a client can see.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	a.install(t, dir, 100, "api.example.test")
	g := serve(t, dir, ownFile)
	two, one := client(t, g.address, a.pool, true), client(t, g.address, a.pool, false)
	type answered struct {
		status          int
		header, trailer http.Header
		body            string
	}
	ask := func(t *testing.T, c *http.Client, method, path, body string, header http.Header) answered {
		t.Helper()
		var r io.Reader = http.NoBody
		if body != "" {
			r = strings.NewReader(body)
		}
		req, err := http.NewRequestWithContext(t.Context(), method, "https://api.example.test"+path, r)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range header {
			req.Header[name] = values
		}
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[c == two]; res.Proto != want {
			t.Errorf("%s, want %s", res.Proto, want)
		}
		return answered{res.StatusCode, res.Header, res.Trailer, string(data)}
	}
	basic := http.Header{"Authorization": {"Basic bm9ib2R5OndoYXRldmVy"}}
	for _, c := range []struct {
		name, method, path, body string
		header                   http.Header
		status                   int
	}{
		{"open", "GET", "/open/x", "", nil, 200},
		{"nothing sent", "GET", "/orders", "", nil, 401},
		{"HEAD", "HEAD", "/orders", "", nil, 401},
		{"a wrong password", "GET", "/orders", "", basic, 401},
		{"a body that is refused", "POST", "/orders", strings.Repeat("x", 1<<20), nil, 401},
		{"a body that passes", "POST", "/open/echo", strings.Repeat("x", 1<<20), nil, 200},
		{"a client that waits for 100", "POST", "/open/echo", "abc", http.Header{"Expect": {"100-continue"}}, 200},
		{"a client that waits for 100 and is refused", "POST", "/orders", "abc", http.Header{"Expect": {"100-continue"}}, 401},
		{"trailers", "GET", "/open/trailer", "", nil, 200},
		{"a page", "GET", "/auth/problems/token-expired", "", http.Header{"Accept": {"text/html"}}, 200},
		{"a browser", "GET", "/orders", "", http.Header{"Accept": {"text/html"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}, 401},
		{"a method in small letters", "get", "/open/x", "", nil, 400},
		{"a path that servers read differently", "GET", "/open/%00", "", nil, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, want := ask(t, two, c.method, c.path, c.body, c.header), ask(t, one, c.method, c.path, c.body, c.header)
			if got.status != c.status || want.status != c.status {
				t.Fatalf("%d over HTTP/2, %d over HTTP/1.1, want %d", got.status, want.status, c.status)
			}
			for name := range want.header {
				switch name {
				case "Date", "X-Request-Id", "Connection", "Content-Length", "Trailer":
					continue
				}
				if g, w := strings.Join(got.header[name], "\n"), strings.Join(want.header[name], "\n"); g != w {
					t.Errorf("%s: %q, over HTTP/1.1 %q", name, g, w)
				}
			}
			if len(got.trailer) != len(want.trailer) || got.trailer.Get("X-Sum") != want.trailer.Get("X-Sum") {
				t.Errorf("trailers %v, over HTTP/1.1 %v", got.trailer, want.trailer)
			}
			cut := func(body, id string) string { return strings.ReplaceAll(body, id, "ID") }
			if c.status == 401 && cut(got.body, got.header.Get("X-Request-Id")) != cut(want.body, want.header.Get("X-Request-Id")) {
				t.Errorf("%s\n%s", got.body, want.body)
			}
			if c.status == 401 && len(got.header["Www-Authenticate"]) == 0 {
				t.Error("no challenge")
			}
		})
	}
	t.Run("fields that are too large", func(t *testing.T) {
		big := http.Header{"X-Large": {strings.Repeat("x", 80<<10)}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example.test/open/x", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = big
		// A client that reads the settings of the server does not even send them.
		res, err := two.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
				t.Errorf("%s", res.Status)
			}
		} else if !strings.Contains(err.Error(), "request header list larger") {
			t.Error(err)
		}
		if got := ask(t, two, "GET", "/open/x", "", nil); got.status != 200 {
			t.Errorf("the next request: %d", got.status)
		}
	})
}

// curl agrees, and says what it agreed on.
func TestCurlHTTP2(t *testing.T) {
	t.Parallel()
	curl := component.Need(t, "curl", "curl")
	a, dir := newAuthority(t), t.TempDir()
	a.install(t, dir, 100, "api.example.test")
	g := serve(t, dir, ownFile)
	_, port, _ := strings.Cut(g.address, ":")
	// In small fields: each counts for 32 octets more (RFC 9113 section 10.5.1), and
	// curl itself sends no more than 64 KiB.
	var many []string
	for i := range 540 {
		many = append(many, "-H", fmt.Sprintf("X-%d: %s", i, strings.Repeat("x", 90)))
	}
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"refused", []string{"/orders"}, []string{"HTTP/2 401", "www-authenticate: ", "strict-transport-security: max-age=31536000", `"code":"credentials-missing"`}},
		{"HEAD", []string{"--head", "/orders"}, []string{"HTTP/2 401"}},
		{"upload", []string{"--data-binary", "@" + a.file, "/open/echo"}, []string{"HTTP/2 200", "BEGIN CERTIFICATE"}},
		{"HTTP/1.1", []string{"--http1.1", "/orders"}, []string{"HTTP/1.1 401", "Strict-Transport-Security: max-age=31536000"}},
		{"large", append(many, "/orders"), []string{"HTTP/2 431"}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
		last := len(c.args) - 1
		args := append([]string{"-s", "-i", "--http2", "--cacert", a.file, "--resolve", "api.example.test:" + port + ":127.0.0.1"}, c.args[:last]...)
		out, err := exec.CommandContext(ctx, curl, append(args, "https://api.example.test:"+port+c.args[last])...).CombinedOutput()
		cancel()
		for _, want := range c.want {
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%s: %v, nothing says %q:\n%.2000s", c.name, err, want, out)
			}
		}
	}
	if at := g.Ready["gate"]; at != "https://127.0.0.1:"+port {
		t.Errorf("the gate says that it is at %s", at)
	}
}
