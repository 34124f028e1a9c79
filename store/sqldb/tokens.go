package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
)

const (
	selectFamily = `SELECT id, subject, issuer, session, client, audience_json, scopes_json, groups_json, auth_time, acr, amr_json,
	created, expires, revoked, cause FROM token_families`
	selectRefresh = `SELECT hash, family, created, expires, used, repeats FROM refresh_tokens`
)

type tokens struct{ *DB }

var _ store.Tokens = tokens{}

func scanFamily(row scanner) (store.TokenFamily, error) {
	var (
		f                                store.TokenFamily
		audience, scopes, groups, amr    string
		authTime, created, ends, revoked int64
	)
	err := row.Scan(&f.ID, &f.Subject, &f.Issuer, &f.Session, &f.Client, &audience, &scopes, &groups, &authTime, &f.ACR, &amr,
		&created, &ends, &revoked, &f.Cause)
	if err != nil {
		return store.TokenFamily{}, err
	}
	if f.Audience, err = fromJSON("audience_json", audience); err != nil {
		return store.TokenFamily{}, err
	}
	if f.Scopes, err = fromJSON("scopes_json", scopes); err != nil {
		return store.TokenFamily{}, err
	}
	if f.Groups, err = fromJSON("groups_json", groups); err != nil {
		return store.TokenFamily{}, err
	}
	if f.AMR, err = fromJSON("amr_json", amr); err != nil {
		return store.TokenFamily{}, err
	}
	f.AuthTime, f.Created = store.FromMillis(authTime), store.FromMillis(created)
	f.Expires, f.Revoked = store.FromMillis(ends), store.FromMillis(revoked)
	return f, nil
}

func scanRefresh(row scanner) (store.RefreshToken, error) {
	var (
		t                   store.RefreshToken
		hash                []byte
		created, ends, used int64
	)
	if err := row.Scan(&hash, &t.Family, &created, &ends, &used, &t.Repeats); err != nil {
		return store.RefreshToken{}, err
	}
	if copy(t.Hash[:], hash); len(hash) != len(t.Hash) {
		return store.RefreshToken{}, fmt.Errorf("column hash: %d bytes", len(hash))
	}
	t.Created, t.Expires, t.Used = store.FromMillis(created), store.FromMillis(ends), store.FromMillis(used)
	return t, nil
}

func (s tokens) CreateTokenFamily(ctx context.Context, f store.TokenFamily, first store.RefreshToken) (store.TokenFamily, error) {
	var stored store.TokenFamily
	err := s.transact(ctx, func(tx *sql.Tx) (err error) {
		stored, err = s.insertFamily(ctx, tx, f, &first)
		return err
	})
	if err != nil {
		return store.TokenFamily{}, s.wrap("creating a token family", err)
	}
	return stored, nil
}

// insertFamily stores a family, with its first refresh token unless that is nil.
func (s tokens) insertFamily(ctx context.Context, tx *sql.Tx, f store.TokenFamily, first *store.RefreshToken) (store.TokenFamily, error) {
	f, err := f.Normal()
	if err != nil {
		return store.TokenFamily{}, err
	}
	if first != nil && first.Family != f.ID {
		return store.TokenFamily{}, fmt.Errorf("%w: the refresh token is of another family", store.ErrInvalid)
	}
	groups, scopes, err := lists(f.Groups, f.Scopes)
	if err != nil {
		return store.TokenFamily{}, err
	}
	audience, amr, err := lists(f.Audience, f.AMR)
	if err != nil {
		return store.TokenFamily{}, err
	}
	f.Created, f.Revoked, f.Cause = store.Moment(s.cfg.Now()), time.Time{}, ""
	const insert = `INSERT INTO token_families (id, subject, issuer, session, client, audience_json, scopes_json, groups_json,
		auth_time, acr, amr_json, created, expires, revoked, cause)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, '') ON CONFLICT DO NOTHING`
	if err := inserted(tx.ExecContext(ctx, insert, f.ID, f.Subject, f.Issuer, f.Session, f.Client, audience, scopes, groups,
		store.Millis(f.AuthTime), f.ACR, amr, store.Millis(f.Created), store.Millis(f.Expires))); err != nil {
		return store.TokenFamily{}, err
	}
	if first == nil {
		return f, nil
	}
	return f, s.insert(ctx, tx, *first)
}

func (s tokens) insert(ctx context.Context, tx *sql.Tx, t store.RefreshToken) error {
	t, err := t.Normal()
	if err != nil {
		return err
	}
	const insert = `INSERT INTO refresh_tokens (hash, family, created, expires, used, repeats)
		VALUES ($1, $2, $3, $4, 0, 0) ON CONFLICT DO NOTHING`
	return inserted(tx.ExecContext(ctx, insert, t.Hash[:], t.Family, store.Millis(s.cfg.Now()), store.Millis(t.Expires)))
}

