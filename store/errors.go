package store

import "errors"

// Conditions that callers are expected to handle. Backends wrap them; compare
// with errors.Is. Any other error means that the store could not answer, which
// must never be read as "no such record".
var (
	// ErrNotFound says that there is no such record.
	ErrNotFound = errors.New("not found")
	// ErrExists says that the name, id or hash of a new record is taken.
	ErrExists = errors.New("already exists")
	// ErrConflict says that the record has changed since it was read, or that
	// the change is one which its state forbids; nothing was written.
	ErrConflict = errors.New("changed in the meantime")
	// ErrInvalid says that a record was refused before it was written: a name
	// that is not canonical, a missing id, a field over its limit.
	ErrInvalid = errors.New("invalid record")
	// ErrClosed says that the set was closed.
	ErrClosed = errors.New("store is closed")
)
