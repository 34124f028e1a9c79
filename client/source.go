package client

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gate401/gate401/internal/terminal"
)

// Source gives access tokens. It is safe for concurrent use.
//
// [Transport] sees to it that one Renew at a time runs for a login, and that any
// number of requests wait for it; a Source that shares its tokens with other
// processes sees to these.
type Source interface {
	// Token answers the token to send now, expired or not, without asking
	// anyone over the network. ErrNoToken says that there is none: requests are
	// then sent without one.
	Token(ctx context.Context) (Token, error)
	// Renew answers a token to use in place of refused, which a server refused
	// or which is about to expire. If the source has another one already, for
	// example because another process was faster, that one is the answer and
	// nobody is asked.
	//
	// ErrNoRenewal says that this source never renews. A *RenewalError carries
	// what a token endpoint said. Any other error means that the renewal could
	// not be tried or not be finished, and that it may succeed later.
	Renew(ctx context.Context, refused Token) (Token, error)
}

// What a Source may say.
var (
	// ErrNoToken says that there is no token: nobody logged in.
	ErrNoToken = errors.New("no access token: nobody is logged in")
	// ErrNoRenewal says that the token cannot be renewed, only replaced by a new
	// login.
	ErrNoRenewal = errors.New("the access token cannot be renewed")
)

// Token is an access token. It prints without its value.
type Token struct {
	// Value is the secret that goes behind "Bearer".
	Value string
	// Obtained and Expiry are by the clock of this machine; zero if unknown.
	// Obtained decides how long ahead of Expiry the token is renewed.
	Obtained, Expiry time.Time
	// Scopes that were granted, if known; told in a Denied.
	Scopes []string
}

// String holds nothing of the secret.
func (t Token) String() string { return "[redacted]" }

// GoString is String, for %#v.
func (t Token) GoString() string { return t.String() }

// LogValue is String, for log/slog.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalJSON writes String: keeping tokens is not done by accident.
func (t Token) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

// RenewalError is the answer of a token endpoint that renewed nothing (RFC 6749
// section 5.2).
type RenewalError struct {
	// Code is the "error" of the answer, such as "invalid_grant"; empty if the
	// answer had none.
	Code string
	// Description is its "error_description".
	Description string
	// Status of the answer, 0 if there was none.
	Status int
	// RetryAfter is what the answer asked for, 0 if nothing.
	RetryAfter time.Duration
	// Err is the error below, if there is one: a network that was not there.
	Err error
}

// Error says what the token endpoint said.
func (e *RenewalError) Error() string {
	text := "the token endpoint renewed nothing"
	if e.Code != "" {
		text += ": " + printable(e.Code)
	}
	if e.Description != "" {
		text += " (" + printable(e.Description) + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the error below.
func (e *RenewalError) Unwrap() error { return e.Err }

// Over tells that the login has ended and that only a new one gives a token
// again: the refresh token expired, was revoked or was used before.
func (e *RenewalError) Over() bool { return e.Code == "invalid_grant" }

// Static is a Source of one token that is never renewed.
func Static(token string) Source { return static(token) }

type static string

func (s static) Token(context.Context) (Token, error) {
	if s == "" {
		return Token{}, ErrNoToken
	}
	return Token{Value: string(s)}, nil
}

func (s static) Renew(context.Context, Token) (Token, error) { return Token{}, ErrNoRenewal }

func (s static) String() string       { return "[redacted]" }
func (s static) GoString() string     { return "[redacted]" }
func (s static) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// printable keeps what a server said on one line, without what steers a
// terminal.
func printable(text string) string {
	return terminal.Line(text, 500)
}