func (s tokens) TokenFamily(ctx context.Context, id string) (store.TokenFamily, error) {
	f, err := scanFamily(s.cfg.Read.QueryRowContext(ctx, selectFamily+` WHERE id = $1`, id))
	return f, s.wrap("reading a token family", err)
}

func (s tokens) ListTokenFamilies(ctx context.Context, subject, after string, limit int) ([]store.TokenFamily, error) {
	where, args := ` WHERE id > $1 ORDER BY id LIMIT $2`, []any{after, store.Page(limit)}
	if subject != "" {
		where, args = ` WHERE subject = $1 AND id > $2 ORDER BY id LIMIT $3`, []any{subject, after, store.Page(limit)}
	}
	list, err := collect(ctx, s.cfg.Read, scanFamily, selectFamily+where, args...)
	return list, s.wrap("listing token families", err)
}

func (s tokens) RefreshToken(ctx context.Context, hash [32]byte) (store.RefreshToken, error) {
	t, err := scanRefresh(s.cfg.Read.QueryRowContext(ctx, selectRefresh+` WHERE hash = $1`, hash[:]))
	return t, s.wrap("reading a refresh token", err)
}

func (s tokens) RedeemRefreshToken(ctx context.Context, hash [32]byte, at, since time.Time, next store.RefreshToken) error {
	const op = "redeeming a refresh token"
	if at.IsZero() {
		return s.wrap(op, fmt.Errorf("%w: redeemed at no time", store.ErrInvalid))
	}
	return s.wrap(op, s.transact(ctx, func(tx *sql.Tx) error {
		// One statement decides, so that the database makes of any number of
		// redemptions one after the other; the rest tells why it did not.
		const update = `UPDATE refresh_tokens SET
				used = CASE WHEN used = 0 THEN $1 ELSE used END,
				repeats = CASE WHEN used = 0 THEN 0 ELSE repeats + 1 END
			WHERE hash = $2 AND family = $3
				AND (used = 0 OR (CAST($4 AS BIGINT) <> 0 AND used >= $5 AND repeats < $6))
				AND EXISTS (SELECT 1 FROM token_families f WHERE f.id = $7 AND f.revoked = 0)`
		from := store.Millis(since)
		result, err := tx.ExecContext(ctx, update, store.Millis(at), hash[:], next.Family, from, from, store.MaxRepeats, next.Family)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			t, err := scanRefresh(tx.QueryRowContext(ctx, selectRefresh+` WHERE hash = $1`, hash[:]))
			switch {
			case err != nil:
				return err
			case t.Family != next.Family:
				return fmt.Errorf("%w: the next refresh token is of another family", store.ErrInvalid)
			}
			return store.ErrConflict
		}
		return s.insert(ctx, tx, next)
	}))
}

func (s tokens) RenewRefreshToken(ctx context.Context, hash [32]byte, until time.Time) error {
	return s.wrap("renewing a refresh token", s.transact(ctx, func(tx *sql.Tx) error {
		const update = `UPDATE refresh_tokens SET expires = $1 WHERE hash = $2 AND used = 0
			AND EXISTS (SELECT 1 FROM token_families f WHERE f.id = refresh_tokens.family AND f.revoked = 0)`
		result, err := tx.ExecContext(ctx, update, store.Millis(until), hash[:])
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil || n == 1 {
			return err
		}
		if _, err := scanRefresh(tx.QueryRowContext(ctx, selectRefresh+` WHERE hash = $1`, hash[:])); err != nil {
			return err
		}
		return store.ErrConflict
	}))
}

func (s tokens) SweepTokens(ctx context.Context, before time.Time) (total int, err error) {
	ms := store.Millis(before)
	err = s.transact(ctx, func(tx *sql.Tx) error {
		for _, text := range []string{
			`DELETE FROM refresh_tokens WHERE hash IN (SELECT t.hash FROM refresh_tokens t
				JOIN token_families f ON f.id = t.family WHERE f.expires > 0 AND f.expires < $1 LIMIT $2)`,
			`DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE expires > 0 AND expires < $1 LIMIT $2)`,
			// A family goes only when its last token is gone.
			`DELETE FROM token_families WHERE id IN (SELECT f.id FROM token_families f WHERE f.expires > 0 AND f.expires < $1
				AND NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.family = f.id) LIMIT $2)`,
			`DELETE FROM revocations WHERE (kind, id) IN (SELECT kind, id FROM revocations WHERE until < $1 LIMIT $2)`,
		} {
			result, err := tx.ExecContext(ctx, text, ms, sweepBatch)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			total += int(n)
		}
		return nil
	})
	if err != nil {
		return 0, s.wrap("sweeping tokens", err)
	}
	return total, nil
}
