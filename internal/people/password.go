package people

import (
	"context"
	"errors"
	"fmt"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/store"
)

// methodPassword is what the history calls what hangs on a password: it is ended
// by another one.
const methodPassword = "password"

// ChangePassword is what a person does: the present password is proved, the new
// one is judged and kept, and everything that hung on the old one ends in the
// same transaction (sessions, refresh tokens, access tokens; not API keys). The
// present password can be guessed here: callers count the attempts.
func (p *People) ChangePassword(ctx context.Context, by By, name, present, next string) (store.Account, error) {
	account, err := p.Account(ctx, name)
	if err != nil {
		return store.Account{}, err
	}
	right, err := p.proves(ctx, account, present)
	switch {
	case err != nil:
		return store.Account{}, err
	case !right:
		return store.Account{}, ErrWrongPassword
	case account.Suspended:
		return store.Account{}, ErrSuspended
	}
	if err := password.Check(next, account.Name); err != nil {
		return store.Account{}, err
	}
	if next == present {
		return store.Account{}, ErrSamePassword
	}
	phc, err := p.Hasher.Hash(ctx, next)
	if err != nil {
		return store.Account{}, err
	}
	proved := account.Password
	return p.setPassword(ctx, by, account.Name, phc, "changed by its owner", func(a *store.Account) error {
		// What was proved must still be the password: of two changes at once one
		// wins, and the other is told.
		if a.Password != proved {
			return fmt.Errorf("the password: %w", store.ErrConflict)
		}
		return nil
	})
}

// Proves tells whether that is the account's password, at the same cost where
// there is none. It can be guessed here: callers count the attempts.
func (p *People) Proves(ctx context.Context, name, present string) (bool, error) {
	account, err := p.Account(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	return p.proves(ctx, account, present)
}

func (p *People) proves(ctx context.Context, account store.Account, present string) (bool, error) {
	if account.Password == "" {
		return false, p.Hasher.Dummy(ctx, "", present)
	}
	right, _, err := p.Hasher.Verify(ctx, account.Password, present)
	return right, err
}

// SetPassword is what an administrator does: the new password is judged and kept,
// and everything that hung on the old one ends, as with ChangePassword.
func (p *People) SetPassword(ctx context.Context, by By, name, next string) (store.Account, error) {
	account, err := p.Account(ctx, name)
	if err != nil {
		return store.Account{}, err
	}
	phc, err := p.judged(ctx, account.Name, next)
	if err != nil {
		return store.Account{}, err
	}
	return p.setPassword(ctx, by, account.Name, phc, "set by "+by.Actor, nil)
}

// setPassword stores a new hash if still agrees with the record as it is then.
func (p *People) setPassword(ctx context.Context, by By, name, phc, why string, still func(*store.Account) error) (store.Account, error) {
	account, _, err := p.change(ctx, name, func(a *store.Account) (bool, error) {
		if still != nil {
			if err := still(a); err != nil {
				return false, err
			}
		}
		a.SetPassword(phc, p.now())
		return true, nil
	})
	if err != nil {
		return store.Account{}, err
	}
	p.tell(by, store.Event{Kind: store.EventRevoked, Method: methodPassword, Object: account.Name, Subject: account.Name, Detail: "password " + why})
	return account, p.note(ctx, by, "account.password", account.Name, map[string]string{"how": why})
}

// judged is the hash of a new password that is good enough.
func (p *People) judged(ctx context.Context, name, text string) (string, error) {
	if err := password.Check(text, name); err != nil {
		return "", err
	}
	return p.Hasher.Hash(ctx, text)
}
