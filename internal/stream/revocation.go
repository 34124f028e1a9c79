package stream

import (
	"encoding/json"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
)

// Kind says what was withdrawn.
type Kind string

// The kinds.
const (
	Token   Kind = "token"   // one access token, by its jti
	Key     Kind = "key"     // one API key, by its id
	Session Kind = "session" // one session of a browser, by its id
	Family  Kind = "family"  // a login with all of its tokens, by its sid
	Subject Kind = "subject" // everything that speaks for a subject
)

// Revocation withdraws credentials that streams may have begun with.
type Revocation struct {
	Kind Kind
	// ID is what Kind says. An empty one is about nothing.
	ID string
	// Issuer is who vouches for the ID; empty for our own accounts and keys. The
	// jti of one issuer is nothing to another.
	Issuer string
	// At is when it was withdrawn: tokens of a subject that were issued later
	// stay good. The zero time is about all of them.
	At time.Time
	// Reason tells why; empty means the usual one of Kind.
	Reason reason.Code
}

// because is the reason that streams end for.
func (r Revocation) because() reason.Code {
	switch {
	case r.Reason != "":
		return r.Reason
	case r.Kind == Key:
		return reason.APIKeyRevoked
	case r.Kind == Session:
		return reason.SessionRevoked
	}
	return reason.TokenRevoked
}

// Kinds of methods, as Identity.Method has them.
const (
	methodKey     = "api-key"
	methodSession = "session"
	methodToken   = "bearer"
)

// about tells whether id rests on what was withdrawn.
func (r Revocation) about(id *gate401.Identity) bool {
	if id == nil || r.ID == "" || r.Issuer != id.Issuer {
		return false
	}
	switch r.Kind {
	case Token:
		return id.Method != methodKey && id.Method != methodSession && id.Credential == r.ID
	case Key:
		return id.Method == methodKey && id.Credential == r.ID
	case Session:
		return id.Method == methodSession && id.Credential == r.ID
	case Family:
		sid, _ := id.Claims["sid"].(string)
		return sid == r.ID
	case Subject:
		if id.Subject != r.ID {
			return false
		}
		issued := issuedAt(id)
		return r.At.IsZero() || issued.IsZero() || !issued.After(r.At)
	}
	return false
}

// issuedAt is when a token was issued (RFC 7519 section 4.1.6), zero if unknown.
func issuedAt(id *gate401.Identity) time.Time {
	iat, ok := id.Claims["iat"].(json.Number)
	if !ok {
		return time.Time{}
	}
	seconds, err := iat.Float64()
	if err != nil {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}
