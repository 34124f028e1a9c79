package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
)

const selectTicket = `SELECT kind, hash, subject, client, data_json, created, expires, used, family, version FROM tickets`

type tickets struct{ *DB }

var _ store.Tickets = tickets{}

func scanTicket(row scanner) (store.Ticket, error) {
	var (
		t                      store.Ticket
		hash                   []byte
		data                   string
		created, expires, used int64
	)
	err := row.Scan(&t.Kind, &hash, &t.Subject, &t.Client, &data, &created, &expires, &used, &t.Family, &t.Version)
	if err != nil {
		return store.Ticket{}, err
	}
	if copy(t.Hash[:], hash); len(hash) != len(t.Hash) {
		return store.Ticket{}, fmt.Errorf("column hash: %d bytes", len(hash))
	}
	t.Data = nilIfEmpty(json.RawMessage(data))
	t.Created, t.Expires, t.Used = store.FromMillis(created), store.FromMillis(expires), store.FromMillis(used)
	return t, nil
}

func (s tickets) Ticket(ctx context.Context, kind store.TicketKind, hash [32]byte) (store.Ticket, error) {
	const where = ` WHERE kind = $1 AND hash = $2`
	t, err := scanTicket(s.cfg.Read.QueryRowContext(ctx, selectTicket+where, string(kind), hash[:]))
	return t, s.wrap("reading a ticket", err)
}

// number is a version that no ticket had before, so that one which was deleted
// and made anew, as a short code may be, is told from the old one.
func (s tickets) number(ctx context.Context, tx *sql.Tx) (version int64, err error) {
	const raise = `UPDATE counters SET value = value + 1 WHERE name = 'ticket' RETURNING value`
	if err := tx.QueryRowContext(ctx, raise).Scan(&version); err != nil {
		return 0, fmt.Errorf("numbering a ticket: %w", err)
	}
	return version, nil
}

func (s tickets) CreateTicket(ctx context.Context, t store.Ticket) (store.Ticket, error) {
	const op = "creating a ticket"
	t, err := t.Normal()
	if err != nil {
		return store.Ticket{}, s.wrap(op, err)
	}
	t.Created, t.Used, t.Family = store.Moment(s.cfg.Now()), time.Time{}, ""
	err = s.transact(ctx, func(tx *sql.Tx) (err error) {
		if t.Version, err = s.number(ctx, tx); err != nil {
			return err
		}
		const insert = `INSERT INTO tickets (kind, hash, subject, client, data_json, created, expires, used, family, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', $8) ON CONFLICT DO NOTHING`
		return inserted(tx.ExecContext(ctx, insert, string(t.Kind), t.Hash[:], t.Subject, t.Client, string(t.Data),
			store.Millis(t.Created), store.Millis(t.Expires), t.Version))
	})
	if err != nil {
		return store.Ticket{}, s.wrap(op, err)
	}
	return t, nil
}

func (s tickets) UpdateTicket(ctx context.Context, t store.Ticket) (store.Ticket, error) {
	const op = "updating a ticket"
	t, err := t.Normal()
	if err != nil {
		return store.Ticket{}, s.wrap(op, err)
	}
	var stored store.Ticket
	err = s.transact(ctx, func(tx *sql.Tx) error {
		version, err := s.number(ctx, tx)
		if err != nil {
			return err
		}
		const update = `UPDATE tickets SET subject = $1, data_json = $2, expires = $3, version = $4
			WHERE kind = $5 AND hash = $6 AND version = $7 AND used = 0`
		result, err := tx.ExecContext(ctx, update, t.Subject, string(t.Data), store.Millis(t.Expires), version,
			string(t.Kind), t.Hash[:], t.Version)
		if err := s.moved(ctx, tx, result, err, t.Kind, t.Hash); err != nil {
			return err
		}
		stored, err = scanTicket(tx.QueryRowContext(ctx, selectTicket+` WHERE kind = $1 AND hash = $2`, string(t.Kind), t.Hash[:]))
		return err
	})
	if err != nil {
		return store.Ticket{}, s.wrap(op, err)
	}
	return stored, nil
}

// moved turns the result of a change of one ticket into an error.
func (s tickets) moved(ctx context.Context, tx *sql.Tx, result sql.Result, err error, kind store.TicketKind, hash [32]byte) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil || n == 1 {
		return err
	}
	var one int64
	const exists = `SELECT 1 FROM tickets WHERE kind = $1 AND hash = $2`
	if err := tx.QueryRowContext(ctx, exists, string(kind), hash[:]).Scan(&one); err != nil {
		return err
	}
	return store.ErrConflict
}

func (s tickets) UseTicket(ctx context.Context, kind store.TicketKind, hash [32]byte, at time.Time, family *store.TokenFamily, first *store.RefreshToken) error {
	const op = "using a ticket"
	if at.IsZero() || family == nil && first != nil {
		return s.wrap(op, fmt.Errorf("%w: ticket used at no time, or for a refresh token without family", store.ErrInvalid))
	}
	id := ""
	if family != nil {
		id = family.ID
	}
	return s.wrap(op, s.transact(ctx, func(tx *sql.Tx) error {
		// One statement decides, so that the database makes of any number of uses
		// one after the other.
		const use = `UPDATE tickets SET used = $1, family = $2 WHERE kind = $3 AND hash = $4 AND used = 0`
		result, err := tx.ExecContext(ctx, use, store.Millis(at), id, string(kind), hash[:])
		if err := s.moved(ctx, tx, result, err, kind, hash); err != nil || family == nil {
			return err
		}
		if family.Session != "" {
			var ended int64
			const count = `SELECT count(*) FROM sessions WHERE id = $1 AND revoked <> 0`
			if err := tx.QueryRowContext(ctx, count, family.Session).Scan(&ended); err != nil {
				return err
			}
			if ended > 0 {
				return fmt.Errorf("its session was revoked: %w", store.ErrConflict)
			}
		}
		_, err = tokens(s).insertFamily(ctx, tx, *family, first)
		return err
	}))
}

func (s tickets) DeleteTicket(ctx context.Context, kind store.TicketKind, hash [32]byte) error {
	return s.wrap("deleting a ticket", s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM tickets WHERE kind = $1 AND hash = $2`, string(kind), hash[:])
		return err
	}))
}

func (s tickets) SweepTickets(ctx context.Context, before time.Time) (int, error) {
	const text = `DELETE FROM tickets WHERE (kind, hash) IN (SELECT kind, hash FROM tickets WHERE expires < $1 LIMIT $2)`
	n, err := s.sweep(ctx, text, before)
	return n, s.wrap("sweeping tickets", err)
}
