package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqldb"
	"github.com/gate401/gate401/store/sqlite"
	"github.com/gate401/gate401/store/storetest"
)

func TestCopy(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	path := filepath.Join(dir, "g.db")
	set := open(t, path)
	if _, err := set.Accounts.CreateAccount(ctx, storetest.Account("anna")); err != nil {
		t.Fatal(err)
	}
	// Open, and its newest records in the log alone.
	to := filepath.Join(dir, "copy.db")
	if err := sqlite.Copy(ctx, path, to, func(int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	got, err := sqlite.Inspect(ctx, to)
	if err != nil || got.Accounts != 1 || got.Schema == 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := sqlite.Copy(ctx, path, to, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("copied over a file: %v", err)
	}
	if err := sqlite.Vacate(ctx, path); !errors.Is(err, sqlite.ErrInUse) {
		t.Errorf("in use: %v", err)
	}
	shut(t, set)
	if err := sqlite.Vacate(ctx, path); err != nil {
		t.Error(err)
	}
	// A copy opens like any records.
	set = open(t, to)
	defer shut(t, set)
	if _, err := set.Accounts.Account(ctx, "anna"); err != nil {
		t.Error(err)
	}
}

func TestInspectRefuses(t *testing.T) {
	ctx := t.Context()
	made := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		shut(t, open(t, path))
		raw(t, path, text)
		return path
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no database at all, but long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	raw(t, foreign, `CREATE TABLE notes (x)`)
	half := made("half.db", ``)
	data, err := os.ReadFile(half)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(half, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path string
		want       error // nil for any
	}{
		{"text", text, sqlite.ErrNotDatabase},
		{"of another program", foreign, sqlite.ErrForeign},
		{"of a newer program", made("newer.db", `INSERT INTO migrations VALUES (99, 'x', 'x', 0)`), sqldb.ErrNewer},
		{"by other migrations", made("other.db", `UPDATE migrations SET checksum = 'x' WHERE number = 1`), sqldb.ErrTampered},
		{"half of it", half, nil},
		{"absent", filepath.Join(t.TempDir(), "absent"), fs.ErrNotExist},
		{"a folder", t.TempDir(), sqlite.ErrNotDatabase},
	} {
		_, err := sqlite.Inspect(ctx, tt.path)
		var opened *store.OpenError
		if !errors.As(err, &opened) || (tt.want != nil && !errors.Is(err, tt.want)) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// What a backup carries besides the records would run in our process.
func TestSameSchema(t *testing.T) {
	ctx := t.Context()
	fresh := filepath.Join(t.TempDir(), "fresh.db")
	shut(t, open(t, fresh))
	for name, text := range map[string]string{
		"a trigger":           `CREATE TRIGGER x AFTER INSERT ON audit BEGIN DELETE FROM accounts; END`,
		"a view":              `CREATE VIEW x AS SELECT 1`,
		"a table more":        `CREATE TABLE x (y)`,
		"a table less":        `DROP TABLE audit`,
		"an index more":       `CREATE INDEX x ON audit (actor)`,
		"a column of a table": `ALTER TABLE audit ADD COLUMN x`,
	} {
		path := filepath.Join(t.TempDir(), "g.db")
		shut(t, open(t, path))
		if err := sqlite.SameSchema(ctx, path, fresh); err != nil {
			t.Fatalf("a new one: %v", err)
		}
		raw(t, path, text)
		if err := sqlite.SameSchema(ctx, path, fresh); !errors.Is(err, sqlite.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
