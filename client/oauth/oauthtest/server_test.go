package oauthtest_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gate401/gate401/client/oauth/oauthtest"
)

func TestServerWantsPKCE(t *testing.T) {
	s := oauthtest.New(t)
	status, _, err := oauthtest.Approve(t.Context(), s.URL+"/authorize?response_type=code&redirect_uri=http://127.0.0.1:1/callback&state=0123456789abcdef")
	if status != http.StatusBadRequest || err != nil {
		t.Errorf("%d, %v", status, err)
	}
	if status, _, _ = oauthtest.Approve(t.Context(), s.API()); status != http.StatusUnauthorized {
		t.Errorf("the API answers %d", status)
	}
}

// What is tested may be another process: then nothing but the lock orders a change
// before the request that sees it. Only -race can tell.
func TestSetWhileServing(t *testing.T) {
	s := oauthtest.New(t)
	ask := func(ctx context.Context) {
		for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource/api",
			"/authorize?response_type=code&redirect_uri=http://127.0.0.1:1/callback&state=0123456789abcdef&code_challenge_method=S256&code_challenge=" + strings.Repeat("x", 43)} {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, http.NoBody)
			if err != nil {
				t.Error(err)
				return
			}
			res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
			if err != nil {
				t.Error(err)
				return
			}
			_ = res.Body.Close()
		}
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { ask(t.Context()) })
	}
	for i := range 100 {
		s.Set(func(e *oauthtest.Errs) {
			e.Life = strconv.Itoa(i)
			e.Answer = func(q url.Values) { q.Set("error", "access_denied") }
			e.Metadata = func(m map[string]any) { m["n"] = i }
			e.Resource = e.Metadata
			e.Fault = func(http.ResponseWriter, *http.Request) bool { return false }
		})
	}
	wg.Wait()
	if _, body, err := oauthtest.Approve(t.Context(), s.URL+"/.well-known/oauth-authorization-server"); err != nil || !strings.Contains(body, `"n":99`) {
		t.Errorf("the last change does not count: %s, %v", body, err)
	}
}
