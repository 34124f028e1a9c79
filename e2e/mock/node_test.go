package mock

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/foreign"
	"github.com/gate401/gate401/internal/mock/journal"
)

// node runs a program of e2e/npm as alice, with more of an environment.
func node(t *testing.T, program string, env []string, args ...string) string {
	t.Helper()
	cmd := foreign.NodeCommand(t, program, args...)
	cmd.Env = append(append(cmd.Environ(), "NAME=alice", "PASSWORD=wonderland", "NO_PROXY=*"), env...)
	out, exit := ran(t, cmd)
	if exit != 0 {
		t.Fatalf("%s ended with %d\n%s", cmd, exit, out)
	}
	return strings.TrimSpace(out)
}

// count counts the entries with that method, end of the target and status.
func count(entries []journal.Entry, method, path string, status int) int {
	n := 0
	for _, e := range entries {
		if e.Method == method && strings.HasSuffix(e.Target, path) && e.Status == status {
			n++
		}
	}
	return n
}

// Ten requests at once meet an expired token: the library refreshes once for all
// of them. Twice, with a refresh token that is good once: had any of them used
// the first one again, the login would have ended.
func TestAxios(t *testing.T) {
	const parallel, waves = 10, 2
	s := startMock(t)
	// The refresh takes longer than any of the ten, so that all ten wait for it.
	world := s.world("axios", map[string]any{"refresh": map[string]any{"policy": "rotate", "delay": "500ms"}})
	got := node(t, "axios.mjs", []string{"WAVES=2", "EXPIRE=" + s.URL + "/__mock/api/sessions/axios/do"}, world, "10")
	all := "[" + strings.TrimSuffix(strings.Repeat("200,", parallel), ",") + "]"
	if got != all+"\n"+all {
		t.Errorf("axios got\n%s", got)
	}
	entries := s.entries("axios")
	if n := count(entries, http.MethodGet, "/api/orders", http.StatusUnauthorized); n != parallel*waves {
		t.Errorf("%d requests were refused, want %d", n, parallel*waves)
	}
	if n := count(entries, http.MethodPost, "/token", http.StatusOK); n != waves {
		t.Errorf("%d refreshes for %d expired tokens", n, waves)
	}
	if n := len(entries); n != 1+waves*(2*parallel+1) {
		t.Errorf("%d requests in all", n)
	}
}

// The same client where the second refresh token does not come through: what it
// gets is a 401 for each, and no endless loop.
func TestAxiosReuse(t *testing.T) {
	s := startMock(t)
	world := s.world("reuse", map[string]any{"refresh": map[string]any{"fault": "same-refresh-token", "delay": "500ms"}})
	got := node(t, "axios.mjs", []string{"WAVES=2", "EXPIRE=" + s.URL + "/__mock/api/sessions/reuse/do"}, world, "3")
	if got != "[200,200,200]\n[400,400,400]" && got != "[200,200,200]\n[401,401,401]" {
		t.Errorf("axios got\n%s", got)
	}
	entries := s.entries("reuse")
	if n := count(entries, http.MethodPost, "/token", http.StatusBadRequest); n != 1 {
		t.Errorf("the reuse was refused %d times, want once", n)
	}
	if out := s.explained("reuse"); !strings.Contains(out, "cause [grant-refused]") || !strings.Contains(out, "was it used before") {
		t.Errorf("explain says\n%s", out)
	}
}

// got with a hook: one refresh between two statuses.
func TestGot(t *testing.T) {
	s := startMock(t)
	if got := node(t, "got.mjs", nil, s.URL+"/s/token-life-refused-once--got"); got != "[200,200]" {
		t.Errorf("got got %s", got)
	}
	const at = "/s/token-life-refused-once--got"
	s.says("POST "+at+"/login - 200", "GET "+at+"/api/orders Bearer 401", "POST "+at+"/token - 200",
		"GET "+at+"/api/orders Bearer 200", "GET "+at+"/api/orders Bearer 200")
}
