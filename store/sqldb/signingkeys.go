package sqldb

import (
	"context"
	"database/sql"

	"github.com/gate401/gate401/store"
)

const selectSigningKey = `SELECT id, algorithm, private, public, created, not_before, retired, expires, version FROM signing_keys`

type signingKeys struct{ *DB }

var _ store.SigningKeys = signingKeys{}

func scanSigningKey(row scanner) (store.SigningKey, error) {
	var (
		k                                   store.SigningKey
		created, notBefore, retired, expire int64
	)
	err := row.Scan(&k.ID, &k.Algorithm, &k.Private, &k.Public, &created, &notBefore, &retired, &expire, &k.Version)
	if err != nil {
		return store.SigningKey{}, err
	}
	k.Private, k.Public = nilIfEmpty(k.Private), nilIfEmpty(k.Public)
	k.Created, k.NotBefore = store.FromMillis(created), store.FromMillis(notBefore)
	k.Retired, k.Expires = store.FromMillis(retired), store.FromMillis(expire)
	return k, nil
}

func (s signingKeys) ListSigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	list, err := collect(ctx, s.cfg.Read, scanSigningKey, selectSigningKey+` ORDER BY created, id`)
	return list, s.wrap("listing signing keys", err)
}

func (s signingKeys) CreateSigningKey(ctx context.Context, k store.SigningKey) (store.SigningKey, error) {
	const op = "creating a signing key"
	k, err := k.Normal()
	if err != nil {
		return store.SigningKey{}, s.wrap(op, err)
	}
	err = s.change(ctx, func(tx *sql.Tx, version int64) error {
		k.Created, k.Version = store.Moment(s.cfg.Now()), version
		const insert = `INSERT INTO signing_keys (id, algorithm, private, public, created, not_before, retired, expires, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`
		return inserted(tx.ExecContext(ctx, insert, k.ID, k.Algorithm, noNil(k.Private), noNil(k.Public), store.Millis(k.Created),
			store.Millis(k.NotBefore), store.Millis(k.Retired), store.Millis(k.Expires), k.Version))
	})
	if err != nil {
		return store.SigningKey{}, s.wrap(op, err)
	}
	return k, nil
}

func (s signingKeys) UpdateSigningKey(ctx context.Context, k store.SigningKey) (store.SigningKey, error) {
	const op = "updating a signing key"
	k, err := k.Normal()
	if err != nil {
		return store.SigningKey{}, s.wrap(op, err)
	}
	var stored store.SigningKey
	err = s.change(ctx, func(tx *sql.Tx, version int64) error {
		const update = `UPDATE signing_keys SET private = $1, not_before = $2, retired = $3, expires = $4, version = $5
			WHERE id = $6 AND version = $7`
		result, err := tx.ExecContext(ctx, update, noNil(k.Private), store.Millis(k.NotBefore), store.Millis(k.Retired),
			store.Millis(k.Expires), version, k.ID, k.Version)
		if err := updated(ctx, tx, result, err, `SELECT 1 FROM signing_keys WHERE id = $1`, k.ID); err != nil {
			return err
		}
		stored, err = scanSigningKey(tx.QueryRowContext(ctx, selectSigningKey+` WHERE id = $1`, k.ID))
		return err
	})
	if err != nil {
		return store.SigningKey{}, s.wrap(op, err)
	}
	return stored, nil
}

func (s signingKeys) DeleteSigningKey(ctx context.Context, id string) error {
	return s.wrap("deleting a signing key", s.change(ctx, func(tx *sql.Tx, _ int64) error {
		var gone string
		return tx.QueryRowContext(ctx, `DELETE FROM signing_keys WHERE id = $1 RETURNING id`, id).Scan(&gone)
	}))
}
