package sqldb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/gate401/gate401/store"
)

const selectFactor = `SELECT account, secret, confirmed, step, recovery, created, version FROM second_factors`

type factors struct{ *DB }

var _ store.SecondFactors = factors{}

func scanFactor(row scanner) (store.SecondFactor, error) {
	var (
		f                  store.SecondFactor
		recovery           []byte
		confirmed, created int64
	)
	if err := row.Scan(&f.Account, &f.Secret, &confirmed, &f.Step, &recovery, &created, &f.Version); err != nil {
		return store.SecondFactor{}, err
	}
	const size = len([32]byte{})
	if len(recovery)%size != 0 {
		return store.SecondFactor{}, fmt.Errorf("column recovery: %d bytes", len(recovery))
	}
	for ; len(recovery) > 0; recovery = recovery[size:] {
		f.Recovery = append(f.Recovery, [size]byte(recovery))
	}
	f.Secret = nilIfEmpty(f.Secret)
	f.Confirmed, f.Created = store.FromMillis(confirmed), store.FromMillis(created)
	return f, nil
}

func (s factors) SecondFactor(ctx context.Context, account string) (store.SecondFactor, error) {
	f, err := scanFactor(s.cfg.Read.QueryRowContext(ctx, selectFactor+` WHERE account = $1`, account))
	return f, s.wrap("reading a second factor", err)
}

func (s factors) PutSecondFactor(ctx context.Context, f store.SecondFactor) (store.SecondFactor, error) {
	const op = "storing a second factor"
	f, err := f.Normal()
	if err != nil {
		return store.SecondFactor{}, s.wrap(op, err)
	}
	recovery := []byte{}
	for _, hash := range f.Recovery {
		recovery = append(recovery, hash[:]...)
	}
	var stored store.SecondFactor
	err = s.change(ctx, func(tx *sql.Tx, version int64) error {
		var one int64
		if err := tx.QueryRowContext(ctx, `SELECT 1 FROM accounts WHERE name = $1`, f.Account).Scan(&one); err != nil {
			return err
		}
		const (
			insert = `INSERT INTO second_factors (secret, confirmed, step, recovery, version, account, created)
				VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
			update = `UPDATE second_factors SET secret = $1, confirmed = $2, step = $3, recovery = $4, version = $5
				WHERE account = $6 AND version = $7`
		)
		text, last := update, f.Version
		if f.Version == 0 {
			text, last = insert, store.Millis(s.cfg.Now())
		}
		result, err := tx.ExecContext(ctx, text, noNil(f.Secret), store.Millis(f.Confirmed), f.Step, recovery, version, f.Account, last)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			if err == nil {
				err = store.ErrConflict
			}
			return err
		}
		stored, err = scanFactor(tx.QueryRowContext(ctx, selectFactor+` WHERE account = $1`, f.Account))
		return err
	})
	if err != nil {
		return store.SecondFactor{}, s.wrap(op, err)
	}
	return stored, nil
}

func (s factors) DeleteSecondFactor(ctx context.Context, account string) error {
	return s.wrap("deleting a second factor", s.change(ctx, func(tx *sql.Tx, _ int64) error {
		var gone string
		return tx.QueryRowContext(ctx, `DELETE FROM second_factors WHERE account = $1 RETURNING account`, account).Scan(&gone)
	}))
}
