package sqldb

import (
	"context"
	"database/sql"

	"github.com/gate401/gate401/store"
)

// selectRevoked is one look-up by primary key for each of the kinds. An empty ID
// is nobody's.
const selectRevoked = `SELECT kind, id, at, until, cause FROM revocations
	WHERE (kind = 'token' AND id = $1) OR (kind = 'family' AND id = $2) OR (kind = 'subject' AND id = $3 AND at >= $4)
		OR (kind = 'client' AND id = $5 AND at >= $6) OR (kind = 'all' AND id = $7 AND at >= $8) LIMIT 1`

func (s tokens) Revoked(ctx context.Context, t store.AccessToken) (store.Revocation, error) {
	everything := store.Everything
	if t.Family != "" {
		// What else is revoked marked the family.
		t.Subject, t.Client, everything = "", "", ""
	}
	var r store.Revocation
	var at, until int64
	issued := store.Millis(t.Issued)
	err := s.stmt.revoked.QueryRowContext(ctx, t.ID, t.Family, t.Subject, issued, t.Client, issued, everything, issued).
		Scan(&r.Kind, &r.ID, &at, &until, &r.Cause)
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
	return s.wrap(op, s.change(ctx, func(tx *sql.Tx, _ int64) error {
		switch r.Kind {
		case store.RevokedToken:
			const first = `INSERT INTO revocations (kind, id, at, until, cause) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
			_, err := tx.ExecContext(ctx, first, string(r.Kind), r.ID, store.Millis(r.At), store.Millis(r.Until), r.Cause)
			return err
		case store.RevokedFamily:
			var one int64
			if err := tx.QueryRowContext(ctx, `SELECT 1 FROM token_families WHERE id = $1`, r.ID).Scan(&one); err != nil {
				return err
			}
			return revokeFamilies(ctx, tx, r)
		default:
			return revokeUntilNow(ctx, tx, r)
		}
	}))
}

// revokeUntilNow revokes all that a subject or a client has, or everything.
func revokeUntilNow(ctx context.Context, tx *sql.Tx, r store.Revocation) error {
	const latest = `INSERT INTO revocations (kind, id, at, until, cause) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, id) DO UPDATE SET
		cause = CASE WHEN excluded.at >= revocations.at THEN excluded.cause ELSE revocations.cause END,
		at = CASE WHEN excluded.at >= revocations.at THEN excluded.at ELSE revocations.at END,
		until = CASE WHEN excluded.until >= revocations.until THEN excluded.until ELSE revocations.until END`
	// An access token without a login speaks for an account of ours.
	if r.Issuer == "" {
		if _, err := tx.ExecContext(ctx, latest, string(r.Kind), r.ID, store.Millis(r.At), store.Millis(r.Until), r.Cause); err != nil {
			return err
		}
	}
	// The tickets first: whoever uses one at this moment is waited for, and what
	// came of it is among the families then.
	var err error
	switch r.Kind {
	case store.RevokedSubject:
		if _, err = revokeSessions(ctx, tx, markSessions+`subject = $5 AND issuer = $6`, r.At, r.Cause, r.ID, r.Issuer); err == nil {
			// A ticket does not say which issuer: better one too many.
			_, err = tx.ExecContext(ctx, `DELETE FROM tickets WHERE used = 0 AND kind NOT IN ('proof', 'link') AND subject = $1`, r.ID)
		}
	case store.RevokedClient:
		_, err = tx.ExecContext(ctx, `DELETE FROM tickets WHERE used = 0 AND kind NOT IN ('proof', 'link') AND client = $1`, r.ID)
	case store.RevokedAll:
		if _, err = revokeSessions(ctx, tx, markSessions+`id <> ''`, r.At, r.Cause); err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM tickets WHERE used = 0 AND kind <> 'proof'`)
		}
	}
	if err != nil {
		return err
	}
	return revokeFamilies(ctx, tx, r)
}

// endLogins ends all that was obtained with the password of an account, or with
// the account.
func (d *DB) endLogins(ctx context.Context, tx *sql.Tx, account, cause string) error {
	now := store.Moment(d.cfg.Now())
	r := store.Revocation{Kind: store.RevokedSubject, ID: account, At: now, Until: now.Add(store.RevocationKept), Cause: cause}
	if err := revokeUntilNow(ctx, tx, r); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM tickets WHERE used = 0 AND kind = 'link' AND subject = $1`, account)
	return err
}

const (
	markRevoked   = `UPDATE token_families SET revoked = $1, cause = $2 WHERE revoked = 0 AND `
	insertRevoked = `INSERT INTO revocations (kind, id, at, until, cause)
		SELECT 'family', id, revoked, CAST($1 AS BIGINT), cause FROM token_families WHERE revoked = $2 AND `
)

// revokeFamilies revokes those that r is about and that are not revoked yet: it
// marks them, and notes those that it marked for their access tokens.
func revokeFamilies(ctx context.Context, tx *sql.Tx, r store.Revocation) error {
	var which string
	about := []any{r.ID}
	switch r.Kind {
	case store.RevokedFamily:
		which = `id = $3`
	case store.RevokedSubject:
		which = `subject = $3 AND issuer = $4`
		about = append(about, r.Issuer)
	case store.RevokedClient:
		which = `client = $3`
	default:
		which = `CAST($3 AS TEXT) <> ''` // everything: the ID is not empty
	}
	at := store.Millis(r.At)
	if _, err := tx.ExecContext(ctx, markRevoked+which, append([]any{at, r.Cause}, about...)...); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, insertRevoked+which+` ON CONFLICT DO NOTHING`, append([]any{store.Millis(r.Until), at}, about...)...)
	return err
}
