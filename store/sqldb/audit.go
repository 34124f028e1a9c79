package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"

	"github.com/gate401/gate401/store"
)

type audit struct{ *DB }

var _ store.Audit = audit{}

func scanAudit(row scanner) (store.AuditRecord, error) {
	var (
		r      store.AuditRecord
		at     int64
		detail string
	)
	if err := row.Scan(&r.ID, &at, &r.Actor, &r.Action, &r.Object, &detail, &r.RequestID); err != nil {
		return store.AuditRecord{}, err
	}
	r.Time, r.Detail = store.FromMillis(at), nilIfEmpty(json.RawMessage(detail))
	return r, nil
}

func (s audit) AppendAudit(ctx context.Context, r store.AuditRecord) (store.AuditRecord, error) {
	const op = "appending an audit record"
	r, err := r.Normal()
	if err != nil {
		return store.AuditRecord{}, s.wrap(op, err)
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		// A counter rather than MAX(id): an ID is never given twice, and
		// concurrent writers queue for it instead of colliding.
		const next = `UPDATE counters SET value = value + 1 WHERE name = 'audit' RETURNING value`
		if err := tx.QueryRowContext(ctx, next).Scan(&r.ID); err != nil {
			return fmt.Errorf("numbering it: %w", err)
		}
		if r.Time.IsZero() {
			r.Time = store.Moment(s.cfg.Now())
		}
		const insert = `INSERT INTO audit (id, time, actor, action, object, detail, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`
		_, err := tx.ExecContext(ctx, insert, r.ID, store.Millis(r.Time), r.Actor, r.Action, r.Object, string(r.Detail), r.RequestID)
		return err
	})
	if err != nil {
		return store.AuditRecord{}, s.wrap(op, err)
	}
	return r, nil
}

func (s audit) ListAudit(ctx context.Context, before int64, limit int) ([]store.AuditRecord, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	const list = `SELECT id, time, actor, action, object, detail, request_id FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2`
	records, err := collect(ctx, s.cfg.Read, scanAudit, list, before, store.Page(limit))
	return records, s.wrap("listing audit records", err)
}
