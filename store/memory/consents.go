package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/gate401/gate401/store"
)

type consents struct{ *memory }

var _ store.Consents = consents{}

type consentKey struct{ subject, issuer, client string }

func (m consents) Consent(ctx context.Context, subject, issuer, client string) (found store.Consent, err error) {
	err = m.view(ctx, "reading a consent", func() error {
		c, ok := m.consents[consentKey{subject, issuer, client}]
		if !ok {
			return store.ErrNotFound
		}
		found, err = c.Normal()
		return err
	})
	return found, err
}

func (m consents) PutConsent(ctx context.Context, c store.Consent) (stored store.Consent, err error) {
	err = m.write(ctx, "storing a consent", func() error {
		c, err := c.Normal()
		if err != nil {
			return err
		}
		c.Created = store.Moment(m.now())
		m.consents[consentKey{c.Subject, c.Issuer, c.Client}] = c
		stored, err = c.Normal()
		return err
	})
	return stored, err
}

func (m consents) DeleteConsent(ctx context.Context, subject, issuer, client string) error {
	return m.write(ctx, "deleting a consent", func() error {
		key := consentKey{subject, issuer, client}
		if _, ok := m.consents[key]; !ok {
			return store.ErrNotFound
		}
		delete(m.consents, key)
		return nil
	})
}

func (m consents) ListConsents(ctx context.Context, subject, issuer string) (list []store.Consent, err error) {
	err = m.view(ctx, "listing consents", func() error {
		for key, c := range m.consents {
			if key.subject != subject || key.issuer != issuer {
				continue
			}
			c, err := c.Normal()
			if err != nil {
				return err
			}
			list = append(list, c)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b store.Consent) int { return cmp.Compare(a.Client, b.Client) })
	return list[:min(len(list), store.MaxPage)], err
}
