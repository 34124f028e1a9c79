package proxy_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/proxy"
)

// A 401 of the upstream passes marked, passes as it came, or gives way to one of
// the gate; no cache and no search engine keeps it, whichever it is.
func TestUnauthorized(t *testing.T) {
	refuse := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=600")
		w.Header().Set("Expires", "Thu, 01 Dec 2094 16:00:00 GMT")
		if q := r.URL.Query().Get("challenge"); q != "" {
			w.Header().Set("WWW-Authenticate", q)
		}
		w.WriteHeader(401)
		fmt.Fprint(w, "secret of the upstream")
	}
	const own = `Bearer+realm="inner",error="invalid_token"`
	for _, c := range []struct {
		name           string
		mode           proxy.Unauthorized
		target, token  string
		refused, asks  string
		code, mustHave string
	}{
		{"marked", "", "/orders", "alice", "upstream", "", "", "secret of the upstream"},
		{"passed", proxy.UnauthorizedPass, "/orders", "alice", "", "", "", "secret of the upstream"},
		{"a good token that the upstream does not take", proxy.UnauthorizedNormalise, "/orders", "alice", "upstream", `Bearer realm="api", error="invalid_token"`, "token-invalid", `"status":401`},
		{"a public page", proxy.UnauthorizedNormalise, "/public", "", "upstream", `Bearer realm="api"`, "credentials-missing", `"status":401`},
		{"a public page that knows how to ask", proxy.UnauthorizedNormalise, "/public?challenge=" + own, "x", "upstream", `Bearer realm="inner", error="invalid_token"`, "token-invalid", `"status":401`},
		{"by rule", "by rule", "/public", "", "upstream", `Bearer realm="api"`, "credentials-missing", `"status":401`},
	} {
		s := start(t, refuse, func(cfg *proxy.Config) {
			cfg.Unauthorized = c.mode
			if c.mode == "by rule" {
				cfg.Unauthorized, cfg.UnauthorizedBy = proxy.UnauthorizedPass, map[string]proxy.Unauthorized{"public": proxy.UnauthorizedNormalise}
			}
		})
		credential := ""
		if c.token != "" {
			credential = "Authorization: Bearer " + c.token + "\n"
		}
		res, body := s.raw("GET " + c.target + " HTTP/1.1\nHost: a\n" + credential + "\n")
		h := res.Header
		if res.StatusCode != 401 || h.Get("Gate401-Refused-By") != c.refused || !strings.Contains(body, c.mustHave) ||
			(c.asks != "" && !strings.HasPrefix(h.Get("Www-Authenticate"), strings.SplitN(c.asks, ",", 2)[0])) || h.Get("Gate401-Reason") != c.code {
			t.Errorf("%s: %d %v %s", c.name, res.StatusCode, h, body)
		}
		if h.Get("Cache-Control") != "no-store" || h.Get("X-Robots-Tag") != "noindex" || h.Get("Expires") != "" {
			t.Errorf("%s: caches and robots: %v", c.name, h)
		}
		if c.code != "" {
			var doc struct{ Code string }
			if err := json.Unmarshal([]byte(body), &doc); err != nil || doc.Code != c.code || strings.Contains(body, "secret of the upstream") {
				t.Errorf("%s: %v %s", c.name, err, body)
			}
		}
	}
}

// A page that the rule lets anyone see, and the upstream does not, is told once,
// and counted each time.
func TestPublicUnauthorized(t *testing.T) {
	var logged lines
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("as") {
		case "403":
			w.WriteHeader(403)
		case "429":
			w.WriteHeader(429)
		default:
			w.Header().Set("WWW-Authenticate", `Basic realm="inner"`)
			w.WriteHeader(401)
		}
	}, func(c *proxy.Config) { c.Log = logged.logger() })
	for range 3 {
		s.raw("GET /public HTTP/1.1\nHost: a\n\n")
	}
	s.raw("GET /orders HTTP/1.1\nHost: a\nAuthorization: Bearer alice\n\n")
	for _, as := range []string{"403", "429"} {
		res, _ := s.raw("GET /public?as=" + as + " HTTP/1.1\nHost: a\n\n")
		if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("X-Robots-Tag") != "noindex" || res.Header.Get("Gate401-Refused-By") != "upstream" {
			t.Errorf("%s: %v", as, res.Header)
		}
	}
	if n := strings.Count(logged.String(), "lets through without proof"); n != 1 || !strings.Contains(logged.String(), `"rule":"public"`) {
		t.Errorf("told %d times: %s", n, logged.String())
	}
	got := s.proxy.Refusals()
	if len(got) != 2 || got[0].Rule != "private" || got[0].Public != 0 || got[0].Unauthorized != 1 ||
		got[1].Public != 3 || got[1].Unauthorized != 3 || got[1].Forbidden != 1 || got[1].Limited != 1 || got[1].Unprompted != 0 || got[1].Last.IsZero() {
		t.Errorf("%+v", got)
	}
}
