package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/store/sqlite"
)

// ErrNoRecords says that there is nothing to copy or to replace: the records are
// kept in memory.
var ErrNoRecords = errors.New("the records are kept in memory")

// BackupOptions of Backup.
type BackupOptions struct {
	// Program is the version of gate401, for the manifest.
	Program string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Passphrase wraps the master key into the backup; empty leaves the key out.
	Passphrase []byte
	// Progress hears now and then how many octets are done, of about how many;
	// nil for nobody.
	Progress func(done, total int64)
}

// Backup writes a backup of the records that the file names to w, while a gate
// may use them. Secrets in it are hashed or sealed as in the records.
func Backup(ctx context.Context, cfg *config.File, w io.Writer, o BackupOptions) (Manifest, error) {
	path, onDisk := cfg.Storage.SQLite()
	if !onDisk {
		return Manifest{}, ErrNoRecords
	}
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	m := Manifest{Format: backupFormat, Version: backupVersion, Program: o.Program, Created: now().UTC().Truncate(time.Second)}
	key, err := wrapped(path, o.Passphrase)
	if err != nil {
		return m, err
	}
	if key != nil {
		m.MasterKey = &Part{Name: keyName}
	}
	// Beside the records: there is a disk for them, and the folder is their
	// owner's alone.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".gate401-backup-")
	if err != nil {
		return m, err
	}
	err = archived(ctx, &m, path, dir, key, w, o.Progress)
	return m, errors.Join(err, os.RemoveAll(dir))
}

func archived(ctx context.Context, m *Manifest, path, dir string, key []byte, w io.Writer, progress func(done, total int64)) error {
	records := filepath.Join(dir, recordsName)
	if err := sqlite.Copy(ctx, path, records, progress); err != nil {
		return err
	}
	var err error
	// A backup that could not be restored is none.
	if m.Holds, err = sqlite.Inspect(ctx, records); err != nil {
		return err
	}
	if m.Records, err = partOf(recordsName, records); err != nil {
		return err
	}
	if key != nil {
		file := filepath.Join(dir, keyName)
		if err := os.WriteFile(file, key, 0o600); err != nil {
			return err
		}
		part, err := partOf(keyName, file)
		if err != nil {
			return err
		}
		m.MasterKey = &part
	}
	if err := writeArchive(w, *m, records, key, progress); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	return nil
}

// wrapped is the master key under a passphrase, nil without one.
func wrapped(path string, passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, nil
	}
	m, err := given(path)
	if err != nil {
		return nil, err
	}
	return seal.Wrap(m.key, passphrase, nil)
}

// given reads the master key of the environment or of the file beside the
// records, and makes none.
func given(path string) (m masterKey, err error) {
	if text := os.Getenv(MasterKeyVariable); text != "" {
		if m.key, err = seal.Parse([]byte(text)); err != nil {
			return masterKey{}, fmt.Errorf("%s: %w", MasterKeyVariable, err)
		}
		return m, nil
	}
	m.file = KeyFile(path)
	m.key, err = seal.Load(m.file)
	return m, err
}
