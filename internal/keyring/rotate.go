package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Times of a Schedule, where it does not say.
const (
	// DefaultEvery is how long a key signs.
	DefaultEvery = 90 * 24 * time.Hour
	// DefaultLead is how long a key is published before it signs: longer than
	// anybody caches a key set. The gate itself says 5 minutes, and libraries
	// that do not listen keep one for 10 to 15.
	DefaultLead = time.Hour
)

// Keep is how long a key stays published after it has signed for the last time:
// until the last of its tokens is over by any clock.
const Keep = token.MaxTTL + token.MaxLeeway

// Schedule says when keys follow each other.
type Schedule struct {
	// Every is how long a key signs; 0 means DefaultEvery.
	Every time.Duration
	// Lead is how long its successor is published before; 0 means DefaultLead.
	Lead time.Duration
}

// Turned is what a Turn did, by the ids of the keys.
type Turned struct {
	Made    []string // published now, to sign later
	Retired []string // will not sign any more, from when the next one does
	Deleted []string // nothing that they signed is good any more
	// Next is when there is something to do again.
	Next time.Time
}

// ErrBusy says that other processes were faster, again and again.
var ErrBusy = errors.New("other processes are changing the signing keys at the same time")

// settingNewest names the key that was made last. Whoever makes another must
// replace the value that was read before the need was seen, so that of several
// processes one does.
const settingNewest = "signing-key.newest"

// attempts is how often something is tried again because another process did
// something in between.
const attempts = 5

// never is the NotBefore of a key that nobody has settled on yet. It does not
// sign and is not published; what a process left that died is removed.
func never() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

func provisional(r store.SigningKey) bool { return !r.NotBefore.Before(never()) }

// orphaned is when a provisional key has no process any more that will settle on
// it.
const orphaned = time.Hour

// Turn does what is due: it publishes the successor of a key whose time is
// nearly over, retires what has one, and deletes what nobody needs. Any number of
// processes may call it, at any time.
func (k *Keyring) Turn(ctx context.Context, s Schedule) (Turned, error) {
	if s.Every <= 0 {
		s.Every = DefaultEvery
	}
	if s.Lead <= 0 {
		s.Lead = DefaultLead
	}
	turned, err := k.settle(ctx, s.Lead)
	if err != nil {
		return turned, err
	}
	newest, records, err := k.newest(ctx)
	if err != nil {
		return turned, err
	}
	now := k.now()
	if last, ok := latest(records, now); ok && !now.Before(s.due(last)) {
		var made store.SigningKey
		if !undecided(newest, records) {
			made, err = k.introduce(ctx, newest, last.Algorithm, now.Add(s.Lead))
			if err != nil && !errors.Is(err, store.ErrConflict) {
				return turned, err
			}
		}
		more, err := k.settle(ctx, s.Lead)
		if err != nil {
			return turned, err
		}
		if made.ID != "" {
			turned.Made = append(turned.Made, made.ID)
		}
		turned.Made = append(turned.Made, more.Made...)
		turned.Retired = append(turned.Retired, more.Retired...)
		turned.Deleted = append(turned.Deleted, more.Deleted...)
		if records, err = k.list(ctx); err != nil {
			return turned, err
		}
	}
	turned.Next = s.next(records, now)
	return turned, nil
}

// undecided tells whether another process is making the newest key just now, or
// died of it: it counts already, though it is not said yet when it signs, and who
// made another beside it would make one too many. To settle is to finish it.
func undecided(newest string, records []store.SigningKey) bool {
	r, ok := find(records, newest)
	return ok && provisional(r)
}

// decided is what newest returns as soon as no key is being made.
func (k *Keyring) decided(ctx context.Context) (string, []store.SigningKey, error) {
	for range attempts {
		newest, records, err := k.newest(ctx)
		if err != nil || !undecided(newest, records) {
			return newest, records, err
		}
		if _, err := k.settle(ctx, DefaultLead); err != nil {
			return "", nil, err
		}
	}
	return "", nil, ErrBusy
}

// due is when the successor of a key is to be published, so that it signs when
// the key has signed long enough.
func (s Schedule) due(r store.SigningKey) time.Time { return r.NotBefore.Add(s.Every - s.Lead) }

// latest is the key that a successor would be of: the one that waits to sign, or
// else the one that does.
func latest(records []store.SigningKey, now time.Time) (store.SigningKey, bool) {
	signer, waiting, ok := present(records, now)
	if waiting != nil {
		return *waiting, true
	}
	return signer, ok
}

// next is when there is something to do again.
func (s Schedule) next(records []store.SigningKey, now time.Time) time.Time {
	at := now.Add(s.Every)
	sooner := func(when time.Time) {
		if when.After(now) && when.Before(at) {
			at = when
		}
	}
	if last, ok := latest(records, now); ok {
		sooner(s.due(last))
	}
	for _, r := range records {
		sooner(r.Expires)
	}
	return at
}

// Retire lets a key sign no more from now on; what it signed stays good. If no
// other could sign, the one that waits or a new one does, at once.
func (k *Keyring) Retire(ctx context.Context, id string) (store.SigningKey, error) {
	for range attempts {
		newest, records, err := k.decided(ctx)
		if err != nil {
			return store.SigningKey{}, err
		}
		record, ok := find(records, id)
		now := k.now()
		switch {
		case !ok:
			return store.SigningKey{}, fmt.Errorf("signing key: %w", store.ErrNotFound)
		case !record.Retired.IsZero() && !record.Retired.After(now):
			return record, nil
		}
		if err = k.relieve(ctx, newest, records, record, now); err == nil {
			record.Retired, record.Expires = now, now.Add(Keep)
			record, err = k.records.UpdateSigningKey(ctx, record)
		}
		switch {
		case errors.Is(err, store.ErrConflict):
			continue
		case err != nil:
			return record, fmt.Errorf("retiring a signing key: %w", err)
		}
		_, err = k.settle(ctx, DefaultLead)
		return record, err
	}
	return store.SigningKey{}, ErrBusy
}

