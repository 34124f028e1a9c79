package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
)

type events struct{ *DB }

var _ store.Events = events{}

func scanEvent(row scanner) (store.Event, error) {
	var (
		e  store.Event
		at int64
	)
	err := row.Scan(&e.ID, &at, &e.Kind, &e.Method, &e.Object, &e.Family, &e.Session, &e.Client, &e.Subject,
		&e.Reason, &e.RequestID, &e.Detail, &e.Count)
	if err != nil {
		return store.Event{}, err
	}
	e.Time = store.FromMillis(at)
	return e, nil
}

func (s events) AppendEvents(ctx context.Context, list []store.Event) error {
	const op = "storing events"
	if len(list) == 0 {
		return nil
	}
	all := make([]store.Event, 0, len(list))
	for _, e := range list {
		e, err := e.Normal()
		if err != nil {
			return s.wrap(op, err)
		}
		all = append(all, e)
	}
	return s.wrap(op, s.transact(ctx, func(tx *sql.Tx) error {
		// A counter rather than MAX(id): an ID is never given twice.
		var last int64
		const next = `UPDATE counters SET value = value + $1 WHERE name = 'event' RETURNING value`
		if err := tx.QueryRowContext(ctx, next, len(all)).Scan(&last); err != nil {
			return fmt.Errorf("numbering them: %w", err)
		}
		stmt, err := tx.PrepareContext(ctx, `INSERT INTO events (id, time, kind, method, object, family, session, client, subject,
			reason, request_id, detail, count) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for i, e := range all {
			id := last - int64(len(all)) + int64(i) + 1
			if _, err := stmt.ExecContext(ctx, id, store.Millis(e.Time), string(e.Kind), e.Method, e.Object, e.Family, e.Session,
				e.Client, e.Subject, e.Reason, e.RequestID, e.Detail, e.Count); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (s events) ListEvents(ctx context.Context, about string, after int64, limit int) ([]store.Event, error) {
	if about == "" {
		return nil, nil // the indexes leave out what is empty
	}
	// A page by each index rather than one condition: with OR all events would be
	// walked.
	const text = `SELECT id, time, kind, method, object, family, session, client, subject, reason, request_id, detail, count
		FROM events WHERE id IN (
			SELECT id FROM (SELECT id FROM events WHERE object = $1 AND object <> '' AND id > $2 ORDER BY id LIMIT $3) AS o
			UNION SELECT id FROM (SELECT id FROM events WHERE family = $4 AND family <> '' AND id > $5 ORDER BY id LIMIT $6) AS f
			UNION SELECT id FROM (SELECT id FROM events WHERE session = $7 AND session <> '' AND id > $8 ORDER BY id LIMIT $9) AS s
		) ORDER BY id LIMIT $10`
	n := store.Page(limit)
	list, err := collect(ctx, s.cfg.Read, scanEvent, text, about, after, n, about, after, n, about, after, n, n)
	return list, s.wrap("listing events", err)
}

func (s events) SweepEvents(ctx context.Context, before time.Time) (int, error) {
	const text = `DELETE FROM events WHERE id IN (SELECT id FROM events WHERE time < $1 LIMIT $2)`
	n, err := s.sweep(ctx, text, before)
	return n, s.wrap("sweeping events", err)
}
