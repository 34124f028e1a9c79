package judge_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/mock/journal"
	"github.com/gate401/gate401/internal/mock/judge"
)

func TestHandler(t *testing.T) {
	j := &journal.Journal{}
	sent := http.Header{"Authorization": {"Bearer refused"}}
	now := time.Now()
	// In a the same token is refused twice; b and c send it once each.
	for i, session := range []string{"a", "b", "a", "c"} {
		j.Record(journal.Entry{Session: session, Time: now.Add(time.Duration(i) * time.Second), Method: "GET", Target: "/api/orders", Header: sent, Status: 401})
	}
	h := judge.Handler(j)
	for _, tc := range []struct {
		name, method, query string
		status              int
		good                bool
		requests            int
		last                int64
		rules               []string // with their sessions
	}{
		{"all sessions, each for itself", "GET", "", 200, false, 4, 4, []string{"a token-repeated"}},
		{"one session", "GET", "?session=a", 200, false, 2, 3, []string{"a token-repeated"}},
		{"a right client", "GET", "?session=b", 200, true, 1, 2, nil},
		{"from here on", "GET", "?session=a&after=1", 200, true, 1, 3, nil},
		{"nothing came", "GET", "?session=x&after=4", 200, true, 0, 4, nil},
		{"no number", "GET", "?after=x", 400, false, 0, 0, nil},
		{"another method", "DELETE", "", 405, false, 0, 0, nil},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tc.method, judge.PathVerdict+tc.query, nil))
		if w.Code != tc.status || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", tc.name, w.Code, w.Header())
		}
		if strings.Contains(w.Body.String(), "refused\"") {
			t.Errorf("%s: the answer holds the token: %s", tc.name, w.Body)
		}
		if w.Code != http.StatusOK {
			continue
		}
		var v judge.Verdict
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		var rules []string
		for _, f := range v.Findings {
			rules = append(rules, f.Session+" "+string(f.Rule))
			if f.Title == "" || f.Why == "" || f.Fix == "" || len(f.Entries) == 0 {
				t.Errorf("%s: a finding without words or proof: %+v", tc.name, f)
			}
		}
		if d := cmp.Diff(tc.rules, rules); d != "" || v.Good != tc.good || v.Requests != tc.requests || v.Last != tc.last {
			t.Errorf("%s: %+v%s", tc.name, v, d)
		}
	}
}
