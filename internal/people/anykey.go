package people

import (
	"context"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Replacement is how one key follows another.
type Replacement struct {
	// ID becomes that of the new key, see KeyID; where an administrator asks, ""
	// lets one be made.
	ID string
	// Overlap is how long the old key stays good; 0 ends it at once.
	Overlap time.Duration
	// Expires is when the new key ends; zero = good as long as the old one was.
	Expires time.Time
}

// AddKey is what an administrator does: it makes an API key for an account, or for
// nobody (""), and what the key may do is theirs to say. Without an ID one is made.
func (p *People) AddKey(ctx context.Context, by By, owner string, ask NewKey) (store.APIKey, token.APIKey, error) {
	none := func(err error) (store.APIKey, token.APIKey, error) { return store.APIKey{}, token.APIKey{}, err }
	if owner != "" {
		account, err := p.Account(ctx, owner)
		if err != nil {
			return none(err)
		}
		owner = account.Name
	}
	if !ask.Expires.IsZero() && !ask.Expires.After(p.now()) {
		return none(fmt.Errorf("%w: its end is over", ErrKeyInvalid))
	}
	if ask.ID == "" {
		id, err := p.KeyID()
		if err != nil {
			return none(err)
		}
		ask.ID = id
	}
	return p.makeKey(ctx, by, owner, ask, "by "+by.Actor)
}

// AnyKey is a key, whoever owns it.
func (p *People) AnyKey(ctx context.Context, id string) (store.APIKey, error) {
	key, err := p.Set.APIKeys.APIKey(ctx, id)
	if err != nil {
		return store.APIKey{}, fmt.Errorf("key: %w", err)
	}
	return key, nil
}

// RotateAnyKey is RotateKey for an administrator, who sets no limits to the
// overlap.
func (p *People) RotateAnyKey(ctx context.Context, by By, id string, ask Replacement) (store.APIKey, token.APIKey, error) {
	none := func(err error) (store.APIKey, token.APIKey, error) { return store.APIKey{}, token.APIKey{}, err }
	if ask.Overlap < 0 {
		return none(fmt.Errorf("%w: it overlaps for %s", ErrKeyInvalid, ask.Overlap))
	}
	old, err := p.AnyKey(ctx, id)
	if err != nil {
		return none(err)
	}
	if ask.ID == "" {
		if ask.ID, err = p.KeyID(); err != nil {
			return none(err)
		}
	}
	return p.replaceKey(ctx, by, old, ask)
}

// RevokeAnyKey is RevokeKey for an administrator. It returns the key as it is
// then.
func (p *People) RevokeAnyKey(ctx context.Context, by By, id string) (store.APIKey, bool, error) {
	return p.revokeKey(ctx, by, func() (store.APIKey, error) { return p.AnyKey(ctx, id) })
}
