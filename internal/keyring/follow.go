package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// ErrWaiting says that a key is published already that will follow the one that
// signs: a second one would only take over from it, or never sign.
var ErrWaiting = errors.New("a key waits to sign already")

// Rotate publishes a new key, which signs after lead; then those before it
// retire. An empty alg is that of the key that was made last.
//
// If a key waits to sign already, Rotate returns it with ErrWaiting. Without a
// lead the one that waits signs now instead, if it is for alg, because caches have
// it; else the new one takes its place. Either way it is the last in the row, and
// nothing that waited takes over from it.
func (k *Keyring) Rotate(ctx context.Context, alg string, lead time.Duration) (store.SigningKey, error) {
	for range attempts {
		made, err := k.follow(ctx, alg, max(lead, 0))
		if errors.Is(err, store.ErrConflict) {
			continue // somebody was faster: their key is the one before ours
		}
		if err != nil {
			return made, err
		}
		_, err = k.settle(ctx, DefaultLead)
		return made, err
	}
	return store.SigningKey{}, ErrBusy
}

func (k *Keyring) follow(ctx context.Context, alg string, lead time.Duration) (store.SigningKey, error) {
	newest, records, err := k.decided(ctx)
	if err != nil {
		return store.SigningKey{}, err
	}
	now := k.now()
	waiting := waiters(records, now)
	if len(waiting) > 0 && lead > 0 {
		return waiting[0], ErrWaiting
	}
	if alg == "" {
		alg = token.ES256
		if last, ok := latest(records, now); ok {
			alg = last.Algorithm
		}
	}
	var chosen store.SigningKey
	for _, r := range waiting {
		if r.Algorithm == alg && (chosen.ID == "" || !r.NotBefore.Before(chosen.NotBefore)) {
			chosen = r
		}
	}
	// The others first: what has signed for a moment could not be taken back.
	for _, r := range waiting {
		if r.ID == chosen.ID {
			continue
		}
		r.Retired, r.Expires = now, now.Add(Keep)
		if _, err := k.records.UpdateSigningKey(ctx, r); err != nil {
			return store.SigningKey{}, fmt.Errorf("retiring a signing key that waits: %w", err)
		}
	}
	if chosen.ID == "" {
		return k.introduce(ctx, newest, alg, now.Add(lead))
	}
	chosen.NotBefore = now
	chosen, err = k.records.UpdateSigningKey(ctx, chosen)
	if err != nil {
		return store.SigningKey{}, fmt.Errorf("bringing a signing key forward: %w", err)
	}
	return chosen, nil
}

// waiters are the keys that will sign, in the order of the records.
func waiters(records []store.SigningKey, now time.Time) (list []store.SigningKey) {
	for _, r := range records {
		if !provisional(r) && r.NotBefore.After(now) && r.Retired.IsZero() {
			list = append(list, r)
		}
	}
	return list
}
