package build

import (
	"context"
	"slices"

	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/secondfactor"
	"github.com/gate401/gate401/store"
)

// stronger are the people of the store where they can have a second factor to log
// in: a method that takes the password alone would be the way around it.
type stronger struct {
	*authn.StorePasswords

	factors *secondfactor.Factors
	// required tells of whom one is asked whether or not they have it.
	required func(a store.Account) bool
}

// NeedsMore tells whether the account has a second factor, or needs one.
func (s *stronger) NeedsMore(ctx context.Context, a store.Account) (bool, error) {
	if s.required(a) {
		return true, nil
	}
	return s.factors.Needed(ctx, a.Name)
}

// Required tells whether an account needs a second factor to log in, whether or
// not it has one.
func Required(cfg *config.File) func(a store.Account) bool {
	groups, all := cfg.Login.SecondFactorGroups, cfg.Login.SecondFactor == "required"
	return func(a store.Account) bool {
		return all || slices.ContainsFunc(groups, func(group string) bool { return slices.Contains(a.Groups, group) })
	}
}

// halfProof tells whether a method would take the password alone of people who log
// in with more.
func halfProof(cfg *config.File, method config.Method) bool {
	login, ok := cfg.Session()
	return ok && login.Session.Htpasswd == "" && method.Basic != nil && method.Basic.Htpasswd == ""
}

// sameProofs tells whether two files ask for the same of those who log in.
func sameProofs(a, b *config.File) bool {
	if la, ok := a.Session(); ok {
		lb, also := b.Session()
		return also && la.Session.Htpasswd == lb.Session.Htpasswd &&
			a.Login.SecondFactor == b.Login.SecondFactor && slices.Equal(a.Login.SecondFactorGroups, b.Login.SecondFactorGroups)
	}
	_, ok := b.Session()
	return !ok
}
