package watch_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/watch"
	"github.com/gate401/gate401/reason"
)

// safe is a buffer that a sink's goroutine and a test may share.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

var at = time.Date(2026, 11, 21, 12, 4, 5, 123456789, time.UTC)

func request() *gate401.Request {
	return &gate401.Request{
		Method: "GET", Target: "/orders?access_token=s3cret", Path: "/orders", Host: "api.example.com",
		URL:    &url.URL{Scheme: "https", Host: "api.example.com", Path: "/orders", RawQuery: "x=1&access_token=s3cret"},
		Header: http.Header{"Authorization": {"Bearer s3cret"}, "User-Agent": {"curl/8.0"}, "Cookie": {"a=b; g401=s3cret"}},
		Client: netip.MustParseAddr("127.0.0.1"), Time: at, ID: "01JXABCDEFGHJKMNPQRSTVWXYZ", InboundID: "abc",
	}
}

func refusal() *gate401.Decision {
	cause := errors.New("expired 5 m ago")
	return &gate401.Decision{
		Rule:       "orders",
		Denial:     &gate401.Denial{Reason: reason.TokenExpired, Err: cause, Method: "bearer", Subject: "alice"},
		Challenges: []httpauth.Challenge{{Scheme: "Bearer", Params: []httpauth.Param{{Name: "realm", Value: "orders"}}}},
		Steps: []gate401.Step{
			{Stage: gate401.StageRule, Note: "orders"},
			{Stage: gate401.StageVerify, Method: "bearer", Reason: reason.TokenExpired, Note: cause.Error()},
		},
	}
}

func allowed() *gate401.Decision {
	return &gate401.Decision{Allow: true, Rule: "orders", Identity: &gate401.Identity{
		Subject: "alice", Method: "bearer", Issuer: "https://idp.example.com", Credential: "key-1"}}
}

func logged(t testing.TB, f watch.Form, write func(*watch.Log)) string {
	t.Helper()
	var out safe
	l := watch.NewLog(&out, f)
	write(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
