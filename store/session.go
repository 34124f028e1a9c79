package store

import (
	"context"
	"fmt"
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
	Seen    time.Time // moved by TouchSessions; may lag
	Idle    time.Time // it ends then if it is not used; moved by TouchSessions; zero = never, for good
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
	// one with the ID replaces ("" = none) if it is there: the identifier changes
	// at each login, so that one that was planted is worth nothing. ErrExists if
	// the ID or the hash is taken.
	CreateSession(ctx context.Context, s Session, replaces string) (Session, error)
	// SessionByHash returns the session with that SHA-256, or ErrNotFound.
	// Expired and revoked ones are found too.
	SessionByHash(ctx context.Context, hash [32]byte) (Session, error)
	// Session returns the session with that ID, or ErrNotFound.
	Session(ctx context.Context, id string) (Session, error)
	// ListSessions returns sessions in the order of their IDs, starting behind
	// after, of one subject or ("") of everyone; see Page for limit.
	ListSessions(ctx context.Context, subject, after string, limit int) ([]Session, error)
	// LiveSessions returns sessions of a subject of that issuer ("" = our own
	// account) that end after at, those first that were seen longest ago; of the
	// same moment in the order of their IDs. See Page for limit.
	LiveSessions(ctx context.Context, subject, issuer string, at time.Time, limit int) ([]Session, error)
	// TouchSessions notes signs of life by ID. It never goes back in time, and
	// ignores unknown and revoked ones.
	TouchSessions(ctx context.Context, touched map[string]Touch) error
	// RevokeSession revokes one session. The first revocation stands.
	// ErrNotFound if there is none.
	RevokeSession(ctx context.Context, id string, at time.Time, cause string) error
	// SweepSessions forgets sessions that ended before before, whatever ended
	// them, and returns how many; it may leave some for the next call.
	SweepSessions(ctx context.Context, before time.Time) (int, error)
}

// Normal does for a session what Account.Normal does for an account.
func (s Session) Normal() (Session, error) {
	switch {
	case s.ID == "" || s.Subject == "":
		return Session{}, fmt.Errorf("%w: session without id or subject", ErrInvalid)
	// A hash nobody set would make every session of that mistake the same one.
	case s.Hash == [32]byte{}:
		return Session{}, fmt.Errorf("%w: session without hash", ErrInvalid)
	case s.Expires.IsZero():
		return Session{}, fmt.Errorf("%w: session without end", ErrInvalid)
	}
	if err := texts("session", s.ID, s.Subject, s.Issuer, s.Provider, s.Display, s.ACR, s.Address, s.Agent, s.Cause); err != nil {
		return Session{}, err
	}
	var err error
	if s.Groups, err = list("groups", s.Groups); err != nil {
		return Session{}, err
	}
	if s.Scopes, err = list("scopes", s.Scopes); err != nil {
		return Session{}, err
	}
	if s.AMR, err = list("amr", s.AMR); err != nil {
		return Session{}, err
	}
	s.AuthTime, s.Created, s.Seen = Moment(s.AuthTime), Moment(s.Created), Moment(s.Seen)
	s.Idle, s.Expires, s.Revoked = Moment(s.Idle), Moment(s.Expires), Moment(s.Revoked)
	return s, nil
}

// Ends returns when the session is over, or was: the earliest of Expires, Idle
// and Revoked.
func (s Session) Ends() time.Time {
	end := s.Expires
	for _, t := range []time.Time{s.Idle, s.Revoked} {
		if !t.IsZero() && t.Before(end) {
			end = t
		}
	}
	return end
}
