package sqldb

import (
	"context"
	"database/sql"

	"github.com/gate401/gate401/store"
)

const selectAccount = `SELECT name, display, password, password_changed, previous, previous_until,
	groups_json, scopes_json, suspended, created, updated, version FROM accounts`

// Why the logins of an account end.
const (
	causePassword       = "the password was changed"
	causeDeletedAccount = "the account was deleted"
)

type accounts struct{ *DB }

var _ store.Accounts = accounts{}

func scanAccount(row scanner) (store.Account, error) {
	var (
		a                                store.Account
		groups, scopes                   string
		changed, until, created, updated int64
	)
	err := row.Scan(&a.Name, &a.Display, &a.Password, &changed, &a.Previous, &until,
		&groups, &scopes, &a.Suspended, &created, &updated, &a.Version)
	if err != nil {
		return store.Account{}, err
	}
	if a.Groups, err = fromJSON("groups_json", groups); err != nil {
		return store.Account{}, err
	}
	if a.Scopes, err = fromJSON("scopes_json", scopes); err != nil {
		return store.Account{}, err
	}
	a.PasswordChanged, a.PreviousUntil = store.FromMillis(changed), store.FromMillis(until)
	a.Created, a.Updated = store.FromMillis(created), store.FromMillis(updated)
	return a, nil
}

func (s accounts) Account(ctx context.Context, name string) (store.Account, error) {
	ctx, err := s.point(ctx)
	if err != nil {
		return store.Account{}, s.wrap("reading an account", err)
	}
	a, err := scanAccount(s.stmt.account.QueryRowContext(ctx, name))
	return a, s.wrap("reading an account", err)
}

func (s accounts) CreateAccount(ctx context.Context, a store.Account) (store.Account, error) {
	const op = "creating an account"
	a, err := a.Normal()
	if err != nil {
		return store.Account{}, s.wrap(op, err)
	}
	groups, scopes, err := lists(a.Groups, a.Scopes)
	if err != nil {
		return store.Account{}, s.wrap(op, err)
	}
	err = s.change(ctx, func(tx *sql.Tx, version int64) error {
		a.Updated = store.Moment(s.cfg.Now())
		a.Created, a.Version = a.Updated, version
		const insert = `INSERT INTO accounts (name, display, password, password_changed, previous, previous_until,
			groups_json, scopes_json, suspended, created, updated, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`
		return inserted(tx.ExecContext(ctx, insert, a.Name, a.Display, a.Password, store.Millis(a.PasswordChanged),
			a.Previous, store.Millis(a.PreviousUntil), groups, scopes, a.Suspended,
			store.Millis(a.Created), store.Millis(a.Updated), a.Version))
	})
	if err != nil {
		return store.Account{}, s.wrap(op, err)
	}
	return a, nil
}

func (s accounts) UpdateAccount(ctx context.Context, a store.Account) (store.Account, error) {
	const op = "updating an account"
	a, err := a.Normal()
	if err != nil {
		return store.Account{}, s.wrap(op, err)
	}
	groups, scopes, err := lists(a.Groups, a.Scopes)
	if err != nil {
		return store.Account{}, s.wrap(op, err)
	}
	var stored store.Account
	err = s.change(ctx, func(tx *sql.Tx, version int64) error {
		before, err := scanAccount(tx.QueryRowContext(ctx, selectAccount+` WHERE name = $1`, a.Name))
		if err != nil {
			return err
		}
		const update = `UPDATE accounts SET display = $1, password = $2, password_changed = $3, previous = $4,
			previous_until = $5, groups_json = $6, scopes_json = $7, suspended = $8, updated = $9, version = $10
			WHERE name = $11 AND version = $12`
		result, err := tx.ExecContext(ctx, update, a.Display, a.Password, store.Millis(a.PasswordChanged), a.Previous,
			store.Millis(a.PreviousUntil), groups, scopes, a.Suspended, store.Millis(s.cfg.Now()), version, a.Name, a.Version)
		if err := updated(ctx, tx, result, err, `SELECT 1 FROM accounts WHERE name = $1`, a.Name); err != nil {
			return err
		}
		if stored, err = scanAccount(tx.QueryRowContext(ctx, selectAccount+` WHERE name = $1`, a.Name)); err != nil {
			return err
		}
		if !stored.PasswordDiffers(before) {
			return nil
		}
		return s.endLogins(ctx, tx, a.Name, causePassword)
	})
	if err != nil {
		return store.Account{}, s.wrap(op, err)
	}
	return stored, nil
}

func (s accounts) DeleteAccount(ctx context.Context, name string) error {
	return s.wrap("deleting an account", s.change(ctx, func(tx *sql.Tx, version int64) error {
		var gone string
		if err := tx.QueryRowContext(ctx, `DELETE FROM accounts WHERE name = $1 RETURNING name`, name).Scan(&gone); err != nil {
			return err
		}
		// Revoked, not removed: an account made later under the same name must
		// not own keys that work.
		_, err := tx.ExecContext(ctx, `UPDATE api_keys SET revoked = $1, version = $2 WHERE owner = $3 AND revoked = 0`,
			store.Millis(s.cfg.Now()), version, name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM second_factors WHERE account = $1`, name); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM consents WHERE subject = $1 AND issuer = ''`, name); err != nil {
			return err
		}
		return s.endLogins(ctx, tx, name, causeDeletedAccount)
	}))
}

func (s accounts) ListAccounts(ctx context.Context, after string, limit int) ([]store.Account, error) {
	list, err := collect(ctx, s.cfg.Read, scanAccount,
		selectAccount+` WHERE name > $1 ORDER BY name LIMIT $2`, after, store.Page(limit))
	return list, s.wrap("listing accounts", err)
}

func lists(groups, scopes []string) (groupsJSON, scopesJSON string, err error) {
	if groupsJSON, err = toJSON(groups); err != nil {
		return "", "", err
	}
	scopesJSON, err = toJSON(scopes)
	return groupsJSON, scopesJSON, err
}
