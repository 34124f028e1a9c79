package authn

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

const methodKey = "api-key"

// DefaultEnvironment is the environment of keys where none is set.
const DefaultEnvironment = "live"

// Keys verifies API keys for [APIKey] and [Bearer], which share one: the same
// key is then the same credential wherever it was sent. Close it when done. Do
// not copy it, and do not change its fields, after first use.
//
// A right key is remembered until its record or its owner's changes.
type Keys struct {
	// Name is what the configuration calls the method.
	Name string
	// Store reads the keys. Required.
	Store store.APIKeyReader
	// Accounts reads the owners of keys. Required for keys that have one.
	Accounts AccountReader
	// Changes is the change feed, store.Set's Revision. Without it nothing is
	// remembered.
	Changes func() uint64
	// Environment is that of the keys to accept; empty means
	// DefaultEnvironment.
	Environment string
	// Used is told when keys were last used, now and then; nil tells nobody.
	Used KeyUse
	// FlushEvery is how often it is told; 0 means DefaultFlushEvery.
	FlushEvery time.Duration
	// Remember is for how long a right key is not looked up again; 0 means
	// DefaultRemember, a negative value never remembers.
	Remember time.Duration
	// Entries is about how many are remembered; 0 means DefaultKeyEntries. One
	// takes some 140 octets, and a list of groups and scopes that no other key
	// has as much again; memory is taken as keys are used.
	Entries int
	// Log hears of marks of use that could not be stored; nil discards.
	Log *slog.Logger

	once  sync.Once
	hash  fingerprint
	known *keyTable // all that are remembered
	ready *keyFront // some of them, ready to use
	use   useLog
}

// knownKey is a right key, and the revision of the store at which that was last
// found to be so.
type knownKey struct {
	key      [32]byte // its fingerprint
	id       *gate401.Identity
	ends     time.Time
	record   string // ID of the key
	version  int64
	owner    string
	account  int64 // version of the owner's account
	revision atomic.Uint64
	dead     atomic.Bool // it was found to have changed
	use      *keyUse
}

// keyCredential is a key, wherever it was sent.
type keyCredential struct {
	text    string
	key     [32]byte
	known   *knownKey // nil if it is not remembered
	ambient bool
}

// Method returns "api-key", for keys in the Authorization field too.
func (c *keyCredential) Method() string { return methodKey }

// Account names none: the key itself is looked up. It is counted when it fails.
func (c *keyCredential) Account() (string, bool) { return "", true }

// Key identifies the key.
func (c *keyCredential) Key() [32]byte { return c.key }

// Ambient tells that the key came in a cookie.
func (c *keyCredential) Ambient() bool { return c.ambient }

// String keeps the key out of logs.
func (c *keyCredential) String() string { return "[redacted]" }

// GoString is String, for %#v.
func (c *keyCredential) GoString() string { return "[redacted]" }

var _ gate401.Ambient = (*keyCredential)(nil)

func (k *Keys) setup() {
	k.hash = newFingerprint()
	if k.Remember < 0 {
		return
	}
	entries := k.Entries
	if entries <= 0 {
		entries = DefaultKeyEntries
	}
	k.known, k.ready = newKeyTable(entries), newKeyFront(entries)
}

// looksLikeKey tells API keys from other tokens, in any case, so that a key in
// the wrong case is told that.
func looksLikeKey(text string) bool {
	const n = len(token.APIKeyPrefix)
	return len(text) > n && text[n] == '_' && strings.EqualFold(text[:n], token.APIKeyPrefix)
}

// credential reads a key. Its form is checked once: a key that is remembered
// had the right one.
func (k *Keys) credential(text string, ambient bool) (*keyCredential, error) {
	k.once.Do(k.setup)
	c := &keyCredential{text: text, key: k.hash.of(text), ambient: ambient}
	if m, ok := k.remembered(c.key); ok {
		c.known = m
		return c, nil
	}
	if ambient {
		// Verify judges its form: a broken cookie, which the client sends by
		// itself, must not stand in the way of an explicit credential.
		return c, nil
	}
	if _, err := token.ParseAPIKey(text); err != nil {
		return nil, denied(methodKey, err)
	}
	return c, nil
}

// recall is the Recall of both authenticators.
func (k *Keys) recall(r *gate401.Request, c *keyCredential) (*gate401.Identity, bool, error) {
	m := c.known
	if m == nil {
		k.once.Do(k.setup)
		var ok bool
		if m, ok = k.remembered(c.key); !ok {
			return nil, false, nil
		}
	}
	if m.dead.Load() {
		return nil, false, nil
	}
	// Both the memory's end and the key's own.
	if !r.Time.Before(m.ends) {
		k.forget(m)
		return nil, false, nil
	}
	if rev := k.Changes(); rev != m.revision.Load() {
		same, err := k.unchanged(m)
		switch {
		case err != nil:
			// What cannot be read now is verified anew, which reports it.
			return nil, false, nil //nolint:nilerr // see above
		case !same:
			m.dead.Store(true)
			k.forget(m)
			return nil, false, nil
		}
		m.revision.Store(rev)
		k.known.keep(m, r.Time)
	}
	k.mark(m.use, r.Time)
	return m.id, true, nil
}

