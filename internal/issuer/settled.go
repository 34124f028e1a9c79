package issuer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
)

// Settled waits, for a second at most, until an access token without a login can be
// told from those that were revoked with everything before now, and returns the
// time to issue it at. A token says when it was issued in whole seconds: one of the
// same second would be refused for all of its life, and a client that was removed
// and added again, or asks again as it is refused, is as quick as that.
func Settled(ctx context.Context, revocations store.Revocations, t store.AccessToken, now time.Time) (time.Time, error) {
	t.Issued = time.Unix(now.Unix(), 0)
	last, err := revocations.Revoked(ctx, t)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return now, nil
	case err != nil:
		return now, fmt.Errorf("looking for a revocation: %w", err)
	}
	next := t.Issued.Add(time.Second)
	if !last.At.Before(next) {
		return now, nil // by a clock that is ahead: nobody can wait for it
	}
	wait := time.NewTimer(next.Sub(now) + time.Millisecond)
	defer wait.Stop()
	select {
	case <-wait.C:
		return next, nil
	case <-ctx.Done():
		return now, ctx.Err()
	}
}
