// Package keyring is the gate's own signing keys: kept sealed in the store,
// opened when they sign, published so that others can verify.
//
// Start with [Open], which makes the first key if there is none; then
// [Keyring.Issue] signs, and the Keyring itself is the token.KeySource of the
// gate's own tokens.
//
// [Keyring.Turn] lets keys follow each other on a schedule: a successor is
// published long before it signs, and the one before stays published until the
// last token that it signed is over. Of several processes with one store, one
// makes the successor.
//
// It decides nothing about tokens (package token does), and starts nothing:
// somebody has to call Turn.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Sealer encrypts small secrets for the store; internal/seal has one.
type Sealer interface {
	Seal(kind, id string, plain []byte) ([]byte, error)
	Open(kind, id string, sealed []byte) ([]byte, error)
}

// kind binds a sealed key to what it is, so that it cannot be swapped for
// another record's secret.
const kind = "signing-key"

// Keyring holds the keys of one store. It is safe for concurrent use.
type Keyring struct {
	records  store.SigningKeys
	settings store.Settings
	revision func() uint64
	sealer   Sealer
	now      func() time.Time

	mu     sync.RWMutex
	loaded bool
	at     uint64 // revision that was loaded
	keys   []key
	public *token.KeySet

	looking sync.Mutex // one at a time looks for a key that is not known
	looked  time.Time
}

type key struct {
	record  store.SigningKey
	private *token.SigningKey
}

var _ token.KeySource = (*Keyring)(nil)

