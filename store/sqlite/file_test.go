package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqldb"
	"github.com/gate401/gate401/store/sqlite"
	"github.com/gate401/gate401/store/storetest"
)

func TestModes(t *testing.T) {
	old := syscall.Umask(0) // the modes must not depend on it
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "new", "dir")
	path := filepath.Join(dir, "g.db")
	set := open(t, path)
	if _, err := set.Accounts.CreateAccount(t.Context(), storetest.Account("anna")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{dir: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info, err, want)
		}
	}
	// An empty file that somebody made in advance is closed to others too.
	path = filepath.Join(dir, "touched.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("touched: %v, %v", info.Mode(), err)
	}
}

func TestOddPath(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a b.db", "a?mode=memory.db", "a%20b.db", "a#b.db", "ä;'\".db"} {
		open(t, filepath.Join(dir, name))
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestRefusedFile(t *testing.T) {
	for _, row := range []struct {
		name string
		make func(t *testing.T, path string)
		want error // nil = any
		hint string
	}{
		{"text", func(t *testing.T, p string) { write(t, p, "accounts: none\n") }, sqlite.ErrNotDatabase, "storage.records"},
		{"three bytes", func(t *testing.T, p string) { write(t, p, "abc") }, sqlite.ErrNotDatabase, "storage.records"},
		{"directory", func(t *testing.T, p string) { mkdir(t, p) }, sqlite.ErrNotDatabase, ""},
		{"pipe", func(t *testing.T, p string) {
			if err := syscall.Mkfifo(p, 0o600); err != nil {
				t.Fatal(err)
			}
		}, sqlite.ErrNotDatabase, ""},
		{"garbage behind the magic", func(t *testing.T, p string) {
			write(t, p, "SQLite format 3\x00"+strings.Repeat("garbage ", 2000))
		}, nil, "another file"},
		{"another program's", func(t *testing.T, p string) { raw(t, p, `CREATE TABLE users (id)`) }, sqlite.ErrForeign, "another file"},
		{"another program's mark", func(t *testing.T, p string) { raw(t, p, `PRAGMA application_id = 5`) }, sqlite.ErrForeign, "another file"},
		{"newer", func(t *testing.T, p string) {
			shut(t, open(t, p))
			raw(t, p, `INSERT INTO migrations VALUES (99, '0099_future.sql', 'x', 1)`)
		}, sqldb.ErrNewer, "newer"},
		{"tampered", func(t *testing.T, p string) {
			shut(t, open(t, p))
			raw(t, p, `UPDATE migrations SET checksum = 'x' WHERE number = 1`)
		}, sqldb.ErrTampered, "backup"},
		{"damaged", func(t *testing.T, p string) {
			shut(t, open(t, p))
			f, err := os.OpenFile(p, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteAt(make([]byte, 8192), 100); err != nil {
				t.Fatal(err)
			}
		}, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "g.db")
			row.make(t, path)
			var before []byte // of a file; reading a pipe would block
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				if before, err = os.ReadFile(path); err != nil {
					t.Fatal(err)
				}
			}
			set, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
			if err == nil {
				shut(t, set)
				t.Fatal("opened")
			}
			var openErr *store.OpenError
			if !errors.As(err, &openErr) || row.want != nil && !errors.Is(err, row.want) || !strings.Contains(openErr.Hint(), row.hint) {
				t.Errorf("error %v, hint %q", err, openErr.Hint())
			}
			if (errors.Is(row.want, sqlite.ErrNotDatabase) || errors.Is(row.want, sqlite.ErrForeign)) && before != nil {
				if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
					t.Errorf("the file was changed: %d bytes, then %d, %v", len(before), len(after), err)
				}
			}
		})
	}
	for _, path := range []string{"", ":memory:", "file:x.db", "a\x00b"} {
		if _, err := sqlite.Open(t.Context(), sqlite.Options{Path: path}); err == nil {
			t.Errorf("opened %q", path)
		}
	}
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.db")
	set := open(t, path)
	made, err := set.Accounts.CreateAccount(t.Context(), storetest.Account("anna"))
	if err != nil {
		t.Fatal(err)
	}
	revision := set.Revision()
	shut(t, set)
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a log is left behind after closing: %v", err)
	}
	set = open(t, path)
	got, err := set.Accounts.Account(t.Context(), "anna")
	if err != nil || got.Version != made.Version || set.Revision() != revision {
		t.Errorf("version %d, revision %d, %v; want %d, %d", got.Version, set.Revision(), err, made.Version, revision)
	}
}

