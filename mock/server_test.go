package mock_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/mock"
)

const local = "127.0.0.1:5000"

// Made-up endpoints win over what is there already, Prefer over both.
func TestOrder(t *testing.T) {
	s := newServer(t, mock.Config{})
	if w := ask(s, http.MethodGet, "/status/200", local); w.Code != 200 {
		t.Fatalf("%d", w.Code)
	}
	if w := ask(s, http.MethodPost, "/__mock/new?path=/status/200&answer=401,200", local, "Host", "127.0.0.1"); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := ask(s, http.MethodGet, "/status/200", local, "Prefer", "reason=rate-limited"); w.Code != 429 {
		t.Errorf("Prefer: %d", w.Code)
	}
	for i, want := range []int{401, 200} {
		if w := ask(s, http.MethodGet, "/status/200", local); w.Code != want {
			t.Errorf("request %d: %d, want %d", i+1, w.Code, want)
		}
	}
}

// Nothing that is played becomes a page of the mock's own origin, and what is
// the mock's own is none of the client's.
func TestSandbox(t *testing.T) {
	s := newServer(t, mock.Config{})
	for _, path := range []string{
		"/mix/t=text%2Fhtml/b=x", "/mix/h=Content-Security-Policy:x/b=x", "/response-headers?Content-Type=text/html", "/response-headers?Content-Security-Policy=x",
		"/scenario/answer-html/", "/anything", "/nothing", "/",
	} {
		w := ask(s, http.MethodGet, path, local)
		if got := w.Header().Values("Content-Security-Policy"); len(got) == 0 || !strings.HasPrefix(got[0], "sandbox ") || strings.Contains(got[0], "allow-same-origin") {
			t.Errorf("%s: %q", path, got)
		}
	}
}

func TestPaths(t *testing.T) {
	s := newServer(t, mock.Config{})
	for path, want := range map[string]int{
		"/": 303, "/auth/problems/token-expired": 200, "/auth/problems/": 200, "/__mock/token": 200, "/scenario/": 200, "/scenario": 200, "/mix": 200, "/mix/": 200,
		"/scenario/nope/": 404, "/nope": 404, "/get": 200, "/status/401": 401, "/scenario/token-expired": 401,
	} {
		if w := ask(s, http.MethodGet, path, local); w.Code != want {
			t.Errorf("%s: %d, want %d: %.200s", path, w.Code, want, w.Body)
		}
	}
	if w := ask(s, http.MethodGet, "/scenario/token-expird/", local); !strings.Contains(w.Body.String(), "Did you mean token-expired?") {
		t.Errorf("%s", w.Body)
	}
}

// The journal has what clients asked, and nothing of what people looked at.
func TestEntries(t *testing.T) {
	s := newServer(t, mock.Config{})
	heard := make(chan mock.Entry, 10)
	stop, err := s.Follow(func(e mock.Entry, _ int) { heard <- e })
	if err != nil {
		t.Fatal(err)
	}
	ask(s, http.MethodGet, "/__mock/api/scenarios", local, "Host", "127.0.0.1")
	ask(s, http.MethodGet, "/auth/problems/", local)
	ask(s, http.MethodGet, "/scenario/token-expired/x", local)
	ask(s, http.MethodGet, "/mix/s=401/b=x", local)
	select {
	case e := <-heard:
		if e.Scenario != "token-expired" || e.Reason != "token-expired" || e.Status != 401 {
			t.Errorf("%+v", e)
		}
	case <-time.After(time.Minute):
		t.Fatal("nothing was heard")
	}
	stop()
	all := s.Entries("")
	if len(all) != 2 || string(all[1].ResponseBody) != "x" {
		t.Errorf("%+v", all)
	}
}
