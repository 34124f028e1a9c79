package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// maxSteps is more than there ever is to do: a few steps for each key.
const maxSteps = 1000

// settle brings the keys into order: whatever another process began and did not
// finish is finished, each key that has a successor retires when that one begins
// to sign, what nobody needs is deleted, and there is a key that can sign now.
func (k *Keyring) settle(ctx context.Context, lead time.Duration) (Turned, error) {
	var done Turned
	lost := 0
	for range maxSteps {
		again, err := k.settleOnce(ctx, lead, &done)
		switch {
		case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrNotFound):
			// Another process is doing the same.
			if lost++; lost == attempts {
				return done, ErrBusy
			}
		case err != nil:
			return done, err
		case !again:
			return done, nil
		}
	}
	return done, ErrBusy
}

// settleOnce does one thing, and tells whether it has to look again.
func (k *Keyring) settleOnce(ctx context.Context, lead time.Duration, done *Turned) (again bool, err error) {
	newest, records, err := k.newest(ctx)
	if err != nil {
		return false, err
	}
	now := k.now()
	for _, r := range records {
		switch {
		case provisional(r) && r.ID == newest:
			// Who made it died before it said when it signs.
			r.NotBefore = now
			if another(records, r.ID, now) {
				r.NotBefore = now.Add(lead)
			}
			_, err := k.records.UpdateSigningKey(ctx, r)
			return true, err
		case provisional(r) && now.Before(r.Created.Add(orphaned)):
			// Somebody is making it just now.
		case provisional(r), expired(r, now):
			if err := k.records.DeleteSigningKey(ctx, r.ID); err != nil {
				return true, fmt.Errorf("deleting a signing key: %w", err)
			}
			if !provisional(r) {
				done.Deleted = append(done.Deleted, r.ID)
			}
			return true, nil
		}
	}
	signer, waiting, ok := present(records, now)
	if !ok {
		return k.stopgap(ctx, newest, records, waiting, now, done)
	}
	for _, r := range records {
		if provisional(r) || r.ID == signer.ID || r.NotBefore.After(now) {
			continue
		}
		if changed, err := k.retire(ctx, r, signer.NotBefore, done); changed || err != nil {
			return changed, err
		}
	}
	return k.succeed(ctx, signer, waiting, done)
}

// succeed lets the key that signs stop when the next one begins, and not before:
// one that waited may have been withdrawn since.
func (k *Keyring) succeed(ctx context.Context, signer store.SigningKey, waiting *store.SigningKey, done *Turned) (bool, error) {
	var ends, expires time.Time
	if waiting != nil {
		ends, expires = waiting.NotBefore, waiting.NotBefore.Add(Keep)
	}
	if signer.Retired.Equal(ends) && signer.Expires.Equal(expires) {
		return false, nil
	}
	signer.Retired, signer.Expires = ends, expires
	if _, err := k.records.UpdateSigningKey(ctx, signer); err != nil {
		return true, err
	}
	if waiting != nil {
		done.Retired = append(done.Retired, signer.ID)
	}
	return true, nil
}

// present is the key that signs now, and the next one that will (nil for none).
func present(records []store.SigningKey, now time.Time) (signer store.SigningKey, waiting *store.SigningKey, ok bool) {
	for i, r := range records {
		switch {
		case provisional(r):
		case r.NotBefore.After(now):
			if r.Retired.IsZero() && (waiting == nil || r.NotBefore.Before(waiting.NotBefore)) {
				waiting = &records[i]
			}
		case signs(r, now) && (!ok || !r.NotBefore.Before(signer.NotBefore)):
			signer, ok = r, true
		}
	}
	return signer, waiting, ok
}

// retire lets a key sign no longer than until, if it does not stop before.
func (k *Keyring) retire(ctx context.Context, r store.SigningKey, until time.Time, done *Turned) (bool, error) {
	if !r.Retired.IsZero() && !r.Retired.After(until) && !r.Expires.IsZero() {
		return false, nil
	}
	if r.Retired.IsZero() || r.Retired.After(until) {
		r.Retired = until
	}
	// It may have signed until just now, whenever it should have stopped.
	r.Expires = later(r.Retired, k.now()).Add(Keep)
	if _, err := k.records.UpdateSigningKey(ctx, r); err != nil {
		return true, err
	}
	done.Retired = append(done.Retired, r.ID)
	return true, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// stopgap makes sure that something signs now: the key that waits, or a new one.
func (k *Keyring) stopgap(ctx context.Context, newest string, records []store.SigningKey, waiting *store.SigningKey, now time.Time, done *Turned) (bool, error) {
	if waiting != nil {
		early := *waiting
		early.NotBefore = now
		_, err := k.records.UpdateSigningKey(ctx, early)
		return true, err
	}
	alg := token.ES256
	if last, ok := find(records, newest); ok {
		alg = last.Algorithm
	}
	made, err := k.introduce(ctx, newest, alg, now)
	if err != nil {
		return true, err
	}
	done.Made = append(done.Made, made.ID)
	return true, nil
}
