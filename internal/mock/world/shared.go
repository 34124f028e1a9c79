package world

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/token"
)

// shared is what all worlds have in common, because it never changes: keys are
// made once, and so are the texts of refusals.
type shared struct {
	clock     func() time.Time
	responder *gate401.Responder
	cors      *gate401.CORS
	log       *slog.Logger

	mu    sync.Mutex
	keys  []*token.SigningKey
	other *token.SigningKey
}

func newShared(now func() time.Time, responder *gate401.Responder, log *slog.Logger) *shared {
	if now == nil {
		now = time.Now
	}
	if responder == nil {
		responder = &gate401.Responder{}
	}
	return &shared{clock: now, responder: responder, log: log, cors: &gate401.CORS{Origins: []string{"*"}}}
}

func (s *shared) now() time.Time { return s.clock() }

// signing is the key that every world begins with. Worlds are told apart by
// their issuer, which is in what is signed.
func (s *shared) signing() ([]*token.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		k, err := token.GenerateKey(token.ES256)
		if err != nil {
			return nil, fmt.Errorf("making the key of the worlds: %w", err)
		}
		s.keys = []*token.SigningKey{k}
	}
	return s.keys[:1:1], nil
}

// stranger is a key that no world publishes.
func (s *shared) stranger() (*token.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.other == nil {
		k, err := token.GenerateKey(token.ES256)
		if err != nil {
			return nil, fmt.Errorf("making a key: %w", err)
		}
		s.other = k
	}
	return s.other, nil
}
