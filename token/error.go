package token

import (
	"errors"
	"fmt"

	"github.com/gate401/gate401/reason"
)

// An Error is a refusal: the token or key was judged, and this is why it does
// not pass. An error of any other type means that nobody could say.
type Error struct {
	// Reason is the entry of the catalogue.
	Reason reason.Code

	// Err says what was expected and what was found. It is for the operator: it
	// may name the expected audience, and repeats (quoted, cut) what the token
	// says. It never contains the token or a key.
	Err error

	// Claims is what the token says, when its signature was right and something
	// else was not: whose token expired. Nil whenever the signature was not
	// verified, so that nothing unproven finds its way into a record.
	Claims *Claims
}

// Error is the text for the operator.
func (e *Error) Error() string {
	if e.Err == nil {
		return string(e.Reason)
	}
	return string(e.Reason) + ": " + e.Err.Error()
}

// Unwrap is Err.
func (e *Error) Unwrap() error { return e.Err }

// ErrKeyUnknown is what a [KeySource] returns when it has an up-to-date set of
// keys and none of them is the one that was asked for.
var ErrKeyUnknown = errors.New("no such key")

// ErrClosed is returned by a source of keys after its Close.
var ErrClosed = errors.New("key source is closed")

func refuse(code reason.Code, format string, args ...any) error {
	return &Error{Reason: code, Err: fmt.Errorf(format, args...)}
}

func malformed(format string, args ...any) error {
	return refuse(reason.TokenMalformed, format, args...)
}
