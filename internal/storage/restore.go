package storage

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/seal"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqlite"
)

// Reasons for refusing to restore.
var (
	// ErrOtherKey says that the master key that is there does not open the
	// signing keys of the backup.
	ErrOtherKey = errors.New("the master key here is not the one of the backup")
	// ErrNoPassphrase says that the backup holds the master key and no
	// passphrase was given.
	ErrNoPassphrase = errors.New("the backup holds the master key, and no passphrase for it was given")
)

// RestoreOptions of Restore.
type RestoreOptions struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Passphrase asks for the passphrase of the master key in the backup; nil
	// where nobody can be asked.
	Passphrase func() ([]byte, error)
	// CheckOnly finds out whether the backup is good, and changes nothing.
	CheckOnly bool
	// Progress hears now and then how many octets are done, of how many; nil for
	// nobody.
	Progress func(done, total int64)
}

// Restored is what Restore did.
type Restored struct {
	Manifest Manifest `json:"manifest"`
	// Path is the file of the records; Aside and KeyAside are where those that
	// were there are kept, empty if there were none.
	Path     string `json:"path"`
	Aside    string `json:"aside,omitempty"`
	KeyAside string `json:"key_aside,omitempty"`
	// KeyMissing is the file where the master key belongs, if there is none yet
	// and the records need it.
	KeyMissing string `json:"key_missing,omitempty"`
	// KeyRestored tells that the master key came out of the backup.
	KeyRestored bool `json:"key_restored"`
	// From is the schema of the backup, if it was brought up to date.
	From int `json:"from_schema,omitempty"`
}

