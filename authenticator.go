package gate401

import (
	"context"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// Authenticator is one way to prove who one is, one per wire scheme. Its three
// verbs are called in this order, from many goroutines at once.
type Authenticator interface {
	// Find looks for the credential; syntax only, no I/O. ok is false when the
	// request carries none of this kind. A credential that is there and cannot
	// be read is a *Denial.
	Find(r *Request) (c Credential, ok bool, err error)
	// Verify proves the credential. A *Denial refuses it; any other error means
	// that it could not be checked. It returns an Identity or an error, never
	// neither.
	Verify(ctx context.Context, r *Request, c Credential) (*Identity, error)
	// Challenges says how to ask (again); at least one. d is nil unless the
	// refusal is this Authenticator's own, and only then may a challenge carry
	// an error code (RFC 6750 section 3.1). The result is shared: the caller
	// must not write to it.
	Challenges(r *Request, q *Requirement, d *Denial) []httpauth.Challenge
}

// Recaller is what an Authenticator may be besides: it remembers outcomes that
// it verified a moment ago. The guard does not count what is recalled, and
// nothing is verified again. It must forget at once what was revoked. Its verdict
// may depend on nothing but the credential and the time, since equal credentials
// that arrive together are verified once for all of them.
type Recaller interface {
	// Recall returns a remembered identity, or a remembered refusal as err
	// (a *Denial), with ok true; ok is false when nothing is remembered.
	Recall(r *Request, c Credential) (id *Identity, ok bool, err error)
}

// Misser is what an Authenticator may be besides: one that has a reason of its
// own for a request without its credential. It is used where all methods of the
// rule name the same one.
type Misser interface{ Missing() reason.Code }

// Fresh is what an Authenticator may be besides: one whose challenges differ from
// answer to answer, because they carry a nonce. They are asked for each time. Those
// of others depend on the requirement and on the reason of the denial alone, and
// are asked for once.
type Fresh interface{ FreshChallenges() }

// Pager is what an Authenticator may be besides: one for which people log in at a
// page, with a browser. A page that is opened gets it as the refusal itself (see
// [Responder]), and no request of a browser is offered Basic or Digest beside it,
// for which browsers open a dialog of their own.
type Pager interface{ Pages() }

// Credential is what a request carries to prove who sent it: found and read, not
// yet believed. It is immutable.
type Credential interface {
	// Method is the kind of method it is for: "basic", "bearer", "api-key", ...
	Method() string
	// Account is the canonical name of the account that it claims, empty when
	// it names none. guessable tells whether a guesser could hit upon it, so
	// that the guard counts it; signatures are not guessable.
	Account() (name string, guessable bool)
	// Key identifies the credential in caches: a hash keyed per process. Within
	// one Requirement it is equal for equal credentials of one Method, whichever
	// Authenticator found them.
	Key() [32]byte
}

// Ambient is what a Credential may be besides: one that the client sends by
// itself, such as a cookie. Explicit credentials outrank ambient ones.
type Ambient interface{ Ambient() bool }

// Guard holds off guessers.
type Guard interface {
	// Reserve counts one attempt with a guessable credential, atomically and
	// before it is verified. A *Denial (rate-limited, locked-out) ends the
	// request; any other error means that it could not be counted. settle must
	// be called exactly once with what came of the attempt: nil for a right
	// credential, the error of Verify otherwise.
	Reserve(ctx context.Context, r *Request, c Credential) (settle func(error), err error)
}

// DangerouslyUnguarded is a Guard that counts nothing: guessing is unlimited.
// It is for tests, and for a gate behind something that limits guesses.
type DangerouslyUnguarded struct{}

// Reserve lets every attempt pass.
func (DangerouslyUnguarded) Reserve(context.Context, *Request, Credential) (func(error), error) {
	return func(error) {}, nil
}

var _ Guard = DangerouslyUnguarded{}
