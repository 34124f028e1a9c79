package storage_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	keyring "github.com/zalando/go-keyring"

	"github.com/gate401/gate401/client/storage"
)

func entry(issuer, client string) storage.Entry {
	at := time.Date(2026, 3, 1, 12, 0, 0, 5000, time.UTC)
	return storage.Entry{
		Key:    storage.Key{Issuer: issuer, Client: client, Audience: "https://api.example.com/", Host: "api.example.com"},
		Access: "access-secret", Refresh: "refresh-secret", Obtained: at, Expiry: at.Add(time.Hour),
		Scopes: []string{"read", "write"}, Origins: []string{"https://api.example.com"},
		Renewal: storage.Renewal{TokenEndpoint: issuer + "/token", RevocationEndpoint: issuer + "/revoke", ClientSecret: "client-secret", SecretInBody: true, Grant: "x"},
	}
}

// TestStores runs the same suite on every store.
func TestStores(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (one, two storage.Store){
		"memory": func(*testing.T) (one, two storage.Store) { m := &storage.Memory{}; return m, m },
		"file": func(t *testing.T) (one, two storage.Store) {
			path := filepath.Join(t.TempDir(), "a", "tokens.json")
			return newFile(t, path), newFile(t, path)
		},
		"keyring": func(t *testing.T) (one, two storage.Store) {
			keyring.MockInit()
			k := newKeyring(t, t.TempDir()) // the mock is a map: two would race
			return k, k
		},
	} {
		t.Run(name, func(t *testing.T) {
			for check, run := range map[string]func(*testing.T, storage.Store, storage.Store){
				"keeps": keeps, "parallel": parallel, "locks": locks, "refuses": refuses,
			} {
				t.Run(check, func(t *testing.T) {
					one, two := open(t)
					run(t, one, two)
				})
			}
		})
	}
}

