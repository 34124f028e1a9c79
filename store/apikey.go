package store

import (
	"context"
	"log/slog"
	"time"
)

// APIKey is what is kept of an API key: never the key itself, only the SHA-256
// of its 256 random bits.
type APIKey struct {
	ID          string   // unique; what people and logs call the key
	Hash        [32]byte // SHA-256 of the whole key; unique
	Hint        string   // first characters of the key, for lists
	Environment string   // "live", "test", ...
	Owner       string   // canonical name of an account; "" = owned by nobody
	Name        string   // free text: what it is for
	Scopes      []string
	Groups      []string

	Created  time.Time // set by the backend
	Expires  time.Time // zero = never
	Revoked  time.Time // zero = not revoked; once set it stays
	LastUsed time.Time // set by MarkAPIKeysUsed alone; may lag
	// Successor is the ID of the key that replaced this one; both are good
	// until Expires.
	Successor string

	Version int64 // set by the backend
}

// LogValue keeps the hash out of logs.
func (k APIKey) LogValue() slog.Value { return slog.StringValue(k.ID) }

// String returns the ID.
func (k APIKey) String() string { return k.ID }

// APIKeys keeps API keys.
type APIKeys interface {
	APIKeyReader
	APIKeyWriter
}

// APIKeyReader finds API keys.
type APIKeyReader interface {
	// APIKeyByHash returns the key with that SHA-256, or ErrNotFound. It is
	// the hot path. Expired and revoked keys are found too.
	APIKeyByHash(ctx context.Context, hash [32]byte) (APIKey, error)
	// APIKey returns the key with that ID, or ErrNotFound.
	APIKey(ctx context.Context, id string) (APIKey, error)
	// ListAPIKeys returns keys in the order of their IDs, starting behind
	// after, of one owner or ("") of everyone; see Page for limit.
	ListAPIKeys(ctx context.Context, owner, after string, limit int) ([]APIKey, error)
}

// APIKeyWriter makes and changes API keys.
type APIKeyWriter interface {
	// CreateAPIKey stores a new key. ErrExists if the ID or the hash is taken,
	// ErrNotFound if its owner is no account.
	CreateAPIKey(ctx context.Context, k APIKey) (APIKey, error)
	// UpdateAPIKey replaces name, scopes, groups, expiry and revocation if the
	// version is still k.Version; the other fields stay as stored. To bring a
	// revoked key back is ErrConflict.
	UpdateAPIKey(ctx context.Context, k APIKey) (APIKey, error)
	// RotateAPIKey stores successor and lets the key with that id and version
	// end at until (or at its own earlier expiry), in one transaction: at no
	// moment is there no good key. ErrConflict if the key has changed, is
	// revoked or has a successor already. It returns the stored successor.
	RotateAPIKey(ctx context.Context, id string, version int64, until time.Time, successor APIKey) (APIKey, error)
	// MarkAPIKeysUsed notes when keys (by ID) were last used. It moves neither
	// versions nor the revision, never goes back in time and ignores unknown
	// IDs: callers collect and write now and then.
	MarkAPIKeysUsed(ctx context.Context, used map[string]time.Time) error
}
