package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
)

const selectClient = `SELECT id, name, method, secrets_json, keys_json, keys_url, redirects_json, grants_json, scopes_json,
	resources_json, groups_json, trusted, registered, suspended, created, updated, version FROM clients`

// causeDeletedClient is why what a client was given is revoked when it goes.
const causeDeletedClient = "the client was deleted"

type clients struct{ *DB }

var _ store.Clients = clients{}

// clientSecret is a store.ClientSecret in a column.
type clientSecret struct {
	Hash    []byte `json:"hash"`
	Hint    string `json:"hint,omitempty"`
	Created int64  `json:"created"`
	Expires int64  `json:"expires,omitempty"`
}

func secretsToJSON(secrets []store.ClientSecret) (string, error) {
	all := make([]clientSecret, 0, len(secrets))
	for _, s := range secrets {
		all = append(all, clientSecret{s.Hash[:], s.Hint, store.Millis(s.Created), store.Millis(s.Expires)})
	}
	b, err := json.Marshal(all)
	return string(b), err
}

func secretsFromJSON(text string) ([]store.ClientSecret, error) {
	var all []clientSecret
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("column secrets_json: %w", err)
	}
	var secrets []store.ClientSecret
	for _, x := range all {
		s := store.ClientSecret{Hint: x.Hint, Created: store.FromMillis(x.Created), Expires: store.FromMillis(x.Expires)}
		if copy(s.Hash[:], x.Hash); len(x.Hash) != len(s.Hash) {
			return nil, fmt.Errorf("column secrets_json: a hash of %d bytes", len(x.Hash))
		}
		secrets = append(secrets, s)
	}
	return secrets, nil
}

func scanClient(row scanner) (store.Client, error) {
	var (
		c                                            store.Client
		secrets, keys                                string
		redirects, grants, scopes, resources, groups string
		created, updated                             int64
	)
	err := row.Scan(&c.ID, &c.Name, &c.Method, &secrets, &keys, &c.KeysURL, &redirects, &grants, &scopes,
		&resources, &groups, &c.Trusted, &c.Registered, &c.Suspended, &created, &updated, &c.Version)
	if err != nil {
		return store.Client{}, err
	}
	if c.Secrets, err = secretsFromJSON(secrets); err != nil {
		return store.Client{}, err
	}
	c.Keys = nilIfEmpty([]byte(keys))
	for _, l := range []struct {
		to           *[]string
		column, text string
	}{
		{&c.RedirectURIs, "redirects_json", redirects}, {&c.Grants, "grants_json", grants}, {&c.Scopes, "scopes_json", scopes},
		{&c.Resources, "resources_json", resources}, {&c.Groups, "groups_json", groups},
	} {
		if *l.to, err = fromJSON(l.column, l.text); err != nil {
			return store.Client{}, err
		}
	}
	c.Created, c.Updated = store.FromMillis(created), store.FromMillis(updated)
	return c, nil
}

// clientColumns are name to suspended, as arguments.
func clientColumns(c store.Client) ([]any, error) {
	secrets, err := secretsToJSON(c.Secrets)
	if err != nil {
		return nil, err
	}
	columns := []any{c.Name, c.Method, secrets, string(c.Keys), c.KeysURL}
	for _, l := range [][]string{c.RedirectURIs, c.Grants, c.Scopes, c.Resources, c.Groups} {
		text, err := toJSON(l)
		if err != nil {
			return nil, err
		}
		columns = append(columns, text)
	}
	return append(columns, c.Trusted, c.Registered, c.Suspended), nil
}

func (s clients) Client(ctx context.Context, id string) (store.Client, error) {
	c, err := scanClient(s.cfg.Read.QueryRowContext(ctx, selectClient+` WHERE id = $1`, id))
	return c, s.wrap("reading a client", err)
}