// A file of the first release must open in every later one, with all it holds.
func TestUpgradeFromVersion1(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "g.db")
	text, err := fs.ReadFile(sqldb.Migrations(), "0001_records.sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlite.MigrateWith(ctx, path, fstest.MapFS{"0001_records.sql": {Data: text}}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	raw(t, path, string(data))

	set := open(t, path)
	anna, err := set.Accounts.Account(ctx, "anna")
	if err != nil || !anna.Suspended || anna.Groups[0] != "admin" || anna.Previous != "$argon2id$old" || anna.PasswordChanged.UnixMilli() != 1767225600001 {
		t.Errorf("account %#v, %v", anna, err)
	}
	key, err := set.APIKeys.APIKey(ctx, "k1")
	if err != nil || key.Hash[31] != 0x1f || key.Owner != "anna" || !key.Expires.IsZero() || key.Version != 8 {
		t.Errorf("key %#v, %v", key, err)
	}
	if keys, err := set.SigningKeys.ListSigningKeys(ctx); err != nil || len(keys) != 1 || string(keys[0].Private) != "\x00\xff" {
		t.Errorf("signing keys %#v, %v", keys, err)
	}
	if records, err := set.Audit.ListAudit(ctx, 0, 0); err != nil || len(records) != 1 || string(records[0].Detail) != `{"a":1}` {
		t.Errorf("audit %#v, %v", records, err)
	}
	if set.Revision() < 9 {
		t.Errorf("revision %d went back", set.Revision())
	}
	if _, err := set.Accounts.UpdateAccount(ctx, anna); err != nil {
		t.Error(err)
	}
}

func TestMigrations(t *testing.T) {
	ctx := t.Context()
	own, err := fs.Glob(sqldb.Migrations(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	with := func(more ...string) fstest.MapFS {
		files := fstest.MapFS{}
		for _, name := range own {
			text, err := fs.ReadFile(sqldb.Migrations(), name)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = &fstest.MapFile{Data: text}
		}
		for i, text := range more {
			files[fmt.Sprintf("%04d_more.sql", len(own)+i+1)] = &fstest.MapFile{Data: []byte(text)}
		}
		return files
	}
	path := filepath.Join(t.TempDir(), "g.db")
	good := `CREATE TABLE extra (x BIGINT); INSERT INTO extra VALUES (1);`
	for _, step := range []struct {
		name  string
		files fs.FS
		ok    bool
	}{
		{"first", with(), true},
		{"half of it fails", with(good, `CREATE TABLE other (x BIGINT); SYNTAX ERROR`), false},
		{"the older program still opens it", with(), true},
		{"second", with(good), true},
		{"again", with(good), true},
		{"older program", with(), false},
		{"line ends do not matter", with(strings.ReplaceAll(good, "\n", "\r\n")), true},
		{"changed afterwards", with(good + " "), false},
		{"gap", fstest.MapFS{"0002_x.sql": {Data: []byte(good)}}, false},
		{"bad name", fstest.MapFS{"1_x.sql": {Data: []byte(good)}}, false},
	} {
		set, err := sqlite.OpenWith(ctx, sqlite.Options{Path: path}, step.files)
		if (err == nil) != step.ok {
			t.Errorf("%s: %v", step.name, err)
		}
		if err == nil {
			shut(t, set)
		}
	}
	// The numbers and texts of released migrations never change.
	released := map[string]string{
		"0001_records.sql": "2d7ee1cc85253c11d25e62640d383cb29ba979f0849e0cae729ccb5826cf5e6c",
	}
	sums, err := sqldb.Checksums(sqldb.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range released {
		if sums[name] != want {
			t.Errorf("%s: checksum %s, want %s: add a migration instead of changing one", name, sums[name], want)
		}
	}
}

func TestOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.db")
	var all sync.WaitGroup
	sets := make([]*store.Set, 8)
	for i := range sets {
		all.Go(func() {
			var err error
			if sets[i], err = sqlite.Open(context.Background(), sqlite.Options{Path: path}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i, set := range sets {
		if set == nil {
			continue
		}
		if _, err := set.Accounts.CreateAccount(t.Context(), storetest.Account(fmt.Sprint("name", i))); err != nil {
			t.Error(err)
		}
		shut(t, set)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

func shut(t *testing.T, set *store.Set) {
	t.Helper()
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
}

func raw(t *testing.T, path, text string) {
	t.Helper()
	db, err := sqlite.Raw(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what another process does; it fails only when the
// promise is broken by orders of magnitude.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not after two minutes", what)
		}
	}
}

// A misspelt setting would be ignored in silence, and durability with it.
func TestSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.db")
	shut(t, open(t, path))
	for pragma, want := range map[string]string{
		"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "secure_delete": "2",
		"journal_size_limit": "16777216", "application_id": "1731473457",
	} {
		if got, err := sqlite.Setting(t.Context(), path, pragma); got != want || err != nil {
			t.Errorf("%s is %q, %v, want %q", pragma, got, err, want)
		}
	}
}
