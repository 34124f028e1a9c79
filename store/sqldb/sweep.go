package sqldb

import (
	"context"
	"database/sql"
	"time"

	"github.com/gate401/gate401/store"
)

// sweepBatch is how many records one statement removes at most, so that nobody
// who wants to write waits for it much longer than for the disk.
const sweepBatch = 250

// sweep runs a DELETE of what was over before before ($1), of at most so many
// records ($2).
func (d *DB) sweep(ctx context.Context, text string, before time.Time) (n int, err error) {
	err = d.transact(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, text, store.Millis(before), sweepBatch)
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
