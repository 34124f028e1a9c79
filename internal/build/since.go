package build

import (
	"context"
	"errors"
	"time"

	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
)

// proofsSince tells when the password of an account was last changed, for its codes
// also when its second factor was set up, by whichever process: before that a
// network may be known to the guard because of whoever had the old ones. The zero
// time for who has no record here, such as the people of a file.
func (s *Stores) proofsSince(ctx context.Context, name string) (time.Time, error) {
	account, codes := session.OfCodes(name)
	a, err := s.Set.Accounts.Account(ctx, account)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, err
	}
	since := a.PasswordChanged
	if !codes {
		return since, nil
	}
	factor, err := s.Set.Factors.SecondFactor(ctx, account)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return since, nil
	case err != nil:
		return time.Time{}, err
	case factor.Confirmed.After(since):
		since = factor.Confirmed
	}
	return since, nil
}
