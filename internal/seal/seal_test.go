package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/gate401/gate401/internal/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func master(b byte) []byte { return bytes.Repeat([]byte{b}, seal.KeySize) }

func ring(t testing.TB, current []byte, old ...[]byte) *seal.Ring {
	t.Helper()
	r, err := seal.New(current, old...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealOpen(t *testing.T) {
	r := ring(t, master(1))
	for _, secret := range []string{"", "x", strings.Repeat("long ", 1000)} {
		a, err := r.Seal("signing-key", "kid1", []byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := r.Seal("signing-key", "kid1", []byte(secret)); err != nil || bytes.Equal(a, b) {
			t.Errorf("sealed the same twice: %v", err)
		}
		if secret != "" && len(secret) > 4 && bytes.Contains(a, []byte(secret)) {
			t.Error("the secret shows")
		}
		got, err := r.Open("signing-key", "kid1", a)
		if err != nil || string(got) != secret {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if _, err := r.Seal("k", "i", make([]byte, seal.MaxSecret+1)); err == nil {
		t.Error("sealed a file")
	}
}

func TestOpenRefuses(t *testing.T) {
	r := ring(t, master(1))
	sealed, err := r.Seal("signing-key", "kid1", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	flip := func(i int) []byte {
		b := bytes.Clone(sealed)
		b[i] ^= 1
		return b
	}
	for _, row := range []struct {
		name     string
		ring     *seal.Ring
		kind, id string
		sealed   []byte
		want     error
	}{
		{"other id", r, "signing-key", "kid2", sealed, seal.ErrDamaged},
		{"other kind", r, "signing-kez", "kid1", sealed, seal.ErrDamaged},
		{"border moved", r, "signing-keyk", "id1", sealed, seal.ErrDamaged},
		{"other key", ring(t, master(2)), "signing-key", "kid1", sealed, seal.ErrWrongKey},
		{"no key", &seal.Ring{}, "signing-key", "kid1", sealed, seal.ErrWrongKey},
		{"version", r, "signing-key", "kid1", flip(0), seal.ErrDamaged},
		{"key id", r, "signing-key", "kid1", flip(3), seal.ErrWrongKey},
		{"nonce", r, "signing-key", "kid1", flip(12), seal.ErrDamaged},
		{"text", r, "signing-key", "kid1", flip(len(sealed) - 20), seal.ErrDamaged},
		{"tag", r, "signing-key", "kid1", flip(len(sealed) - 1), seal.ErrDamaged},
		{"cut", r, "signing-key", "kid1", sealed[:len(sealed)-1], seal.ErrDamaged},
		{"empty", r, "signing-key", "kid1", nil, seal.ErrDamaged},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := row.ring.Open(row.kind, row.id, row.sealed)
			if !errors.Is(err, row.want) || got != nil {
				t.Errorf("got %q, %v, want %v", got, err, row.want)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	before, after := ring(t, master(1)), ring(t, master(2), master(1))
	sealed, err := before.Seal("k", "1", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if before.Stale(sealed) || !after.Stale(sealed) || before.KeyID() == after.KeyID() {
		t.Errorf("stale %t %t, ids %s %s", before.Stale(sealed), after.Stale(sealed), before.KeyID(), after.KeyID())
	}
	secret, err := after.Open("k", "1", sealed)
	if err != nil {
		t.Fatal(err)
	}
	anew, err := after.Seal("k", "1", secret)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ring(t, master(2)).Open("k", "1", anew); err != nil || string(got) != "secret" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, k := range [][]byte{nil, make([]byte, 31), make([]byte, 33), make([]byte, 32)} {
		if _, err := seal.New(k); err == nil {
			t.Errorf("accepted a key of %d bytes", len(k))
		}
	}
	if _, err := seal.New(master(1), nil); err == nil {
		t.Error("accepted a missing old key")
	}
	dry := ring(t, master(1))
	dry.SetRand(strings.NewReader("too short"))
	if _, err := dry.Seal("k", "i", nil); err == nil {
		t.Error("sealed without a nonce")
	}
	if _, err := (&seal.Ring{}).Seal("k", "i", nil); err == nil {
		t.Error("sealed without a key")
	}
}

func TestParse(t *testing.T) {
	want := []byte("\xfb\xff0123456789abcdef0123456789abcd")
	for _, given := range []string{
		string(want), hex.EncodeToString(want), strings.ToUpper(hex.EncodeToString(want)) + "\n",
		base64.StdEncoding.EncodeToString(want), " " + base64.RawURLEncoding.EncodeToString(want) + "\r\n",
	} {
		if got, err := seal.Parse([]byte(given)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %x, %v", given, got, err)
		}
	}
	for _, given := range []string{"", "hunter2", hex.EncodeToString(want[1:]), strings.Repeat("x", 5000)} {
		if got, err := seal.Parse([]byte(given)); err == nil || got != nil || given != "" && strings.Contains(err.Error(), given) {
			t.Errorf("%q: %x, %v", given, got, err)
		}
	}
}

// A key that was cut is told by the size of the key, not of its text.
func TestParseTellsTheSize(t *testing.T) {
	short := bytes.Repeat([]byte("x"), 31)
	for given, want := range map[string]string{
		base64.StdEncoding.EncodeToString(short): "a master key has 32 bytes, and this is the base64 of 31",
		hex.EncodeToString(short):                "a master key has 32 bytes, and this is the hex of 31",
		strings.Repeat("!", 31) + "  ":           "want 32 bytes, or their hex or base64; got 33 bytes",
	} {
		_, err := seal.Parse([]byte(given))
		if err == nil || err.Error() != want {
			t.Errorf("%d octets: %v, want %s", len(given), err, want)
		}
		var helpful interface{ Hint() string }
		if !errors.As(err, &helpful) || helpful.Hint() == "" {
			t.Errorf("%v has no hint", err)
		}
	}
}

func TestFile(t *testing.T) {
	old := syscall.Umask(0) // the mode must not depend on it
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "new", "dir")
	path := filepath.Join(dir, "master.key")
	if _, err := seal.Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load without a file: %v", err)
	}
	first, created, err := seal.LoadOrCreate(path, nil)
	if err != nil || !created || len(first) != seal.KeySize {
		t.Fatalf("%d bytes, created %t, %v", len(first), created, err)
	}
	again, created, err := seal.LoadOrCreate(path, nil)
	if err != nil || created || !bytes.Equal(again, first) {
		t.Errorf("second time: same %t, created %t, %v", bytes.Equal(again, first), created, err)
	}
	if loaded, err := seal.Load(path); err != nil || !bytes.Equal(loaded, first) {
		t.Errorf("Load: same %t, %v", bytes.Equal(loaded, first), err)
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, dir: 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestFileRefused(t *testing.T) {
	for _, row := range []struct {
		name string
		make func(path string) error
		hint string
	}{
		{"group can read", func(p string) error { return errors.Join(os.WriteFile(p, master(1), 0o600), os.Chmod(p, 0o640)) }, "chmod 600"},
		{"others can read", func(p string) error { return errors.Join(os.WriteFile(p, master(1), 0o600), os.Chmod(p, 0o604)) }, "chmod 600"},
		{"empty", func(p string) error { return os.WriteFile(p, nil, 0o600) }, ""},
		{"short", func(p string) error { return os.WriteFile(p, master(1)[1:], 0o600) }, ""},
		{"huge", func(p string) error { return os.WriteFile(p, make([]byte, 1<<20), 0o600) }, ""},
		{"directory", func(p string) error { return os.Mkdir(p, 0o700) }, "name a file"},
		{"pipe", func(p string) error { return syscall.Mkfifo(p, 0o600) }, "name a file"},
		{"under a file", func(p string) error { return os.WriteFile(filepath.Dir(p), nil, 0o600) }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sub", "master.key")
			if row.name != "under a file" {
				if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if err := row.make(path); err != nil {
				t.Fatal(err)
			}
			got, created, err := seal.LoadOrCreate(path, nil)
			var fileErr *seal.FileError
			if got != nil || created || !errors.As(err, &fileErr) {
				t.Fatalf("%d bytes, created %t, %v", len(got), created, err)
			}
			if !strings.Contains(fileErr.Hint(), row.hint) || strings.Count(err.Error(), path) != 1 {
				t.Errorf("error %q, hint %q", err, fileErr.Hint())
			}
		})
	}
	if _, _, err := seal.LoadOrCreate(filepath.Join(t.TempDir(), "k"), bytes.NewReader(master(1)[1:])); err == nil {
		t.Error("made a key from a dry source")
	}
}

// Of several processes that start at once all must use one key.
func TestFileMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	const n = 16
	keys, made := make([][]byte, n), make([]bool, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			var err error
			if keys[i], made[i], err = seal.LoadOrCreate(path, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	makers := 0
	for i := range n {
		if !bytes.Equal(keys[i], keys[0]) {
			t.Errorf("process %d has another key", i)
		}
		if made[i] {
			makers++
		}
	}
	if makers != 1 {
		t.Errorf("%d made the key, want 1", makers)
	}
}

func FuzzOpen(f *testing.F) {
	r := ring(f, master(1))
	r.SetRand(strings.NewReader(strings.Repeat("n", 24))) // the same in every worker
	sealed, err := r.Seal("k", "i", []byte("secret"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := r.Open("k", "i", b); err == nil && !bytes.Equal(b, sealed) {
			t.Fatalf("opened a forgery: %q", got)
		}
	})
}
