package store

import "fmt"

// OpenError says why a backend could not be opened and what to do about it.
type OpenError struct {
	Path string // the file, or the host and database, without credentials
	Err  error
	Help string // one thing to do; "" if there is nothing to say
}

// Error names the path and the cause.
func (e *OpenError) Error() string { return fmt.Sprintf("opening store %s: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Err }

// Hint returns the one thing to do, for whoever prints hints.
func (e *OpenError) Hint() string { return e.Help }