// Open reads the keys of set, and makes an ES256 key if none can sign. now is
// the clock; nil means time.Now.
func Open(ctx context.Context, set *store.Set, sealer Sealer, now func() time.Time) (*Keyring, error) {
	if now == nil {
		now = time.Now
	}
	k := &Keyring{records: set.SigningKeys, settings: set.Settings, revision: set.Revision, sealer: sealer, now: now}
	if _, err := k.signer(ctx); errors.Is(err, errNoSigner) {
		if _, err := k.settle(ctx, DefaultLead); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	return k, nil
}

// Create makes a new key for alg (ES256, EdDSA or RS256), which signs from now
// on, and returns its id. The keys before it retire. [Keyring.Rotate] publishes
// it first.
func (k *Keyring) Create(ctx context.Context, alg string) (string, error) {
	made, err := k.Rotate(ctx, alg, 0)
	return made.ID, err
}

// Issue signs a token by the newest key that may sign.
func (k *Keyring) Issue(ctx context.Context, grant token.Grant) (token.Issued, error) {
	signer, err := k.signer(ctx)
	if err != nil {
		return token.Issued{}, err
	}
	if grant.At.IsZero() {
		grant.At = k.now()
	}
	return signer.Issue(grant)
}

// Signer is the newest key that may sign.
func (k *Keyring) Signer(ctx context.Context) (*token.SigningKey, error) { return k.signer(ctx) }

// Keys finds the keys that verify the gate's own tokens. A key that was withdrawn
// is gone as soon as the store's revision has moved. One that is not known is
// looked for in the store: another process may have made it a moment ago, and its
// tokens must not be refused as forged. A token that names no key is not ours, and
// nobody could tell later whether its key was withdrawn.
func (k *Keyring) Keys(ctx context.Context, kid, alg string) ([]*token.Key, error) {
	if kid == "" {
		return nil, fmt.Errorf("%w: the token has no kid, as all of ours do", token.ErrKeyUnknown)
	}
	found, err := k.have(ctx, kid, alg)
	if !errors.Is(err, token.ErrKeyUnknown) {
		return found, err
	}
	k.looking.Lock()
	defer k.looking.Unlock()
	// Somebody may have looked meanwhile.
	if found, err = k.have(ctx, kid, alg); !errors.Is(err, token.ErrKeyUnknown) {
		return found, err
	}
	// Whoever invents names of keys must not have a read of the store for each.
	now := k.now()
	if since := now.Sub(k.looked); since >= 0 && since < lookAgain {
		return nil, err
	}
	k.looked = now
	if _, _, err := k.load(ctx, k.revision()); err != nil {
		return nil, err
	}
	return k.have(ctx, kid, alg)
}

// lookAgain is well below what a store takes to tell other processes of a change.
const lookAgain = 5 * time.Millisecond

// have finds keys among those that were read.
func (k *Keyring) have(ctx context.Context, kid, alg string) ([]*token.Key, error) {
	_, public, err := k.current(ctx)
	if err != nil {
		return nil, err
	}
	return public.Keys(ctx, kid, alg)
}

// PublicKeySet is the JWK Set to publish (RFC 7517 section 5): every key that
// has not expired, also those that do not sign yet or any more.
func (k *Keyring) PublicKeySet(ctx context.Context) ([]byte, error) {
	keys, _, err := k.current(ctx)
	if err != nil {
		return nil, err
	}
	var private []*token.SigningKey
	for _, one := range keys {
		private = append(private, one.private)
	}
	return token.PublicKeySet(private...)
}

// Algorithms are those of the keys that are published, each once, that of the one
// that signs first: whoever reads them once, and keeps them, has to take what the
// next key signs.
func (k *Keyring) Algorithms(ctx context.Context) ([]string, error) {
	signer, err := k.signer(ctx)
	if err != nil {
		return nil, err
	}
	keys, _, err := k.current(ctx)
	if err != nil {
		return nil, err
	}
	all := []string{signer.Alg()}
	for _, one := range keys {
		if alg := one.private.Alg(); !slices.Contains(all, alg) {
			all = append(all, alg)
		}
	}
	return all, nil
}

var errNoSigner = errors.New("no signing key may sign now")

func (k *Keyring) signer(ctx context.Context) (*token.SigningKey, error) {
	keys, _, err := k.current(ctx)
	if err != nil {
		return nil, err
	}
	now := k.now()
	best := -1
	for i, one := range keys {
		if signs(one.record, now) && (best < 0 || !one.record.NotBefore.Before(keys[best].record.NotBefore)) {
			best = i
		}
	}
	if best < 0 {
		return nil, errNoSigner
	}
	return keys[best].private, nil
}

// signs tells whether a key may sign at now.
func signs(r store.SigningKey, now time.Time) bool {
	return !r.NotBefore.After(now) && (r.Retired.IsZero() || r.Retired.After(now)) && !expired(r, now)
}

// current returns the keys that have not expired, oldest first, read again if
// the store has changed.
func (k *Keyring) current(ctx context.Context) ([]key, *token.KeySet, error) {
	at := k.revision()
	k.mu.RLock()
	keys, public, fresh := k.keys, k.public, k.loaded && k.at == at
	k.mu.RUnlock()
	if !fresh {
		var err error
		if keys, public, err = k.load(ctx, at); err != nil {
			return nil, nil, err
		}
	}
	now := k.now()
	for _, one := range keys {
		if expired(one.record, now) {
			return k.without(keys, now)
		}
	}
	return keys, public, nil
}

func expired(r store.SigningKey, now time.Time) bool {
	return !r.Expires.IsZero() && !now.Before(r.Expires)
}

// without leaves out what has expired since the keys were read.
func (k *Keyring) without(keys []key, now time.Time) ([]key, *token.KeySet, error) {
	var left []key
	var public []*token.Key
	for _, one := range keys {
		if !expired(one.record, now) {
			left, public = append(left, one), append(public, one.private.Public())
		}
	}
	return left, token.NewKeySet(public...), nil
}

func (k *Keyring) load(ctx context.Context, at uint64) ([]key, *token.KeySet, error) {
	records, err := k.records.ListSigningKeys(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the signing keys: %w", err)
	}
	known := map[string]*token.SigningKey{}
	k.mu.RLock()
	for _, one := range k.keys {
		known[one.record.ID] = one.private
	}
	k.mu.RUnlock()
	var keys []key
	var public []*token.Key
	for _, r := range records {
		if provisional(r) {
			continue // nobody has settled on it
		}
		private := known[r.ID]
		if private == nil {
			if private, err = k.open(r); err != nil {
				return nil, nil, err
			}
		}
		keys, public = append(keys, key{r, private}), append(public, private.Public())
	}
	set := token.NewKeySet(public...)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys, k.public, k.at, k.loaded = keys, set, at, true
	return keys, set, nil
}

func (k *Keyring) open(r store.SigningKey) (*token.SigningKey, error) {
	plain, err := k.sealer.Open(kind, r.ID, r.Private)
	if err != nil {
		return nil, fmt.Errorf("opening the signing key %s: %w", r.ID, err)
	}
	private, err := token.ParseSigningKey(plain)
	if err != nil {
		return nil, fmt.Errorf("reading the signing key %s: %w", r.ID, err)
	}
	if private.ID() != r.ID {
		return nil, fmt.Errorf("the signing key %s is stored under another name", r.ID)
	}
	return private, nil
}