func newFile(t *testing.T, path string) *storage.File {
	t.Helper()
	f, err := storage.NewFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func newKeyring(t *testing.T, dir string) *storage.Keyring {
	t.Helper()
	k, err := storage.NewKeyring(dir)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func keeps(t *testing.T, one, two storage.Store) {
	ctx := t.Context()
	a, b := entry("https://a.example", "cli"), entry("https://b.example", "cli")
	if list, err := one.List(ctx); len(list) != 0 || err != nil {
		t.Errorf("a new store lists %v, %v", list, err)
	}
	if _, err := one.Get(ctx, a.Key); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("not there: %v", err)
	}
	for _, e := range []storage.Entry{b, a} {
		if err := one.Put(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	got, err := two.Get(ctx, a.Key)
	if diff := cmp.Diff(a, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	b.Access, b.Refresh, b.Expiry = "next", "", time.Time{}
	if err := two.Put(ctx, b); err != nil {
		t.Fatal(err)
	}
	list, err := one.List(ctx)
	if diff := cmp.Diff([]storage.Entry{a, b}, list); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	list[0].Scopes[0] = "changed"
	if again, _ := one.Get(ctx, a.Key); again.Scopes[0] != "read" {
		t.Error("what is kept can be changed from outside")
	}
	if err := two.Delete(ctx, a.Key); err != nil {
		t.Fatal(err)
	}
	if err := one.Delete(ctx, a.Key); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	if list, _ := one.List(ctx); len(list) != 1 || list[0].Issuer != b.Issuer {
		t.Errorf("left: %v", list)
	}
}

func parallel(t *testing.T, one, two storage.Store) {
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			s := one
			if i%2 == 1 {
				s = two
			}
			if err := s.Put(t.Context(), entry("https://a.example", fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if list, err := one.List(t.Context()); len(list) != 12 || err != nil {
		t.Errorf("%d entries of 12, %v", len(list), err)
	}
}

func locks(t *testing.T, one, two storage.Store) {
	k, other := entry("https://a.example", "cli").Key, entry("https://b.example", "cli").Key
	unlock, err := one.Lock(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := two.Lock(ctx, k); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("locked twice: %v", err)
	}
	free, err := two.Lock(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	free()
	got := make(chan error, 1)
	go func() {
		again, err := two.Lock(t.Context(), k)
		if err == nil {
			again()
		}
		got <- err
	}()
	unlock()
	unlock()
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func refuses(t *testing.T, one, _ storage.Store) {
	large := entry("https://a.example", "cli")
	large.Access = strings.Repeat("x", storage.MaxEntry)
	if err := one.Put(t.Context(), large); !errors.Is(err, storage.ErrTooLarge) {
		t.Errorf("too large: %.100v", err)
	}
	if err := one.Put(t.Context(), storage.Entry{}); err == nil {
		t.Error("an empty entry is kept")
	}
}

func TestNothingIsPrinted(t *testing.T) {
	e := entry("https://a.example", "cli")
	text, err := json.Marshal(map[string]any{"e": e, "p": &e})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(e), fmt.Sprintf("%+v %#v %v", e, e, &e), fmt.Sprintf("%+v %#v", e.Renewal, e.Renewal), string(text)} {
		if strings.Contains(s, "-secret") {
			t.Errorf("printed: %s", s)
		}
	}
}

func TestFileIsPrivate(t *testing.T) {
	ctx := t.Context()
	e := entry("https://a.example", "cli")
	path := filepath.Join(t.TempDir(), "tokens.json")
	f := newFile(t, path)
	if err := f.Put(ctx, e); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := f.Get(ctx, e.Key)
		if err == nil || !strings.Contains(err.Error(), "by others") || strings.Contains(err.Error(), "secret") {
			t.Errorf("mode %o: %v", mode, err)
		}
		if err := f.Put(ctx, e); err == nil {
			t.Errorf("mode %o: written to", mode)
		}
	}
	if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.NewFile(path); err == nil || !strings.Contains(err.Error(), "others can write") {
		t.Errorf("the folder of everybody: %v", err)
	}
}

func TestFileIsNoLink(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.WriteFile(target, []byte(`{"version":1,"logins":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "tokens.json")
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	f := newFile(t, path)
	if _, err := f.List(t.Context()); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("read through a link: %v", err)
	}
	if err := f.Put(t.Context(), entry("https://a.example", "cli")); err == nil {
		t.Error("written through a link")
	}
	if text, _ := os.ReadFile(target); strings.Contains(string(text), "secret") {
		t.Error("the target was written to")
	}
}

func TestFileIsUnderstood(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	for text, want := range map[string]string{
		"":                          "cannot be read as a store",
		`{"version":2}`:             "a newer gate401 wrote it",
		`{"version":1,"logins":"x"`: "cannot be read as a store",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := newFile(t, path).List(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// A lock of another process counts.
func TestFileAmongProcesses(t *testing.T) {
	k := entry("https://a.example", "cli").Key
	if path := os.Getenv("STORAGE_TEST_FILE"); path != "" {
		f := newFile(t, path)
		unlock, err := f.Lock(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		defer unlock()
		e, err := f.Get(t.Context(), k)
		if errors.Is(err, storage.ErrNotFound) {
			e = entry("https://a.example", "cli")
			e.Access, err = "", nil
		}
		if err != nil {
			t.Fatal(err)
		}
		e.Access += "x"
		if err := f.Put(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "tokens.json")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFileAmongProcesses$")
			cmd.Env = append(os.Environ(), "STORAGE_TEST_FILE="+path)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	e, err := newFile(t, path).Get(t.Context(), k)
	if err != nil || e.Access != "xxxx" {
		t.Errorf("%q of four, %v", e.Access, err)
	}
}

func TestNoKeyring(t *testing.T) {
	keyring.MockInitWithError(errors.New("no bus"))
	defer keyring.MockInit()
	if _, err := storage.NewKeyring(t.TempDir()); !errors.Is(err, storage.ErrUnavailable) || !strings.Contains(err.Error(), "no bus") {
		t.Errorf("%v", err)
	}
}
