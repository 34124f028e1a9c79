package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/admin"
	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/reason"
)

var errBusy = errors.New("busy")

func handler(ready error) *admin.Handler {
	traces := &watch.Traces{}
	for i, client := range []string{"192.0.2.7", "198.51.100.4"} {
		traces.Record(&gate401.Request{ID: "01JABCDEFGHJKMNPQRSTVWXYZ" + string(rune('0'+i)), Method: "GET", Path: "/orders",
			Client: netip.MustParseAddr(client), Time: time.Now()},
			&gate401.Decision{Rule: "orders", Denial: &gate401.Denial{Reason: reason.TokenExpired}})
	}
	return &admin.Handler{Version: "1", Traces: traces, Limited: func() any { return []string{} },
		Ready: func() map[string]func(context.Context) error {
			return map[string]func(context.Context) error{"store": func(context.Context) error { return ready }}
		},
		Configuration: func(brief bool) any { return map[string]any{"generation": 7, "brief": brief} },
		Reload: func(context.Context) (bool, any, error) {
			if errors.Is(ready, errBusy) {
				return false, nil, errBusy
			}
			return ready == nil, map[string]any{"generation": 8}, nil
		},
	}
}

func TestAdmin(t *testing.T) {
	for _, c := range []struct {
		name, method, host, target string
		ready                      error
		status                     int
		want                       string
	}{
		{"index", "GET", "localhost:8402", "/", nil, 200, `"/healthz"`},
		{"health", "GET", "127.0.0.1:8402", "/healthz", nil, 200, `"ok"`},
		{"ready", "GET", "[::1]:8402", "/readyz", nil, 200, `"ready": true`},
		{"not ready", "GET", "127.0.0.1", "/readyz", errors.New("the disk is full"), 503, "the disk is full"},
		{"a name from the web", "GET", "rebound.example", "/api/traces", nil, 421, "address or localhost"},
		{"no changes", "POST", "localhost", "/api/traces", nil, 405, "GET"},
		{"unknown", "GET", "localhost", "/etc/passwd", nil, 404, "no such page"},
		{"one trace", "GET", "localhost", "/api/traces/01JABCDEFGHJKMNPQRSTVWXYZ0", nil, 200, `"token-expired"`},
		{"a trace that is not kept", "GET", "localhost", "/api/traces/nope", nil, 404, "no refusal"},
		{"traces of a network", "GET", "localhost", "/api/traces?client=198.51.100.0/24", nil, 200, "198.51.100.4"},
		{"a bad network", "GET", "localhost", "/api/traces?client=x", nil, 400, "no address"},
		{"a bad time", "GET", "localhost", "/api/traces?since=x", nil, 400, "no time"},
		{"configuration", "GET", "localhost", "/api/config", nil, 200, `"brief": false`},
		{"configuration in brief", "GET", "localhost", "/readyz", nil, 200, `"generation": 7`},
		{"reload", "POST", "localhost", "/api/reload", nil, 200, `"generation": 8`},
		{"reload refused", "POST", "localhost", "/api/reload", errors.New("line 3"), 422, `"generation": 8`},
		{"reload at the end", "POST", "localhost", "/api/reload", errBusy, 503, "busy"},
		{"reload by GET", "GET", "localhost", "/api/reload", nil, 405, "POST"},
		{"reload for a name from the web", "POST", "rebound.example", "/api/reload", nil, 421, "address or localhost"},
		{"limits", "GET", "localhost", "/api/limits", nil, 200, "[]"},
		{"runtime", "GET", "localhost", "/api/runtime", nil, 200, `"goroutines": `},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.target, nil)
			r.Host = c.host
			w := httptest.NewRecorder()
			handler(c.ready).ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%d, want %d with %q:\n%s", w.Code, c.status, c.want, w.Body)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Error("the answer may be stored")
			}
		})
	}
}

// A page that the operator looks at must not make the gate do anything.
func TestReloadForAPage(t *testing.T) {
	for name, header := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		r := httptest.NewRequest(http.MethodPost, "/api/reload", nil)
		r.Host = "127.0.0.1:8402"
		r.Header.Set(name, header)
		w := httptest.NewRecorder()
		handler(nil).ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: %s: %d", name, header, w.Code)
		}
	}
}

func TestFilterLeavesOut(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/api/traces?client=192.0.2.7", nil)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	handler(nil).ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "198.51.100.4") {
		t.Errorf("the filter let another client through:\n%s", w.Body)
	}
}
