package samples

import (
	"context"
	"fmt"
	"time"

	"github.com/gate401/gate401/internal/keyring"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/store"
)

// Maker makes samples in one store. All fields are required.
type Maker struct {
	Set     *store.Set
	Hasher  *password.Hasher
	Keyring *keyring.Keyring
	// Issuer and Audience are what good tokens carry.
	Issuer, Audience string
	// Subject is who tokens speak for, with these groups and scopes.
	Subject        string
	Groups, Scopes []string
	// KeyOwner is the account that owns the keys; empty for none.
	KeyOwner string
	Now      func() time.Time

	keys map[string]string
}

// Person is an account to be made.
type Person struct {
	Name, Password string
	Before         string // the password until yesterday; empty for none
	Groups, Scopes []string
	Suspended      bool
	SecondFactor   bool // one that is asked for, and that nobody has
}

// Person makes an account.
func (m *Maker) Person(ctx context.Context, p Person) error {
	a := store.Account{Name: p.Name, Display: p.Name, Groups: p.Groups, Scopes: p.Scopes, Suspended: p.Suspended}
	now := m.Now()
	if p.Before != "" {
		hash, err := m.Hasher.Hash(ctx, p.Before)
		if err != nil {
			return err
		}
		a.SetPassword(hash, now.Add(-48*time.Hour))
	}
	hash, err := m.Hasher.Hash(ctx, p.Password)
	if err != nil {
		return err
	}
	a.SetPassword(hash, now.Add(-24*time.Hour))
	if _, err := m.Set.Accounts.CreateAccount(ctx, a); err != nil {
		return fmt.Errorf("person %s: %w", p.Name, err)
	}
	if p.SecondFactor {
		if _, err := m.Set.Factors.PutSecondFactor(ctx, store.SecondFactor{Account: p.Name, Confirmed: now}); err != nil {
			return fmt.Errorf("person %s: %w", p.Name, err)
		}
	}
	return nil
}
