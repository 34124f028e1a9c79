package sqldb

import (
	"context"
	"database/sql"

	"github.com/gate401/gate401/store"
)

const selectConsent = `SELECT subject, issuer, client, scopes_json, resources_json, created FROM consents WHERE subject = $1 AND issuer = $2`

type consents struct{ *DB }

var _ store.Consents = consents{}

func scanConsent(row scanner) (store.Consent, error) {
	var (
		c                 store.Consent
		scopes, resources string
		created           int64
	)
	err := row.Scan(&c.Subject, &c.Issuer, &c.Client, &scopes, &resources, &created)
	if err != nil {
		return store.Consent{}, err
	}
	if c.Scopes, err = fromJSON("scopes_json", scopes); err != nil {
		return store.Consent{}, err
	}
	if c.Resources, err = fromJSON("resources_json", resources); err != nil {
		return store.Consent{}, err
	}
	c.Created = store.FromMillis(created)
	return c, nil
}

func (s consents) Consent(ctx context.Context, subject, issuer, client string) (store.Consent, error) {
	c, err := scanConsent(s.cfg.Read.QueryRowContext(ctx, selectConsent+` AND client = $3`, subject, issuer, client))
	return c, s.wrap("reading a consent", err)
}

func (s consents) PutConsent(ctx context.Context, c store.Consent) (store.Consent, error) {
	const op = "storing a consent"
	c, err := c.Normal()
	if err != nil {
		return store.Consent{}, s.wrap(op, err)
	}
	scopes, resources, err := lists(c.Scopes, c.Resources)
	if err != nil {
		return store.Consent{}, s.wrap(op, err)
	}
	c.Created = store.Moment(s.cfg.Now())
	err = s.transact(ctx, func(tx *sql.Tx) error {
		const put = `INSERT INTO consents (subject, issuer, client, scopes_json, resources_json, created) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (subject, issuer, client) DO UPDATE SET
			scopes_json = excluded.scopes_json, resources_json = excluded.resources_json, created = excluded.created`
		_, err := tx.ExecContext(ctx, put, c.Subject, c.Issuer, c.Client, scopes, resources, store.Millis(c.Created))
		return err
	})
	if err != nil {
		return store.Consent{}, s.wrap(op, err)
	}
	return c, nil
}

func (s consents) DeleteConsent(ctx context.Context, subject, issuer, client string) error {
	return s.wrap("deleting a consent", s.transact(ctx, func(tx *sql.Tx) error {
		var gone string
		const text = `DELETE FROM consents WHERE subject = $1 AND issuer = $2 AND client = $3 RETURNING client`
		return tx.QueryRowContext(ctx, text, subject, issuer, client).Scan(&gone)
	}))
}

func (s consents) ListConsents(ctx context.Context, subject, issuer string) ([]store.Consent, error) {
	list, err := collect(ctx, s.cfg.Read, scanConsent, selectConsent+` ORDER BY client LIMIT $3`, subject, issuer, store.MaxPage)
	return list, s.wrap("listing consents", err)
}
