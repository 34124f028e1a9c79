package certificate

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/gate401/gate401/store"
)

// lease is the right to order the certificate of one host, so that of several
// processes on one store one orders. It is a record that expires: a process that
// dies holds the others up for that long and no longer. After a failure it stays,
// as a pause for all of them, restarted ones too: servers count failures, and
// refuse who tries too often.
type lease struct {
	vault    vault
	record   store.Certificate
	failures int // in a row
}

// leaseTime is longer than an order may take.
const leaseTime = orderTimeout + 5*time.Minute

// errHeld says that it is not our turn; until says when to ask again.
type errHeld struct {
	until    time.Time
	failures int // of the orders before; 0 where another process orders now
}

func (e errHeld) Error() string { return "it is not our turn to order" }

// acquire returns the lease, or errHeld.
func (v vault) acquire(ctx context.Context, id string, now time.Time) (*lease, error) {
	l := &lease{vault: v}
	fresh := store.Certificate{ID: id, Expires: now.Add(leaseTime)}
	before, err := v.records.Certificate(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		l.record, err = v.records.CreateCertificate(ctx, fresh)
	case err != nil:
	default:
		// Not sealed: it is no secret, and whoever can write here can do worse.
		l.failures, _ = strconv.Atoi(string(before.Sealed))
		if now.Before(before.Expires) {
			return nil, errHeld{before.Expires, l.failures}
		}
		fresh.Version = before.Version
		l.record, err = v.records.UpdateCertificate(ctx, fresh)
	}
	if errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
		return nil, errHeld{until: now.Add(time.Second)}
	}
	return l, err
}

// release gives the lease up after a success.
func (l *lease) release(ctx context.Context, now time.Time) error {
	return l.set(ctx, now, 0)
}

// pause keeps everyone from trying again before the time that it returns.
func (l *lease) pause(ctx context.Context, now time.Time, atLeast time.Duration) (time.Time, error) {
	l.failures++
	wait := [...]time.Duration{time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute, time.Hour}
	until := now.Add(max(wait[min(l.failures, len(wait))-1], min(atLeast, 24*time.Hour)))
	return until, l.set(ctx, until, l.failures)
}

func (l *lease) set(ctx context.Context, until time.Time, failures int) error {
	l.record.Expires, l.record.Sealed = until, nil
	if failures > 0 {
		l.record.Sealed = []byte(strconv.Itoa(failures))
	}
	_, err := l.vault.records.UpdateCertificate(ctx, l.record)
	if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
		return nil // it expired, and is somebody else's by now
	}
	return err
}
