package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gate401/gate401/store"
)

const selectSession = `SELECT id, hash, subject, issuer, provider, display, groups_json, scopes_json,
	auth_time, acr, amr_json, address, agent, created, seen, idle, expires, revoked, cause FROM sessions`

// causeReplaced is why a session was revoked that another one replaces.
const causeReplaced = "replaced by a new login"

type sessions struct{ *DB }

var _ store.Sessions = sessions{}

func scanSession(row scanner) (store.Session, error) {
	var (
		x                                               store.Session
		hash                                            []byte
		groups, scopes, amr                             string
		authTime, created, seen, idle, expires, revoked int64
	)
	err := row.Scan(&x.ID, &hash, &x.Subject, &x.Issuer, &x.Provider, &x.Display, &groups, &scopes,
		&authTime, &x.ACR, &amr, &x.Address, &x.Agent, &created, &seen, &idle, &expires, &revoked, &x.Cause)
	if err != nil {
		return store.Session{}, err
	}
	if copy(x.Hash[:], hash); len(hash) != len(x.Hash) {
		return store.Session{}, fmt.Errorf("column hash: %d bytes", len(hash))
	}
	if x.Groups, err = fromJSON("groups_json", groups); err != nil {
		return store.Session{}, err
	}
	if x.Scopes, err = fromJSON("scopes_json", scopes); err != nil {
		return store.Session{}, err
	}
	if x.AMR, err = fromJSON("amr_json", amr); err != nil {
		return store.Session{}, err
	}
	x.AuthTime, x.Created, x.Seen = store.FromMillis(authTime), store.FromMillis(created), store.FromMillis(seen)
	x.Idle, x.Expires, x.Revoked = store.FromMillis(idle), store.FromMillis(expires), store.FromMillis(revoked)
	return x, nil
}

func (s sessions) SessionByHash(ctx context.Context, hash [32]byte) (store.Session, error) {
	ctx, err := s.point(ctx)
	if err != nil {
		return store.Session{}, s.wrap("reading a session", err)
	}
	x, err := scanSession(s.stmt.sessionByHash.QueryRowContext(ctx, hash[:]))
	return x, s.wrap("reading a session", err)
}

func (s sessions) Session(ctx context.Context, id string) (store.Session, error) {
	ctx, err := s.point(ctx)
	if err != nil {
		return store.Session{}, s.wrap("reading a session", err)
	}
	x, err := scanSession(s.stmt.session.QueryRowContext(ctx, id))
	return x, s.wrap("reading a session", err)
}

func (s sessions) ListSessions(ctx context.Context, subject, after string, limit int) ([]store.Session, error) {
	where, args := ` WHERE id > $1 ORDER BY id LIMIT $2`, []any{after, store.Page(limit)}
	if subject != "" {
		where, args = ` WHERE subject = $1 AND id > $2 ORDER BY id LIMIT $3`, []any{subject, after, store.Page(limit)}
	}
	list, err := collect(ctx, s.cfg.Read, scanSession, selectSession+where, args...)
	return list, s.wrap("listing sessions", err)
}

func (s sessions) LiveSessions(ctx context.Context, subject, issuer string, at time.Time, limit int) ([]store.Session, error) {
	const where = ` WHERE subject = $1 AND issuer = $2 AND ends > $3 ORDER BY seen, id LIMIT $4`
	list, err := collect(ctx, s.cfg.Read, scanSession, selectSession+where, subject, issuer, store.Millis(at), store.Page(limit))
	return list, s.wrap("listing sessions", err)
}

func (s sessions) CreateSession(ctx context.Context, x store.Session, replaces string) (store.Session, error) {
	const op = "creating a session"
	x, err := x.Normal()
	if err != nil {
		return store.Session{}, s.wrap(op, err)
	}
	x.Created, x.Revoked, x.Cause = store.Moment(s.cfg.Now()), time.Time{}, ""
	if replaces == "" {
		err = s.transact(ctx, func(tx *sql.Tx) error { return insertSession(ctx, tx, x) })
	} else {
		err = s.change(ctx, func(tx *sql.Tx, _ int64) error {
			if _, err := revokeSessions(ctx, tx, markSessions+`id = $5`, x.Created, causeReplaced, replaces); err != nil {
				return err
			}
			return insertSession(ctx, tx, x)
		})
	}
	if err != nil {
		return store.Session{}, s.wrap(op, err)
	}
	return x, nil
}

