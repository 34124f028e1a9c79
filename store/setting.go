package store

import "context"

// Settings keeps a few values that belong to the installation rather than to
// its configuration: the instance's id, the check value of the master key.
type Settings interface {
	// Setting returns the value, or ErrNotFound.
	Setting(ctx context.Context, name string) (string, error)
	// CreateSetting stores a new value, or returns ErrExists: of several
	// processes that start at once, one decides.
	CreateSetting(ctx context.Context, name, value string) error
	// UpdateSetting replaces the value if it is still old; else ErrConflict
	// or ErrNotFound.
	UpdateSetting(ctx context.Context, name, old, value string) error
}
