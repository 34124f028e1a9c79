package people

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// What a person may do with their own keys.
const (
	// MaxKeys is how many good keys an account may have that makes them itself.
	MaxKeys = 100
	// MaxKeyName is the length of what a key is for, in characters.
	MaxKeyName = 64
	// MaxOverlap is the longest that a replaced key stays good.
	MaxOverlap = 30 * 24 * time.Hour
)

// Why a key is not made or changed.
var (
	// ErrTooManyKeys says that the account has MaxKeys already.
	ErrTooManyKeys = fmt.Errorf("an account has at most %d keys that are good", MaxKeys)
	// ErrBeyond says that a key would be allowed more than its owner.
	ErrBeyond = errors.New("a key cannot be allowed what its owner is not")
	// ErrKeyOver says that the key is revoked, expired or replaced.
	ErrKeyOver = errors.New("the key is revoked, expired or replaced already")
	// ErrKeyInvalid says that name, environment, expiry or overlap make no sense.
	ErrKeyInvalid = errors.New("no such key can be made")
)

// NewKey is what a person asks for.
type NewKey struct {
	// ID becomes that of the key, so that a form that is sent twice makes one key:
	// the second time is store.ErrExists. See KeyID.
	ID          string
	Name        string
	Environment string
	Scopes      []string
	Groups      []string
	Expires     time.Time // zero = never
}

const idLetters = "0123456789abcdefghjkmnpqrstvwxyz"

// KeyID makes the ID of a key that is yet to be made.
func (p *People) KeyID() (string, error) {
	var b [10]byte
	if err := p.random(b[:]); err != nil {
		return "", err
	}
	for i := range b {
		b[i] = idLetters[b[i]&31]
	}
	return "k-" + string(b[:]), nil
}

func isKeyID(id string) bool {
	rest, ok := strings.CutPrefix(id, "k-")
	return ok && len(rest) == 10 && strings.Trim(rest, idLetters) == ""
}

// CreateKey makes an API key for an account that asks for it itself: what it may
// do is bounded by what the account may do. The key is in the second result, the
// only time that it can be seen.
func (p *People) CreateKey(ctx context.Context, by By, owner string, ask NewKey) (store.APIKey, token.APIKey, error) {
	none := func(err error) (store.APIKey, token.APIKey, error) { return store.APIKey{}, token.APIKey{}, err }
	account, err := p.Account(ctx, owner)
	switch {
	case err != nil:
		return none(err)
	case account.Suspended:
		return none(ErrSuspended)
	case !isKeyID(ask.ID):
		return none(fmt.Errorf("%w: its id is none", ErrKeyInvalid))
	case utf8.RuneCountInString(ask.Name) > MaxKeyName:
		return none(fmt.Errorf("%w: its name has more than %d characters", ErrKeyInvalid, MaxKeyName))
	// Names stand in lists on terminals, which would obey them.
	case strings.ContainsFunc(ask.Name, func(c rune) bool { return !unicode.IsPrint(c) }):
		return none(fmt.Errorf("%w: its name has characters that cannot be seen", ErrKeyInvalid))
	case !ask.Expires.IsZero() && !ask.Expires.After(p.now()):
		return none(fmt.Errorf("%w: its end is over", ErrKeyInvalid))
	}
	for _, scope := range ask.Scopes {
		if !slices.Contains(account.Scopes, scope) {
			return none(fmt.Errorf("%w: scope %q", ErrBeyond, scope))
		}
	}
	for _, group := range ask.Groups {
		if !slices.Contains(account.Groups, group) {
			return none(fmt.Errorf("%w: group %q", ErrBeyond, group))
		}
	}
	keys, err := p.Keys(ctx, account.Name)
	if err != nil {
		return none(err)
	}
	good := 0
	for _, k := range keys {
		if p.isGood(k) {
			good++
		}
	}
	if good >= MaxKeys {
		return none(ErrTooManyKeys)
	}
	return p.makeKey(ctx, by, account.Name, ask, "made by its owner")
}

// makeKey stores a new key. What it may be is judged by the caller.
func (p *People) makeKey(ctx context.Context, by By, owner string, ask NewKey, how string) (store.APIKey, token.APIKey, error) {
	none := func(err error) (store.APIKey, token.APIKey, error) { return store.APIKey{}, token.APIKey{}, err }
	secret, err := token.NewAPIKey(p.Rand, ask.Environment)
	if err != nil {
		return none(fmt.Errorf("%w: %w", ErrKeyInvalid, err))
	}
	made, err := p.Set.APIKeys.CreateAPIKey(ctx, store.APIKey{
		ID: ask.ID, Hash: secret.Hash(), Hint: secret.Display(), Environment: ask.Environment, Owner: owner,
		Name: ask.Name, Scopes: ask.Scopes, Groups: ask.Groups, Expires: ask.Expires,
	})
	if err != nil {
		return none(fmt.Errorf("storing a key: %w", err))
	}
	p.tell(by, store.Event{Kind: store.EventIssued, Method: methodKey, Object: made.ID, Subject: owner, Detail: how})
	detail := map[string]any{"owner": made.Owner, "name": made.Name, "environment": made.Environment, "scopes": made.Scopes}
	return made, secret, p.note(ctx, by, "key.create", made.ID, detail)
}

// methodKey is what the history calls API keys.
const methodKey = "api-key"

