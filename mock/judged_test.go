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

// A document has answers of its own for the statuses that Prefer names.
func TestPreferenceInADocument(t *testing.T) {
	const document = `{"openapi":"3.0.3","info":{"title":"pets","version":"1"},"paths":{"/pets":{"get":{"responses":{
		"200":{"description":"ok","content":{"application/json":{"examples":{"one":{"value":["Rex"]},"two":{"value":["Ada"]}}}}},
		"401":{"description":"no","content":{"application/json":{"example":{"err":"log in"}}}},
		"410":{"description":"gone","content":{"application/json":{"example":{"err":"gone"}}}}}}}}}`
	s := newServer(t, mock.Config{Documents: []mock.Document{{Name: "pets", Data: []byte(document)}}})
	for _, tc := range []struct {
		path, prefer string
		status       int
		body         string
	}{
		{"/pets", "code=401", 401, `{"err":"log in"}`},
		{"/pets", "code=410", 410, `{"err":"gone"}`},
		{"/pets", "example=two", 200, `["Ada"]`},
		{"/pets", "reason=token-expired", 401, `"code":"token-expired"`},
		{"/dogs", "code=401", 401, `"code":"credentials-missing"`},
	} {
		w := ask(s, http.MethodGet, tc.path, local, "Prefer", tc.prefer)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.body) {
			t.Errorf("%s %s: %d %s, want %d %s", tc.path, tc.prefer, w.Code, w.Body, tc.status, tc.body)
		}
		if w.Code == http.StatusUnauthorized && len(w.Header().Values("WWW-Authenticate")) == 0 {
			t.Errorf("%s %s: no challenge", tc.path, tc.prefer)
		}
	}
}
