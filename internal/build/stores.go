package build

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/keyring"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
	"github.com/gate401/gate401/store/sqlite"
)

// Stores are the records, and what is needed to make and to open them.
type Stores struct {
	Set     *store.Set
	Hasher  *password.Hasher
	Keyring *keyring.Keyring
	// Path is the file of the records, empty for memory. MasterKey is the file
	// of the key that seals secrets in it, and NewMasterKey tells that it was
	// made just now.
	Path, MasterKey string
	NewMasterKey    bool
}

// MasterKeyVariable may hold the master key, in hex or base64, instead of the
// file beside the records.
const MasterKeyVariable = "GATE401_MASTER_KEY"

// OpenStores opens the records that the file names, makes them at the first
// start, and brings an older schema up to date. now is the clock; nil means
// time.Now. Close the result.
func OpenStores(ctx context.Context, cfg *config.File, now func() time.Time) (*Stores, error) {
	s := &Stores{Hasher: &password.Hasher{}}
	path, onDisk := cfg.Storage.SQLite()
	var master []byte
	var err error
	if onDisk {
		s.Path = path
		if s.Set, err = sqlite.Open(ctx, sqlite.Options{Path: path, Now: now}); err != nil {
			return nil, err
		}
		master, err = s.master(ctx)
	} else {
		s.Set = memory.Open(memory.Options{Now: now})
		// Nothing that this key seals outlives the process.
		master = make([]byte, seal.KeySize)
		_, err = rand.Read(master)
	}
	if err == nil {
		err = s.open(ctx, master, now)
	}
	if err != nil {
		return nil, errors.Join(err, s.Set.Close())
	}
	return s, nil
}

func (s *Stores) open(ctx context.Context, master []byte, now func() time.Time) error {
	ring, err := seal.New(master)
	if err != nil {
		return err
	}
	s.Keyring, err = keyring.Open(ctx, s.Set, ring, now)
	return err
}

// master reads the master key, or makes one as long as it seals nothing yet. A
// lost key is an error and not a new key: the old secrets would be gone.
func (s *Stores) master(ctx context.Context) ([]byte, error) {
	if given := os.Getenv(MasterKeyVariable); given != "" {
		key, err := seal.Parse([]byte(given))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", MasterKeyVariable, err)
		}
		return key, nil
	}
	s.MasterKey = strings.TrimSuffix(s.Path, filepath.Ext(s.Path)) + ".key"
	sealed, err := s.Set.SigningKeys.ListSigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the signing keys: %w", err)
	}
	if len(sealed) > 0 {
		return seal.Load(s.MasterKey)
	}
	key, created, err := seal.LoadOrCreate(s.MasterKey, nil)
	s.NewMasterKey = created
	return key, err
}

// Close closes the records.
func (s *Stores) Close() error { return s.Set.Close() }
