package samples

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// The clients of the samples: one that can keep no secret, whose refresh tokens
// Refresh makes, and two whose secret is ClientSecret, the second one suspended.
const (
	ClientPublic    = "app"
	ClientServer    = "backend"
	ClientSuspended = "paused"
	ClientSecret    = "the secret of backend"
	// ClientRedirect is where ClientPublic gets its answers.
	ClientRedirect = "https://app.example.com/cb"
)

// Clients makes the clients.
func (m *Maker) Clients(ctx context.Context) error {
	server := store.Client{
		ID: ClientServer, Name: "A program on a server", Method: "client_secret_basic", Grants: []string{"client_credentials"}, Scopes: m.Scopes,
		Secrets: []store.ClientSecret{{Hash: sha256.Sum256([]byte(ClientSecret)), Hint: "the "}},
	}
	paused := server
	paused.ID, paused.Suspended = ClientSuspended, true
	app := store.Client{ID: ClientPublic, Name: "Order Book", Method: "none", Grants: []string{"authorization_code", "refresh_token"}, Scopes: m.Scopes,
		RedirectURIs: []string{ClientRedirect}}
	for _, c := range []store.Client{server, paused, app} {
		if _, err := m.Set.Clients.CreateClient(ctx, c); err != nil && !errors.Is(err, store.ErrExists) {
			return fmt.Errorf("client %s: %w", c.ID, err)
		}
	}
	return nil
}

// Kinds of refresh tokens. Unless the kind says otherwise, Maker.Subject logged
// in an hour ago by ClientPublic, and has an account.
const (
	RefreshLive    = "live"    // nothing is wrong with it
	RefreshExpired = "expired" // was not used since yesterday
	RefreshRevoked = "revoked" // its login was ended half an hour ago
	RefreshReused  = "reused"  // was exchanged half an hour ago
	RefreshUnknown = "unknown" // well formed, never stored
)

// Refresh makes a refresh token of a kind.
func (m *Maker) Refresh(ctx context.Context, kind string) (string, error) {
	text, err := m.refresh(ctx, kind)
	if err != nil {
		return "", fmt.Errorf("refresh token %s: %w", kind, err)
	}
	return text, nil
}

func (m *Maker) refresh(ctx context.Context, kind string) (string, error) {
	text, err := token.NewRefreshToken(nil, "live")
	if err != nil || kind == RefreshUnknown {
		return text.Reveal(), err
	}
	now := m.Now()
	ago := now.Add(-30 * time.Minute)
	record := store.RefreshToken{Hash: text.Hash(), Family: "sample-" + kind, Expires: now.Add(24 * time.Hour)}
	a := store.Account{Name: m.Subject, Groups: m.Groups, Scopes: m.Scopes}
	if _, err := m.Set.Accounts.CreateAccount(ctx, a); err != nil && !errors.Is(err, store.ErrExists) {
		return "", err
	}
	family := store.TokenFamily{
		ID: record.Family, Subject: m.Subject, Client: ClientPublic, Scopes: m.Scopes, Groups: m.Groups,
		AuthTime: now.Add(-time.Hour), AMR: []string{"pwd"}, Expires: now.Add(30 * 24 * time.Hour),
	}
	if kind == RefreshExpired {
		record.Expires = now.Add(-24 * time.Hour)
	}
	if _, err := m.Set.Tokens.CreateTokenFamily(ctx, family, record); err != nil {
		return "", err
	}
	switch kind {
	case RefreshLive, RefreshExpired:
	case RefreshRevoked:
		err = m.Set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedFamily, ID: family.ID, At: ago, Until: now.Add(2 * time.Hour), Cause: "logged out"})
	case RefreshReused:
		next, made := token.NewRefreshToken(nil, "live")
		if made != nil {
			return "", made
		}
		err = m.Set.Tokens.RedeemRefreshToken(ctx, record.Hash, ago, time.Time{}, store.RefreshToken{Hash: next.Hash(), Family: family.ID, Expires: record.Expires})
	default:
		err = errors.New("there is no such kind")
	}
	return text.Reveal(), err
}
