package people

import (
	"context"
	"errors"
	"fmt"

	"github.com/gate401/gate401/store"
)

// Suspend locks an account out until it is resumed, and tells whether it was not
// suspended before. It ends nothing: what the account holds is refused with 403
// while that lasts.
func (p *People) Suspend(ctx context.Context, by By, name string) (store.Account, bool, error) {
	return p.stand(ctx, by, name, true, "account.suspend")
}

// Resume lets a suspended account in again, and tells whether it was suspended.
func (p *People) Resume(ctx context.Context, by By, name string) (store.Account, bool, error) {
	return p.stand(ctx, by, name, false, "account.resume")
}

func (p *People) stand(ctx context.Context, by By, name string, suspended bool, action string) (store.Account, bool, error) {
	account, changed, err := p.change(ctx, name, func(a *store.Account) (bool, error) {
		differs := a.Suspended != suspended
		a.Suspended = suspended
		return differs, nil
	})
	if err != nil || !changed {
		return account, false, err
	}
	return account, true, p.note(ctx, by, action, account.Name, nil)
}

// Delete removes an account for good, with all that it holds: password, second
// factor, API keys, sessions and tokens.
func (p *People) Delete(ctx context.Context, by By, name string) error {
	account, err := p.Account(ctx, name)
	if err != nil {
		return err
	}
	remove := p.Remove
	if remove == nil {
		remove = p.Set.Accounts.DeleteAccount
	}
	if err := remove(ctx, account.Name); err != nil {
		return fmt.Errorf("account %q: %w", account.Name, err)
	}
	p.tell(by, store.Event{Kind: store.EventRevoked, Method: methodAccount, Object: account.Name, Subject: account.Name, Detail: "account deleted"})
	return p.note(ctx, by, "account.delete", account.Name, nil)
}

// ResetSecondFactor is what an administrator does for somebody who lost the app
// and the recovery codes, and tells whether there was a second factor. From then
// on the password alone lets in, so that everything that is open stays as it is.
func (p *People) ResetSecondFactor(ctx context.Context, by By, name string) (bool, error) {
	account, err := p.Account(ctx, name)
	if err != nil {
		return false, err
	}
	err = p.Set.Factors.DeleteSecondFactor(ctx, account.Name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("second factor of %q: %w", account.Name, err)
	}
	return true, p.note(ctx, by, "second-factor.reset", account.Name, nil)
}
