package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqldb"
)

// Reasons for refusing to work on a whole file.
var (
	// ErrInUse says that another process has the records open.
	ErrInUse = errors.New("another process has the records open")
	// ErrDamaged says that the file does not hold what it should.
	ErrDamaged = errors.New("the records are damaged")
)

// progressEvery is how often a copy tells how far it is.
const progressEvery = 500 * time.Millisecond

// Copy writes a consistent copy of the records in from to the new file to, while
// others read and write them. progress, if there is one, hears now and then how
// many octets are written, of about how many.
func Copy(ctx context.Context, from, to string, progress func(done, total int64)) error {
	if err := copyInto(ctx, from, to, progress); err != nil {
		return &store.OpenError{Path: from, Err: err, Help: help(err, from)}
	}
	return nil
}

func copyInto(ctx context.Context, from, to string, progress func(done, total int64)) (err error) {
	if from, err = existing(from); err != nil {
		return err
	}
	if to, err = filepath.Abs(to); err != nil {
		return err
	}
	// SQLite would make it as readable as the umask allows; into an empty file of
	// ours it writes.
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(to))
		}
	}()
	db, err := sql.Open("sqlite", dsn(from, "_pragma=busy_timeout(5000)"))
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := onlyOurs(ctx, db); err != nil {
		return err
	}
	stop := watched(to, size(from)+size(from+"-wal"), progress)
	defer stop()
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil {
		return fmt.Errorf("copying: %w", err)
	}
	return synced(to)
}

// existing is the absolute path of a file that is there.
func existing(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%w: it is no regular file", ErrNotDatabase)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	head := make([]byte, len(magic))
	n, _ := f.Read(head)
	if err := f.Close(); err != nil {
		return "", err
	}
	if string(head[:n]) != magic {
		return "", ErrNotDatabase
	}
	return path, nil
}

// onlyOurs refuses what was not made by this program, empty files too.
func onlyOurs(ctx context.Context, db *sql.DB) error {
	marked, err := ours(ctx, db)
	if err == nil && !marked {
		err = fmt.Errorf("%w: it holds nothing", ErrForeign)
	}
	return err
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// watched tells progress how large the file is until stop is called.
func watched(path string, total int64, progress func(done, total int64)) (stop func()) {
	if progress == nil {
		return func() {}
	}
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				progress(min(size(path), total), total)
			}
		}
	}()
	return func() {
		close(ended)
		<-done
	}
}

