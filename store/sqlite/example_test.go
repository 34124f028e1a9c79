package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/sqlite"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "sqlite")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	set, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(dir, "gate401.db")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer set.Close()
	_, err = set.Accounts.CreateAccount(ctx, store.Account{Name: "anna"})
	fmt.Println(err)
	_, err = set.Accounts.CreateAccount(ctx, store.Account{Name: "anna"})
	fmt.Println(err)

	// A file that is something else stays as it is.
	path := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(path, []byte("not a database"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	_, err = sqlite.Open(ctx, sqlite.Options{Path: path})
	var refused *store.OpenError
	if errors.As(err, &refused) {
		fmt.Println(refused.Err)
		fmt.Println(refused.Hint())
	}
	// Output:
	// <nil>
	// creating an account: already exists
	// file is not an SQLite database
	// if these were the records, "gate401 restore BACKUP" puts those of a backup in place and keeps this file aside; if they never were, name another file in storage.records
}