func insertSession(ctx context.Context, tx *sql.Tx, x store.Session) error {
	groups, scopes, err := lists(x.Groups, x.Scopes)
	if err != nil {
		return err
	}
	amr, err := toJSON(x.AMR)
	if err != nil {
		return err
	}
	const insert = `INSERT INTO sessions (id, hash, subject, issuer, provider, display, groups_json, scopes_json,
		auth_time, acr, amr_json, address, agent, created, seen, idle, expires, revoked, cause, ends)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, '', $18) ON CONFLICT DO NOTHING`
	return inserted(tx.ExecContext(ctx, insert, x.ID, x.Hash[:], x.Subject, x.Issuer, x.Provider, x.Display, groups, scopes,
		store.Millis(x.AuthTime), x.ACR, amr, x.Address, x.Agent, store.Millis(x.Created), store.Millis(x.Seen), store.Millis(x.Idle),
		store.Millis(x.Expires), store.Millis(x.Ends())))
}

func (s sessions) TouchSessions(ctx context.Context, touched map[string]store.Touch) error {
	if len(touched) == 0 {
		return nil
	}
	// In one order everywhere, so that two replicas cannot wait for each other.
	ids := slices.Sorted(maps.Keys(touched))
	return s.wrap("noting the use of sessions", s.transact(ctx, func(tx *sql.Tx) error {
		// ends is the earlier of expires and idle: one that is revoked is not touched.
		const update = `UPDATE sessions SET
				seen = CASE WHEN seen < $1 THEN $2 ELSE seen END,
				idle = CASE WHEN idle <> 0 AND idle < $3 THEN $4 ELSE idle END,
				ends = CASE WHEN idle = 0 OR idle >= $5 THEN ends WHEN expires < $6 THEN expires ELSE $7 END
			WHERE id = $8 AND revoked = 0`
		stmt, err := tx.PrepareContext(ctx, update)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, id := range ids {
			seen, idle := store.Millis(touched[id].Seen), store.Millis(touched[id].Idle)
			if _, err := stmt.ExecContext(ctx, seen, seen, idle, idle, idle, idle, idle, id); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (s sessions) RevokeSession(ctx context.Context, id string, at time.Time, cause string) error {
	const op = "revoking a session"
	if err := store.CheckRevoked(at, cause); err != nil {
		return s.wrap(op, err)
	}
	return s.wrap(op, s.change(ctx, func(tx *sql.Tx, _ int64) error {
		n, err := revokeSessions(ctx, tx, markSessions+`id = $5`, at, cause, id)
		if err != nil || n > 0 {
			return err
		}
		var one int64
		return tx.QueryRowContext(ctx, `SELECT 1 FROM sessions WHERE id = $1`, id).Scan(&one)
	}))
}

// markSessions is to be followed by a condition with arguments from $5 on.
const markSessions = `UPDATE sessions SET revoked = $1, cause = $2, ends = CASE WHEN ends < $3 THEN ends ELSE $4 END WHERE revoked = 0 AND `

// revokeSessions revokes those of which the condition of text is true, and which
// are not revoked yet.
func revokeSessions(ctx context.Context, tx *sql.Tx, text string, at time.Time, cause string, args ...any) (int64, error) {
	ms := store.Millis(at)
	result, err := tx.ExecContext(ctx, text, append([]any{ms, cause, ms, ms}, args...)...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s sessions) SweepSessions(ctx context.Context, before time.Time) (int, error) {
	const text = `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ends < $1 LIMIT $2)`
	n, err := s.sweep(ctx, text, before)
	return n, s.wrap("sweeping sessions", err)
}
