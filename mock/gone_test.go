package mock_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/mock"
)

// Whoever answers late notices that the client has gone, also if it sent a body:
// else each of them keeps the server from ending for as long as the answer takes.
func TestClientGone(t *testing.T) {
	s := newServer(t, mock.Config{})
	began, ended := make(chan struct{}, 1), make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		defer func() { ended <- struct{}{} }()
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, tt := range []struct{ path, refresh string }{
		{path: "/delay/9"}, {path: "/mix/d=9s/s=401/"}, {path: "/scenario/answer-slow/"},
		{path: "/s/refresh-timeout--x/token", refresh: "refresh-timeout--x"}, {path: "/s/refresh-slow--x/token", refresh: "refresh-slow--x"},
	} {
		t.Run(tt.path, func(t *testing.T) {
			form := url.Values{"a": {"b"}}
			if tt.refresh != "" {
				form = url.Values{"grant_type": {"refresh_token"}, "refresh_token": {login(t, s, tt.refresh).Refresh}, "client_id": {"app"}}
			}
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+tt.path, strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			go func() { <-began; leave() }()
			if res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req); err == nil {
				_ = res.Body.Close()
				t.Errorf("it was answered: %d", res.StatusCode)
			}
			select {
			case <-ended:
			case <-time.After(2 * time.Second):
				t.Error("it goes on")
				<-ended
			}
		})
	}
}