// unchanged reads the records of a remembered key again.
func (k *Keys) unchanged(m *knownKey) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), recallTimeout)
	defer cancel()
	record, err := k.Store.APIKey(ctx, m.record)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || record.Version != m.version || !record.Revoked.IsZero() {
		return false, err
	}
	if m.owner == "" {
		return true, nil
	}
	owner, err := k.Accounts.Account(ctx, m.owner)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && owner.Version == m.account && !owner.Suspended, err
}

// verify is the Verify of both authenticators.
func (k *Keys) verify(ctx context.Context, r *gate401.Request, c *keyCredential) (*gate401.Identity, error) {
	k.once.Do(k.setup)
	if k.Store == nil {
		return nil, errors.New("no store of API keys is set")
	}
	key, err := token.ParseAPIKey(c.text)
	if err != nil {
		return nil, denied(methodKey, err)
	}
	environment := k.Environment
	if environment == "" {
		environment = DefaultEnvironment
	}
	if key.Environment != environment {
		return nil, deny(methodKey, reason.APIKeyWrongEnvironment, "",
			fmt.Errorf("the key is for %q, this gate takes keys for %q", key.Environment, environment))
	}
	// Before the records are read: what changes in between is noticed later.
	var rev uint64
	if k.Changes != nil {
		rev = k.Changes()
	}
	hash := key.Hash()
	record, err := k.Store.APIKeyByHash(ctx, hash)
	if errors.Is(err, store.ErrNotFound) || (err == nil && subtle.ConstantTimeCompare(record.Hash[:], hash[:]) != 1) {
		return nil, deny(methodKey, reason.APIKeyUnknown, "", fmt.Errorf("no key %s is stored", key.Display()))
	}
	if err != nil {
		return nil, fmt.Errorf("reading an API key: %w", err)
	}
	subject := subjectOf(record.Owner, record.ID)
	no := func(code reason.Code, format string, args ...any) error {
		return about(deny(methodKey, code, subject, fmt.Errorf("key %s: "+format, append([]any{record.ID}, args...)...)), record.ID, "", "")
	}
	switch {
	case !record.Revoked.IsZero():
		return nil, no(reason.APIKeyRevoked, "revoked %s", record.Revoked.UTC().Format(time.RFC3339))
	case !record.Expires.IsZero() && !r.Time.Before(record.Expires):
		hint := ""
		if record.Successor != "" {
			hint = ", replaced by key " + record.Successor
		}
		return nil, no(reason.APIKeyExpired, "expired %s%s", record.Expires.UTC().Format(time.RFC3339), hint)
	case record.Environment != "" && record.Environment != environment:
		return nil, no(reason.APIKeyWrongEnvironment, "recorded for %q, this gate takes keys for %q", record.Environment, environment)
	}
	m := &knownKey{key: c.key, record: record.ID, version: record.Version, owner: record.Owner}
	if record.Owner != "" {
		if k.Accounts == nil {
			return nil, fmt.Errorf("key %s has an owner, and no store of accounts is set", record.ID)
		}
		owner, err := k.Accounts.Account(ctx, record.Owner)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil, no(reason.APIKeyRevoked, "its owner %q does not exist any more", record.Owner)
		case err != nil:
			return nil, fmt.Errorf("reading the owner of an API key: %w", err)
		case owner.Suspended:
			return nil, no(reason.AccountSuspended, "its owner %q is suspended", record.Owner)
		}
		m.account = owner.Version
	}
	m.id = &gate401.Identity{
		Subject: subject, Method: methodKey, Name: k.Name, Credential: record.ID,
		Groups: record.Groups, Scopes: record.Scopes, Expires: record.Expires,
	}
	m.use = k.useOf(record.ID)
	k.mark(m.use, r.Time)
	if k.Remember >= 0 && k.Changes != nil {
		m.ends = ending(r.Time, or(k.Remember, DefaultRemember), record.Expires)
		m.revision.Store(rev)
		k.known.keep(m, r.Time)
		k.ready.set(m)
	}
	return m.id, nil
}

// remembered returns what is known of a key, whether or not it still holds.
func (k *Keys) remembered(key [32]byte) (*knownKey, bool) {
	if m, ok := k.ready.get(&key); ok {
		return m, true
	}
	m, ok := k.known.get(key)
	if !ok {
		return nil, false
	}
	m.id.Name = k.Name
	m.use = k.useOf(m.record)
	k.ready.set(m)
	return m, true
}

// forget what is known of a key, and m, which may have been pushed aside since.
func (k *Keys) forget(m *knownKey) {
	k.known.forget(m.key)
	k.ready.forget(m)
}
