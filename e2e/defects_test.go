package e2e

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gate401/gate401/httpauth"
)

// defectGate is a gate with every method, a realm full of quotes, and an API
// that refuses large bodies itself.
type defectGate struct {
	*process
	t          *testing.T
	token, key string
}

func newDefectGate(t *testing.T) *defectGate {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 1<<20)); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		_, _ = io.WriteString(w, "from the API: "+r.Header.Get("Gate401-Subject"))
	}))
	t.Cleanup(upstream.Close)
	dir := t.TempDir()
	file := `
gate: {listen: "127.0.0.1:0", upstream: "` + upstream.URL + `", realm: 'the "big" \ shop', public_url: "http://gate.example"}
admin: {listen: "127.0.0.1:0"}
methods:
  password: {type: basic}
  key: {type: api-key}
  own: {type: bearer, audience: orders}
rules:
  - {path: "/bearer/**", methods: [own]}
  - {path: "/basic/**", methods: [password]}
  - {path: "/keys/**", methods: [key]}
  - {path: "/scoped/**", methods: [own], scopes: ["orders:write"]}
  - {path: "/cors/**", cors: {origins: ["https://app.example"], headers: [Authorization]}}
log: {format: json}
`
	if err := os.WriteFile(filepath.Join(dir, "gate401.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := command(t, dir, "pass:word: with spaces \n", "user", "add", "carol", "--password-stdin"); code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	issue := func(args ...string) string {
		out, errs, code := command(t, dir, "", append([]string{"token", "issue", "--sub", "carol", "--aud", "orders"}, args...)...)
		if code != 0 {
			t.Fatalf("exit %d: %s", code, errs)
		}
		return strings.TrimSpace(out)
	}
	out, errs, code := command(t, dir, "", "key", "create", "--owner", "carol")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	return &defectGate{start(t, dir, "serve", "-c", "gate401.yaml"), t, issue("--ttl", "1h"), strings.TrimSpace(out)}
}

