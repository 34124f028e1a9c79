package issuer

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"io"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// FamilyClaim is the claim of an access token that names its login, so that it
// is withdrawn with it: the session id of OpenID Connect, which is what it is.
const FamilyClaim = "sid"

// Signer makes access tokens; *token.SigningKey is one.
type Signer interface {
	// Issue makes an access token of the shape of RFC 9068.
	Issue(g token.Grant) (token.Issued, error)
}

// AccountReader looks up accounts; store.Accounts is one.
type AccountReader interface {
	// Account returns the account of that canonical name, or store.ErrNotFound.
	Account(ctx context.Context, name string) (store.Account, error)
}

// Issuer issues and exchanges tokens. Its fields are set before the first use;
// it is safe for concurrent use.
type Issuer struct {
	// Name is the issuer identifier: iss of the tokens. Required.
	Name string
	// Audience is aud of the access tokens. Required.
	Audience []string
	// Environment is named in refresh tokens; empty means "live".
	Environment string
	// Tokens keeps the logins. Required.
	Tokens store.Tokens
	// Signer returns the key to sign with now. Required.
	Signer func(ctx context.Context) (Signer, error)
	// Verifier judges access tokens that are to be revoked or looked into,
	// whomever they are for; nil knows none but refresh tokens.
	Verifier *token.Verifier
	// Resources are further audiences that tokens may be for (RFC 8707), besides
	// Audience and the URLs below Name.
	Resources []string
	// Tickets keeps authorization codes and device codes; nil has neither grant.
	Tickets store.Tickets
	// Accounts, if set, must have an account for the subject at each refresh;
	// the login of one that was removed, made anew or suspended is over.
	Accounts AccountReader
	// Sessions, if set, must have the session of a browser that a code was
	// approved in; one that was revoked since gets no tokens.
	Sessions SessionReader
	// Vouches tells whether people of that provider may still come by it: those of
	// one that is gone get no further tokens. Nil means yes. It is not asked about
	// our own accounts.
	Vouches func(provider string) bool
	// Stands tells whether the subject of an access token may still speak, as the
	// gate judges it: a *gate401.Denial if not. Nil asks nobody.
	Stands func(ctx context.Context, c *token.Claims) error
	// Policy says how long tokens are good, and what becomes of a used one.
	Policy Policy
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand makes identifiers and refresh tokens; nil means crypto/rand.
	Rand io.Reader
	// Record is told of each step in the life of a token, once it is stored; nil
	// tells nobody. It must not block.
	Record func(store.Event)
}

// Login is somebody who has proved who they are, to a client.
type Login struct {
	// Subject is who, required; Issuer is the provider that vouched for them,
	// empty for our own accounts.
	Subject, Issuer string
	// Client is the client_id of the program that gets the tokens.
	Client string
	// Scopes and Groups are what the tokens grant at most.
	Scopes, Groups []string
	// Audience is what the tokens are for (RFC 8707), as [Issuer.Targets] allowed
	// it; none means that of the issuer.
	Audience []string
	// First narrows what the first access token is for; none means Audience.
	First []string
	// Session is the ID of the browser session that it stems from, if any.
	Session string
	// NoRefresh gives no refresh token.
	NoRefresh bool
	// AuthTime is when; zero means now. ACR and AMR say how (RFC 9470).
	AuthTime time.Time
	ACR      string
	AMR      []string
}

// Grant is what a client gets (RFC 6749 section 5.1).
type Grant struct {
	Access token.Issued
	// Refresh is the new refresh token; zero where tokens are not rotated and
	// the one that was sent goes on being good (RFC 6749 section 6).
	Refresh token.RefreshToken
	// Sent is the refresh token that was exchanged; zero after a login.
	Sent token.RefreshToken
	// Scopes are those of the access token.
	Scopes []string
	// Family is the ID of the login, empty for a client that speaks for itself.
	Family string
	// Subject is whom the tokens speak for.
	Subject string
	// IDToken says who logged in (OpenID Connect Core 1.0 section 2); empty
	// where that was not asked for.
	IDToken string
	// Repeated tells that the refresh token, or the device code, had been redeemed
	// before, within the grace.
	Repeated bool
}

// idleEnd is when a refresh token that is issued or used now ends.
func (s *Issuer) idleEnd(f store.TokenFamily, now time.Time) time.Time {
	end := now.Add(s.Policy.idle())
	if !f.Expires.IsZero() && f.Expires.Before(end) {
		return f.Expires
	}
	return end
}

func (s *Issuer) newRefresh() (token.RefreshToken, error) { return s.refreshOf(s.Rand) }

// refreshOf makes a refresh token of 256 bits; nil takes them from crypto/rand.
func (s *Issuer) refreshOf(bits io.Reader) (token.RefreshToken, error) {
	environment := s.Environment
	if environment == "" {
		environment = "live"
	}
	return token.NewRefreshToken(bits, environment)
}

func (s *Issuer) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// random is an identifier with 128 random bits.
func (s *Issuer) random() (string, error) {
	from := s.Rand
	if from == nil {
		from = rand.Reader
	}
	var bits [16]byte
	if _, err := io.ReadFull(from, bits[:]); err != nil {
		return "", fmt.Errorf("random bits: %w", err)
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(bits[:]), nil
}

func deny(code reason.Code, subject string, format string, args ...any) error {
	return &gate401.Denial{Reason: code, Subject: subject, Err: fmt.Errorf(format, args...)}
}
