package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of what one record holds: a store must not become a place to park
// megabytes, and a record is read on the hot path.
const (
	MaxText   = 1024     // bytes of a text field
	MaxList   = 256      // entries of Groups or Scopes
	MaxBlob   = 16 << 10 // bytes of a sealed key or a JWK
	MaxDetail = 64 << 10 // bytes of an audit record's detail
)

// Normal returns the account as every backend keeps it, sharing no memory with
// a: times as by Moment, empty lists nil. It returns ErrInvalid for what no
// backend accepts. Backends call it; callers need not.
func (a Account) Normal() (Account, error) {
	if canonical, err := Canonical(a.Name); err != nil {
		return Account{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	} else if canonical != a.Name {
		return Account{}, fmt.Errorf("%w: account name is not canonical", ErrInvalid)
	}
	if err := texts("account", a.Display, a.Password, a.Previous); err != nil {
		return Account{}, err
	}
	var err error
	if a.Groups, err = list("groups", a.Groups); err != nil {
		return Account{}, err
	}
	if a.Scopes, err = list("scopes", a.Scopes); err != nil {
		return Account{}, err
	}
	a.PasswordChanged, a.PreviousUntil = Moment(a.PasswordChanged), Moment(a.PreviousUntil)
	a.Created, a.Updated = Moment(a.Created), Moment(a.Updated)
	return a, nil
}

// Normal does for an API key what Account.Normal does for an account.
func (k APIKey) Normal() (APIKey, error) {
	if k.ID == "" {
		return APIKey{}, fmt.Errorf("%w: API key without id", ErrInvalid)
	}
	// A hash nobody set would make every key of that mistake the same key.
	if k.Hash == [32]byte{} {
		return APIKey{}, fmt.Errorf("%w: API key without hash", ErrInvalid)
	}
	if k.Owner != "" {
		if canonical, err := Canonical(k.Owner); err != nil || canonical != k.Owner {
			return APIKey{}, fmt.Errorf("%w: owner of an API key is no canonical account name", ErrInvalid)
		}
	}
	if err := texts("API key", k.ID, k.Hint, k.Environment, k.Name, k.Successor); err != nil {
		return APIKey{}, err
	}
	var err error
	if k.Scopes, err = list("scopes", k.Scopes); err != nil {
		return APIKey{}, err
	}
	if k.Groups, err = list("groups", k.Groups); err != nil {
		return APIKey{}, err
	}
	k.Created, k.Expires = Moment(k.Created), Moment(k.Expires)
	k.Revoked, k.LastUsed = Moment(k.Revoked), Moment(k.LastUsed)
	return k, nil
}

// Normal does for a signing key what Account.Normal does for an account.
func (k SigningKey) Normal() (SigningKey, error) {
	if k.ID == "" || k.Algorithm == "" {
		return SigningKey{}, fmt.Errorf("%w: signing key without id or algorithm", ErrInvalid)
	}
	if err := texts("signing key", k.ID, k.Algorithm); err != nil {
		return SigningKey{}, err
	}
	if len(k.Private) > MaxBlob || len(k.Public) > MaxBlob {
		return SigningKey{}, fmt.Errorf("%w: signing key over %d bytes", ErrInvalid, MaxBlob)
	}
	k.Private, k.Public = blob(k.Private), blob(k.Public)
	k.Created, k.NotBefore = Moment(k.Created), Moment(k.NotBefore)
	k.Retired, k.Expires = Moment(k.Retired), Moment(k.Expires)
	return k, nil
}

// Normal does for an audit record what Account.Normal does for an account.
func (r AuditRecord) Normal() (AuditRecord, error) {
	if r.Action == "" {
		return AuditRecord{}, fmt.Errorf("%w: audit record without action", ErrInvalid)
	}
	if err := texts("audit record", r.Actor, r.Action, r.Object, r.RequestID); err != nil {
		return AuditRecord{}, err
	}
	r.Detail = blob(r.Detail)
	switch {
	case len(r.Detail) > MaxDetail:
		return AuditRecord{}, fmt.Errorf("%w: audit detail over %d bytes", ErrInvalid, MaxDetail)
	case r.Detail != nil && (!json.Valid(r.Detail) || !utf8.Valid(r.Detail) || bytes.TrimLeft(r.Detail, " \t\r\n")[0] != '{'):
		return AuditRecord{}, fmt.Errorf("%w: audit detail is no JSON object", ErrInvalid)
	}
	r.Time = Moment(r.Time)
	return r, nil
}

// texts refuses what one of the backends could not hold: PostgreSQL has no NUL
// and no invalid UTF-8 in a TEXT.
func texts(what string, fields ...string) error {
	for _, f := range fields {
		switch {
		case len(f) > MaxText:
			return fmt.Errorf("%w: %s has a field over %d bytes", ErrInvalid, what, MaxText)
		case !utf8.ValidString(f) || strings.IndexByte(f, 0) >= 0:
			return fmt.Errorf("%w: %s has a field that is not UTF-8 text", ErrInvalid, what)
		}
	}
	return nil
}

func list(what string, entries []string) ([]string, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	if len(entries) > MaxList {
		return nil, fmt.Errorf("%w: more than %d %s", ErrInvalid, MaxList, what)
	}
	if slices.Contains(entries, "") {
		return nil, fmt.Errorf("%w: empty entry in %s", ErrInvalid, what)
	}
	if err := texts(what, entries...); err != nil {
		return nil, err
	}
	return slices.Clone(entries), nil
}

func blob(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return bytes.Clone(b)
}
