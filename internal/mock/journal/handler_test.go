package journal_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/mock/journal"
)

func get(t *testing.T, h http.Handler, method, target string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, target, nil))
	if got := w.Header().Get("Cache-Control"); got != "no-store" && w.Code != 404 && w.Code != 405 {
		t.Errorf("%s %s: Cache-Control %q", method, target, got)
	}
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestAPI(t *testing.T) {
	j := &journal.Journal{}
	for i := range 6 {
		j.Record(journal.Entry{Session: []string{"a", "b"}[i%2], Unmatched: i == 1 || i == 3, Method: "GET", Target: "/x", Header: http.Header{"Authorization": {"Bearer secret-token"}}})
	}
	h := j.Handler()
	for _, tc := range []struct {
		method, target string
		status         int
		want           string // part of the answer
	}{
		{"GET", "/__mock/api/journal", 200, `"last":6,"more":false,"stats":{"entries":6,"sessions":2,`},
		{"GET", "/__mock/api/journal?session=a&limit=2", 200, `"last":3,"more":true`},
		{"GET", "/__mock/api/journal?session=a&after=3&limit=2", 200, `"last":5,"more":false`},
		{"GET", "/__mock/api/journal?limit=1&newest=1", 200, `"last":6,"more":false`},
		{"GET", "/__mock/api/journal?session=c&after=4", 200, `{"entries":[],"last":4,`},
		{"GET", "/__mock/api/journal?unmatched=1&limit=1", 200, `"last":2,"more":true`},
		{"GET", "/__mock/api/journal?unmatched=1&newest=1&limit=1", 200, `{"entries":[{"id":4,`},
		{"GET", "/__mock/api/journal?unmatched=1&session=a", 200, `{"entries":[],`},
		{"GET", "/__mock/api/journal?unmatched=all", 400, `1 or 0 is wanted`},
		{"GET", "/__mock/api/journal?after=x", 400, `the ID of an entry is wanted`},
		{"GET", "/__mock/api/journal?limit=0", 400, `from 1 to 1000`},
		{"GET", "/__mock/api/journal?newest=maybe", 400, `1 or 0 is wanted`},
		{"GET", "/__mock/api/journal.har?limit=1", 200, `Bearer [redacted]`},
		{"GET", "/__mock/api/journal.har?limit=1&secrets=show", 200, `Bearer secret-token`},
		{"GET", "/__mock/api/journal.har?secrets=yes", 400, `the only value is show`},
		{"POST", "/__mock/api/journal", 405, ``},
		{"DELETE", "/__mock/api/journal?session=a", 200, `{"cleared":3}`},
		{"DELETE", "/__mock/api/journal", 200, `{"cleared":3}`},
		{"GET", "/__mock/api/journal", 200, `{"entries":[],"last":0,"more":false,"stats":{"entries":0,"sessions":0,"bytes":0,"dropped":0,"last":6}}`},
	} {
		status, body := get(t, h, tc.method, tc.target)
		if status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s %s: %d %s", tc.method, tc.target, status, body)
		}
	}
}

func TestStream(t *testing.T) {
	j := &journal.Journal{}
	srv := httptest.NewServer(j.Handler())
	defer srv.Close()
	defer j.Close()
	j.Record(journal.Entry{Session: "a"})
	j.Record(journal.Entry{Session: "b"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/__mock/api/journal/stream?session=a", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", "0")
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type %q", got)
	}
	events := bufio.NewScanner(resp.Body)
	next := func() journal.Entry {
		t.Helper()
		for events.Scan() {
			if data, ok := strings.CutPrefix(events.Text(), "data: "); ok {
				var e journal.Entry
				if err := json.Unmarshal([]byte(data), &e); err != nil {
					t.Fatal(err)
				}
				return e
			}
		}
		t.Fatalf("the stream ended: %v", events.Err())
		return journal.Entry{}
	}
	if e := next(); e.ID != 1 {
		t.Errorf("first %d", e.ID)
	}
	j.Record(journal.Entry{Session: "b"})
	j.Record(journal.Entry{Session: "a", Target: "/live"})
	if e := next(); e.ID != 4 || e.Target != "/live" {
		t.Errorf("then %+v", e)
	}
	// A closed journal ends the stream, so that a server can shut down.
	j.Close()
	for events.Scan() {
		if text := events.Text(); text != "" {
			t.Errorf("after the end: %q", text)
		}
	}
	if status, _ := get(t, j.Handler(), "GET", "/__mock/api/journal/stream"); status != http.StatusServiceUnavailable {
		t.Errorf("after the end: %d", status)
	}
}
