package people

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/store"
)

// What callers are expected to handle. Besides these, ErrWeak and ErrTooLong of
// package password, and the conditions of package store, are wrapped.
var (
	// ErrWrongPassword says that the old password was not proved.
	ErrWrongPassword = errors.New("the present password is wrong")
	// ErrSamePassword says that the new password is the old one.
	ErrSamePassword = errors.New("the new password is the present one")
	// ErrSuspended says that the account is suspended.
	ErrSuspended = errors.New("the account is suspended")
	// ErrNotRecorded says that the change was made, and that its audit record
	// could not be written.
	ErrNotRecorded = errors.New("the change was made, but not recorded")
)

// attempts is how often a change is tried again because somebody else changed
// the same record in between.
const attempts = 5

// Hasher makes and compares hashes of passwords; internal/password has one.
type Hasher interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, hash, password string) (ok, rehash bool, err error)
	Dummy(ctx context.Context, like, password string) error
}

var _ Hasher = (*password.Hasher)(nil)

// By is who does something, for the audit records.
type By struct {
	Actor     string // name of an account, or "command line:root"
	RequestID string // of the request by which it was done; empty for a command
}

// People are the accounts of one store. Its methods may be called at the same
// time.
type People struct {
	// Set has the records. Required.
	Set *store.Set
	// Hasher makes and compares hashes. Required.
	Hasher Hasher
	// Remove deletes an account, for good; nil means Set.Accounts.DeleteAccount.
	Remove func(ctx context.Context, name string) error
	// Taken are the names of clients, for whoever adds many accounts; nil means that
	// they are read for each.
	Taken ClientNames
	// Record takes what happens to credentials; nil for nobody.
	Record func(store.Event)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is where secrets come from; nil means crypto/rand.
	Rand io.Reader
}

func (p *People) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

// random fills b.
func (p *People) random(b []byte) error {
	from := p.Rand
	if from == nil {
		from = rand.Reader
	}
	if _, err := io.ReadFull(from, b); err != nil {
		return fmt.Errorf("random bits: %w", err)
	}
	return nil
}

// Account finds an account by any spelling of its name. The error wraps
// store.ErrName or store.ErrNotFound where there can be none or is none.
func (p *People) Account(ctx context.Context, name string) (store.Account, error) {
	canonical, err := store.Canonical(name)
	if err != nil {
		return store.Account{}, err
	}
	account, err := p.Set.Accounts.Account(ctx, canonical)
	if err != nil {
		return store.Account{}, fmt.Errorf("account %q: %w", canonical, err)
	}
	return account, nil
}

// change reads an account, changes it and writes it back. edit tells whether
// there was anything to change.
func (p *People) change(ctx context.Context, name string, edit func(*store.Account) (bool, error)) (store.Account, bool, error) {
	for try := 1; ; try++ {
		account, err := p.Account(ctx, name)
		if err != nil {
			return store.Account{}, false, err
		}
		changed, err := edit(&account)
		if err != nil || !changed {
			return account, false, err
		}
		stored, err := p.Set.Accounts.UpdateAccount(ctx, account)
		switch {
		case err == nil:
			return stored, true, nil
		case !errors.Is(err, store.ErrConflict) || try == attempts:
			return store.Account{}, false, fmt.Errorf("account %q: %w", account.Name, err)
		}
	}
}

// note writes the audit record of a change that was made.
func (p *People) note(ctx context.Context, by By, action, object string, detail any) error {
	record := store.AuditRecord{Actor: by.Actor, Action: action, Object: object, RequestID: by.RequestID, Time: p.now()}
	if detail != nil {
		encoded, err := json.Marshal(detail)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNotRecorded, err)
		}
		record.Detail = encoded
	}
	// The change stands, so that its record is not given up with the request.
	if _, err := p.Set.Audit.AppendAudit(context.WithoutCancel(ctx), record); err != nil {
		return fmt.Errorf("%w: %w", ErrNotRecorded, err)
	}
	return nil
}

// tell hands a step in the life of a credential to the history.
func (p *People) tell(by By, e store.Event) {
	if p.Record == nil {
		return
	}
	e.Time, e.RequestID, e.Count = p.now(), by.RequestID, 1
	p.Record(e)
}
