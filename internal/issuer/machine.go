package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// ClientCredentials issues a token to a client that speaks for itself (RFC 6749
// section 4.4): its subject is the client, its groups are the client's. There is
// no refresh token, since the client can ask again.
func (s *Issuer) ClientCredentials(ctx context.Context, c store.Client, asked, resources []string) (*Grant, error) {
	if c.Method == AuthNone {
		return nil, &FormError{Code: "unauthorized_client", Description: "A client without a secret or key cannot speak for itself (RFC 6749 section 4.4)."}
	}
	// No person is there about whom it could say anything (OpenID Connect Core 1.0
	// section 5.4).
	scopes, err := allowedScopes(&c, asked, func(c *store.Client, scope string) bool { return !About(scope) && registeredFor(c, scope) })
	if err != nil {
		return nil, err
	}
	audience, err := s.Targets(&c, resources)
	if err != nil {
		return nil, err
	}
	if err := s.nobody(ctx, c.ID); err != nil {
		return nil, err
	}
	now, err := Settled(ctx, s.Tokens, store.AccessToken{Client: c.ID, Subject: c.ID}, s.now())
	if err != nil {
		return nil, err
	}
	access, err := s.sign(ctx, token.Grant{
		Subject: c.ID, Audience: audience, ClientID: c.ID, Scopes: scopes, Groups: c.Groups, TTL: s.Policy.access(), At: now,
	})
	if err != nil {
		return nil, err
	}
	s.tell(store.Event{Kind: store.EventIssued, Method: "bearer", Object: access.ID, Client: c.ID, Subject: c.ID})
	return &Grant{Access: access, Scopes: scopes, Subject: c.ID}, nil
}

// nobody refuses a client whose id is the name of an account: its token would
// speak for that person (RFC 9700 section 4.15).
func (s *Issuer) nobody(ctx context.Context, id string) error {
	if s.Accounts == nil {
		return nil
	}
	name, err := store.Canonical(id)
	if err != nil {
		return nil //nolint:nilerr // no account has a name that is none
	}
	switch _, err := s.Accounts.Account(ctx, name); {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("looking for an account with the id of a client: %w", err)
	}
	return &FormError{Code: "unauthorized_client",
		Description: "An account has the same name as this client, so that its token would speak for that person: the operator must rename one of them."}
}

// allowedScopes are those that a client asks for, or all that it may. may judges
// one of them.
func allowedScopes(c *store.Client, asked []string, may func(*store.Client, string) bool) ([]string, error) {
	if asked == nil {
		return clientScopes(*c, nil), nil
	}
	for _, scope := range asked {
		if !may(c, scope) {
			return nil, &FormError{Code: "invalid_scope", Description: "This client may not ask for the scope " + printable(scope) + "."}
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(asked))), nil
}

func registeredFor(c *store.Client, scope string) bool { return slices.Contains(c.Scopes, scope) }
