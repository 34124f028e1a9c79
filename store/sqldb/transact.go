package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Transact runs do in a transaction on cfg.Write and commits if it succeeds.
func Transact(ctx context.Context, cfg Config, do func(tx *sql.Tx) error) error {
	tx, err := begin(ctx, cfg)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	// After a commit this does nothing; after an error it has nothing to add.
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// begin tries again while another process is writing. SQLite's own waiting
// does not notice that the caller has given up; this does.
func begin(ctx context.Context, cfg Config) (*sql.Tx, error) {
	wait := cfg.Wait
	if wait <= 0 {
		wait = DefaultWait
	}
	end := time.Now().Add(wait)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		tx, err := cfg.Write.BeginTx(ctx, nil)
		if err == nil || cfg.Busy == nil || !cfg.Busy(err) || time.Now().After(end) {
			return tx, err
		}
		again := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			again.Stop()
			return nil, fmt.Errorf("%w (last: %w)", ctx.Err(), err)
		case <-again.C:
		}
	}
}
