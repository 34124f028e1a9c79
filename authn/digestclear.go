package authn

import (
	"context"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/store"
)

// DangerouslyClear is DigestAccounts and DigestNames with passwords in the clear,
// by canonical name: for tests and for servers that rehearse. It looks at every
// name to find a hashed one.
type DangerouslyClear map[string]string

var (
	_ DigestAccounts = DangerouslyClear(nil)
	_ DigestNames    = DangerouslyClear(nil)
)

// DigestAccount computes the H(A1) of the account's password.
func (m DangerouslyClear) DigestAccount(_ context.Context, name, realm string, a httpauth.DigestAlgorithm) (DigestAccount, error) {
	password, ok := m[name]
	ha1 := httpauth.DigestHA1(a, name, realm, password)
	if !ok {
		return DigestAccount{}, store.ErrNotFound
	}
	return DigestAccount{Name: name, HA1: ha1}, nil
}

// DigestName hashes the names until one fits.
func (m DangerouslyClear) DigestName(hash, realm string, a httpauth.DigestAlgorithm) (string, bool) {
	for name := range m {
		if httpauth.DigestUserHash(a, name, realm) == hash {
			return name, true
		}
	}
	return "", false
}
