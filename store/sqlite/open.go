package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	driver "modernc.org/sqlite"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqldb"
)

// Reasons for refusing a file.
var (
	// ErrNotDatabase says that the file is something else than a database.
	ErrNotDatabase = errors.New("file is not an SQLite database")
	// ErrForeign says that the database belongs to another program.
	ErrForeign = errors.New("database belongs to another program")
)

// applicationID marks our files (PRAGMA application_id): "g401".
const applicationID = 0x67343031

// Primary result codes (https://www.sqlite.org/rescode.html).
const (
	codeBusy     = 5
	codeReadOnly = 8
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// Options says which file to open.
type Options struct {
	Path string           // of the file; it and missing directories are made
	Now  func() time.Time // nil = time.Now
	Poll time.Duration    // how often to look for changes by other processes; 0 = 50 ms
	Wait time.Duration    // how long to wait for another process that writes; 0 = 5 s

	// Upgraded is told that the records of an older program were brought up to
	// date, and where the copy of before is; nil tells nobody.
	Upgraded func(Upgrade)

	migrations fs.FS // tests only
}

// Open opens or makes the file and brings its schema up to date. Errors about
// the file are a *store.OpenError.
func Open(ctx context.Context, o Options) (*store.Set, error) {
	set, err := open(ctx, o)
	if err != nil {
		return nil, &store.OpenError{Path: o.Path, Err: err, Help: help(err, o.Path)}
	}
	return set, nil
}

func open(ctx context.Context, o Options) (*store.Set, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.migrations == nil {
		o.migrations = sqldb.Migrations()
	}
	path, err := prepare(o.Path)
	if err != nil {
		return nil, err
	}
	if err := probe(ctx, path); err != nil {
		return nil, err
	}
	upgrade, err := keptBefore(ctx, path, o)
	if err != nil {
		return nil, err
	}
	// One connection writes: writers queue inside the process, where waiting
	// ends with the caller's context, instead of in SQLite, where it does not.
	write, err := connect(path, 1, "_txlock=immediate", "_pragma=busy_timeout(100)")
	if err != nil {
		return nil, err
	}
	cfg := sqldb.Config{Write: write, Busy: busy, Quick: true, Now: o.Now, Poll: o.Poll, Wait: o.Wait}
	if err := adopt(ctx, cfg, o); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	if upgrade != nil && o.Upgraded != nil {
		o.Upgraded(*upgrade)
	}
	cfg.Read, err = connect(path, sqldb.Readers(), "_pragma=busy_timeout(5000)", "_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return sqldb.New(ctx, cfg)
}

// connect returns a pool. Its settings, and why:
//
//   - journal_mode(WAL): readers never wait for the writer.
//   - synchronous(FULL): in WAL mode NORMAL survives a crash of the program but
//     may lose the last commits when the power fails. A revocation is confirmed
//     only once it is durable, so every commit is one fsync. What is written
//     often (time of last use) is collected by its callers.
//   - secure_delete(FAST): a replaced password hash does not live on in a page
//     that is merely marked free.
//   - journal_size_limit: one big transaction does not leave a big log behind.
//   - mode=rw: a file that vanishes is an error, not a new, empty store.
func connect(path string, size int, params ...string) (*sql.DB, error) {
	params = append(params, "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=foreign_keys(1)",
		"_pragma=secure_delete(FAST)", "_pragma=journal_size_limit(16777216)")
	db, err := sql.Open("sqlite", dsn(path, params...))
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

func dsn(path string, params ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/...
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?mode=rw&" + strings.Join(params, "&")
}

// probe refuses another program's database before anything is written to it:
// the journal mode that connect sets is kept in the file.
func probe(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", dsn(path, "_pragma=busy_timeout(5000)", "_pragma=query_only(1)"))
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = ours(ctx, db)
	return err
}

// ours tells whether the database has our mark already; if it has not, it is
// empty or ErrForeign. The tables are counted first: while another process
// makes the file ours, the mark comes with the tables, never after.
func ours(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (bool, error) {
	var tables, id int64
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables); err != nil {
		return false, err
	}
	if err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return false, err
	}
	if id != applicationID && (id != 0 || tables != 0) {
		return false, ErrForeign
	}
	return id == applicationID, nil
}

// adopt makes an empty file ours and migrates, in one transaction.
func adopt(ctx context.Context, cfg sqldb.Config, o Options) error {
	return sqldb.Transact(ctx, cfg, func(tx *sql.Tx) error {
		marked, err := ours(ctx, tx)
		if err != nil {
			return err
		}
		if !marked {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d`, applicationID)); err != nil {
				return err
			}
		}
		return sqldb.Migrate(ctx, tx, o.migrations, o.Now())
	})
}

func busy(err error) bool { return code(err) == codeBusy }

// code returns the primary result code, 0 if err is not SQLite's.
func code(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

func help(err error, path string) string {
	switch {
	case errors.Is(err, ErrNotDatabase), code(err) == codeNotADB:
		return `if these were the records, "gate401 restore BACKUP" puts those of a backup in place and keeps this file aside; if they never were, name another file in storage.records`
	case errors.Is(err, ErrForeign):
		return "name another file in storage.records; the first start makes it"
	case errors.Is(err, sqldb.ErrNewer):
		return "use the gate401 that wrote it or a newer one, or restore a backup from before the upgrade"
	case errors.Is(err, sqldb.ErrTampered):
		return `"gate401 restore BACKUP" puts the records of a backup in place; the schema was changed by hand or by an unreleased build`
	case errors.Is(err, fs.ErrPermission), code(err) == codeReadOnly, code(err) == codeCantOpen:
		return fmt.Sprintf("the user that runs gate401 must be able to write %s and its directory", path)
	case errors.Is(err, ErrInUse):
		return "stop the gate, and whatever else has the file open, and try again"
	case errors.Is(err, ErrDamaged):
		return "restore another backup; what can be saved comes out with: sqlite3 FILE .recover"
	case code(err) == codeBusy:
		return "another process holds the file locked; end it, or wait until its backup is done"
	case code(err) == codeFull:
		return "free some space on the disk"
	case code(err) == codeCorrupt:
		return `"gate401 restore BACKUP" puts the records of a backup in place and keeps this file aside; what can be saved comes out with: sqlite3 FILE .recover`
	}
	return ""
}