// Revoke withdraws a key at once: every token that it signed is refused from now
// on. If no other could sign, the one that waits or a new one does.
func (k *Keyring) Revoke(ctx context.Context, id string) error {
	for range attempts {
		newest, records, err := k.decided(ctx)
		if err != nil {
			return err
		}
		record, ok := find(records, id)
		if !ok {
			return fmt.Errorf("signing key: %w", store.ErrNotFound)
		}
		err = k.relieve(ctx, newest, records, record, k.now())
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err == nil {
			err = k.records.DeleteSigningKey(ctx, id)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("withdrawing a signing key: %w", err)
		}
		_, err = k.settle(ctx, DefaultLead)
		return err
	}
	return ErrBusy
}

// relieve makes sure that something else can sign before a key stops to, so that
// at no moment nobody can.
func (k *Keyring) relieve(ctx context.Context, newest string, records []store.SigningKey, r store.SigningKey, now time.Time) error {
	if !signs(r, now) || another(records, r.ID, now) {
		return nil
	}
	if _, waiting, _ := present(records, now); waiting != nil {
		early := *waiting
		early.NotBefore = now
		_, err := k.records.UpdateSigningKey(ctx, early)
		return err
	}
	_, err := k.introduce(ctx, newest, r.Algorithm, now)
	return err
}

// another tells whether a key besides id may sign at now.
func another(records []store.SigningKey, id string, now time.Time) bool {
	for _, r := range records {
		if r.ID != id && signs(r, now) {
			return true
		}
	}
	return false
}

// List returns the keys that have not been deleted, oldest first.
func (k *Keyring) List(ctx context.Context) ([]store.SigningKey, error) {
	records, err := k.list(ctx)
	var out []store.SigningKey
	for _, r := range records {
		if !provisional(r) {
			out = append(out, r)
		}
	}
	return out, err
}

func (k *Keyring) list(ctx context.Context) ([]store.SigningKey, error) {
	records, err := k.records.ListSigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the signing keys: %w", err)
	}
	return records, nil
}

// newest is the id that settingNewest has ("" = none), and the keys, read after
// it.
func (k *Keyring) newest(ctx context.Context) (string, []store.SigningKey, error) {
	id, err := k.settings.Setting(ctx, settingNewest)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", nil, fmt.Errorf("reading which signing key is the newest: %w", err)
	}
	records, err := k.list(ctx)
	return id, records, err
}

func find(records []store.SigningKey, id string) (store.SigningKey, bool) {
	for _, r := range records {
		if r.ID == id {
			return r, true
		}
	}
	return store.SigningKey{}, false
}

// introduce makes a key that signs from notBefore, if the newest key is still the
// one with the id before ("" = none); else ErrConflict.
func (k *Keyring) introduce(ctx context.Context, before, alg string, notBefore time.Time) (store.SigningKey, error) {
	made, err := k.generate(ctx, alg)
	if err != nil {
		return store.SigningKey{}, err
	}
	if before == "" {
		err = k.settings.CreateSetting(ctx, settingNewest, made.ID)
	} else {
		err = k.settings.UpdateSetting(ctx, settingNewest, before, made.ID)
	}
	if err != nil {
		// Nobody knows of it, so that nobody misses it.
		_ = k.records.DeleteSigningKey(context.WithoutCancel(ctx), made.ID)
		if errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
			return store.SigningKey{}, fmt.Errorf("making a signing key: %w", store.ErrConflict)
		}
		return store.SigningKey{}, fmt.Errorf("making a signing key: %w", err)
	}
	id := made.ID
	made.NotBefore = notBefore
	made, err = k.records.UpdateSigningKey(ctx, made)
	if errors.Is(err, store.ErrConflict) {
		// Another process has settled on it for us.
		records, err := k.list(ctx)
		if again, ok := find(records, id); ok {
			return again, err
		}
	}
	if err != nil {
		return made, fmt.Errorf("storing a signing key: %w", err)
	}
	return made, nil
}

// generate makes and stores a provisional key.
func (k *Keyring) generate(ctx context.Context, alg string) (store.SigningKey, error) {
	var none store.SigningKey
	private, err := token.GenerateKey(alg)
	if err != nil {
		return none, err
	}
	plain, err := private.MarshalPrivate()
	if err != nil {
		return none, fmt.Errorf("writing a signing key: %w", err)
	}
	sealed, err := k.sealer.Seal(kind, private.ID(), plain)
	if err != nil {
		return none, fmt.Errorf("sealing a signing key: %w", err)
	}
	public, err := token.PublicKeySet(private)
	if err != nil {
		return none, fmt.Errorf("writing a signing key: %w", err)
	}
	made, err := k.records.CreateSigningKey(ctx, store.SigningKey{
		ID: private.ID(), Algorithm: private.Alg(), Private: sealed, Public: public, NotBefore: never(),
	})
	if err != nil {
		return none, fmt.Errorf("storing a signing key: %w", err)
	}
	return made, nil
}
