package endpoint_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gate401/gate401/internal/mock/endpoint"
	"pgregory.net/rapid"
)

// statuses are those of n requests in a row.
func statuses(h http.Handler, n int, target string, fields ...string) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = ask(h, "GET", target, fields...).Code
	}
	return out
}

// A sequence is what it says, whatever it says.
func TestSequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type part struct{ status, times int }
		parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) part {
			return part{rapid.SampledFrom([]int{200, 401, 403, 503}).Draw(t, "status"), rapid.IntRange(1, 4).Draw(t, "times")}
		}), 1, 6).Draw(t, "parts")
		var words []string
		var want []int
		for _, p := range parts {
			words = append(words, fmt.Sprintf("%d*%d", p.status, p.times))
			want = append(want, slices.Repeat([]int{p.status}, p.times)...)
		}
		then := rapid.SampledFrom([]endpoint.Then{"", endpoint.ThenLast, endpoint.ThenRepeat}).Draw(t, "then")
		n := len(want)
		for i := range 7 {
			if then == endpoint.ThenRepeat {
				want = append(want, want[i%n])
			} else {
				want = append(want, want[n-1])
			}
		}
		s := &endpoint.Set{}
		if _, err := s.Add(endpoint.Endpoint{Path: "/", Answer: strings.Join(words, " , "), Then: then}); err != nil {
			t.Fatal(err)
		}
		if got := statuses(s.Handler(teapot), len(want), "/"); !slices.Equal(got, want) {
			t.Fatalf("%v: %v, want %v", words, got, want)
		}
	})
}

func TestEvery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "n")
		s := &endpoint.Set{}
		if _, err := s.Add(endpoint.Endpoint{Path: "/", Answer: "401", Every: n}); err != nil {
			t.Fatal(err)
		}
		for i, got := range statuses(s.Handler(teapot), 3*n, "/") {
			if want := (i+1)%n == 0; (got == 401) != want {
				t.Fatalf("every %d: request %d got %d", n, i+1, got)
			}
		}
	})
}

// The same seed gives the same answers, in every session and every Set, and the
// rate is about what was asked for.
func TestRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.05, 0.95).Draw(t, "rate")
		e := endpoint.Endpoint{Path: "/", Answer: "401,202", Rate: rate, Seed: rapid.Uint64().Draw(t, "seed")}
		var first []int
		for _, target := range []string{"/", "/s/a/", "/s/b/"} {
			s := &endpoint.Set{}
			if _, err := s.Add(e); err != nil {
				t.Fatal(err)
			}
			got := statuses(s.Handler(teapot), 400, target)
			if first == nil {
				first = got
			}
			if !slices.Equal(got, first) {
				t.Fatalf("another series for %s", target)
			}
		}
		hits := 0
		for _, s := range first {
			if s == 401 {
				hits++
			}
		}
		// Six standard deviations: a fair series leaves them once in 10^9.
		if off := math.Abs(float64(hits) - 400*rate); off > 6*math.Sqrt(400*rate*(1-rate)) {
			t.Fatalf("%d of 400 at a rate of %g", hits, rate)
		}
	})
}

func TestSeedsDiffer(t *testing.T) {
	series := map[string]bool{}
	for seed := range uint64(20) {
		s := &endpoint.Set{}
		if _, err := s.Add(endpoint.Endpoint{Path: "/", Answer: "401", Rate: 0.5, Seed: seed}); err != nil {
			t.Fatal(err)
		}
		series[fmt.Sprint(statuses(s.Handler(teapot), 64, "/"))] = true
	}
	if len(series) != 20 {
		t.Errorf("20 seeds make %d series", len(series))
	}
}

// State belongs to a session and, within it, to whom count says.
func TestCounters(t *testing.T) {
	h := set(t, `
- {path: /session, answer: "401,200"}
- {path: /credential, answer: "401,200", count: credential}
- {path: /client, answer: "401,200", count: client}
- {path: /connection, answer: "401,200", count: connection}
`)
	handler := h.Handler(teapot)
	for _, tc := range []struct {
		target, client, credential string
		want                       int
	}{
		{"/session", "1.1.1.1:1", "", 401}, {"/session", "2.2.2.2:1", "a", 200}, {"/s/x/session", "1.1.1.1:1", "", 401}, {"/s/y/session", "1.1.1.1:1", "", 401}, {"/s/x/session", "1.1.1.1:1", "", 200},
		{"/credential", "1.1.1.1:1", "a", 401}, {"/credential", "1.1.1.1:1", "b", 401}, {"/credential", "2.2.2.2:1", "a", 200}, {"/credential", "1.1.1.1:1", "", 401}, {"/s/x/credential", "1.1.1.1:1", "a", 401},
		{"/client", "1.1.1.1:1", "", 401}, {"/client", "1.1.1.1:2", "", 200}, {"/client", "[::1]:1", "", 401},
		{"/connection", "1.1.1.1:1", "", 401}, {"/connection", "1.1.1.1:2", "", 401}, {"/connection", "1.1.1.1:1", "", 200},
	} {
		r := httptest.NewRequest("GET", tc.target, nil)
		r.RemoteAddr = tc.client
		if tc.credential != "" {
			r.Header.Set("Authorization", tc.credential)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != tc.want {
			t.Errorf("%+v: %d", tc, w.Code)
		}
	}
	h.Reset("x")
	if got := statuses(handler, 1, "/s/x/session")[0]; got != 401 {
		t.Errorf("after reset: %d", got)
	}
	if got := statuses(handler, 1, "/session")[0]; got != 200 {
		t.Errorf("another session after reset: %d", got)
	}
}

// Of requests that come together each gets its own number.
func TestTogether(t *testing.T) {
	handler := set(t, `{path: /, answer: "401*50,200"}`).Handler(teapot)
	var mu sync.Mutex
	refused := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, s := range statuses(handler, 20, "/") {
				if s == 401 {
					mu.Lock()
					refused++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if refused != 50 {
		t.Errorf("%d of 160 were refused, want 50", refused)
	}
}

func TestCountersAreBounded(t *testing.T) {
	s := &endpoint.Set{MaxCounters: 3}
	if _, err := s.Add(endpoint.Endpoint{Path: "/", Answer: "401,200"}); err != nil {
		t.Fatal(err)
	}
	h := s.Handler(teapot)
	for _, tc := range []struct {
		session string
		want    int
	}{{"a", 401}, {"b", 401}, {"c", 401}, {"a", 200}, {"d", 401}, {"a", 200}, {"b", 401}} { // b had to go for d
		if got := ask(h, "GET", "/s/"+tc.session+"/").Code; got != tc.want {
			t.Errorf("%s: %d, want %d", tc.session, got, tc.want)
		}
	}
}

func TestFaultTexts(t *testing.T) {
	for _, f := range endpoint.Faults() {
		if f.Text() == "" {
			t.Errorf("%s says nothing to people", f)
		}
	}
}
