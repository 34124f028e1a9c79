package sqlite

import (
	"context"
	"database/sql"
	"io/fs"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqldb"
)

// OpenWith opens with other migrations than the program's.
func OpenWith(ctx context.Context, o Options, migrations fs.FS) (*store.Set, error) {
	o.migrations = migrations
	return Open(ctx, o)
}

// MigrateWith makes a file as a program with other migrations left it.
func MigrateWith(ctx context.Context, path string, migrations fs.FS) error {
	path, err := prepare(path)
	if err != nil {
		return err
	}
	write, err := connect(path, 1, "_txlock=immediate")
	if err != nil {
		return err
	}
	defer write.Close()
	return adopt(ctx, sqldb.Config{Write: write, Busy: busy}, Options{migrations: migrations, Now: time.Now})
}

// OpenWithPragma opens a set whose writing connection has one more setting, to
// bring about what cannot be had otherwise: a full disk.
func OpenWithPragma(ctx context.Context, o Options, pragma string) (*store.Set, error) {
	path, err := prepare(o.Path)
	if err != nil {
		return nil, err
	}
	write, err := connect(path, 1, "_txlock=immediate", "_pragma="+pragma)
	if err != nil {
		return nil, err
	}
	read, err := connect(path, 2)
	if err != nil {
		return nil, err
	}
	return sqldb.New(ctx, sqldb.Config{Read: read, Write: write, Busy: busy})
}

// Raw opens the file without any of the package's care.
func Raw(path string) (*sql.DB, error) { return sql.Open("sqlite", "file:"+path) }

// Setting returns the value of a PRAGMA on a connection that Open would use.
func Setting(ctx context.Context, path, pragma string) (value string, err error) {
	db, err := connect(path, 1)
	if err != nil {
		return "", err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, `PRAGMA `+pragma).Scan(&value)
	return value, err
}
