package memory

import (
	"context"
	"maps"
	"time"

	"github.com/gate401/gate401/store"
)

// causeDeletedClient is why what a client was given is revoked when it goes.
const causeDeletedClient = "the client was deleted"

type clients struct{ *memory }

var _ store.Clients = clients{}

func (m clients) Client(ctx context.Context, id string) (found store.Client, err error) {
	err = m.view(ctx, "reading a client", func() error {
		c, ok := m.clients[id]
		if !ok {
			return store.ErrNotFound
		}
		found, err = c.Normal()
		return err
	})
	return found, err
}

func (m clients) CreateClient(ctx context.Context, c store.Client) (stored store.Client, err error) {
	err = m.change(ctx, "creating a client", func(version int64) error {
		c, err := c.Normal()
		if err != nil {
			return err
		}
		if _, taken := m.clients[c.ID]; taken {
			return store.ErrExists
		}
		c.Updated = store.Moment(m.now())
		c.Created, c.Version = c.Updated, version
		m.clients[c.ID] = c
		stored, err = c.Normal()
		return err
	})
	return stored, err
}

func (m clients) UpdateClient(ctx context.Context, c store.Client) (stored store.Client, err error) {
	err = m.change(ctx, "updating a client", func(version int64) error {
		c, err := c.Normal()
		if err != nil {
			return err
		}
		old, ok := m.clients[c.ID]
		switch {
		case !ok:
			return store.ErrNotFound
		case old.Version != c.Version:
			return store.ErrConflict
		}
		c.Created, c.Updated, c.Version = old.Created, store.Moment(m.now()), version
		m.clients[c.ID] = c
		stored, err = c.Normal()
		return err
	})
	return stored, err
}

func (m clients) DeleteClient(ctx context.Context, id string, at, until time.Time) error {
	return m.change(ctx, "deleting a client", func(int64) error {
		r, err := store.Revocation{Kind: store.RevokedClient, ID: id, At: at, Until: until, Cause: causeDeletedClient}.Normal()
		if err != nil {
			return err
		}
		if _, ok := m.clients[id]; !ok {
			return store.ErrNotFound
		}
		delete(m.clients, id)
		maps.DeleteFunc(m.consents, func(k consentKey, _ store.Consent) bool { return k.client == id })
		m.revokeUntilNow(r)
		return nil
	})
}

func (m clients) SweepClients(ctx context.Context, before time.Time) (n int, err error) {
	err = m.write(ctx, "sweeping clients", func() error {
		used := map[string]bool{}
		for k := range m.consents {
			used[k.client] = true
		}
		for _, f := range m.families {
			used[f.Client] = true
		}
		n = sweep(m.clients, func(c store.Client) bool {
			return c.Registered && !c.Trusted && !c.Suspended && c.Updated.Equal(c.Created) && c.Created.Before(store.Moment(before)) && !used[c.ID]
		})
		return nil
	})
	return n, err
}

func (m clients) ListClients(ctx context.Context, after string, limit int) (list []store.Client, err error) {
	err = m.view(ctx, "listing clients", func() error {
		for _, id := range page(m.clients, after, limit, nil) {
			c, err := m.clients[id].Normal()
			if err != nil {
				return err
			}
			list = append(list, c)
		}
		return nil
	})
	return list, err
}
