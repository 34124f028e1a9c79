package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/store"
)

const (
	// MaxLive is how many sessions of one person are live at a time: a program that
	// logs in for every request must not fill the store.
	MaxLive = 100
	// endAtOnce bounds what one login ends; of a store with more the next ones
	// end the rest.
	endAtOnce = 16
)

// causeTooMany is why a session was revoked that had to make room.
const causeTooMany = "the person has too many sessions"

// makeRoom ends the sessions that were seen longest ago where there are more than
// MaxLive with begun, which is stored already: of logins at the same time the last
// one counts them all. Who is at a browser now is seen again and again, so that
// it is the last to go.
func (m *Manager) makeRoom(ctx context.Context, begun store.Session, now time.Time, r *gate401.Request) error {
	live, err := m.Store.LiveSessions(ctx, begun.Subject, begun.Issuer, now, MaxLive+endAtOnce)
	if err != nil {
		return fmt.Errorf("counting sessions: %w", err)
	}
	for _, s := range live[:max(0, len(live)-MaxLive)] {
		if s.ID == begun.ID {
			continue
		}
		err := m.Store.RevokeSession(ctx, s.ID, now, causeTooMany)
		switch {
		case errors.Is(err, store.ErrNotFound):
			continue // swept
		case err != nil:
			return fmt.Errorf("revoking a session: %w", err)
		}
		m.record(store.Event{Kind: store.EventRevoked, Object: s.ID, Subject: s.Subject, Detail: causeTooMany}, r)
	}
	return nil
}
