package store

import (
	"context"
	"fmt"
	"time"
)

// RevocationKind says what a revocation is about.
type RevocationKind string

// The kinds.
const (
	RevokedToken   RevocationKind = "token"   // one access token, by its jti
	RevokedFamily  RevocationKind = "family"  // a login, with all of its tokens
	RevokedSubject RevocationKind = "subject" // all logins of a subject until now
	RevokedClient  RevocationKind = "client"  // all that a client was given until now
	RevokedAll     RevocationKind = "all"     // everything until now
)

// Everything is the ID of a revocation of the kind RevokedAll.
const Everything = "*"

// RevocationKept is how long the revocations are kept that the store makes by
// itself, when a password changes or an account goes: longer than any access
// token is good.
const RevocationKept = 2 * time.Hour

// Revocation withdraws access tokens before they expire.
type Revocation struct {
	Kind RevocationKind
	ID   string // jti, ID of a family, subject, ID of a client, or Everything
	// Issuer is the provider that vouches for a subject; "" = our own account.
	Issuer string
	At     time.Time
	// Until is when the last access token that it is about has expired, so that
	// it need not be remembered any longer. Required.
	Until time.Time
	Cause string // for the operator
}

// AccessToken is what is known of an access token that may have been withdrawn.
type AccessToken struct {
	ID      string // jti
	Family  string // the login that it stems from
	Client  string // whom it was issued to
	Subject string // whom it speaks for, by the name of our own account
	Issued  time.Time
}

// Revocations keeps revocations of tokens.
type Revocations interface {
	// Revoke stores a revocation and moves the revision. The first one of a
	// token or family stands; of the other kinds, the latest At and Until do.
	//
	// That of a family marks its record, and is ErrNotFound if there is none. The
	// other kinds mark all families that they are about and that are not revoked
	// yet, and remove the tickets, but those of the kinds TicketProof and
	// TicketLink, that nobody has used: nothing may come of them later. That of a
	// subject ends its sessions, too; that of everything ends all sessions, and
	// removes links as well.
	Revoke(ctx context.Context, r Revocation) error
	// Revoked returns the revocation that an access token falls under, or
	// ErrNotFound: by its jti, by its family, or, if it has no family, by its
	// subject, its client or as a part of everything where it was issued at or
	// before the revocation. An empty field names none.
	Revoked(ctx context.Context, t AccessToken) (Revocation, error)
}

// Normal does for a token family what Account.Normal does for an account.
func (f TokenFamily) Normal() (TokenFamily, error) {
	if f.ID == "" || f.Subject == "" {
		return TokenFamily{}, fmt.Errorf("%w: token family without id or subject", ErrInvalid)
	}
	if err := texts("token family", f.ID, f.Subject, f.Issuer, f.Session, f.Client, f.ACR, f.Cause); err != nil {
		return TokenFamily{}, err
	}
	var err error
	if f.Audience, err = list("audience", f.Audience); err != nil {
		return TokenFamily{}, err
	}
	if f.Scopes, err = list("scopes", f.Scopes); err != nil {
		return TokenFamily{}, err
	}
	if f.Groups, err = list("groups", f.Groups); err != nil {
		return TokenFamily{}, err
	}
	if f.AMR, err = list("amr", f.AMR); err != nil {
		return TokenFamily{}, err
	}
	f.AuthTime, f.Created = Moment(f.AuthTime), Moment(f.Created)
	f.Expires, f.Revoked = Moment(f.Expires), Moment(f.Revoked)
	return f, nil
}

// Normal does for a refresh token what Account.Normal does for an account.
func (t RefreshToken) Normal() (RefreshToken, error) {
	if t.Hash == [32]byte{} || t.Family == "" {
		return RefreshToken{}, fmt.Errorf("%w: refresh token without hash or family", ErrInvalid)
	}
	if err := texts("refresh token", t.Family); err != nil {
		return RefreshToken{}, err
	}
	t.Created, t.Expires, t.Used = Moment(t.Created), Moment(t.Expires), Moment(t.Used)
	return t, nil
}

// Normal does for a revocation what Account.Normal does for an account.
func (r Revocation) Normal() (Revocation, error) {
	switch r.Kind {
	case RevokedToken, RevokedFamily, RevokedSubject, RevokedClient:
	case RevokedAll:
		if r.ID != Everything {
			return Revocation{}, fmt.Errorf("%w: a revocation of everything is about %q", ErrInvalid, Everything)
		}
	default:
		return Revocation{}, fmt.Errorf("%w: revocation of an unknown kind", ErrInvalid)
	}
	if r.ID == "" || r.At.IsZero() || r.Until.IsZero() {
		return Revocation{}, fmt.Errorf("%w: revocation without id, time or end", ErrInvalid)
	}
	if r.Issuer != "" && r.Kind != RevokedSubject {
		return Revocation{}, fmt.Errorf("%w: a revocation of the kind %q has no issuer", ErrInvalid, r.Kind)
	}
	if err := texts("revocation", r.ID, r.Issuer, r.Cause); err != nil {
		return Revocation{}, err
	}
	r.At, r.Until = Moment(r.At), Moment(r.Until)
	return r, nil
}

// CheckRevoked refuses what no backend accepts as the time and cause of a
// revocation of a session. Backends call it; callers need not.
func CheckRevoked(at time.Time, cause string) error {
	if at.IsZero() {
		return fmt.Errorf("%w: revoked at no time", ErrInvalid)
	}
	return texts("revocation", cause)
}
