package mock_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gate401/gate401/mock"
)

// Whoever tests a client in another language asks the running mock what it
// thinks of it.
func TestVerdictOverTheAPI(t *testing.T) {
	s := newServer(t, mock.Config{})
	for _, session := range []string{"bad", "bad", "good"} {
		if w := ask(s, http.MethodGet, "/s/"+session+"/api/orders", local, "Authorization", "Bearer refused"); w.Code != 401 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	for _, tc := range []struct{ query, want string }{
		{"?session=bad", `{"good":false,"requests":2,"last":2,"findings":[{"rule":"token-repeated","severity":"fault",`},
		{"?session=good", `{"good":true,"requests":1,"last":3,"findings":[]}`},
	} {
		w := ask(s, http.MethodGet, "/__mock/api/verdict"+tc.query, local, "Host", "127.0.0.1")
		if w.Code != 200 || !strings.HasPrefix(w.Body.String(), tc.want) {
			t.Errorf("%s: %d %s, want %s", tc.query, w.Code, w.Body, tc.want)
		}
	}
	if w := ask(s, http.MethodGet, "/__mock/api/verdict", "192.0.2.1:5000"); w.Code != http.StatusForbidden {
		t.Errorf("from another machine: %d %s", w.Code, w.Body)
	}
}

// What nobody made is found again: usually a path with a slip of the pen.
func TestUnmatchedRequests(t *testing.T) {
	s := newServer(t, mock.Config{})
	for _, path := range []string{"/ordres", "/status/401", "/scenario/token-expired/"} {
		ask(s, http.MethodGet, path, local)
	}
	w := ask(s, http.MethodGet, "/__mock/api/journal?unmatched=1", local, "Host", "127.0.0.1")
	if got := w.Body.String(); strings.Count(got, `"target"`) != 1 || !strings.Contains(got, `"target":"/ordres"`) {
		t.Errorf("%d %s", w.Code, got)
	}
}
