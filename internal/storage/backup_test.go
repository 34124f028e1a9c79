package storage_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/storage"
)

// records makes some, with a signing key, and returns the configuration.
func records(t *testing.T) *config.File {
	t.Helper()
	cfg := at(filepath.Join(t.TempDir(), "g.db"))
	s, err := storage.Open(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Keyring.PublicKeySet(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func at(path string) *config.File {
	cfg := config.Default()
	cfg.Storage.Records = "sqlite:" + path
	return cfg
}

func backup(t *testing.T, cfg *config.File) (storage.Manifest, []byte) {
	t.Helper()
	var b bytes.Buffer
	m, err := storage.Backup(t.Context(), cfg, &b, storage.BackupOptions{Program: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return m, b.Bytes()
}

// file is one entry of a forged archive.
type file struct {
	name string
	data []byte
	kind byte
}

func archive(t *testing.T, m storage.Manifest, files ...file) []byte {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range append([]file{{name: "manifest.json", data: text}}, files...) {
		h := &tar.Header{Name: f.name, Size: int64(len(f.data)), Mode: 0o600, Typeflag: tar.TypeReg}
		if f.kind != 0 {
			h.Typeflag, h.Linkname, h.Size = f.kind, "/etc/passwd", 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if f.kind == 0 {
			if _, err := w.Write(f.data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// part describes data truly.
func part(name string, data []byte) storage.Part {
	sum := sha256.Sum256(data)
	return storage.Part{Name: name, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}

// inside returns the records of a backup.
func inside(t *testing.T, data []byte) []byte {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "gate401.db" {
			out, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
}

// A backup comes from somewhere else: what is not exactly one is refused, and
// nothing is written where the records are.
func TestRestoreRefuses(t *testing.T) {
	m, whole := backup(t, records(t))
	db := inside(t, whole)
	change := func(f func(*storage.Manifest)) storage.Manifest {
		c := m
		f(&c)
		return c
	}
	text := []byte("no database")
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "does not begin with a manifest"},
		{"another format", archive(t, change(func(m *storage.Manifest) { m.Format = "x" }), file{name: "gate401.db", data: db}), "no whole backup"},
		{"a newer form", archive(t, change(func(m *storage.Manifest) { m.Version = 2 }), file{name: "gate401.db", data: db}), "it has format 2, wanted 1"},
		{"another name", archive(t, m, file{name: "../g.db", data: db}), "not as its manifest says"},
		{"another name in both", archive(t, change(func(m *storage.Manifest) { m.Records.Name = "../g.db" }), file{name: "../g.db", data: db}), "not as its manifest says"},
		{"a link", archive(t, m, file{name: "gate401.db", kind: tar.TypeSymlink}), "not as its manifest says"},
		{"another size", archive(t, m, file{name: "gate401.db", data: db[1:]}), "not as its manifest says"},
		{"another octet", archive(t, m, file{name: "gate401.db", data: append(bytes.Clone(db[:len(db)-1]), 1)}), "digest"},
		{"no database", archive(t, change(func(m *storage.Manifest) { m.Records = part("gate401.db", text) }), file{name: "gate401.db", data: text}), "not an SQLite database"},
		{"something behind", archive(t, m, file{name: "gate401.db", data: db}, file{name: "more", data: text}), "more than its manifest says"},
		{"a key that is promised", archive(t, change(func(m *storage.Manifest) { p := part("master-key.wrapped", text); m.MasterKey = &p }), file{name: "gate401.db", data: db}), "ends before"},
		{"a key that is none", archive(t, change(func(m *storage.Manifest) { p := part("master-key.wrapped", text); m.MasterKey = &p }),
			file{name: "gate401.db", data: db}, file{name: "master-key.wrapped", data: text}), "no wrapped master key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := storage.Restore(t.Context(), at(filepath.Join(dir, "g.db")), bytes.NewReader(tt.data),
				storage.RestoreOptions{Passphrase: func() ([]byte, error) { return []byte("some words"), nil }})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			left, _ := os.ReadDir(dir)
			if len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// What cannot be opened any more is why somebody restores: it is kept aside.
func TestRestoreOverRuins(t *testing.T) {
	_, whole := backup(t, records(t))
	path := filepath.Join(t.TempDir(), "g.db")
	if err := os.WriteFile(path, []byte("ruins"), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := storage.Restore(t.Context(), at(path), bytes.NewReader(whole), storage.RestoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(report.Aside); err != nil || string(data) != "ruins" {
		t.Errorf("%q %v", data, err)
	}
	if report.KeyMissing != strings.TrimSuffix(path, ".db")+".key" {
		t.Errorf("%+v", report)
	}
	// The key is missing, and a new one would not do.
	if _, err := storage.Open(context.Background(), at(path), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened without its master key: %v", err)
	}
}

// The key of the environment outranks the file, in a restore too.
func TestRestoreWithAKeyOfTheEnvironment(t *testing.T) {
	t.Setenv(storage.MasterKeyVariable, strings.Repeat("ab", 32))
	_, whole := backup(t, records(t))
	path := filepath.Join(t.TempDir(), "g.db")
	if _, err := storage.Restore(t.Context(), at(path), bytes.NewReader(whole), storage.RestoreOptions{}); err != nil {
		t.Error(err)
	}
	t.Setenv(storage.MasterKeyVariable, strings.Repeat("cd", 32))
	if _, err := storage.Restore(t.Context(), at(path), bytes.NewReader(whole), storage.RestoreOptions{}); !errors.Is(err, storage.ErrOtherKey) {
		t.Errorf("with another key: %v", err)
	}
	memory := config.Default()
	memory.Storage.Records = "memory"
	if _, err := storage.Backup(t.Context(), memory, io.Discard, storage.BackupOptions{}); !errors.Is(err, storage.ErrNoRecords) {
		t.Errorf("of memory: %v", err)
	}
}
