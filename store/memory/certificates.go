package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/gate401/gate401/store"
)

type certificates struct{ *memory }

var _ store.Certificates = certificates{}

func (m certificates) Certificate(ctx context.Context, id string) (found store.Certificate, err error) {
	err = m.view(ctx, "reading a certificate", func() error {
		c, ok := m.certificates[id]
		if !ok {
			return store.ErrNotFound
		}
		found, err = c.Normal()
		return err
	})
	return found, err
}

func (m certificates) CreateCertificate(ctx context.Context, c store.Certificate) (stored store.Certificate, err error) {
	err = m.write(ctx, "creating a certificate", func() error {
		c, err := c.Normal()
		if err != nil {
			return err
		}
		if _, taken := m.certificates[c.ID]; taken {
			return store.ErrExists
		}
		stored, err = m.keep(c)
		return err
	})
	return stored, err
}

func (m certificates) UpdateCertificate(ctx context.Context, c store.Certificate) (stored store.Certificate, err error) {
	err = m.write(ctx, "updating a certificate", func() error {
		c, err := c.Normal()
		if err != nil {
			return err
		}
		old, ok := m.certificates[c.ID]
		switch {
		case !ok:
			return store.ErrNotFound
		case old.Version != c.Version:
			return store.ErrConflict
		}
		stored, err = m.keep(c)
		return err
	})
	return stored, err
}

// keep stores c under a version that no record of the kind had before, so that
// one which was deleted and made anew is told from the old one.
func (m certificates) keep(c store.Certificate) (store.Certificate, error) {
	m.certificateVersion++
	c.Updated, c.Version = store.Moment(m.now()), m.certificateVersion
	m.certificates[c.ID] = c
	return c.Normal()
}

func (m certificates) DeleteCertificate(ctx context.Context, id string) error {
	return m.write(ctx, "deleting a certificate", func() error {
		if _, ok := m.certificates[id]; !ok {
			return store.ErrNotFound
		}
		delete(m.certificates, id)
		return nil
	})
}

func (m certificates) ListCertificates(ctx context.Context, after string, limit int) (list []store.Certificate, err error) {
	err = m.view(ctx, "listing certificates", func() error {
		for id, c := range m.certificates {
			if id <= after {
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
	slices.SortFunc(list, func(a, b store.Certificate) int { return cmp.Compare(a.ID, b.ID) })
	return list[:min(len(list), store.Page(limit))], err
}
