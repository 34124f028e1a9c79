package store

import (
	"context"
	"log/slog"
	"time"
)

// SigningKey is a key pair with which the gate signs tokens.
type SigningKey struct {
	ID        string // kid
	Algorithm string // JOSE name: "ES256", "EdDSA", ...
	Private   []byte // sealed by the master key; opaque to the store
	Public    []byte // JWK, JSON

	Created   time.Time // set by the backend
	NotBefore time.Time // does not sign before; published at once
	Retired   time.Time // signs no longer from then on; zero = not retired
	Expires   time.Time // verifies no longer from then on; zero = never

	Version int64 // set by the backend
}

// LogValue keeps the key out of logs.
func (k SigningKey) LogValue() slog.Value { return slog.StringValue(k.ID) }

// String returns the ID.
func (k SigningKey) String() string { return k.ID }

// SigningKeys keeps signing keys.
type SigningKeys interface {
	// ListSigningKeys returns all keys, oldest first, then by ID.
	ListSigningKeys(ctx context.Context) ([]SigningKey, error)
	// CreateSigningKey stores a new key, or returns ErrExists.
	CreateSigningKey(ctx context.Context, k SigningKey) (SigningKey, error)
	// UpdateSigningKey replaces Private (sealed anew under another master
	// key), NotBefore, Retired and Expires if the version is still k.Version;
	// else ErrConflict or ErrNotFound. The other fields stay as stored.
	UpdateSigningKey(ctx context.Context, k SigningKey) (SigningKey, error)
	// DeleteSigningKey removes the key, or returns ErrNotFound.
	DeleteSigningKey(ctx context.Context, id string) error
}
