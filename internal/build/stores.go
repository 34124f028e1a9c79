package build

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
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

// settingIssuer keeps the issuer that the gate had when it last started.
const settingIssuer = "issuer"

// RememberIssuer notes the iss of the running gate's own tokens, so that tokens
// that are issued beside it are its own.
func (s *Stores) RememberIssuer(ctx context.Context, issuer string) error {
	before, err := s.Set.Settings.Setting(ctx, settingIssuer)
	switch {
	case errors.Is(err, store.ErrNotFound):
		err = s.Set.Settings.CreateSetting(ctx, settingIssuer, issuer)
	case err == nil && before != issuer:
		err = s.Set.Settings.UpdateSetting(ctx, settingIssuer, before, issuer)
	}
	if err != nil && !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrExists) {
		return fmt.Errorf("noting the issuer: %w", err)
	}
	return nil
}

// Issuer is the iss of own tokens: of the configuration, of the gate that
// started last, or of one that would start now.
func (s *Stores) Issuer(ctx context.Context, cfg *config.File) (string, error) {
	if cfg.Gate.PublicURL != "" {
		public, err := url.Parse(cfg.Gate.PublicURL)
		if err != nil {
			return "", err
		}
		return issuer(public), nil
	}
	last, err := s.Set.Settings.Setting(ctx, settingIssuer)
	if errors.Is(err, store.ErrNotFound) {
		return "http://" + cfg.Gate.Listen, nil
	}
	return last, err
}

// removed marks the names of accounts that were removed: their tokens are not
// those of services, which never had an account.
func removed(name string) string { return "removed/" + name }

// RemoveAccount removes an account for good: its password, its API keys, and the
// tokens that were issued to it. Whoever gets the name later starts anew.
func (s *Stores) RemoveAccount(ctx context.Context, name string) error {
	// The mark first: an account that is gone without it would leave its tokens.
	if err := s.Set.Settings.CreateSetting(ctx, removed(name), "1"); err != nil && !errors.Is(err, store.ErrExists) {
		return fmt.Errorf("marking the account as removed: %w", err)
	}
	return s.Set.Accounts.DeleteAccount(ctx, name)
}

// Close closes the records.
func (s *Stores) Close() error { return s.Set.Close() }