// synced makes the file survive a power failure.
func synced(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Contents are what a file of records holds.
type Contents struct {
	// Schema is how many migrations it has seen, of those that the program knows.
	Schema      int   `json:"schema"`
	Accounts    int64 `json:"accounts"`
	APIKeys     int64 `json:"api_keys"`
	SigningKeys int64 `json:"signing_keys"`
	Audit       int64 `json:"audit"`
	// Those of records that older programs did not keep are 0 there.
	Clients  int64 `json:"clients"`
	Sessions int64 `json:"sessions"`
	Logins   int64 `json:"logins"`
}

// schemaOfLogins is the first that has clients and sessions.
const schemaOfLogins = 4

// Inspect reads a file of records that nobody writes, and changes nothing: it
// must be ours, whole, and not newer than the program.
func Inspect(ctx context.Context, path string) (Contents, error) {
	c, err := inspect(ctx, path)
	if err != nil {
		return Contents{}, &store.OpenError{Path: path, Err: err, Help: help(err, path)}
	}
	return c, nil
}

func inspect(ctx context.Context, path string) (c Contents, err error) {
	if path, err = existing(path); err != nil {
		return c, err
	}
	db, err := sql.Open("sqlite", dsn(path, "_pragma=busy_timeout(5000)", "_pragma=query_only(1)", "_pragma=trusted_schema(0)"))
	if err != nil {
		return c, fmt.Errorf("connecting: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := onlyOurs(ctx, db); err != nil {
		return c, err
	}
	var said string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&said); err != nil {
		return c, err
	}
	if said != "ok" {
		return c, fmt.Errorf("%w: %s", ErrDamaged, said)
	}
	if c.Schema, err = sqldb.Applied(ctx, db, sqldb.Migrations()); err != nil {
		return c, err
	}
	tables := map[string]*int64{"accounts": &c.Accounts, "api_keys": &c.APIKeys, "signing_keys": &c.SigningKeys, "audit": &c.Audit}
	if c.Schema >= schemaOfLogins {
		tables["clients"], tables["sessions"], tables["token_families"] = &c.Clients, &c.Sessions, &c.Logins
	}
	for table, n := range tables {
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(n); err != nil {
			return c, err
		}
	}
	return c, nil
}

// SameSchema tells what a file holds that a new one would not: tables, triggers
// and views that no migration of ours made. Both must have all migrations.
func SameSchema(ctx context.Context, path, fresh string) error {
	got, err := schemaOf(ctx, path)
	if err != nil {
		return err
	}
	want, err := schemaOf(ctx, fresh)
	if err != nil {
		return err
	}
	for name, text := range got {
		if want[name] != text {
			return fmt.Errorf("%w: %s is not as this program makes it", ErrDamaged, name)
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			return fmt.Errorf("%w: %s is missing", ErrDamaged, name)
		}
	}
	return nil
}

func schemaOf(ctx context.Context, path string) (out map[string]string, err error) {
	if path, err = existing(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(path, "_pragma=query_only(1)", "_pragma=trusted_schema(0)"))
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, `SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\'`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		out[name] = text
	}
	return out, rows.Err()
}

// Vacate makes sure that nobody else has the records open, and leaves all of
// them in the one file. It fails with ErrInUse.
func Vacate(ctx context.Context, path string) error {
	err := vacate(ctx, path)
	if code(err) == codeBusy {
		err = ErrInUse
	}
	if err != nil {
		return &store.OpenError{Path: path, Err: err, Help: help(err, path)}
	}
	return nil
}

func vacate(ctx context.Context, path string) (err error) {
	if path, err = existing(path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn(path, "_pragma=busy_timeout(2000)"))
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := onlyOurs(ctx, db); err != nil {
		return err
	}
	// Leaving WAL mode needs the whole file to itself: whoever has it open in that
	// mode holds a lock for as long.
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode); err != nil {
		return err
	}
	if mode != "delete" {
		return ErrInUse
	}
	return nil
}

// keptBefore copies the records before a migration changes them, and returns the
// copy; none where there is nothing to migrate.
func keptBefore(ctx context.Context, path string, o Options) (*Upgrade, error) {
	db, err := sql.Open("sqlite", dsn(path, "_pragma=busy_timeout(5000)", "_pragma=query_only(1)"))
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	applied, err := 0, error(nil)
	if marked, e := ours(ctx, db); e != nil || !marked {
		err = e
	} else {
		applied, err = sqldb.Applied(ctx, db, o.migrations)
	}
	known, e := fs.Glob(o.migrations, "*.sql")
	if err = errors.Join(err, e, db.Close()); err != nil || applied == 0 || applied >= len(known) {
		return nil, err
	}
	u := &Upgrade{From: applied, To: len(known), Copy: fmt.Sprintf("%s.before-schema-%d", path, len(known))}
	if _, err := os.Lstat(u.Copy); err == nil {
		// Of an upgrade that did not come to its end: perhaps the better one.
		u.Copy += o.Now().UTC().Format(".20060102T150405Z")
	}
	if err := copyInto(ctx, path, u.Copy, nil); err != nil {
		return nil, fmt.Errorf("copying the records before the upgrade to %s: %w", u.Copy, err)
	}
	return u, nil
}

// Upgrade is what Open did to records of an older program.
type Upgrade struct {
	// From and To are the schemas, by how many migrations made them.
	From, To int
	// Copy is the file that holds the records as they were.
	Copy string
}