func (s clients) CreateClient(ctx context.Context, c store.Client) (store.Client, error) {
	const op = "creating a client"
	c, err := c.Normal()
	if err != nil {
		return store.Client{}, s.wrap(op, err)
	}
	columns, err := clientColumns(c)
	if err != nil {
		return store.Client{}, s.wrap(op, err)
	}
	err = s.change(ctx, func(tx *sql.Tx, version int64) error {
		c.Updated = store.Moment(s.cfg.Now())
		c.Created, c.Version = c.Updated, version
		const insert = `INSERT INTO clients (name, method, secrets_json, keys_json, keys_url, redirects_json, grants_json, scopes_json,
			resources_json, groups_json, trusted, registered, suspended, id, created, updated, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING`
		return inserted(tx.ExecContext(ctx, insert, append(columns, c.ID, store.Millis(c.Created), store.Millis(c.Updated), version)...))
	})
	if err != nil {
		return store.Client{}, s.wrap(op, err)
	}
	return c, nil
}

func (s clients) UpdateClient(ctx context.Context, c store.Client) (store.Client, error) {
	const op = "updating a client"
	c, err := c.Normal()
	if err != nil {
		return store.Client{}, s.wrap(op, err)
	}
	columns, err := clientColumns(c)
	if err != nil {
		return store.Client{}, s.wrap(op, err)
	}
	var stored store.Client
	err = s.change(ctx, func(tx *sql.Tx, version int64) error {
		const update = `UPDATE clients SET name = $1, method = $2, secrets_json = $3, keys_json = $4, keys_url = $5,
			redirects_json = $6, grants_json = $7, scopes_json = $8, resources_json = $9, groups_json = $10,
			trusted = $11, registered = $12, suspended = $13, updated = $14, version = $15 WHERE id = $16 AND version = $17`
		result, err := tx.ExecContext(ctx, update, append(columns, store.Millis(s.cfg.Now()), version, c.ID, c.Version)...)
		if err := updated(ctx, tx, result, err, `SELECT 1 FROM clients WHERE id = $1`, c.ID); err != nil {
			return err
		}
		stored, err = scanClient(tx.QueryRowContext(ctx, selectClient+` WHERE id = $1`, c.ID))
		return err
	})
	if err != nil {
		return store.Client{}, s.wrap(op, err)
	}
	return stored, nil
}

func (s clients) DeleteClient(ctx context.Context, id string, at, until time.Time) error {
	const op = "deleting a client"
	r, err := store.Revocation{Kind: store.RevokedClient, ID: id, At: at, Until: until, Cause: causeDeletedClient}.Normal()
	if err != nil {
		return s.wrap(op, err)
	}
	return s.wrap(op, s.change(ctx, func(tx *sql.Tx, _ int64) error {
		var gone string
		if err := tx.QueryRowContext(ctx, `DELETE FROM clients WHERE id = $1 RETURNING id`, id).Scan(&gone); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM consents WHERE client = $1`, id); err != nil {
			return err
		}
		return revokeUntilNow(ctx, tx, r)
	}))
}

func (s clients) SweepClients(ctx context.Context, before time.Time) (int, error) {
	const text = `DELETE FROM clients WHERE id IN (SELECT c.id FROM clients c
		WHERE c.registered AND NOT c.trusted AND NOT c.suspended AND c.updated = c.created AND c.created < $1
			AND NOT EXISTS (SELECT 1 FROM consents o WHERE o.client = c.id)
			AND NOT EXISTS (SELECT 1 FROM token_families f WHERE f.client = c.id) LIMIT $2)`
	n, err := s.sweep(ctx, text, before)
	return n, s.wrap("sweeping clients", err)
}

func (s clients) ListClients(ctx context.Context, after string, limit int) ([]store.Client, error) {
	list, err := collect(ctx, s.cfg.Read, scanClient, selectClient+` WHERE id > $1 ORDER BY id LIMIT $2`, after, store.Page(limit))
	return list, s.wrap("listing clients", err)
}
