package cli

import (
	"cmp"
	"context"
	"slices"

	"github.com/gate401/gate401/internal/people"
)

// subjects are whom --account names: an account, by any spelling, or somebody of a
// provider who is remembered here, by the exact subject. The error says that there
// is nobody: whoever misspells a name must not read that nothing was left to end.
func (r *records) subjects(ctx context.Context, name string) ([]people.Who, error) {
	account, missing := r.account(ctx, name)
	if missing == nil {
		return []people.Who{{Subject: account.Name}}, nil
	}
	issuers := map[string]bool{}
	for s, err := range r.sessions(ctx, name) {
		if err != nil {
			return nil, storeError(err)
		}
		issuers[s.Issuer] = true
	}
	for f, err := range r.logins(ctx, name) {
		if err != nil {
			return nil, storeError(err)
		}
		issuers[f.Issuer] = true
	}
	if name == "" || len(issuers) == 0 {
		return nil, missing
	}
	var found []people.Who
	for issuer := range issuers {
		found = append(found, people.Who{Subject: name, Issuer: issuer})
	}
	slices.SortFunc(found, func(a, b people.Who) int { return cmp.Compare(a.Issuer, b.Issuer) })
	return found, nil
}

// subject is the one whose records --account chooses; "" chooses those of everyone.
func (r *records) subject(ctx context.Context, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	found, err := r.subjects(ctx, name)
	if err != nil {
		return "", err
	}
	return found[0].Subject, nil
}
