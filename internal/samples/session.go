package samples

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
)

// Kinds of sessions. Unless the kind says otherwise, Maker.Subject logged in an
// hour ago, and has an account.
const (
	SessionLive    = "live"    // nothing is wrong with it
	SessionExpired = "expired" // ended yesterday
	SessionIdle    = "idle"    // was not used since yesterday
	SessionRevoked = "revoked" // was ended half an hour ago
	SessionUnknown = "unknown" // well formed, never stored
)

// Session makes a session of a kind, and returns what its cookie holds.
func (m *Maker) Session(ctx context.Context, kind string) (string, error) {
	text, err := m.session(ctx, kind)
	if err != nil {
		return "", fmt.Errorf("session %s: %w", kind, err)
	}
	return text, nil
}

func (m *Maker) session(ctx context.Context, kind string) (string, error) {
	secret, err := session.NewSecret(rand.Reader)
	if err != nil || kind == SessionUnknown {
		return secret, err
	}
	now := m.Now()
	hash, _ := session.SecretHash(secret)
	s := store.Session{
		ID: "sample-" + kind, Hash: hash, Subject: m.Subject, AuthTime: now.Add(-time.Hour), AMR: []string{"pwd"},
		Seen: now.Add(-time.Hour), Idle: now.Add(24 * time.Hour), Expires: now.Add(24 * time.Hour),
	}
	yesterday := now.Add(-24 * time.Hour)
	switch kind {
	case SessionLive, SessionRevoked:
	case SessionExpired:
		s.AuthTime, s.Seen, s.Idle, s.Expires = yesterday.Add(-time.Hour), yesterday.Add(-time.Hour), yesterday, yesterday
	case SessionIdle:
		s.AuthTime, s.Seen, s.Idle = yesterday.Add(-time.Hour), yesterday.Add(-time.Hour), yesterday
	default:
		return "", errors.New("there is no such kind")
	}
	a := store.Account{Name: m.Subject, Groups: m.Groups, Scopes: m.Scopes}
	if _, err := m.Set.Accounts.CreateAccount(ctx, a); err != nil && !errors.Is(err, store.ErrExists) {
		return "", err
	}
	if _, err := m.Set.Sessions.CreateSession(ctx, s, ""); err != nil {
		return "", err
	}
	if kind == SessionRevoked {
		err = m.Set.Sessions.RevokeSession(ctx, s.ID, now.Add(-30*time.Minute), "logged out")
	}
	return secret, err
}
