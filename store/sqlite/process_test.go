package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqlite"
	"github.com/gate401/gate401/store/storetest"
)

// childPath names the file that a second process is to work on: the test
// binary started again.
const childPath = "GATE401_TEST_CHILD_PATH"

func TestChild(t *testing.T) {
	path := os.Getenv(childPath)
	if path == "" {
		return // only for the process that the tests below start
	}
	set := open(t, path)
	anna, err := set.Accounts.Account(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	anna.Suspended = true
	if _, err := set.Accounts.UpdateAccount(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	// No tidy end: what was confirmed must be there without one.
	if p, err := os.FindProcess(os.Getpid()); err != nil || p.Kill() != nil {
		t.Fatal("cannot end")
	}
	select {}
}

func TestAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.db")
	set := open(t, path)
	if _, err := set.Accounts.CreateAccount(t.Context(), storetest.Account("anna")); err != nil {
		t.Fatal(err)
	}
	revision := set.Revision()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childPath+"="+path)
	out, err := child.CombinedOutput()
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("child: %v\n%s", err, out)
	}
	eventually(t, "the revision moves", func() bool { return set.Revision() != revision })
	if anna, err := set.Accounts.Account(t.Context(), "anna"); err != nil || !anna.Suspended {
		t.Errorf("suspended %t, %v", anna.Suspended, err)
	}
}

func TestTwoSets(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "g.db")
	one, two := open(t, path), open(t, path)
	if _, err := one.APIKeys.CreateAPIKey(ctx, storetest.APIKey("k1", "")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other sees it", func() bool { return two.Revision() == one.Revision() })
	k, err := two.APIKeys.APIKeyByHash(ctx, storetest.APIKey("k1", "").Hash)
	if err != nil {
		t.Fatal(err)
	}
	// Both change it: whoever comes second is told.
	k.Revoked = storetest.T0
	if _, err := two.APIKeys.UpdateAPIKey(ctx, k); err != nil {
		t.Fatal(err)
	}
	k.Revoked, k.Name = time.Time{}, "still mine"
	if _, err := one.APIKeys.UpdateAPIKey(ctx, k); !errors.Is(err, store.ErrConflict) {
		t.Errorf("error %v, want ErrConflict", err)
	}
	eventually(t, "the other sees it", func() bool { return two.Revision() == one.Revision() })

	// Both write at once: nothing is lost, nobody is turned away.
	done := make(chan error, 2)
	for i, set := range []*store.Set{one, two} {
		go func() {
			for n := range 50 {
				if _, err := set.Accounts.CreateAccount(ctx, storetest.Account(fmt.Sprintf("w%d-%d", i, n))); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if list, err := one.Accounts.ListAccounts(ctx, "", store.MaxPage); err != nil || len(list) != 100 {
		t.Errorf("%d accounts, %v; want 100", len(list), err)
	}
}

func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.db")
	set, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Wait: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	db, err := sqlite.Raw(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	// Reading goes on; writing is an error that says why, and never "not found".
	if _, err := set.Accounts.Account(t.Context(), "anna"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("reading while locked: %v", err)
	}
	_, err = set.Accounts.CreateAccount(t.Context(), storetest.Account("anna"))
	if err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("writing while locked: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err = set.Accounts.CreateAccount(ctx, storetest.Account("anna")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting beyond the context: %v", err)
	}
	if _, err := other.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if _, err := set.Accounts.CreateAccount(t.Context(), storetest.Account("anna")); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

func TestDiskFull(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "g.db")
	shut(t, open(t, path))
	set, err := sqlite.OpenWithPragma(ctx, sqlite.Options{Path: path}, "max_page_count(40)")
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	n := 0
	for ; err == nil && n < 1000; n++ {
		a := storetest.Account(fmt.Sprintf("name%04d", n))
		a.Display = strings.Repeat("x", store.MaxText)
		_, err = set.Accounts.CreateAccount(ctx, a)
	}
	if err == nil || !strings.Contains(err.Error(), "full") {
		t.Fatalf("after %d accounts: %v", n, err)
	}
	// What was confirmed is there, what was refused is not, and the revision
	// tells of nothing that did not happen.
	list, err := set.Accounts.ListAccounts(ctx, "", store.MaxPage)
	if err != nil || len(list) != n-1 || set.Revision() != uint64(list[len(list)-1].Version) {
		t.Errorf("%d accounts, %v, revision %d; want %d", len(list), err, set.Revision(), n-1)
	}
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.db")
	shut(t, open(t, path))
	set, err := sqlite.OpenWithPragma(t.Context(), sqlite.Options{Path: path}, "query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	_, err = set.Accounts.CreateAccount(t.Context(), storetest.Account("anna"))
	if err == nil || !strings.Contains(err.Error(), "readonly") || errors.Is(err, store.ErrConflict) {
		t.Errorf("writing: %v", err)
	}
	if err := set.Ping(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
}
