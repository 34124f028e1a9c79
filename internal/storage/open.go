package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqlite"
)

// MasterKeyVariable may hold the master key, in hex or base64, instead of the
// file beside the records.
const MasterKeyVariable = "GATE401_MASTER_KEY"

// Open opens the records that the file names, makes them at the first start, and
// brings an older schema up to date. now is the clock; nil means time.Now. Close
// the result.
func Open(ctx context.Context, cfg *config.File, now func() time.Time) (*build.Stores, error) {
	path, onDisk := cfg.Storage.SQLite()
	if !onDisk {
		return build.InMemory(ctx, now)
	}
	if err := folderOf(path); err != nil {
		return nil, err
	}
	var upgrade *sqlite.Upgrade
	set, err := sqlite.Open(ctx, sqlite.Options{Path: path, Now: now, Upgraded: func(u sqlite.Upgrade) { upgrade = &u }})
	if err != nil {
		return nil, err
	}
	m, err := master(ctx, set, path)
	if err != nil {
		return nil, errors.Join(err, set.Close())
	}
	s, err := build.NewStores(ctx, set, m.key, now)
	if err != nil {
		return nil, err
	}
	s.Path, s.MasterKey, s.NewMasterKey = path, m.file, m.made
	if upgrade != nil {
		s.Upgraded = fmt.Sprintf("schema %d to %d; as they were they are in %s", upgrade.From, upgrade.To, upgrade.Copy)
	}
	return s, nil
}

// folderOf makes sure that there is a folder for the records. To make one where a
// path was misspelt would be to begin with nobody, in a place that nobody looks at.
func folderOf(path string) error {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return nil // what else is wrong, the store says
	}
	return &store.OpenError{
		Path: path, Err: fmt.Errorf("the folder %s does not exist", dir),
		Help: "if the path is right, make the folder first: mkdir -p -m 700 " + dir,
	}
}

// masterKey is the key and where it is from: a file, or the environment.
type masterKey struct {
	key  []byte
	file string
	made bool
}

// master reads the master key, or makes one as long as it seals nothing yet. A
// lost key is an error and not a new key: the old secrets would be gone.
func master(ctx context.Context, set *store.Set, path string) (m masterKey, err error) {
	if os.Getenv(MasterKeyVariable) != "" {
		return given(path)
	}
	m.file = KeyFile(path)
	sealed, err := set.SigningKeys.ListSigningKeys(ctx)
	if err != nil {
		return masterKey{}, fmt.Errorf("reading the signing keys: %w", err)
	}
	if len(sealed) > 0 {
		m.key, err = seal.Load(m.file)
		return m, err
	}
	m.key, m.made, err = seal.LoadOrCreate(m.file, nil)
	return m, err
}

// KeyFile is where the master key of records in the file path is, unless the
// environment has it.
func KeyFile(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".key" }
