package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	keyring "github.com/zalando/go-keyring"
)

// Keyring keeps logins in the keyring of the desktop: the Keychain of macOS, the
// Credential Manager of Windows, the Secret Service of a Linux desktop. These
// hold two or three kilobytes for each login, less than some tokens need
// (ErrTooLarge), and ask the person when they are locked.
type Keyring struct {
	dir string
	mu  sync.Mutex // the library says nothing about concurrent use
}

var _ Store = (*Keyring)(nil)

const (
	keyringService = "gate401"
	// keyringIndex lists the keys, because keyrings cannot be listed.
	keyringIndex = "index"
)

// NewKeyring uses the keyring of the desktop; the error is ErrUnavailable where
// there is none. Locks against other processes are files in dir, which need not
// exist; empty means the folder of DefaultFile.
func NewKeyring(dir string) (*Keyring, error) {
	if dir == "" {
		file, err := DefaultFile()
		if err != nil {
			return nil, err
		}
		dir = filepath.Dir(file)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for locks: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if err := privateDir(dir, info); err != nil {
		return nil, err
	}
	k := &Keyring{dir: dir}
	if _, err := k.index(); err != nil {
		return nil, err
	}
	return k, nil
}

// indexed is a key in the index.
type indexed struct {
	Issuer   string `json:"issuer"`
	Client   string `json:"client_id"`
	Audience string `json:"audience,omitempty"`
	Host     string `json:"host,omitempty"`
}

func (k *Keyring) get(name string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return keyring.Get(keyringService, name)
}

func (k *Keyring) set(name, text string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return unavailable(keyring.Set(keyringService, name, text))
}

func (k *Keyring) remove(name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return keyring.Delete(keyringService, name)
}

func (k *Keyring) index() ([]Key, error) {
	text, err := k.get(keyringIndex)
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	var list []indexed
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("the list of logins in the keyring cannot be read: %w", err)
	}
	keys := make([]Key, len(list))
	for i, e := range list {
		keys[i] = Key(e)
	}
	return keys, nil
}

func (k *Keyring) setIndex(keys []Key) error {
	list := make([]indexed, len(keys))
	for i, e := range keys {
		list[i] = indexed(e)
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return k.set(keyringIndex, string(text))
}

// unavailable tells the errors of a keyring apart.
func unavailable(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return fmt.Errorf("keyring: %w", ErrTooLarge)
	}
	return fmt.Errorf("keyring: %w: %w", ErrUnavailable, err)
}

// Get returns the entry of a key.
func (k *Keyring) Get(_ context.Context, key Key) (Entry, error) {
	text, err := k.get(key.id())
	if errors.Is(err, keyring.ErrNotFound) {
		return Entry{}, ErrNotFound
	}
	if err != nil {
		return Entry{}, unavailable(err)
	}
	var s stored
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return Entry{}, fmt.Errorf("the login in the keyring cannot be read: %w", err)
	}
	e := s.entry()
	if e.Key != key {
		return Entry{}, ErrNotFound
	}
	return e, nil
}

// Put keeps an entry.
func (k *Keyring) Put(ctx context.Context, e Entry) error {
	if err := check(e); err != nil {
		return err
	}
	text, err := json.Marshal(encode(e)) //nolint:gosec // the one place where secrets are written on purpose
	if err != nil {
		return err
	}
	return k.change(ctx, func(keys []Key) ([]Key, error) {
		known := slices.Contains(keys, e.Key)
		if !known && len(keys) >= MaxEntries {
			return nil, ErrTooLarge
		}
		if err := k.set(e.id(), string(text)); err != nil {
			return nil, err
		}
		if known {
			return keys, nil
		}
		return append(slices.Clone(keys), e.Key), nil
	})
}

// Delete forgets an entry.
func (k *Keyring) Delete(ctx context.Context, key Key) error {
	return k.change(ctx, func(keys []Key) ([]Key, error) {
		err := k.remove(key.id())
		if errors.Is(err, keyring.ErrNotFound) {
			return nil, ErrNotFound
		}
		if err != nil {
			return nil, unavailable(err)
		}
		return slices.DeleteFunc(slices.Clone(keys), func(o Key) bool { return o == key }), nil
	})
}

// List returns all entries.
func (k *Keyring) List(ctx context.Context) ([]Entry, error) {
	keys, err := k.index()
	if err != nil {
		return nil, err
	}
	list := make([]Entry, 0, len(keys))
	for _, key := range keys {
		e, err := k.Get(ctx, key)
		if errors.Is(err, ErrNotFound) {
			continue // removed by hand
		}
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return sorted(list), nil
}

// Lock keeps other processes from locking the key.
func (k *Keyring) Lock(ctx context.Context, key Key) (unlock func(), err error) {
	return lockFile(ctx, k.dir, "keyring."+key.id()+".lock")
}

func (k *Keyring) change(ctx context.Context, edit func([]Key) ([]Key, error)) error {
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	unlock, err := lockFile(ctx, k.dir, "keyring.lock")
	if err != nil {
		return err
	}
	defer unlock()
	keys, err := k.index()
	if err != nil {
		return err
	}
	next, err := edit(keys)
	if err != nil || slices.Equal(keys, next) {
		return err
	}
	return k.setIndex(next)
}
