package storage

import (
	"context"
	"sync"
)

// Memory keeps logins until the process ends. The zero value is ready for use.
type Memory struct {
	mu      sync.Mutex
	entries map[Key]Entry
	locks   map[Key]chan struct{}
}

var _ Store = (*Memory)(nil)

// Get returns the entry of a key.
func (m *Memory) Get(_ context.Context, k Key) (Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[k]
	if !ok {
		return Entry{}, ErrNotFound
	}
	return clone(e), nil
}

// Put keeps an entry.
func (m *Memory) Put(_ context.Context, e Entry) error {
	if err := check(e); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.entries[e.Key]; !known && len(m.entries) >= MaxEntries {
		return ErrTooLarge
	}
	if m.entries == nil {
		m.entries = make(map[Key]Entry)
	}
	m.entries[e.Key] = clone(e)
	return nil
}

// Delete forgets an entry.
func (m *Memory) Delete(_ context.Context, k Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.entries[k]; !ok {
		return ErrNotFound
	}
	delete(m.entries, k)
	return nil
}

// List returns all entries.
func (m *Memory) List(context.Context) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]Entry, 0, len(m.entries))
	for _, e := range m.entries {
		list = append(list, clone(e))
	}
	return sorted(list), nil
}

// Lock keeps others from locking the key.
func (m *Memory) Lock(ctx context.Context, k Key) (unlock func(), err error) {
	for {
		m.mu.Lock()
		held, taken := m.locks[k]
		if !taken {
			if m.locks == nil {
				m.locks = make(map[Key]chan struct{})
			}
			free := make(chan struct{})
			m.locks[k] = free
			m.mu.Unlock()
			return sync.OnceFunc(func() {
				m.mu.Lock()
				delete(m.locks, k)
				m.mu.Unlock()
				close(free)
			}), nil
		}
		m.mu.Unlock()
		select {
		case <-held:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
