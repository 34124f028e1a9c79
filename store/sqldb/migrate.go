package sqldb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Reasons why a database cannot be brought to the present schema.
var (
	// ErrNewer says that a newer gate401 has changed the database.
	ErrNewer = errors.New("schema is newer than this program")
	// ErrTampered says that an applied migration differs from the one that
	// this program carries, so the schema is not the one it expects.
	ErrTampered = errors.New("schema was made by a different migration")
)

// Migrations returns the migrations that this program carries, for Migrate.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return migrations // cannot happen: the path is constant and valid
	}
	return sub
}

type migration struct {
	number   int64
	name     string
	text     string
	checksum string
}

// Migrate applies the migrations NNNN_name.sql of files that tx's database has
// not seen, and refuses a database that has seen others. Nothing is kept
// unless the caller commits: either all of them apply or none.
func Migrate(ctx context.Context, tx *sql.Tx, files fs.FS, now time.Time) error {
	known, err := readMigrations(files)
	if err != nil {
		return err
	}
	const table = `CREATE TABLE IF NOT EXISTS migrations (
		number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied BIGINT NOT NULL)`
	if _, err := tx.ExecContext(ctx, table); err != nil {
		return fmt.Errorf("making the table of migrations: %w", err)
	}
	applied, err := appliedMigrations(ctx, tx)
	if err != nil {
		return err
	}
	if err := compare(applied, known); err != nil {
		return err
	}
	for _, m := range known[len(applied):] {
		if _, err := tx.ExecContext(ctx, m.text); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
		const note = `INSERT INTO migrations (number, name, checksum, applied) VALUES ($1, $2, $3, $4)`
		if _, err := tx.ExecContext(ctx, note, m.number, m.name, m.checksum, now.UnixMilli()); err != nil {
			return fmt.Errorf("noting migration %s: %w", m.name, err)
		}
	}
	return nil
}

func readMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("listing migrations: %w", err)
	}
	slices.Sort(names)
	var all []migration
	for i, name := range names {
		number, _, ok := strings.Cut(path.Base(name), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		// A gap is a file that was lost or numbered twice in two branches.
		if !ok || err != nil || len(number) != 4 || n != int64(i+1) {
			return nil, fmt.Errorf("migration %q: want number %04d", name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("reading migration: %w", err)
		}
		// A checkout with CRLF line ends is still the same migration.
		unix := strings.ReplaceAll(string(text), "\r\n", "\n")
		sum := sha256.Sum256([]byte(unix))
		all = append(all, migration{n, name, unix, hex.EncodeToString(sum[:])})
	}
	return all, nil
}

// Applied counts the migrations that a database has seen, and refuses those that
// Migrate would refuse. It changes nothing.
func Applied(ctx context.Context, db Queryer, files fs.FS) (int, error) {
	known, err := readMigrations(files)
	if err != nil {
		return 0, err
	}
	applied, err := appliedMigrations(ctx, db)
	if err != nil {
		return 0, err
	}
	return len(applied), compare(applied, known)
}

// compare refuses migrations that were applied and are not known.
func compare(applied, known []migration) error {
	if len(applied) > len(known) {
		return fmt.Errorf("%w: it has %d migrations, this program knows %d", ErrNewer, len(applied), len(known))
	}
	for i, have := range applied {
		if have.number != known[i].number || have.checksum != known[i].checksum {
			return fmt.Errorf("%w: number %d", ErrTampered, have.number)
		}
	}
	return nil
}

// Queryer is a database, a connection or a transaction.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func appliedMigrations(ctx context.Context, tx Queryer) (list []migration, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT number, name, checksum FROM migrations ORDER BY number`)
	if err != nil {
		return nil, fmt.Errorf("reading the table of migrations: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var m migration
		if err := rows.Scan(&m.number, &m.name, &m.checksum); err != nil {
			return nil, fmt.Errorf("reading the table of migrations: %w", err)
		}
		list = append(list, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading the table of migrations: %w", err)
	}
	return list, nil
}

// Checksums returns the checksum of every migration by its file name.
func Checksums(files fs.FS) (map[string]string, error) {
	known, err := readMigrations(files)
	if err != nil {
		return nil, err
	}
	sums := make(map[string]string, len(known))
	for _, m := range known {
		sums[m.name] = m.checksum
	}
	return sums, nil
}
