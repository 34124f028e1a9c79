package sqldb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/gate401/gate401/store"
)

const selectCertificate = `SELECT id, sealed, expires, updated, version FROM certificates`

type certificates struct{ *DB }

var _ store.Certificates = certificates{}

func scanCertificate(row scanner) (store.Certificate, error) {
	var (
		c                store.Certificate
		expires, updated int64
	)
	if err := row.Scan(&c.ID, &c.Sealed, &expires, &updated, &c.Version); err != nil {
		return store.Certificate{}, err
	}
	c.Sealed = nilIfEmpty(c.Sealed)
	c.Expires, c.Updated = store.FromMillis(expires), store.FromMillis(updated)
	return c, nil
}

func (s certificates) Certificate(ctx context.Context, id string) (store.Certificate, error) {
	c, err := scanCertificate(s.cfg.Read.QueryRowContext(ctx, selectCertificate+` WHERE id = $1`, id))
	return c, s.wrap("reading a certificate", err)
}

// write runs do with a version that no record of the kind had before, so that one
// which was deleted and made anew is told from the old one. The revision stays:
// no decision depends on certificates.
func (s certificates) write(ctx context.Context, c *store.Certificate, do func(tx *sql.Tx, version int64) error) error {
	normal, err := c.Normal()
	if err != nil {
		return err
	}
	*c = normal
	var version int64
	err = s.transact(ctx, func(tx *sql.Tx) error {
		const raise = `UPDATE counters SET value = value + 1 WHERE name = 'certificate' RETURNING value`
		if err := tx.QueryRowContext(ctx, raise).Scan(&version); err != nil {
			return fmt.Errorf("numbering a certificate: %w", err)
		}
		c.Updated = store.Moment(s.cfg.Now())
		return do(tx, version)
	})
	c.Version = version
	return err
}

func (s certificates) CreateCertificate(ctx context.Context, c store.Certificate) (store.Certificate, error) {
	err := s.write(ctx, &c, func(tx *sql.Tx, version int64) error {
		const insert = `INSERT INTO certificates (id, sealed, expires, updated, version)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
		return inserted(tx.ExecContext(ctx, insert, c.ID, noNil(c.Sealed), store.Millis(c.Expires), store.Millis(c.Updated), version))
	})
	if err != nil {
		return store.Certificate{}, s.wrap("creating a certificate", err)
	}
	return c, nil
}

func (s certificates) UpdateCertificate(ctx context.Context, c store.Certificate) (store.Certificate, error) {
	err := s.write(ctx, &c, func(tx *sql.Tx, version int64) error {
		const update = `UPDATE certificates SET sealed = $1, expires = $2, updated = $3, version = $4 WHERE id = $5 AND version = $6`
		result, err := tx.ExecContext(ctx, update, noNil(c.Sealed), store.Millis(c.Expires), store.Millis(c.Updated), version, c.ID, c.Version)
		return updated(ctx, tx, result, err, `SELECT 1 FROM certificates WHERE id = $1`, c.ID)
	})
	if err != nil {
		return store.Certificate{}, s.wrap("updating a certificate", err)
	}
	return c, nil
}

func (s certificates) DeleteCertificate(ctx context.Context, id string) error {
	return s.wrap("deleting a certificate", s.transact(ctx, func(tx *sql.Tx) error {
		var gone string
		return tx.QueryRowContext(ctx, `DELETE FROM certificates WHERE id = $1 RETURNING id`, id).Scan(&gone)
	}))
}

func (s certificates) ListCertificates(ctx context.Context, after string, limit int) ([]store.Certificate, error) {
	list, err := collect(ctx, s.cfg.Read, scanCertificate, selectCertificate+` WHERE id > $1 ORDER BY id LIMIT $2`, after, store.Page(limit))
	return list, s.wrap("listing certificates", err)
}
