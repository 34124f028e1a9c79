package sqldb

import (
	"context"
	"database/sql"
	"time"

	"github.com/gate401/gate401/store"
)

// sweep runs a DELETE of what was over before before ($1), at most so many
// records ($2) that nobody waits long for the transaction.
func (d *DB) sweep(ctx context.Context, text string, before time.Time) (n int, err error) {
	err = d.transact(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, text, store.Millis(before), store.MaxPage)
		if err != nil {
			return err
		}
		rows, err := result.RowsAffected()
		n = int(rows)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
