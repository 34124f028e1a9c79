package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
)

func revisionMoves(t *testing.T, set *store.Set) {
	ctx := t.Context()
	var (
		account store.Account
		key     store.APIKey
		signing store.SigningKey
		client  store.Client
		factor  store.SecondFactor
	)
	for _, step := range []struct {
		name  string
		moves bool
		do    func() error
	}{
		{"create account", true, func() (err error) { account, err = set.Accounts.CreateAccount(ctx, Account("anna")); return }},
		{"create it again", false, func() error { _, _ = set.Accounts.CreateAccount(ctx, Account("anna")); return nil }},
		{"read account", false, func() error { _, err := set.Accounts.Account(ctx, "anna"); return err }},
		{"update account", true, func() error { _, err := set.Accounts.UpdateAccount(ctx, account); return err }},
		{"update it late", false, func() error { _, _ = set.Accounts.UpdateAccount(ctx, account); return nil }},
		{"create key", true, func() (err error) { key, err = set.APIKeys.CreateAPIKey(ctx, APIKey("k1", "anna")); return }},
		{"update key", true, func() (err error) { key, err = set.APIKeys.UpdateAPIKey(ctx, key); return }},
		{"use key", false, func() error { return set.APIKeys.MarkAPIKeysUsed(ctx, map[string]time.Time{"k1": T0}) }},
		{"rotate key", true, func() error {
			_, err := set.APIKeys.RotateAPIKey(ctx, "k1", key.Version, T0, APIKey("k2", "anna"))
			return err
		}},
		{"create signing key", true, func() (err error) {
			signing, err = set.SigningKeys.CreateSigningKey(ctx, store.SigningKey{ID: "s", Algorithm: "EdDSA"})
			return
		}},
		{"update signing key", true, func() error { _, err := set.SigningKeys.UpdateSigningKey(ctx, signing); return err }},
		{"delete signing key", true, func() error { return set.SigningKeys.DeleteSigningKey(ctx, "s") }},
		{"create client", true, func() (err error) { client, err = set.Clients.CreateClient(ctx, Client("app")); return }},
		{"update client", true, func() (err error) { client, err = set.Clients.UpdateClient(ctx, client); return }},
		{"read client", false, func() error { _, err := set.Clients.Client(ctx, "app"); return err }},
		{"delete client", true, func() error { return set.Clients.DeleteClient(ctx, "app", T0, T0) }},
		{"second factor", true, func() (err error) {
			factor, err = set.Factors.PutSecondFactor(ctx, store.SecondFactor{Account: "anna"})
			return
		}},
		{"use second factor", true, func() error { _, err := set.Factors.PutSecondFactor(ctx, factor); return err }},
		{"use it late", false, func() error { _, _ = set.Factors.PutSecondFactor(ctx, factor); return nil }},
		{"delete second factor", true, func() error { return set.Factors.DeleteSecondFactor(ctx, "anna") }},
		{"audit", false, func() error {
			_, err := set.Audit.AppendAudit(ctx, store.AuditRecord{Action: "test"})
			return err
		}},
		{"create setting", false, func() error { return set.Settings.CreateSetting(ctx, "x", "1") }},
		{"update setting", false, func() error { return set.Settings.UpdateSetting(ctx, "x", "1", "2") }},
		{"delete account", true, func() error { return set.Accounts.DeleteAccount(ctx, "anna") }},
		{"delete it again", false, func() error { _ = set.Accounts.DeleteAccount(ctx, "anna"); return nil }},
		{"ping", false, func() error { return set.Ping(ctx) }},
	} {
		before := set.Revision()
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if after := set.Revision(); (after != before) != step.moves {
			t.Errorf("%s: revision %d, then %d; want moved %t", step.name, before, after, step.moves)
		}
	}
}

// revisionOrder: who reads the revision and then the record must never hold an
// older record than that revision promises.
func revisionOrder(t *testing.T, set *store.Set) {
	ctx := t.Context()
	account := must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	stop := make(chan struct{})
	readers := make(chan []error)
	go func() {
		readers <- race(4, func(int) error {
			for {
				select {
				case <-stop:
					return nil
				default:
				}
				revision := set.Revision()
				a, err := set.Accounts.Account(ctx, "anna")
				if err != nil {
					return err
				}
				// Only this account changes, so its version is the revision.
				if uint64(a.Version) < revision {
					return fmt.Errorf("version %d was read after revision %d", a.Version, revision)
				}
			}
		})
	}()
	for range 50 {
		account = must[store.Account](t)(set.Accounts.UpdateAccount(ctx, account))
		if r := set.Revision(); r != uint64(account.Version) {
			t.Errorf("revision %d after a change to version %d", r, account.Version)
		}
	}
	close(stop)
	for _, err := range <-readers {
		if err != nil {
			t.Error(err)
		}
	}
}
