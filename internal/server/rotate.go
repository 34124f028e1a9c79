package server

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gate401/gate401/internal/keyring"
)

// How often the signing keys are looked at: when something is due, at least every
// rotateEvery (another process, or a reload, may have changed the plan), and
// sooner after an error.
const (
	rotateEvery = 10 * time.Minute
	rotateAgain = 30 * time.Second
	rotateSoon  = time.Second
)

// keysCached is for how long others may keep the key set: much shorter than a key
// is published before it signs.
const keysCached = keyring.DefaultLead / 12

// rotateKeys lets signing keys follow each other, until the function that it
// returns is called.
func (h *house) rotateKeys(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			wait := h.turnKeys(ctx)
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// turnKeys does what is due, and says when to look again.
func (h *house) turnKeys(ctx context.Context) time.Duration {
	turned, err := h.stores.Keyring.Turn(ctx, keyring.Schedule{Every: h.current.Load().config.Issuer.RotateKeys})
	if len(turned.Made)+len(turned.Retired)+len(turned.Deleted) > 0 {
		h.log.LogAttrs(ctx, slog.LevelInfo, "signing keys follow each other",
			slog.Any("made", turned.Made), slog.Any("retire", turned.Retired), slog.Any("deleted", turned.Deleted))
	}
	switch {
	case ctx.Err() != nil:
		return rotateEvery
	case errors.Is(err, keyring.ErrBusy):
		return rotateSoon
	case err != nil:
		h.log.LogAttrs(ctx, slog.LevelError, "the signing keys could not be looked after, will be tried again", slog.String("error", err.Error()))
		return rotateAgain
	}
	return min(max(time.Until(turned.Next), rotateSoon), rotateEvery)
}