// Keys are the keys of an account, the newest first, also those that are over.
func (p *People) Keys(ctx context.Context, owner string) ([]store.APIKey, error) {
	if owner == "" {
		return nil, fmt.Errorf("keys of nobody: %w", store.ErrInvalid)
	}
	var keys []store.APIKey
	for after := ""; ; {
		page, err := p.Set.APIKeys.ListAPIKeys(ctx, owner, after, store.MaxPage)
		if err != nil {
			return nil, fmt.Errorf("reading the keys of %q: %w", owner, err)
		}
		keys = append(keys, page...)
		if len(page) < store.MaxPage {
			break
		}
		after = page[len(page)-1].ID
	}
	slices.SortStableFunc(keys, func(a, b store.APIKey) int { return b.Created.Compare(a.Created) })
	return keys, nil
}

func (p *People) isGood(k store.APIKey) bool {
	return k.Revoked.IsZero() && (k.Expires.IsZero() || p.now().Before(k.Expires))
}

// Key is one key of an account; that of somebody else is store.ErrNotFound.
func (p *People) Key(ctx context.Context, owner, id string) (store.APIKey, error) {
	key, err := p.Set.APIKeys.APIKey(ctx, id)
	if err == nil && (owner == "" || key.Owner != owner) {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.APIKey{}, fmt.Errorf("key: %w", err)
	}
	return key, nil
}

// RotateKey replaces a key by one of the same name, scopes and groups; the old
// one ends after the overlap, 0 at once. next is the ID of the new one, see
// KeyID: a form that is sent twice makes one.
func (p *People) RotateKey(ctx context.Context, by By, owner, id, next string, overlap time.Duration) (store.APIKey, token.APIKey, error) {
	none := func(err error) (store.APIKey, token.APIKey, error) { return store.APIKey{}, token.APIKey{}, err }
	if overlap < 0 || overlap > MaxOverlap || !isKeyID(next) {
		return none(fmt.Errorf("%w: it overlaps for %s", ErrKeyInvalid, overlap))
	}
	old, err := p.Key(ctx, owner, id)
	if err != nil {
		return none(err)
	}
	return p.replaceKey(ctx, by, old, Replacement{ID: next, Overlap: overlap})
}

// replaceKey lets a key be followed by another one.
func (p *People) replaceKey(ctx context.Context, by By, old store.APIKey, ask Replacement) (store.APIKey, token.APIKey, error) {
	none := func(err error) (store.APIKey, token.APIKey, error) { return store.APIKey{}, token.APIKey{}, err }
	if old.Successor == ask.ID {
		return none(fmt.Errorf("key %s: %w", ask.ID, store.ErrExists))
	}
	if !p.isGood(old) || old.Successor != "" {
		return none(ErrKeyOver)
	}
	secret, err := token.NewAPIKey(p.Rand, old.Environment)
	if err != nil {
		return none(err)
	}
	successor := store.APIKey{
		ID: ask.ID, Hash: secret.Hash(), Hint: secret.Display(), Environment: old.Environment, Owner: old.Owner,
		Name: old.Name, Scopes: old.Scopes, Groups: old.Groups, Expires: ask.Expires,
	}
	now := p.now()
	if successor.Expires.IsZero() && !old.Expires.IsZero() {
		successor.Expires = now.Add(old.Expires.Sub(old.Created))
	}
	until := now.Add(ask.Overlap)
	made, err := p.Set.APIKeys.RotateAPIKey(ctx, old.ID, old.Version, until, successor)
	switch {
	case errors.Is(err, store.ErrConflict):
		return none(ErrKeyOver)
	case err != nil:
		return none(fmt.Errorf("storing a key: %w", err))
	}
	p.tell(by, store.Event{Kind: store.EventRenewed, Method: methodKey, Object: old.ID, Subject: old.Owner, Detail: "replaced by " + made.ID})
	p.tell(by, store.Event{Kind: store.EventIssued, Method: methodKey, Object: made.ID, Subject: made.Owner, Detail: "in place of " + old.ID})
	return made, secret, p.note(ctx, by, "key.rotate", old.ID, map[string]any{"successor": made.ID, "until": until.UTC()})
}

// RevokeKey ends a key of an account, and tells whether it was not revoked
// before.
func (p *People) RevokeKey(ctx context.Context, by By, owner, id string) (bool, error) {
	_, revoked, err := p.revokeKey(ctx, by, func() (store.APIKey, error) { return p.Key(ctx, owner, id) })
	return revoked, err
}

// revokeKey ends the key that is found.
func (p *People) revokeKey(ctx context.Context, by By, find func() (store.APIKey, error)) (store.APIKey, bool, error) {
	for try := 1; ; try++ {
		key, err := find()
		if err != nil || !key.Revoked.IsZero() {
			return key, false, err
		}
		key.Revoked = p.now()
		ended, err := p.Set.APIKeys.UpdateAPIKey(ctx, key)
		switch {
		case err == nil:
			p.tell(by, store.Event{Kind: store.EventRevoked, Method: methodKey, Object: key.ID, Subject: key.Owner, Detail: "by " + by.Actor})
			return ended, true, p.note(ctx, by, "key.revoke", key.ID, map[string]string{"owner": key.Owner})
		case !errors.Is(err, store.ErrConflict) || try == attempts:
			return key, false, fmt.Errorf("revoking a key: %w", err)
		}
	}
}
