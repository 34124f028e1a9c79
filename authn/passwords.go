package authn

import (
	"context"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/store"
)

// Passwords is a source of accounts for [Basic]: the store, or a file.
type Passwords interface {
	AccountReader
	// Revision moves whenever an account changes. It never blocks for long.
	Revision() uint64
	// Dearest returns hashes that cost as much to compare as a refusal by this
	// source does at most, so that nobody learns from the time of the answer
	// which source knows an account, or whether one does. "" stands for a new
	// hash of [Basic.Hasher].
	Dearest() []string
}

// Rehasher is what a source may be besides: one that can replace an account's
// password hash by a stronger one. store.Accounts is one.
type Rehasher interface {
	// UpdateAccount replaces the account if its version has not changed.
	UpdateAccount(ctx context.Context, a store.Account) (store.Account, error)
}

// Stronger is what a source may be besides: one that knows of which accounts a
// password alone proves nothing, since a second factor belongs to it.
type Stronger interface {
	// NeedsMore tells whether the account proves itself with more than its password.
	// Whenever that changes, Revision moves.
	NeedsMore(ctx context.Context, a store.Account) (bool, error)
}

// Hasher compares passwords with hashes, a bounded number at a time.
type Hasher interface {
	// Hash makes a new hash.
	Hash(ctx context.Context, password string) (string, error)
	// Verify compares; rehash tells that hash is weaker than a new one. An
	// error means that it could not be compared.
	Verify(ctx context.Context, hash, password string) (ok, rehash bool, err error)
	// Dummy costs what a comparison with the hash like costs.
	Dummy(ctx context.Context, like, password string) error
}

var _ Hasher = (*password.Hasher)(nil)

// StorePasswords is the source of the accounts in a store.
type StorePasswords struct {
	// Accounts reads the accounts. If it is a [Rehasher] too, weak hashes are
	// replaced when their password was right.
	Accounts AccountReader
	// Changes is the change feed, store.Set's Revision.
	Changes func() uint64
}

// Account returns the account of that name.
func (s *StorePasswords) Account(ctx context.Context, name string) (store.Account, error) {
	return s.Accounts.Account(ctx, name)
}

// Revision is the change feed.
func (s *StorePasswords) Revision() uint64 { return s.Changes() }

// rehasher replaces hashes, nil for nobody. It is not asked for by type, so that a
// source that embeds this one keeps it.
func (s *StorePasswords) rehasher() Rehasher {
	up, _ := s.Accounts.(Rehasher)
	return up
}

// Dearest are two new hashes: the password's, and that of the one before.
func (s *StorePasswords) Dearest() []string { return []string{"", ""} }

var _ Passwords = (*StorePasswords)(nil)
