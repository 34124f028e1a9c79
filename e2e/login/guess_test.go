package login_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// One account has one count of guesses, whatever the spelling of its name, however
// many come at once, and by whichever way: the page, Basic, and the page again with
// the right password.
func TestGuessesAreCountedOnce(t *testing.T) {
	h := serve(t, methods)
	status := func(hr *http.Request, err error) int {
		t.Helper()
		if err != nil {
			t.Error(err)
			return 0
		}
		resp, err := http.DefaultTransport.RoundTrip(hr)
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	ctx := context.WithoutCancel(t.Context())
	page := func(name, pass string) int {
		form := url.Values{"username": {name}, "password": {pass}}.Encode()
		hr, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/auth/login", strings.NewReader(form))
		if err == nil {
			hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		return status(hr, err)
	}
	basic := func(name, pass string) int {
		hr, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/orders", nil)
		if err == nil {
			hr.SetBasicAuth(name, pass)
		}
		return status(hr, err)
	}
	guesses := make(chan int)
	names := []string{"alice", "Alice", " alice", "ALICE", "\uff41lice"}
	const each = 8
	for i, name := range names {
		for n := range each {
			go func() {
				wrong := "wrong " + string(rune('a'+i)) + string(rune('a'+n))
				if n%2 == 0 {
					guesses <- page(name, wrong)
				} else {
					guesses <- basic(name, wrong)
				}
			}()
		}
	}
	counts := map[int]int{}
	for range each * len(names) {
		counts[<-guesses]++
	}
	if counts[401] > 10 || counts[401]+counts[429] != each*len(names) {
		t.Errorf("%v of %d guesses were answered so; 10 at most may be compared", counts, each*len(names))
	}
	if a, b := page("alice", password), basic("Alice", password); a != 429 || b != 429 {
		t.Errorf("behind the limit the page says %d and Basic %d", a, b)
	}
}
