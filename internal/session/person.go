package session

import (
	"errors"
	"slices"
	"time"

	"github.com/gate401/gate401/store"
)

// ErrNone says that nobody is logged in: there is no cookie, or its session is
// unknown or over.
var ErrNone = errors.New("nobody is logged in")

// ErrOutdated says that what somebody proved is not true any more: the password
// was changed, or the account removed or suspended, since.
var ErrOutdated = errors.New("the account has changed since it was proved")

// Proved is what somebody proved at a login.
type Proved struct {
	// Subject is the canonical name of an account, or the subject of Issuer.
	Subject string
	// Issuer is the provider that vouched for Subject, empty for our own
	// accounts; Provider what the configuration calls it.
	Issuer, Provider string
	// Display is what the person is shown as; empty for Subject.
	Display string
	// Groups and Scopes are those that a provider told. Those of our own
	// accounts are read from their record.
	Groups, Scopes []string
	// AuthTime is when it was proved; zero for now.
	AuthTime time.Time
	// ACR and AMR say how (RFC 8176): "pwd", "otp", ...
	ACR string
	AMR []string
	// PasswordChanged is that of the account whose password was right; zero
	// where none was asked for. A session does not begin if it has moved.
	PasswordChanged time.Time
	// Version is that of the account whose password was right, where accounts are
	// lines of a file; zero for the present one.
	Version int64
}

// Person is somebody who is logged in.
type Person struct {
	// Subject is the canonical name of an account, or the subject of Issuer.
	Subject string
	// Issuer is the provider that vouched for Subject, empty for our own
	// accounts; Provider what the configuration calls it.
	Issuer, Provider string
	// Display is what the person is shown as; never empty.
	Display string
	// Groups and Scopes are what rules ask for.
	Groups, Scopes []string
	// AuthTime is when the person proved who they are, ACR and AMR how.
	AuthTime time.Time
	ACR      string
	AMR      []string
	// Session is the ID of the session.
	Session string
	// Expires is when it ends, however busy; Idle when it ends if it is not used.
	Expires, Idle time.Time
}

// Own tells whether the person has an account of ours.
func (p *Person) Own() bool { return p.Issuer == "" }

func personOf(s store.Session, groups, scopes []string, display string, idle time.Time) *Person {
	p := &Person{
		Subject: s.Subject, Issuer: s.Issuer, Provider: s.Provider, Display: display,
		Groups: slices.Clone(groups), Scopes: slices.Clone(scopes),
		AuthTime: s.AuthTime, ACR: s.ACR, AMR: slices.Clone(s.AMR),
		Session: s.ID, Expires: s.Expires, Idle: idle,
	}
	if p.Display == "" {
		p.Display = s.Subject
	}
	return p
}
