package memory

import (
	"context"
	"fmt"
	"time"

	"github.com/gate401/gate401/store"
)

type apiKeys struct{ *memory }

var _ store.APIKeys = apiKeys{}

func (m apiKeys) APIKeyByHash(ctx context.Context, hash [32]byte) (found store.APIKey, err error) {
	err = m.view(ctx, "reading an API key", func() error {
		found, err = m.find(m.byHash[hash])
		return err
	})
	return found, err
}

func (m apiKeys) APIKey(ctx context.Context, id string) (found store.APIKey, err error) {
	err = m.view(ctx, "reading an API key", func() error {
		found, err = m.find(id)
		return err
	})
	return found, err
}

func (m apiKeys) find(id string) (store.APIKey, error) {
	k, ok := m.keys[id]
	if !ok {
		return store.APIKey{}, store.ErrNotFound
	}
	return k.Normal()
}

func (m apiKeys) ListAPIKeys(ctx context.Context, owner, after string, limit int) (list []store.APIKey, err error) {
	err = m.view(ctx, "listing API keys", func() error {
		owned := func(k store.APIKey) bool { return owner == "" || k.Owner == owner }
		for _, id := range page(m.keys, after, limit, owned) {
			k, err := m.find(id)
			if err != nil {
				return err
			}
			list = append(list, k)
		}
		return nil
	})
	return list, err
}

func (m apiKeys) CreateAPIKey(ctx context.Context, k store.APIKey) (stored store.APIKey, err error) {
	err = m.change(ctx, "creating an API key", func(version int64) error {
		stored, err = m.insert(k, version)
		return err
	})
	return stored, err
}

func (m apiKeys) insert(k store.APIKey, version int64) (store.APIKey, error) {
	k, err := k.Normal()
	if err != nil {
		return store.APIKey{}, err
	}
	if k.Owner != "" {
		if _, ok := m.accounts[k.Owner]; !ok {
			return store.APIKey{}, fmt.Errorf("its owner: %w", store.ErrNotFound)
		}
	}
	_, idTaken := m.keys[k.ID]
	_, hashTaken := m.byHash[k.Hash]
	if idTaken || hashTaken {
		return store.APIKey{}, store.ErrExists
	}
	k.Created, k.LastUsed, k.Successor, k.Version = store.Moment(m.now()), time.Time{}, "", version
	m.keys[k.ID], m.byHash[k.Hash] = k, k.ID
	return k.Normal()
}

func (m apiKeys) UpdateAPIKey(ctx context.Context, k store.APIKey) (stored store.APIKey, err error) {
	err = m.change(ctx, "updating an API key", func(version int64) error {
		k, err := k.Normal()
		if err != nil {
			return err
		}
		old, ok := m.keys[k.ID]
		switch {
		case !ok:
			return store.ErrNotFound
		case old.Version != k.Version, !old.Revoked.IsZero() && !old.Revoked.Equal(k.Revoked):
			return store.ErrConflict
		}
		old.Name, old.Scopes, old.Groups = k.Name, k.Scopes, k.Groups
		old.Expires, old.Revoked, old.Version = k.Expires, k.Revoked, version
		m.keys[k.ID] = old
		stored, err = old.Normal()
		return err
	})
	return stored, err
}

func (m apiKeys) RotateAPIKey(ctx context.Context, id string, version int64, until time.Time, successor store.APIKey) (stored store.APIKey, err error) {
	err = m.change(ctx, "rotating an API key", func(revision int64) error {
		if until.IsZero() {
			return fmt.Errorf("%w: the old key needs an end", store.ErrInvalid)
		}
		old, ok := m.keys[id]
		switch {
		case !ok:
			return store.ErrNotFound
		case old.Version != version, !old.Revoked.IsZero(), old.Successor != "":
			return store.ErrConflict
		}
		if stored, err = m.insert(successor, revision); err != nil {
			return err
		}
		if until = store.Moment(until); old.Expires.IsZero() || old.Expires.After(until) {
			old.Expires = until
		}
		old.Successor, old.Version = successor.ID, revision
		m.keys[id] = old
		return nil
	})
	return stored, err
}

func (m apiKeys) MarkAPIKeysUsed(ctx context.Context, used map[string]time.Time) error {
	return m.write(ctx, "noting the use of API keys", func() error {
		for id, at := range used {
			if k, ok := m.keys[id]; ok && k.LastUsed.Before(store.Moment(at)) {
				k.LastUsed = store.Moment(at)
				m.keys[id] = k
			}
		}
		return nil
	})
}
