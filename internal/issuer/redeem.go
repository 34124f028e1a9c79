package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// ErrScope says that a refresh asked for a scope that the login does not have
// (RFC 6749 section 6): invalid_scope.
var ErrScope = errors.New("a scope was asked for that was not granted")

// Causes of revocation that the issuer itself writes.
const (
	CauseReuse  = "a used refresh token came again"
	CauseClient = "revoked by the client"
)

// Redemption is a refresh token that a client wants to exchange (RFC 6749
// section 6).
type Redemption struct {
	// Token is the refresh token as it was sent.
	Token string
	// Client is the client_id of who sent it, already believed.
	Client string
	// Scopes narrow the new access token; nil asks for those of the login.
	Scopes []string
	// Resources narrow what it is for (RFC 8707 section 2.2); none asks for
	// those of the login.
	Resources []string
}

// Redeem exchanges a refresh token. It refuses with refresh-token-unknown,
// -revoked, -expired and -reused, or ErrScope.
func (s *Issuer) Redeem(ctx context.Context, r Redemption) (*Grant, error) {
	now := s.now()
	sent, record, family, err := s.find(ctx, r.Token, r.Client)
	if err != nil {
		return nil, err
	}
	if err := s.alive(ctx, record, &family, now); err != nil {
		return nil, err
	}
	scopes := family.Scopes
	if r.Scopes != nil {
		for _, scope := range r.Scopes {
			if !slices.Contains(family.Scopes, scope) {
				return nil, fmt.Errorf("%w: %q", ErrScope, clip(scope))
			}
		}
		scopes = r.Scopes
	}
	// A token that is long gone is told before anything is signed.
	if s.Policy.Rotation != Keep && s.late(record, now) {
		return nil, s.reused(ctx, record, family, now)
	}
	audience, err := s.narrow(family.Audience, r.Resources)
	if err != nil {
		return nil, err
	}
	// Signed before the refresh token is used up: a key that is out of reach
	// must not cost the login.
	access, err := s.access(ctx, family, scopes, audience, now)
	if err != nil {
		return nil, err
	}
	grant := &Grant{Access: access, Sent: sent, Scopes: scopes, Family: family.ID, Subject: SubjectOf(family.Issuer, family.Subject), Repeated: !record.Used.IsZero()}
	if err := s.identify(ctx, grant, &family, "", now); err != nil {
		return nil, err
	}
	if s.Policy.Rotation == Keep {
		err = s.Tokens.RenewRefreshToken(ctx, record.Hash, s.idleEnd(family, now))
	} else {
		if grant.Refresh, err = s.newRefresh(); err != nil {
			return nil, err
		}
		next := store.RefreshToken{Hash: grant.Refresh.Hash(), Family: family.ID, Expires: s.idleEnd(family, now)}
		err = s.Tokens.RedeemRefreshToken(ctx, record.Hash, now, s.Policy.since(now), next)
	}
	switch {
	case errors.Is(err, store.ErrConflict):
		return nil, s.lost(ctx, r, now)
	case err != nil:
		return nil, fmt.Errorf("using a refresh token: %w", err)
	}
	s.record(store.EventRenewed, &family, "refresh", object(record))
	s.record(store.EventIssued, &family, "bearer", access.ID)
	if grant.Refresh.Reveal() != "" {
		s.record(store.EventIssued, &family, "refresh", object(store.RefreshToken{Hash: grant.Refresh.Hash()}))
	}
	return grant, nil
}

// find reads a refresh token and its login. One of another client is as unknown
// as one that nobody ever issued (RFC 6749 section 10.4).
func (s *Issuer) find(ctx context.Context, text, client string) (sent token.RefreshToken, record store.RefreshToken, family store.TokenFamily, err error) {
	sent, err = token.ParseRefreshToken(text)
	if err != nil {
		var malformed *token.Error
		if errors.As(err, &malformed) {
			err = malformed.Err
		}
		return sent, record, family, deny(reason.RefreshTokenUnknown, "", "%w", err)
	}
	record, err = s.Tokens.RefreshToken(ctx, sent.Hash())
	if err == nil {
		family, err = s.Tokens.TokenFamily(ctx, record.Family)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return sent, record, family, deny(reason.RefreshTokenUnknown, "", "no record of it")
	case err != nil:
		return sent, record, family, fmt.Errorf("reading a refresh token: %w", err)
	case family.Client != client:
		return sent, record, family, deny(reason.RefreshTokenUnknown, family.Subject,
			"it was issued to the client %q, not to %q", family.Client, clip(client))
	}
	return sent, record, family, nil
}

