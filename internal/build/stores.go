package build

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/keyring"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

// Stores are the records, and what is needed to make and to open them.
type Stores struct {
	Set     *store.Set
	Hasher  *password.Hasher
	Keyring *keyring.Keyring
	// Sealer seals and opens what is kept in Set and must not be read there.
	Sealer keyring.Sealer
	// Path is the file of the records, empty for memory. MasterKey is the file
	// of the key that seals secrets in it, and NewMasterKey tells that it was
	// made just now.
	Path, MasterKey string
	NewMasterKey    bool
	// Upgraded says how records of an older program were brought up to date just
	// now, and where the copy of before is; empty if they were not.
	Upgraded string
}

// InMemory makes records that end with the process. now is the clock; nil means
// time.Now. Close the result.
func InMemory(ctx context.Context, now func() time.Time) (*Stores, error) {
	// Nothing that this key seals outlives the process.
	master := make([]byte, seal.KeySize)
	if _, err := rand.Read(master); err != nil {
		return nil, err
	}
	return NewStores(ctx, memory.Open(memory.Options{Now: now}), master, now)
}

// NewStores is for records that are open, with the key that seals secrets in
// them. It closes set if it fails.
func NewStores(ctx context.Context, set *store.Set, master []byte, now func() time.Time) (*Stores, error) {
	s := &Stores{Set: set, Hasher: &password.Hasher{}}
	ring, err := seal.New(master)
	if err == nil {
		s.Sealer = ring
		s.Keyring, err = keyring.Open(ctx, set, ring, now)
	}
	if err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return s, nil
}

// settingIssuer keeps the issuer that the gate had when it last started.
const settingIssuer = "issuer"

// RememberIssuer notes the iss of the running gate's own tokens, so that tokens
// that are issued beside it are its own. It returns the one that was noted before,
// empty for none.
func (s *Stores) RememberIssuer(ctx context.Context, issuer string) (before string, err error) {
	before, err = s.Set.Settings.Setting(ctx, settingIssuer)
	switch {
	case errors.Is(err, store.ErrNotFound):
		err = s.Set.Settings.CreateSetting(ctx, settingIssuer, issuer)
	case err == nil && before != issuer:
		err = s.Set.Settings.UpdateSetting(ctx, settingIssuer, before, issuer)
	}
	if err != nil && !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrExists) {
		return "", fmt.Errorf("noting the issuer: %w", err)
	}
	return before, nil
}

// Issuer is the iss of own tokens, as a gate has it that serves the file. Where no
// file says how the gate is reached, it is that of the gate that started last, or of
// one that would start now.
func (s *Stores) Issuer(ctx context.Context, cfg *config.File) (string, error) {
	if at, ok := stated(ctx, cfg); ok {
		public, err := cfg.Public(at)
		if err != nil {
			return "", err
		}
		return issuer(public), nil
	}
	last, err := s.LastIssuer(ctx)
	if err == nil && last == "" {
		return "http://" + cfg.Gate.Listen, nil
	}
	return last, err
}

// LastIssuer is the iss of the gate that started last, empty for none.
func (s *Stores) LastIssuer(ctx context.Context) (string, error) {
	last, err := s.Set.Settings.Setting(ctx, settingIssuer)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return last, err
}

// stated is the address that a gate listens on which serves the file, as its
// listener would tell it; ok is false where the file leaves that open.
func stated(ctx context.Context, cfg *config.File) (string, bool) {
	if cfg.Gate.PublicURL != "" {
		return cfg.Gate.Listen, true
	}
	if !cfg.Read() {
		return "", false
	}
	host, service, err := net.SplitHostPort(cfg.Gate.Listen)
	if err != nil {
		return "", false
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", service)
	if err != nil || port == 0 {
		return "", false // a free one, which nobody knows before
	}
	if host != "" {
		at, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return "", false
		}
		host = at.IP.String()
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), true
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
