package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/store"
)

// Run tests that the sets which open returns keep every promise of package
// store. Each call of open must return a new, empty set; Run closes it.
func Run(t *testing.T, open func(t *testing.T) *store.Set) {
	t.Helper()
	for _, group := range []struct {
		name string
		test func(t *testing.T, set *store.Set)
	}{
		{"accounts/life", accountLife},
		{"accounts/refused", accountRefused},
		{"accounts/list", accountList},
		{"accounts/copies", accountCopies},
		{"accounts/one winner", accountOneWinner},
		{"accounts/made anew", accountMadeAnew},
		{"api keys/life", keyLife},
		{"api keys/refused", keyRefused},
		{"api keys/rotation", keyRotation},
		{"api keys/one rotation", keyOneRotation},
		{"api keys/revoked for good", keyRevoked},
		{"api keys/last used", keyUsed},
		{"api keys/list", keyList},
		{"api keys/deleted owner", keyDeletedOwner},
		{"signing keys", signingKeyLife},
		{"audit", auditLog},
		{"settings", settingLife},
		{"certificates/life", certificateLife},
		{"certificates/one lease", certificateLease},
		{"tokens/life", tokenLife},
		{"tokens/refused", tokenRefused},
		{"tokens/one redemption", tokenOneRedemption},
		{"tokens/grace", tokenGrace},
		{"tokens/revoked", tokenRevoked},
		{"tokens/sweep", tokenSweep},
		{"tokens/revision", tokenRevision},
		{"sessions/life", sessionLife},
		{"sessions/refused", sessionRefused},
		{"sessions/replaced", sessionReplaced},
		{"sessions/touched", sessionTouched},
		{"sessions/live", sessionsLive},
		{"sessions/sweep", sessionSweep},
		{"sessions/revision", sessionRevision},
		{"tickets/life", ticketLife},
		{"tickets/refused", ticketRefused},
		{"tickets/family", ticketFamily},
		{"tickets/one use", ticketOneUse},
		{"tickets/sweep", ticketSweep},
		{"clients/life", clientLife},
		{"clients/refused", clientRefused},
		{"clients/deleted", clientDeleted},
		{"clients/swept", clientSwept},
		{"revocations/kinds", revocationKinds},
		{"revocations/after", revocationAfter},
		{"second factors", factorLife},
		{"consents", consentLife},
		{"events/life", eventLife},
		{"events/order", eventOrder},
		{"lives", lives},
		{"revision/what moves it", revisionMoves},
		{"revision/never the old record", revisionOrder},
		{"cancelled", cancelled},
		{"closed", closed},
	} {
		t.Run(group.name, func(t *testing.T) {
			set := open(t)
			defer func() {
				if err := set.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}()
			group.test(t, set)
		})
	}
	t.Run("revocations/reach", revocationReach(open))
}

// T0 is the time that the records of this package carry.
var T0 = time.Date(2026, 5, 4, 3, 2, 1, 987_654_321, time.FixedZone("", 7200))

// Account returns an account with every field set, but those that the backend sets.
func Account(name string) store.Account {
	return store.Account{
		Name: name, Display: "Jörg " + name,
		Password: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", PasswordChanged: T0,
		Previous: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$b2xkLW9sZC1vbGQtb2xkLQ", PreviousUntil: T0.Add(time.Hour),
		Groups: []string{"admin", "a \"quoted\" <group>"}, Scopes: []string{"orders:read", "ordürs"},
	}
}

// APIKey returns a key with every field set, but those that the backend sets.
func APIKey(id, owner string) store.APIKey {
	return store.APIKey{
		ID: id, Hash: sha256.Sum256([]byte(id)), Hint: "g401_live_" + id, Environment: "live", Owner: owner, Name: "for " + id,
		Scopes: []string{"orders:read"}, Groups: []string{"admin"}, Expires: T0.Add(time.Hour),
	}
}

// TokenFamily returns a family with every field set, but those that the backend
// sets.
func TokenFamily(id, subject string) store.TokenFamily {
	return store.TokenFamily{
		ID: id, Subject: subject, Session: "session of " + id, Client: "app", Audience: []string{"https://a.example/", "https://b.example"}, Scopes: []string{"orders:read", "ordürs"}, Groups: []string{"admin"},
		AuthTime: T0, ACR: "mfa", AMR: []string{"pwd", "otp"}, Expires: T0.Add(time.Hour),
	}
}

// RefreshToken returns a token of a family; its hash is that of text.
func RefreshToken(text, family string) store.RefreshToken {
	return store.RefreshToken{Hash: sha256.Sum256([]byte(text)), Family: family, Expires: T0.Add(time.Minute)}
}

func must[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

func wantSame(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// race runs do n times at once and returns the errors.
func race(n int, do func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// wantOneWinner checks that one error is nil and all others are want.
func wantOneWinner(t *testing.T, errs []error, want error) {
	t.Helper()
	winners := 0
	for _, err := range errs {
		if err == nil {
			winners++
		} else if !errors.Is(err, want) {
			t.Errorf("loser got %v, want %v", err, want)
		}
	}
	if winners != 1 {
		t.Errorf("%d winners, want 1", winners)
	}
}

func cancelled(t *testing.T, set *store.Set) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := set.Accounts.Account(ctx, "anna")
	wantErr(t, err, context.Canceled)
	_, err = set.Accounts.CreateAccount(ctx, Account("anna"))
	wantErr(t, err, context.Canceled)
	_, err = set.Accounts.Account(t.Context(), "anna")
	wantErr(t, err, store.ErrNotFound)
}

func closed(t *testing.T, set *store.Set) {
	ctx := t.Context()
	must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	revision := set.Revision()
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := set.Accounts.Account(ctx, "anna")
	wantErr(t, err, store.ErrClosed)
	_, err = set.Accounts.CreateAccount(ctx, Account("bert"))
	wantErr(t, err, store.ErrClosed)
	_, err = set.APIKeys.APIKeyByHash(ctx, [32]byte{1})
	wantErr(t, err, store.ErrClosed)
	_, err = set.Accounts.ListAccounts(ctx, "", 0)
	wantErr(t, err, store.ErrClosed)
	wantErr(t, set.Ping(ctx), store.ErrClosed)
	if got := set.Revision(); got != revision {
		t.Errorf("revision %d after closing, want %d", got, revision)
	}
}