// Restore puts the records of a backup in the place that the file names. It
// proves all of it before it touches anything, and keeps what was there.
func Restore(ctx context.Context, cfg *config.File, r io.Reader, o RestoreOptions) (Restored, error) {
	path, onDisk := cfg.Storage.SQLite()
	if !onDisk {
		return Restored{}, ErrNoRecords
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	parent := filepath.Dir(path)
	if o.CheckOnly {
		parent = os.TempDir()
	} else if err := folderOf(path); err != nil {
		return Restored{}, err
	}
	dir, err := os.MkdirTemp(parent, ".gate401-restore-")
	if err != nil {
		return Restored{}, err
	}
	x := &restoring{options: o, path: path, dir: dir, records: filepath.Join(dir, recordsName)}
	x.report.Path = path
	err = x.run(ctx, r)
	return x.report, errors.Join(err, os.RemoveAll(dir))
}

// restoring is a restore under way.
type restoring struct {
	options RestoreOptions
	path    string // of the records that will be replaced
	dir     string // where the new ones are proved
	records string // the new ones
	wrapped []byte // the key of the backup
	master  []byte // the key of the backup, unwrapped
	report  Restored
}

func (x *restoring) run(ctx context.Context, r io.Reader) error {
	var err error
	if x.report.Manifest, x.wrapped, err = readArchive(r, x.records, x.options.Progress); err != nil {
		return err
	}
	if err := x.prove(ctx); err != nil {
		return err
	}
	if err := x.keys(ctx); err != nil {
		return err
	}
	if x.options.CheckOnly {
		return nil
	}
	return x.replace(ctx)
}

// prove looks at the records, and brings them up to date.
func (x *restoring) prove(ctx context.Context) error {
	holds, err := sqlite.Inspect(ctx, x.records)
	if err != nil {
		return inBackup(err)
	}
	set, err := sqlite.Open(ctx, sqlite.Options{Path: x.records, Now: x.options.Now})
	if err != nil {
		return inBackup(err)
	}
	if err := set.Close(); err != nil {
		return err
	}
	fresh := filepath.Join(x.dir, "fresh.db")
	if set, err = sqlite.Open(ctx, sqlite.Options{Path: fresh, Now: x.options.Now}); err != nil {
		return err
	}
	if err := set.Close(); err != nil {
		return err
	}
	if err := sqlite.SameSchema(ctx, x.records, fresh); err != nil {
		return fmt.Errorf("%w: %w", ErrBackup, err)
	}
	now, err := sqlite.Inspect(ctx, x.records)
	if err != nil {
		return inBackup(err)
	}
	if now.Schema != holds.Schema {
		x.report.From = holds.Schema
	}
	return nil
}

// inBackup says that the fault is the backup's: the path is one of ours, which is
// gone when somebody reads it.
func inBackup(err error) error {
	var open *store.OpenError
	if !errors.As(err, &open) {
		return err
	}
	help := open.Help
	for _, ruined := range []error{sqlite.ErrNotDatabase, sqlite.ErrForeign, sqlite.ErrDamaged} {
		if errors.Is(err, ruined) {
			help = "nothing was changed; take another backup"
		}
	}
	return &store.OpenError{Path: "in the backup", Err: open.Err, Help: help}
}

// keys makes sure that the master key fits, so that the gate starts afterwards.
func (x *restoring) keys(ctx context.Context) error {
	if x.wrapped != nil {
		if x.options.Passphrase == nil {
			return ErrNoPassphrase
		}
		passphrase, err := x.options.Passphrase()
		if err != nil {
			return err
		}
		if x.master, err = seal.Unwrap(x.wrapped, passphrase); err != nil {
			return err
		}
		// The environment outranks the file, now and at the next start.
		if os.Getenv(MasterKeyVariable) != "" {
			if m, err := given(x.path); err != nil || subtle.ConstantTimeCompare(m.key, x.master) != 1 {
				return errors.Join(ErrOtherKey, err)
			}
		}
		return x.fits(ctx, x.master)
	}
	if x.report.Manifest.Holds.SigningKeys == 0 {
		return nil
	}
	m, err := given(x.path)
	if errors.Is(err, fs.ErrNotExist) {
		x.report.KeyMissing = KeyFile(x.path)
		return nil
	}
	if err != nil {
		return err
	}
	return x.fits(ctx, m.key)
}

// fits opens the signing keys.
func (x *restoring) fits(ctx context.Context, master []byte) error {
	set, err := sqlite.Open(ctx, sqlite.Options{Path: x.records, Now: x.options.Now})
	if err != nil {
		return inBackup(err)
	}
	// It closes the set if it fails.
	stores, err := build.NewStores(ctx, set, master, x.options.Now)
	if errors.Is(err, seal.ErrWrongKey) {
		return ErrOtherKey
	}
	if err != nil {
		return err
	}
	return stores.Close()
}

// replace puts what was proved in place.
func (x *restoring) replace(ctx context.Context) error {
	stamp := x.options.Now().UTC().Format("20060102T150405Z")
	if _, err := os.Lstat(x.path); err == nil {
		err := sqlite.Vacate(ctx, x.path)
		if errors.Is(err, sqlite.ErrInUse) || errors.Is(err, sqlite.ErrForeign) {
			return err
		}
		// Others are why somebody restores: what cannot be opened is kept as it is.
		x.report.Aside = x.path + ".before-restore-" + stamp
		for _, end := range []string{"", "-wal", "-shm"} {
			err := os.Rename(x.path+end, x.report.Aside+end)
			if err != nil && !(end != "" && errors.Is(err, fs.ErrNotExist)) {
				return err
			}
		}
	}
	if err := os.Rename(x.records, x.path); err != nil {
		if x.report.Aside == "" {
			return err
		}
		return errors.Join(err, os.Rename(x.report.Aside, x.path))
	}
	settled(filepath.Dir(x.path))
	if x.master != nil {
		return x.putKey(stamp)
	}
	return nil
}

// settled makes new names survive a power failure, where the file system can.
func settled(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// putKey puts the master key of the backup in place, unless it is there already.
func (x *restoring) putKey(stamp string) error {
	file := KeyFile(x.path)
	have, err := seal.Load(file)
	switch {
	case err == nil && subtle.ConstantTimeCompare(have, x.master) == 1, os.Getenv(MasterKeyVariable) != "":
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		x.report.KeyAside = file + ".before-restore-" + stamp
		if err := os.Rename(file, x.report.KeyAside); err != nil {
			return err
		}
	}
	if err := seal.Save(file, x.master); err != nil {
		return err
	}
	x.report.KeyRestored = true
	return nil
}
