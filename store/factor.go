package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// SecondFactor is what an account proves itself with besides its password: the
// one-time passwords of an app (RFC 6238), and recovery codes for when it is lost.
type SecondFactor struct {
	Account string // canonical name; unique
	Secret  []byte // sealed by the master key; opaque to the store
	// Confirmed is when the first right password proved that the app has the
	// secret; before that it is asked of nobody.
	Confirmed time.Time
	// Step is the time step of the last password that was accepted, so that none
	// is accepted twice (RFC 6238 section 5.2).
	Step int64
	// Recovery are the SHA-256 of the recovery codes that are left.
	Recovery [][32]byte

	Created time.Time // set by the backend
	Version int64     // set by the backend
}

// LogValue keeps secret and hashes out of logs.
func (f SecondFactor) LogValue() slog.Value { return slog.StringValue(f.Account) }

// String returns the name of the account.
func (f SecondFactor) String() string { return f.Account }

// SecondFactors keeps second factors. They go with their account. Each change
// moves the revision.
type SecondFactors interface {
	// SecondFactor returns that of an account, or ErrNotFound.
	SecondFactor(ctx context.Context, account string) (SecondFactor, error)
	// PutSecondFactor stores it if the version is still f.Version, 0 for one that
	// does not exist yet; else ErrConflict. ErrNotFound if there is no account.
	PutSecondFactor(ctx context.Context, f SecondFactor) (SecondFactor, error)
	// DeleteSecondFactor removes it, or returns ErrNotFound.
	DeleteSecondFactor(ctx context.Context, account string) error
}

// Normal does for a second factor what Account.Normal does for an account.
func (f SecondFactor) Normal() (SecondFactor, error) {
	if canonical, err := Canonical(f.Account); err != nil || canonical != f.Account {
		return SecondFactor{}, fmt.Errorf("%w: second factor of no canonical account name", ErrInvalid)
	}
	switch {
	case len(f.Secret) > MaxBlob:
		return SecondFactor{}, fmt.Errorf("%w: second factor over %d bytes", ErrInvalid, MaxBlob)
	case len(f.Recovery) > MaxList:
		return SecondFactor{}, fmt.Errorf("%w: more than %d recovery codes", ErrInvalid, MaxList)
	}
	f.Secret = blob(f.Secret)
	f.Recovery = append([][32]byte(nil), f.Recovery...)
	f.Confirmed, f.Created = Moment(f.Confirmed), Moment(f.Created)
	return f, nil
}
