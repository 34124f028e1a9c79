package issuer

import (
	"context"
	"errors"
	"fmt"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// RevokeToken revokes a token that a client holds (RFC 7009 section 2.1): a
// refresh token with its whole login, an access token alone. A token that nobody
// knows, or that is over, is no error (section 2.2); one of another client is
// refused as refresh-token-unknown. One that is revoked already costs nothing: whoever
// had one could else have a write, and all that was read before forgotten, as often
// as they like.
func (s *Issuer) RevokeToken(ctx context.Context, text, client string) error {
	if _, err := token.ParseRefreshToken(text); err == nil {
		_, record, family, err := s.find(ctx, text, client)
		var refused *gate401.Denial
		switch {
		case errors.As(err, &refused) && family.ID == "":
			return nil // nobody's
		case err != nil:
			return err
		case !family.Revoked.IsZero():
			return nil
		}
		if err := s.RevokeFamily(ctx, family.ID, CauseClient); err != nil {
			return err
		}
		s.tell(store.Event{Kind: store.EventRevoked, Method: "refresh", Object: object(record), Family: family.ID, Session: family.Session,
			Client: family.Client, Subject: SubjectOf(family.Issuer, family.Subject), Detail: CauseClient})
		return nil
	}
	if s.Verifier == nil {
		return nil
	}
	claims, err := s.Verifier.Verify(ctx, text)
	var refused *token.Error
	switch {
	case errors.As(err, &refused):
		return nil // not ours, or over: then there is nothing to withdraw
	case err != nil:
		return fmt.Errorf("verifying a token that is to be revoked: %w", err)
	case claims.ClientID != client:
		return deny(reason.RefreshTokenUnknown, claims.Subject, "the access token was issued to the client %q, not to %q", claims.ClientID, clip(client))
	case claims.ID == "":
		return nil // it has no name by which it could be revoked
	}
	if over, err := ended(s.Check(ctx, claims)); over || err != nil {
		return err
	}
	if err := s.revoke(ctx, store.Revocation{Kind: store.RevokedToken, ID: claims.ID, Cause: CauseClient}); err != nil {
		return err
	}
	e := store.Event{Kind: store.EventRevoked, Method: "bearer", Object: claims.ID, Client: client, Subject: claims.Subject, Detail: CauseClient}
	if sid := claims.Strings(FamilyClaim); len(sid) == 1 {
		e.Family = sid[0]
	}
	s.tell(e)
	return nil
}

// RevokeFamily ends a login with all of its tokens. One that does not exist, or has
// ended so, is no error.
func (s *Issuer) RevokeFamily(ctx context.Context, id, cause string) error {
	if f, err := s.Tokens.TokenFamily(ctx, id); err == nil && !f.Revoked.IsZero() {
		return nil
	}
	return s.revoke(ctx, store.Revocation{Kind: store.RevokedFamily, ID: id, Cause: cause})
}

// RevokeSubject ends all logins of a subject, and the access tokens without one
// that were issued until now.
func (s *Issuer) RevokeSubject(ctx context.Context, subject, cause string) error {
	return s.revoke(ctx, store.Revocation{Kind: store.RevokedSubject, ID: subject, Cause: cause})
}

func (s *Issuer) revoke(ctx context.Context, r store.Revocation) error {
	r.At = s.now()
	// The longest that any access token lives, and the largest difference of
	// clocks that a verifier forgives.
	r.Until = r.At.Add(token.MaxTTL + token.MaxLeeway)
	if err := s.Tokens.Revoke(ctx, r); err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("storing a revocation: %w", err)
	}
	return nil
}

// Check is the Check of an authn.TokenVerifier for the issuer's own tokens: it
// refuses with token-revoked. Its Epoch is the Revision of the store.
func (s *Issuer) Check(ctx context.Context, c *token.Claims) error {
	family := ""
	if sid := c.Strings(FamilyClaim); len(sid) == 1 {
		family = sid[0]
	}
	r, err := s.Tokens.Revoked(ctx, store.AccessToken{ID: c.ID, Family: family, Client: c.ClientID, Subject: c.Subject, Issued: c.IssuedAt})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("looking for a revocation: %w", err)
	}
	return deny(reason.TokenRevoked, c.Subject, "%s %q was revoked %s: %s", r.Kind, r.ID, stamp(r.At), r.Cause)
}
