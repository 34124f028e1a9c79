package world

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"

	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// anyClient is the client of requests that name none, in a world without
// clients of its own.
const anyClient = "anyone"

// populate puts people and keys into the store.
func (l *life) populate(ctx context.Context) error {
	for _, p := range l.settings.people() {
		hash, err := plain{}.Hash(ctx, p.Password)
		if err != nil {
			return err
		}
		a := store.Account{Name: p.Name, Password: hash, Groups: p.Groups, Scopes: p.Scopes, Suspended: p.Suspended}
		if _, err := l.set.Accounts.CreateAccount(ctx, a); err != nil {
			return fmt.Errorf("making the person %q: %w", p.Name, err)
		}
	}
	for i, k := range l.settings.keys() {
		key, err := token.ParseAPIKey(k.Value)
		if err != nil {
			return fmt.Errorf("making a key: %w", err)
		}
		record := store.APIKey{
			ID: fmt.Sprintf("key-%d", i+1), Hash: key.Hash(), Hint: key.Display(), Environment: key.Environment,
			Owner: k.Owner, Scopes: k.Scopes, Groups: k.Groups,
		}
		if k.Expired {
			record.Expires = l.clock.now().AddDate(0, 0, -1)
		}
		if k.Revoked {
			record.Revoked = l.clock.now()
		}
		if _, err := l.set.APIKeys.CreateAPIKey(ctx, record); err != nil {
			return fmt.Errorf("making a key: %w", err)
		}
	}
	return nil
}

// plain compares passwords that are published anyway: hashing them as real ones
// would cost a test 20 ms and 19 MiB for every request.
type plain struct{}

var _ authn.Hasher = plain{}

// Hash returns the SHA-256 of a password.
func (plain) Hash(_ context.Context, password string) (string, error) {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:]), nil
}

// Verify compares.
func (p plain) Verify(ctx context.Context, hash, password string) (ok, rehash bool, err error) {
	sum, err := p.Hash(ctx, password)
	return subtle.ConstantTimeCompare([]byte(sum), []byte(hash)) == 1, false, err
}

// Dummy costs nothing, as Verify does.
func (plain) Dummy(context.Context, string, string) error { return nil }

// DigestAccount is the account of that name, for Digest, which needs the
// password itself.
func (l *life) DigestAccount(ctx context.Context, name, realm string, algorithm httpauth.DigestAlgorithm) (authn.DigestAccount, error) {
	a, err := l.set.Accounts.Account(ctx, name)
	if err != nil {
		return authn.DigestAccount{}, err
	}
	for _, p := range l.settings.people() {
		if p.Name == name {
			return authn.DigestAccount{Name: name, HA1: httpauth.DigestHA1(algorithm, name, realm, p.Password),
				Groups: a.Groups, Scopes: a.Scopes, Suspended: a.Suspended}, nil
		}
	}
	return authn.DigestAccount{}, store.ErrNotFound
}

// Client is the client of that id.
func (l *life) Client(_ context.Context, id string) (store.Client, error) {
	client := store.Client{ID: anyClient, Method: issuer.AuthNone, Grants: []string{issuer.GrantRefreshToken}}
	if len(l.settings.Clients) == 0 && validID(id) {
		return client, nil
	}
	for _, c := range l.settings.Clients {
		if c.ID != id {
			continue
		}
		client.ID = id
		if c.Secret != "" {
			client.Method, client.Secrets = issuer.AuthBasic, []store.ClientSecret{{Hash: sha256.Sum256([]byte(c.Secret))}}
		}
		return client, nil
	}
	return store.Client{}, store.ErrNotFound
}

var (
	_ authn.DigestAccounts = (*life)(nil)
	_ issuer.Clients       = (*life)(nil)
)
