package store

import (
	"context"
	"log/slog"
	"time"
)

// Session is a browser in which somebody is logged in.
type Session struct {
	ID   string   // unique; what people and logs call the session
	Hash [32]byte // SHA-256 of the 256 random bits in the cookie; unique

	Subject  string // canonical name of an account, or the subject of Issuer
	Issuer   string // the provider that vouched for Subject; "" = our own account
	Provider string // what the configuration calls that provider
	Display  string // what the person is shown as
	// Groups and Scopes are those that a provider told; those of our own accounts
	// are read from their record.
	Groups []string
	Scopes []string

	AuthTime time.Time // when the person proved who they are
	ACR      string
	AMR      []string // by which means: "pwd", "otp", ... (RFC 8176)

	Address string // of the client at the login
	Agent   string // User-Agent at the login, shortened

	Created time.Time // set by the backend
	Seen    time.Time // set by TouchSessions; may lag
	Idle    time.Time // it ends then if it is not used; moved by TouchSessions
	Expires time.Time // it ends then, however busy; required
	Revoked time.Time // zero = not revoked; once set it stays
	Cause   string    // why it was revoked, for the operator
}

// LogValue keeps the hash out of logs.
func (s Session) LogValue() slog.Value { return slog.StringValue(s.ID) }

// String returns the ID.
func (s Session) String() string { return s.ID }

// Touch is a sign of life of a session.
type Touch struct {
	Seen time.Time
	Idle time.Time // the new end of idleness; never earlier than the one before
}

// Sessions keeps sessions. To revoke moves the revision; to begin one and to use
// it does not.
type Sessions interface {
	// CreateSession stores a session and, in the same transaction, revokes the
	// one with the ID replaces ("" = none): the identifier changes at each login,
	// so that one that was planted is worth nothing. ErrExists if the ID or the
	// hash is taken.
	CreateSession(ctx context.Context, s Session, replaces string) (Session, error)
	// SessionByHash returns the session with that SHA-256, or ErrNotFound.
	// Expired and revoked ones are found too.
	SessionByHash(ctx context.Context, hash [32]byte) (Session, error)
	// Session returns the session with that ID, or ErrNotFound.
	Session(ctx context.Context, id string) (Session, error)
	// ListSessions returns sessions in the order of their IDs, starting behind
	// after, of one subject or ("") of everyone; see Page for limit.
	ListSessions(ctx context.Context, subject, after string, limit int) ([]Session, error)
	// TouchSessions notes signs of life by ID. It never goes back in time, and
	// ignores unknown and revoked ones.
	TouchSessions(ctx context.Context, touched map[string]Touch) error
	// RevokeSession revokes one session. The first revocation stands.
	// ErrNotFound if there is none.
	RevokeSession(ctx context.Context, id string, at time.Time, cause string) error
	// SweepSessions forgets sessions that ended before before, and returns how
	// many; it may leave some for the next call.
	SweepSessions(ctx context.Context, before time.Time) (int, error)
}
