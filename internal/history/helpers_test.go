package history_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf keeps events, and can be made to fail or to wait.
type shelf struct {
	mu     sync.Mutex
	events []store.Event
	swept  time.Time
	fail   error
	wait   chan struct{} // nil for not at all
}

func (s *shelf) AppendEvents(ctx context.Context, events []store.Event) error {
	if s.wait != nil {
		select {
		case <-s.wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.events = append(s.events, events...)
	return nil
}

func (s *shelf) SweepEvents(_ context.Context, before time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.swept = before
	return 0, nil
}

func (s *shelf) all() []store.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]store.Event(nil), s.events...)
}

func (s *shelf) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

var errAway = errors.New("the disk is full")

// allowed is a decision that lets a token pass.
func allowed(jti string) *gate401.Decision {
	return &gate401.Decision{Allow: true, Identity: &gate401.Identity{
		Subject: "alice", Method: "bearer", Credential: jti,
		Claims: map[string]any{"sid": "family-1", "client_id": "app"},
	}}
}

func request(id string) *gate401.Request {
	return &gate401.Request{Method: "GET", Path: "/orders", ID: id, Time: time.Now()}
}
