package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/store"
)

const selectKey = `SELECT id, hash, hint, environment, owner, name, scopes_json, groups_json,
	created, expires, revoked, last_used, successor, version FROM api_keys`

type apiKeys struct{ *DB }

var _ store.APIKeys = apiKeys{}

func scanKey(row scanner) (store.APIKey, error) {
	var (
		k                               store.APIKey
		hash                            []byte
		groups, scopes                  string
		created, expires, revoked, used int64
	)
	err := row.Scan(&k.ID, &hash, &k.Hint, &k.Environment, &k.Owner, &k.Name, &scopes, &groups,
		&created, &expires, &revoked, &used, &k.Successor, &k.Version)
	if err != nil {
		return store.APIKey{}, err
	}
	if copy(k.Hash[:], hash); len(hash) != len(k.Hash) {
		return store.APIKey{}, fmt.Errorf("column hash: %d bytes", len(hash))
	}
	if k.Groups, err = fromJSON("groups_json", groups); err != nil {
		return store.APIKey{}, err
	}
	if k.Scopes, err = fromJSON("scopes_json", scopes); err != nil {
		return store.APIKey{}, err
	}
	k.Created, k.Expires = store.FromMillis(created), store.FromMillis(expires)
	k.Revoked, k.LastUsed = store.FromMillis(revoked), store.FromMillis(used)
	return k, nil
}

func (s apiKeys) APIKeyByHash(ctx context.Context, hash [32]byte) (store.APIKey, error) {
	ctx, err := s.point(ctx)
	if err != nil {
		return store.APIKey{}, s.wrap("reading an API key", err)
	}
	k, err := scanKey(s.stmt.keyByHash.QueryRowContext(ctx, hash[:]))
	return k, s.wrap("reading an API key", err)
}

func (s apiKeys) APIKey(ctx context.Context, id string) (store.APIKey, error) {
	ctx, err := s.point(ctx)
	if err != nil {
		return store.APIKey{}, s.wrap("reading an API key", err)
	}
	k, err := scanKey(s.stmt.key.QueryRowContext(ctx, id))
	return k, s.wrap("reading an API key", err)
}

func (s apiKeys) ListAPIKeys(ctx context.Context, owner, after string, limit int) ([]store.APIKey, error) {
	where, args := ` WHERE id > $1 ORDER BY id LIMIT $2`, []any{after, store.Page(limit)}
	if owner != "" {
		where, args = ` WHERE owner = $1 AND id > $2 ORDER BY id LIMIT $3`, []any{owner, after, store.Page(limit)}
	}
	list, err := collect(ctx, s.cfg.Read, scanKey, selectKey+where, args...)
	return list, s.wrap("listing API keys", err)
}

func (s apiKeys) CreateAPIKey(ctx context.Context, k store.APIKey) (store.APIKey, error) {
	var stored store.APIKey
	err := s.change(ctx, func(tx *sql.Tx, version int64) (err error) {
		stored, err = s.insert(ctx, tx, k, version)
		return err
	})
	if err != nil {
		return store.APIKey{}, s.wrap("creating an API key", err)
	}
	return stored, nil
}

func (s apiKeys) insert(ctx context.Context, tx *sql.Tx, k store.APIKey, version int64) (store.APIKey, error) {
	k, err := k.Normal()
	if err != nil {
		return store.APIKey{}, err
	}
	groups, scopes, err := lists(k.Groups, k.Scopes)
	if err != nil {
		return store.APIKey{}, err
	}
	if k.Owner != "" {
		var one int64
		if err := tx.QueryRowContext(ctx, `SELECT 1 FROM accounts WHERE name = $1`, k.Owner).Scan(&one); err != nil {
			return store.APIKey{}, fmt.Errorf("its owner: %w", err)
		}
	}
	k.Created, k.LastUsed, k.Successor, k.Version = store.Moment(s.cfg.Now()), time.Time{}, "", version
	const insert = `INSERT INTO api_keys (id, hash, hint, environment, owner, name, scopes_json, groups_json,
		created, expires, revoked, last_used, successor, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`
	err = inserted(tx.ExecContext(ctx, insert, k.ID, k.Hash[:], k.Hint, k.Environment, k.Owner, k.Name, scopes, groups,
		store.Millis(k.Created), store.Millis(k.Expires), store.Millis(k.Revoked), int64(0), "", k.Version))
	return k, err
}

