package store

import (
	"context"
	"log/slog"
	"time"
)

// PreviousPasswordKept is how long the previous password's hash is kept, so
// that the operator can be told "this is the old password".
const PreviousPasswordKept = 90 * 24 * time.Hour

// Account is a person or a machine with a name and perhaps a password.
type Account struct {
	Name    string // canonical (see Canonical), unique, never changes
	Display string // as the person writes it; free text, may be empty

	Password        string    // PHC string; "" means no password, which no password matches
	PasswordChanged time.Time // when Password was set
	Previous        string    // PHC string of the password before; "" if none
	PreviousUntil   time.Time // from then on Previous is to be ignored

	Groups    []string
	Scopes    []string
	Suspended bool

	Created time.Time // set by the backend
	Updated time.Time // set by the backend
	Version int64     // set by the backend; see the package comment
}

// SetPassword replaces the password's hash and keeps the one before for
// PreviousPasswordKept. An empty phc removes the password.
func (a *Account) SetPassword(phc string, now time.Time) {
	a.Previous, a.PreviousUntil = a.Password, time.Time{}
	if a.Previous != "" {
		a.PreviousUntil = now.Add(PreviousPasswordKept)
	}
	a.Password, a.PasswordChanged = phc, now
}

// PasswordDiffers tells whether the password of a is another one than that of
// before, which ends everything that was obtained with it. A stronger hash of
// the same password is not: then PasswordChanged and Previous are as before.
func (a Account) PasswordDiffers(before Account) bool {
	switch {
	case a.Password == before.Password:
		return false
	case a.Password == "" || before.Password == "":
		return true
	}
	return !Moment(a.PasswordChanged).Equal(Moment(before.PasswordChanged)) || a.Previous != before.Previous
}

// LogValue keeps the hashes out of logs.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.Name) }

// String returns the name, so that formatting an account prints no hash.
func (a Account) String() string { return a.Name }

// Accounts keeps accounts. Names are canonical; a name that is not finds
// nothing.
type Accounts interface {
	// Account returns the account of that name, or ErrNotFound.
	Account(ctx context.Context, name string) (Account, error)
	// CreateAccount stores a new account and returns it with its version, or
	// ErrExists.
	CreateAccount(ctx context.Context, a Account) (Account, error)
	// UpdateAccount replaces the account if its version is still a.Version
	// and returns it with its new version; else ErrConflict or ErrNotFound.
	// If that changes the password (see Account.PasswordDiffers), all logins of
	// the account end in the same transaction: what a revocation of the kind
	// RevokedSubject does, and links by which it could be changed once more are
	// removed, too.
	UpdateAccount(ctx context.Context, a Account) (Account, error)
	// DeleteAccount removes the account, its second factor and what it allowed
	// clients and, in the same transaction, revokes every API key that it owns
	// and ends its logins as a changed password does; or it returns ErrNotFound.
	DeleteAccount(ctx context.Context, name string) error
	// ListAccounts returns accounts in the order of their names, starting
	// behind after ("" = from the first); see Page for limit.
	ListAccounts(ctx context.Context, after string, limit int) ([]Account, error)
}