func (g *defectGate) do(method, path string, body io.Reader, fields ...string) *http.Response {
	g.t.Helper()
	// The public URL is another one than the address that the test reaches.
	req, err := http.NewRequestWithContext(g.t.Context(), method, "http://"+g.Ready["listen"].(string)+path, body)
	if err != nil {
		g.t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Add(fields[i], fields[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	res.Body.Close()
	res.Body = io.NopCloser(strings.NewReader(string(text)))
	return res
}

// schemes parses the challenges as strictly as the RFCs ask and lists them.
func schemes(t *testing.T, res *http.Response) (names []string, all []httpauth.Challenge) {
	t.Helper()
	parsed := httpauth.ParseChallenges(res.Header["Www-Authenticate"], httpauth.Strict)
	if !parsed.Valid {
		t.Errorf("challenges %q: %v", res.Header["Www-Authenticate"], parsed.Err())
	}
	for _, f := range parsed.Findings {
		t.Logf("%s: %s", f.ID, f.Message)
	}
	for _, c := range parsed.Challenges {
		names = append(names, c.Scheme)
	}
	return names, parsed.Challenges
}

// Each defect that was found in another gateway, looked for in this one.
func TestDefectsOfOthers(t *testing.T) {
	g := newDefectGate(t)
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	bad := []string{"Bearer x", "Bearer", "Basic !!!", "Basic " + base64.StdEncoding.EncodeToString([]byte("nocolon")), "Token x", "", "Digest username=x", "Negotiate abc", basic("nobody:x"), "Bearer " + g.token + "x"}

	t.Run("every 401 has a challenge, well formed, with quotes and backslashes escaped", func(t *testing.T) {
		for _, path := range []string{"/", "/bearer/x", "/basic/x", "/keys/x", "/scoped/x", "/cors/x"} {
			for _, value := range append(bad, "missing") {
				fields := []string{"Authorization", value}
				if value == "missing" {
					fields = nil
				}
				res := g.do("GET", path, nil, fields...)
				names, all := schemes(t, res)
				if res.StatusCode != 401 || len(names) == 0 {
					t.Fatalf("%s with %q: %d %v", path, value, res.StatusCode, names)
				}
				for _, c := range all {
					if realm, _ := c.Param("realm"); realm != `the "big" \ shop` {
						t.Errorf("%s with %q: realm %q", path, value, realm)
					}
					if len(c.Params) == 0 {
						t.Errorf("%s: a bare %s", path, c.Scheme)
					}
				}
			}
		}
	})
	t.Run("a challenge is for a scheme that the rule takes, and none is lost", func(t *testing.T) {
		for path, want := range map[string]string{"/bearer/x": "Bearer", "/basic/x": "Basic", "/keys/x": "Bearer", "/": "Bearer Basic"} {
			if names, _ := schemes(t, g.do("GET", path, nil)); strings.Join(names, " ") != want {
				t.Errorf("%s: %v, want %s", path, names, want)
			}
		}
	})
	t.Run("no error code without a credential, and only on the scheme that failed", func(t *testing.T) {
		_, all := schemes(t, g.do("GET", "/", nil))
		for _, c := range all {
			if _, ok := c.Param("error"); ok {
				t.Errorf("an error without a credential: %s", c)
			}
		}
		_, all = schemes(t, g.do("GET", "/", nil, "Authorization", "Bearer "+g.token+"x"))
		for _, c := range all {
			if _, ok := c.Param("error"); ok != c.Is("Bearer") {
				t.Errorf("after a bad token: %s", c)
			}
		}
	})
	t.Run("a bad token is 401, a missing scope is 403 with insufficient_scope", func(t *testing.T) {
		if res := g.do("GET", "/bearer/x", nil, "Authorization", "Bearer "+g.token+"x"); res.StatusCode != 401 {
			t.Errorf("bad token: %d", res.StatusCode)
		}
		res := g.do("GET", "/scoped/x", nil, "Authorization", "Bearer "+g.token)
		_, all := schemes(t, res)
		if len(all) != 1 || res.StatusCode != 403 {
			t.Fatalf("missing scope: %d %v", res.StatusCode, all)
		}
		if code, _ := all[0].Param("error"); code != "insufficient_scope" {
			t.Errorf("missing scope: %s", all[0])
		}
	})
	t.Run("the scheme in any case", func(t *testing.T) {
		for _, scheme := range []string{"Bearer", "bearer", "BEARER", "bEaReR"} {
			if res := g.do("GET", "/bearer/x", nil, "Authorization", scheme+" "+g.token); res.StatusCode != 200 {
				t.Errorf("%s: %d", scheme, res.StatusCode)
			}
		}
	})
	t.Run("a password with colons and spaces", func(t *testing.T) {
		if res := g.do("GET", "/basic/x", nil, "Authorization", basic("carol:pass:word: with spaces ")); res.StatusCode != 200 {
			t.Errorf("%d", res.StatusCode)
		}
		for _, cut := range []string{"carol:pass", "carol:pass:word: with spaces", "carol:pass:word:withspaces"} {
			if res := g.do("GET", "/basic/x", nil, "Authorization", basic(cut)); res.StatusCode != 401 {
				t.Errorf("%q: %d", cut, res.StatusCode)
			}
		}
	})
	t.Run("a body that is too large is 413, not 401", func(t *testing.T) {
		res := g.do("POST", "/bearer/x", strings.NewReader(strings.Repeat("x", 2<<20)), "Authorization", "Bearer "+g.token)
		if res.StatusCode != 413 {
			t.Errorf("%d", res.StatusCode)
		}
	})
	t.Run("no credential that could not be read is in the log", func(t *testing.T) {
		for _, value := range []string{"Basic s3cr3t!!unreadable", "Bearer s3cr3t.unreadable", "s3cr3t-bare-unreadable", "Token s3cr3t-unreadable", "s3cr3t and-unreadable", "Digest s3cr3t", "Bearer eyJzM2NyM3Q.s3cr3t.unreadable"} {
			id := g.do("GET", "/", nil, "Authorization", value).Header.Get("X-Request-Id")
			if line := g.decision(id); line["reason"] == "" {
				t.Errorf("%q: %v", value, line)
			}
		}
		if log := g.Stderr.String(); regexp.MustCompile(`s3cr3t|unreadable`).MatchString(log) {
			t.Errorf("the log holds a credential:\n%s", log)
		}
	})
	t.Run("nobody learns which accounts exist", func(t *testing.T) {
		answer := func(user string) string {
			res := g.do("GET", "/basic/x", nil, "Authorization", basic(user))
			body, _ := io.ReadAll(res.Body)
			text := res.Status + strings.Join(res.Header["Www-Authenticate"], "") + string(body)
			return strings.ReplaceAll(text, res.Header.Get("X-Request-Id"), "ID")
		}
		if known, unknown := answer("carol:wrong"), answer("somebody:wrong"); known != unknown {
			t.Errorf("known:\n%s\nunknown:\n%s", known, unknown)
		}
	})
	t.Run("a page of a listed origin can read the refusal, and a preflight is not challenged", func(t *testing.T) {
		res := g.do("GET", "/cors/x", nil, "Origin", "https://app.example")
		if res.StatusCode != 401 || res.Header.Get("Access-Control-Allow-Origin") != "https://app.example" ||
			!strings.Contains(res.Header.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
			t.Errorf("%d %v", res.StatusCode, res.Header)
		}
		res = g.do("OPTIONS", "/cors/x", nil, "Origin", "https://app.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
		if res.StatusCode != 204 || len(res.Header["Www-Authenticate"]) > 0 || res.Header.Get("Access-Control-Allow-Headers") != "Authorization" {
			t.Errorf("%d %v", res.StatusCode, res.Header)
		}
		res = g.do("GET", "/cors/x", nil, "Origin", "https://app.example", "Authorization", "Bearer "+g.token)
		if res.StatusCode != 200 || res.Header.Get("Access-Control-Allow-Origin") != "https://app.example" {
			t.Errorf("%d %v", res.StatusCode, res.Header)
		}
	})
	t.Run("a key proves who its owner is, and the mere presence of a credential proves nothing", func(t *testing.T) {
		if res := g.do("GET", "/keys/x", nil, "X-API-Key", g.key); res.StatusCode != 200 {
			t.Errorf("the key: %d", res.StatusCode)
		}
		for _, fields := range [][]string{{"X-API-Key", "x"}, {"X-API-Key", ""}, {"Cookie", "g401=x"}, {"Authorization", "Bearer " + g.token}} {
			if res := g.do("GET", "/keys/x", nil, fields...); res.StatusCode != 401 {
				t.Errorf("%q: %d", fields[0], res.StatusCode)
			}
		}
	})
}

// More guesses than the limit are answered 429 with the time to wait, for right
// and wrong passwords alike; what cannot be guessed goes on.
func TestGuesses(t *testing.T) {
	g := newDefectGate(t)
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	limited := 0
	for i := range 30 {
		res := g.do("GET", "/basic/x", nil, "Authorization", basic("carol:guess"+strings.Repeat("x", i)))
		if res.StatusCode == 429 {
			limited++
			if res.Header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
		}
	}
	if limited == 0 || limited > 25 {
		t.Errorf("%d of 30 guesses were refused unverified", limited)
	}
	if res := g.do("GET", "/basic/x", nil, "Authorization", basic(" CAROL:pass:word: with spaces ")); res.StatusCode != 429 {
		t.Errorf("another spelling of the name gets %d", res.StatusCode)
	}
	if res := g.do("GET", "/bearer/x", nil, "Authorization", "Bearer "+g.token); res.StatusCode != 200 {
		t.Errorf("a token of the same person gets %d", res.StatusCode)
	}
}