func (s apiKeys) UpdateAPIKey(ctx context.Context, k store.APIKey) (store.APIKey, error) {
	const op = "updating an API key"
	k, err := k.Normal()
	if err != nil {
		return store.APIKey{}, s.wrap(op, err)
	}
	groups, scopes, err := lists(k.Groups, k.Scopes)
	if err != nil {
		return store.APIKey{}, s.wrap(op, err)
	}
	var stored store.APIKey
	err = s.change(ctx, func(tx *sql.Tx, version int64) error {
		const update = `UPDATE api_keys SET name = $1, scopes_json = $2, groups_json = $3, expires = $4, revoked = $5, version = $6
			WHERE id = $7 AND version = $8 AND (revoked = 0 OR revoked = $9)`
		revoked := store.Millis(k.Revoked)
		result, err := tx.ExecContext(ctx, update, k.Name, scopes, groups, store.Millis(k.Expires), revoked, version, k.ID, k.Version, revoked)
		if err := updated(ctx, tx, result, err, `SELECT 1 FROM api_keys WHERE id = $1`, k.ID); err != nil {
			return err
		}
		stored, err = scanKey(tx.QueryRowContext(ctx, selectKey+` WHERE id = $1`, k.ID))
		return err
	})
	if err != nil {
		return store.APIKey{}, s.wrap(op, err)
	}
	return stored, nil
}

func (s apiKeys) RotateAPIKey(ctx context.Context, id string, version int64, until time.Time, successor store.APIKey) (store.APIKey, error) {
	const op = "rotating an API key"
	if until.IsZero() {
		return store.APIKey{}, s.wrap(op, fmt.Errorf("%w: the old key needs an end", store.ErrInvalid))
	}
	var stored store.APIKey
	err := s.change(ctx, func(tx *sql.Tx, revision int64) (err error) {
		const update = `UPDATE api_keys SET successor = $1, version = $2,
			expires = CASE WHEN expires = 0 OR expires > $3 THEN $4 ELSE expires END
			WHERE id = $5 AND version = $6 AND revoked = 0 AND successor = ''`
		end := store.Millis(until)
		result, err := tx.ExecContext(ctx, update, successor.ID, revision, end, end, id, version)
		if err := updated(ctx, tx, result, err, `SELECT 1 FROM api_keys WHERE id = $1`, id); err != nil {
			return err
		}
		stored, err = s.insert(ctx, tx, successor, revision)
		return err
	})
	if err != nil {
		return store.APIKey{}, s.wrap(op, err)
	}
	return stored, nil
}

// marksAtOnce is how many marks of use one statement writes.
const marksAtOnce = 64

func (s apiKeys) MarkAPIKeysUsed(ctx context.Context, used map[string]time.Time) error {
	if len(used) == 0 {
		return nil
	}
	// In one order everywhere, so that two replicas cannot wait for each other.
	ids := slices.Sorted(maps.Keys(used))
	return s.wrap("noting the use of API keys", s.transact(ctx, func(tx *sql.Tx) error {
		// One statement for many is for a database with one writer at a time: any
		// other would lock the rows in an order of its own.
		if s.cfg.Quick && len(ids) >= marksAtOnce {
			var err error
			if ids, err = markMany(ctx, tx, ids, used); err != nil {
				return err
			}
		}
		stmt, err := tx.PrepareContext(ctx, `UPDATE api_keys SET last_used = $1 WHERE id = $2 AND last_used < $3`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, id := range ids {
			at := store.Millis(used[id])
			if _, err := stmt.ExecContext(ctx, at, id, at); err != nil {
				return err
			}
		}
		return nil
	}))
}

// markMany marks the use of keys, marksAtOnce at a time, and returns those that
// are left.
func markMany(ctx context.Context, tx *sql.Tx, ids []string, used map[string]time.Time) ([]string, error) {
	rows := "(?, ?)" + strings.Repeat(", (?, ?)", marksAtOnce-1)
	update := `UPDATE api_keys SET last_used = v.column2 FROM (VALUES ` + rows + `) AS v WHERE id = v.column1 AND last_used < v.column2` //nolint:gosec // question marks alone
	stmt, err := tx.PrepareContext(ctx, update)
	if err != nil {
		return nil, err
	}
	defer stmt.Close()
	args := make([]any, 2*marksAtOnce)
	for len(ids) >= marksAtOnce {
		for i, id := range ids[:marksAtOnce] {
			args[2*i], args[2*i+1] = id, store.Millis(used[id])
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return nil, err
		}
		ids = ids[marksAtOnce:]
	}
	return ids, nil
}
