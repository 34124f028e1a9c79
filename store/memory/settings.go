package memory

import (
	"context"

	"github.com/gate401/gate401/store"
)

type settings struct{ *memory }

var _ store.Settings = settings{}

func (m settings) Setting(ctx context.Context, name string) (value string, err error) {
	err = m.view(ctx, "reading a setting", func() error {
		v, ok := m.settings[name]
		if !ok {
			return store.ErrNotFound
		}
		value = v
		return nil
	})
	return value, err
}

func (m settings) CreateSetting(ctx context.Context, name, value string) error {
	return m.write(ctx, "creating a setting", func() error {
		if _, taken := m.settings[name]; taken {
			return store.ErrExists
		}
		m.settings[name] = value
		return nil
	})
}

func (m settings) UpdateSetting(ctx context.Context, name, old, value string) error {
	return m.write(ctx, "updating a setting", func() error {
		have, ok := m.settings[name]
		switch {
		case !ok:
			return store.ErrNotFound
		case have != old:
			return store.ErrConflict
		}
		m.settings[name] = value
		return nil
	})
}
