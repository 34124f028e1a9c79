package sqldb

import (
	"context"
	"database/sql"
	"time"

	"github.com/gate401/gate401/store"
)

// selectRevoked is one look-up by primary key for each of the three kinds. An
// empty ID is nobody's.
const selectRevoked = `SELECT kind, id, at, until, cause FROM revocations
	WHERE (kind = 'token' AND id = $1) OR (kind = 'family' AND id = $2)
		OR (kind = 'subject' AND id = $3 AND at >= $4) LIMIT 1`

func (s tokens) Revoked(ctx context.Context, token, family, subject string, issued time.Time) (store.Revocation, error) {
	if family != "" {
		subject = ""
	}
	var r store.Revocation
	var at, until int64
	err := s.stmt.revoked.QueryRowContext(ctx, token, family, subject, store.Millis(issued)).Scan(&r.Kind, &r.ID, &at, &until, &r.Cause)
	if err != nil {
		return store.Revocation{}, s.wrap("looking for a revocation", err)
	}
	r.At, r.Until = store.FromMillis(at), store.FromMillis(until)
	return r, nil
}

func (s tokens) Revoke(ctx context.Context, r store.Revocation) error {
	const op = "revoking tokens"
	r, err := r.Normal()
	if err != nil {
		return s.wrap(op, err)
	}
	at, until := store.Millis(r.At), store.Millis(r.Until)
	return s.wrap(op, s.change(ctx, func(tx *sql.Tx, _ int64) error {
		switch r.Kind {
		case store.RevokedFamily:
			var one int64
			if err := tx.QueryRowContext(ctx, `SELECT 1 FROM token_families WHERE id = $1`, r.ID).Scan(&one); err != nil {
				return err
			}
			return revokeFamilies(ctx, tx, familyByID, r)
		case store.RevokedSubject:
			const latest = `INSERT INTO revocations (kind, id, at, until, cause) VALUES ('subject', $1, $2, $3, $4)
				ON CONFLICT (kind, id) DO UPDATE SET
				cause = CASE WHEN excluded.at >= revocations.at THEN excluded.cause ELSE revocations.cause END,
				at = CASE WHEN excluded.at >= revocations.at THEN excluded.at ELSE revocations.at END,
				until = CASE WHEN excluded.until >= revocations.until THEN excluded.until ELSE revocations.until END`
			if _, err := tx.ExecContext(ctx, latest, r.ID, at, until, r.Cause); err != nil {
				return err
			}
			return revokeFamilies(ctx, tx, familiesOfPerson, r)
		default:
			const first = `INSERT INTO revocations (kind, id, at, until, cause) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
			_, err := tx.ExecContext(ctx, first, string(r.Kind), r.ID, at, until, r.Cause)
			return err
		}
	}))
}

const (
	insertRevoked = `INSERT INTO revocations (kind, id, at, until, cause)
		SELECT 'family', id, CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT) FROM token_families
		WHERE revoked = 0 AND `
	markRevoked = `UPDATE token_families SET revoked = $1, cause = $2 WHERE revoked = 0 AND `
)

// familiesOf are the statements that revoke one family or those of a subject.
type familiesOf struct{ insert, mark string }

var (
	familyByID       = familiesOf{insertRevoked + `id = $4 ON CONFLICT DO NOTHING`, markRevoked + `id = $3`}
	familiesOfPerson = familiesOf{insertRevoked + `subject = $4 ON CONFLICT DO NOTHING`, markRevoked + `subject = $3`}
)

// revokeFamilies revokes those that are not revoked yet.
func revokeFamilies(ctx context.Context, tx *sql.Tx, of familiesOf, r store.Revocation) error {
	if _, err := tx.ExecContext(ctx, of.insert, store.Millis(r.At), store.Millis(r.Until), r.Cause, r.ID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, of.mark, store.Millis(r.At), r.Cause, r.ID)
	return err
}