// alive judges the login and the token, but for their use. What the account has
// lost since the login is taken out of it.
func (s *Issuer) alive(ctx context.Context, t store.RefreshToken, f *store.TokenFamily, now time.Time) error {
	switch {
	case !f.Revoked.IsZero():
		return deny(reason.RefreshTokenRevoked, f.Subject, "the login was revoked %s: %s", stamp(f.Revoked), f.Cause)
	case !f.Expires.IsZero() && !now.Before(f.Expires):
		return deny(reason.RefreshTokenExpired, f.Subject, "the login of %s ended %s", stamp(f.Created), stamp(f.Expires))
	// A used one does not lie idle: its reuse is worth telling.
	case t.Used.IsZero() && !t.Expires.IsZero() && !now.Before(t.Expires):
		return deny(reason.RefreshTokenExpired, f.Subject, "it was not used until %s", stamp(t.Expires))
	}
	if err := s.withSession(ctx, f, now); err != nil {
		return err
	}
	if s.gone(f.Issuer) {
		return deny(reason.RefreshTokenRevoked, f.Subject, "the provider %q is none of this gate's any more", f.Issuer)
	}
	if s.Accounts == nil || f.Issuer != "" {
		return nil
	}
	account, err := s.Accounts.Account(ctx, f.Subject)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return deny(reason.RefreshTokenRevoked, f.Subject, "the account does not exist any more")
	case err != nil:
		return fmt.Errorf("reading the account of a refresh token: %w", err)
	case account.Suspended:
		return deny(reason.RefreshTokenRevoked, f.Subject, "the account is suspended")
	case f.Created.Before(account.Created):
		return deny(reason.RefreshTokenRevoked, f.Subject, "the login is of an earlier account of that name")
	}
	f.Scopes = slices.DeleteFunc(slices.Clone(f.Scopes), func(scope string) bool { return !About(scope) && !slices.Contains(account.Scopes, scope) })
	f.Groups = slices.DeleteFunc(slices.Clone(f.Groups), func(group string) bool { return !slices.Contains(account.Groups, group) })
	return nil
}

// gone tells whether a provider may vouch for nobody any more.
func (s *Issuer) gone(provider string) bool {
	return provider != "" && s.Vouches != nil && !s.Vouches(provider)
}

// withSession judges the session that a login stems from, where that is the
// policy.
func (s *Issuer) withSession(ctx context.Context, f *store.TokenFamily, now time.Time) error {
	if !s.Policy.WithSession || f.Session == "" || s.Sessions == nil {
		return nil
	}
	session, err := s.Sessions.Session(ctx, f.Session)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return deny(reason.RefreshTokenRevoked, f.Subject, "the session that it was approved in is gone")
	case err != nil:
		return fmt.Errorf("reading the session of a refresh token: %w", err)
	case !session.Revoked.IsZero():
		return deny(reason.RefreshTokenRevoked, f.Subject, "the session that it was approved in was revoked %s: %s", stamp(session.Revoked), session.Cause)
	case !now.Before(session.Expires), !session.Idle.IsZero() && !now.Before(session.Idle):
		return deny(reason.RefreshTokenRevoked, f.Subject, "the session that it was approved in is over")
	}
	return nil
}

// late tells whether a token was used so long ago, or so often, that the grace
// does not cover another use.
func (s *Issuer) late(t store.RefreshToken, now time.Time) bool {
	if t.Used.IsZero() {
		return false
	}
	since := s.Policy.since(now)
	return since.IsZero() || t.Used.Before(store.Moment(since)) || t.Repeats >= store.MaxRepeats
}

// reused ends the login, where that is the policy. It is reported only when the
// store has it.
func (s *Issuer) reused(ctx context.Context, t store.RefreshToken, f store.TokenFamily, now time.Time) error {
	if s.Policy.Rotation == RotateAndDetect {
		if err := s.RevokeFamily(ctx, f.ID, CauseReuse); err != nil {
			return err
		}
	}
	s.tell(store.Event{Kind: store.EventRefused, Method: "refresh", Object: object(t), Family: f.ID, Session: f.Session, Client: f.Client,
		Subject: SubjectOf(f.Issuer, f.Subject), Reason: string(reason.RefreshTokenReused)})
	return deny(reason.RefreshTokenReused, f.Subject, "it was exchanged %s, now is %s", stamp(t.Used), stamp(now))
}

// lost finds out why the store refused what looked possible a moment ago.
func (s *Issuer) lost(ctx context.Context, r Redemption, now time.Time) error {
	_, record, family, err := s.find(ctx, r.Token, r.Client)
	if err != nil {
		return err
	}
	if err := s.alive(ctx, record, &family, now); err != nil {
		return err
	}
	return s.reused(ctx, record, family, now)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// clip shortens what a stranger wrote before it gets into a log.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "..."
	}
	return s
}
