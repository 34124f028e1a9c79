package sqldb

import (
	"context"
	"database/sql"

	"github.com/gate401/gate401/store"
)

type settings struct{ *DB }

var _ store.Settings = settings{}

func (s settings) Setting(ctx context.Context, name string) (string, error) {
	var value string
	err := s.cfg.Read.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = $1`, name).Scan(&value)
	return value, s.wrap("reading a setting", err)
}

func (s settings) CreateSetting(ctx context.Context, name, value string) error {
	return s.wrap("creating a setting", s.transact(ctx, func(tx *sql.Tx) error {
		return inserted(tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, value))
	}))
}

func (s settings) UpdateSetting(ctx context.Context, name, old, value string) error {
	return s.wrap("updating a setting", s.transact(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE settings SET value = $1 WHERE name = $2 AND value = $3`, value, name, old)
		return updated(ctx, tx, result, err, `SELECT 1 FROM settings WHERE name = $1`, name)
	}))
}
