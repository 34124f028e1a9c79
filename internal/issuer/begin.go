package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// begun is a login that is not stored yet.
type begun struct {
	family store.TokenFamily
	first  *store.RefreshToken // nil where there is none
	grant  *Grant
}

// Login issues the first tokens of a new login.
func (s *Issuer) Login(ctx context.Context, l Login) (*Grant, error) {
	b, err := s.begin(ctx, l)
	if err != nil {
		return nil, err
	}
	if b.first == nil {
		return nil, errors.New("issuing tokens: a login without a refresh token stems from a ticket")
	}
	if _, err := s.Tokens.CreateTokenFamily(ctx, b.family, *b.first); err != nil {
		return nil, fmt.Errorf("keeping a login: %w", err)
	}
	s.began(b)
	return b.grant, nil
}

// begin makes the tokens of a new login and what is to be kept of it. Whoever
// stores it calls began after that.
func (s *Issuer) begin(ctx context.Context, l Login) (*begun, error) {
	if l.Subject == "" {
		return nil, errors.New("issuing tokens: nobody is logged in")
	}
	now := s.now()
	if l.AuthTime.IsZero() {
		l.AuthTime = now
	}
	id, err := s.random()
	if err != nil {
		return nil, err
	}
	b := &begun{family: store.TokenFamily{
		ID: id, Subject: l.Subject, Issuer: l.Issuer, Session: l.Session, Client: l.Client,
		Audience: l.Audience, Scopes: l.Scopes, Groups: l.Groups,
		AuthTime: l.AuthTime, ACR: l.ACR, AMR: l.AMR, Expires: now.Add(s.Policy.absolute()),
	}}
	b.grant = &Grant{Scopes: l.Scopes, Family: id, Subject: SubjectOf(l.Issuer, l.Subject)}
	if b.grant.Access, err = s.access(ctx, b.family, l.Scopes, l.First, now); err != nil {
		return nil, err
	}
	if l.NoRefresh {
		// Nothing of it outlives its one access token.
		b.family.Expires = b.grant.Access.Expires
		return b, nil
	}
	if b.grant.Refresh, err = s.newRefresh(); err != nil {
		return nil, err
	}
	b.first = &store.RefreshToken{Hash: b.grant.Refresh.Hash(), Family: id, Expires: s.idleEnd(b.family, now)}
	return b, nil
}

// began tells of a login that was stored.
func (s *Issuer) began(b *begun) {
	s.record(store.EventIssued, &b.family, "bearer", b.grant.Access.ID)
	if b.first != nil {
		s.record(store.EventIssued, &b.family, "refresh", object(*b.first))
	}
}

// access signs a token of a login; it never outlives the login. No audience
// means that of the login.
func (s *Issuer) access(ctx context.Context, f store.TokenFamily, scopes, audience []string, now time.Time) (token.Issued, error) {
	ttl := s.Policy.access()
	if left := f.Expires.Sub(now); !f.Expires.IsZero() && left < ttl {
		ttl = max(left.Truncate(time.Second), time.Second)
	}
	if len(audience) == 0 {
		audience = f.Audience
	}
	return s.sign(ctx, token.Grant{
		Subject: SubjectOf(f.Issuer, f.Subject), Audience: audience, ClientID: f.Client,
		Scopes: scopes, Groups: f.Groups, TTL: ttl, At: now, AuthTime: f.AuthTime, ACR: f.ACR, AMR: f.AMR,
		Extra: map[string]any{FamilyClaim: f.ID},
	})
}

// sign makes an access token of what g says; issuer, audience and name are added.
func (s *Issuer) sign(ctx context.Context, g token.Grant) (token.Issued, error) {
	if s.Signer == nil {
		return token.Issued{}, errors.New("issuing tokens: no signing key is set")
	}
	signer, err := s.Signer(ctx)
	if err != nil {
		return token.Issued{}, fmt.Errorf("finding the signing key: %w", err)
	}
	if g.ID, err = s.random(); err != nil {
		return token.Issued{}, err
	}
	if len(g.Audience) == 0 {
		g.Audience = s.Audience
	}
	g.Issuer = s.Name
	return signer.Issue(g)
}

// SubjectOf is the sub of somebody in our own tokens. Somebody for whom a
// provider vouched must not pass for our account of the same name.
func SubjectOf(provider, subject string) string {
	if provider == "" {
		return subject
	}
	full := provider + "#" + subject
	if len(full) <= maxSubject {
		return full
	}
	sum := sha256.Sum256([]byte(full))
	return provider[:min(len(provider), maxSubject/2)] + "#sha256:" + hex.EncodeToString(sum[:])
}

// maxSubject is the length of sub (OpenID Connect Core 1.0 section 2).
const maxSubject = 255
