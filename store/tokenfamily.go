package store

import (
	"context"
	"encoding/hex"
	"log/slog"
	"time"
)

// MaxRepeats is how often one refresh token can be redeemed within the grace: a
// client that renews for many requests at once needs a few, and each makes a
// record.
const MaxRepeats = 64

// TokenFamily is one login: all refresh and access tokens that stem from it.
// Nothing of it changes but Revoked and Cause, once, by Revocations.Revoke.
type TokenFamily struct {
	ID       string   // unique
	Subject  string   // who logged in: the canonical name of an account, or the subject of Issuer
	Issuer   string   // the provider that vouched for Subject; "" = our own account
	Session  string   // ID of the session that it stems from, if there is one
	Client   string   // the client that the tokens were issued to
	Audience []string // that its access tokens are for (RFC 8707); none = those of the gate
	Scopes   []string
	Groups   []string
	AuthTime time.Time // when the subject proved who they are
	ACR      string    // how strong that proof was
	AMR      []string  // by which means

	Created time.Time // set by the backend
	Expires time.Time // the login ends then; zero = never
	Revoked time.Time // zero = not revoked; once set it stays
	Cause   string    // why it was revoked, for the operator
}

// String returns the ID.
func (f TokenFamily) String() string { return f.ID }

// RefreshToken is what is kept of a refresh token: never the token itself, only
// the SHA-256 of its 256 random bits.
type RefreshToken struct {
	Hash   [32]byte // SHA-256 of the whole token; unique
	Family string   // ID of its family

	Created time.Time // set by the backend
	Expires time.Time // it was unused for too long then; zero = never
	Used    time.Time // when it was first redeemed; zero = not yet
	Repeats int       // how often it was redeemed after that
}

// LogValue keeps the hash out of logs.
func (t RefreshToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

// String is the beginning of the hash, by which records can be told apart.
func (t RefreshToken) String() string { return "refresh token " + hex.EncodeToString(t.Hash[:4]) }

// Tokens keeps what the issuer must remember of the tokens that it issued.
type Tokens interface {
	TokenFamilies
	RefreshTokens
	Revocations
}

// TokenFamilies keeps logins.
type TokenFamilies interface {
	// CreateTokenFamily stores a family and its first refresh token, in one
	// transaction, and returns the family. ErrExists if the ID or the hash is
	// taken.
	CreateTokenFamily(ctx context.Context, f TokenFamily, first RefreshToken) (TokenFamily, error)
	// TokenFamily returns the family with that ID, or ErrNotFound. Revoked and
	// expired ones are found too.
	TokenFamily(ctx context.Context, id string) (TokenFamily, error)
	// ListTokenFamilies returns families in the order of their IDs, starting
	// behind after, of one subject or ("") of everyone; see Page for limit.
	ListTokenFamilies(ctx context.Context, subject, after string, limit int) ([]TokenFamily, error)
}

// RefreshTokens keeps refresh tokens. None of its calls moves the revision: a
// refresh changes nothing about the tokens that others hold.
type RefreshTokens interface {
	// RefreshToken returns the token with that SHA-256, or ErrNotFound. Used
	// and expired ones are found too.
	RefreshToken(ctx context.Context, hash [32]byte) (RefreshToken, error)
	// RedeemRefreshToken marks the token as used at at and stores next, of the
	// same family, in one transaction. ErrConflict if the family is revoked, or
	// if the token was used before, unless that was at since or later, since is
	// not zero, and it was not repeated MaxRepeats times. So of any number of
	// calls without since exactly one succeeds.
	RedeemRefreshToken(ctx context.Context, hash [32]byte, at, since time.Time, next RefreshToken) error
	// RenewRefreshToken lets a token that is not exchanged end at until.
	// ErrConflict if it was redeemed or its family is revoked.
	RenewRefreshToken(ctx context.Context, hash [32]byte, until time.Time) error
	// SweepTokens forgets the families, with their refresh tokens, and the
	// refresh tokens and revocations that ended before before, and returns how
	// many that were; it may leave some for the next call. What is swept is not
	// known any more: reuse of a token can be told only as long as it is kept.
	SweepTokens(ctx context.Context, before time.Time) (int, error)
}
