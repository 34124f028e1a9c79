package clientjs_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/clientjs"
)

func script(t *testing.T) *clientjs.Script {
	t.Helper()
	s, err := clientjs.New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(s http.Handler, method, target string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, http.NoBody)
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// It is small on the wire, and the same whether packed or not.
func TestSize(t *testing.T) {
	t.Parallel()
	s := script(t)
	for _, path := range []string{"/auth/client.js", "/auth/client.mjs"} {
		plain, packed := ask(s, "GET", path), ask(s, "GET", path, "Accept-Encoding", "br, gzip;q=0.5")
		n := packed.Body.Len()
		if n > 4<<10 || packed.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %d octets, %q", path, n, packed.Header().Get("Content-Encoding"))
		}
		z, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil || string(text) != plain.Body.String() {
			t.Errorf("%s: unpacked it is something else: %v", path, err)
		}
		// bare works by lines.
		if strings.Contains(plain.Body.String(), "`") {
			t.Errorf("%s: a template literal may go over the end of a line", path)
		}
		t.Logf("%s: %d octets, packed %d", path, plain.Body.Len(), n)
	}
}

func TestCaching(t *testing.T) {
	t.Parallel()
	s := script(t)
	tag := `"` + s.Version() + `"`
	for _, x := range []struct {
		name, method, target string
		fields               []string
		status               int
		cache                string
		body                 bool
	}{
		{"at first", "GET", "/auth/client.js", nil, 200, "public, max-age=3600, stale-while-revalidate=86400", true},
		{"by its version", "GET", "/auth/client.js?v=" + s.Version(), nil, 200, "public, max-age=31536000, immutable", true},
		{"by another version", "GET", "/auth/client.js?v=old", nil, 200, "public, max-age=3600, stale-while-revalidate=86400", true},
		{"that is known", "GET", "/auth/client.js", []string{"If-None-Match", `"x", W/` + tag}, 304, "public, max-age=3600, stale-while-revalidate=86400", false},
		{"that is known, packed", "GET", "/auth/client.js", []string{"If-None-Match", strings.TrimSuffix(tag, `"`) + `-gzip"`, "Accept-Encoding", "gzip"}, 304, "public, max-age=3600, stale-while-revalidate=86400", false},
		{"the module is another", "GET", "/auth/client.mjs", []string{"If-None-Match", tag}, 200, "public, max-age=3600, stale-while-revalidate=86400", true},
		{"HEAD", "HEAD", "/auth/client.js", nil, 200, "public, max-age=3600, stale-while-revalidate=86400", false},
		{"POST", "POST", "/auth/client.js", nil, 405, "no-store", true},
	} {
		w := ask(s, x.method, x.target, x.fields...)
		if w.Code != x.status || w.Header().Get("Cache-Control") != x.cache || (w.Body.Len() > 0) != x.body {
			t.Errorf("%s: %d %q, %d octets", x.name, w.Code, w.Header().Get("Cache-Control"), w.Body.Len())
		}
	}
	for accept, want := range map[string]string{"": "", "gzip": "gzip", "GZIP;q=1": "gzip", "gzip;q=0": "", "gzip; q=0.0": "", "gzip;q=0.01": "gzip", "br": ""} {
		if got := ask(s, "GET", "/auth/client.js", "Accept-Encoding", accept).Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: %q", accept, got)
		}
	}
	for path, want := range map[string]bool{"client.js": true, "client.mjs": true, "client.js/": false, "client": false, "": false} {
		if s.Owns(path) != want {
			t.Errorf("%q", path)
		}
	}
}
