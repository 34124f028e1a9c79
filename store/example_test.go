package store_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

func Example() {
	ctx := context.Background()
	set := memory.Open(memory.Options{})
	defer set.Close()

	name, err := store.Canonical(" John")
	if err != nil {
		fmt.Println(err)
		return
	}
	made, err := set.Accounts.CreateAccount(ctx, store.Account{Name: name, Display: "John"})
	if err != nil {
		fmt.Println(err)
		return
	}

	// Remember the record with the revision from before it was read.
	revision := set.Revision()
	account, err := set.Accounts.Account(ctx, name)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(account, set.Revision() == revision)

	made.Suspended = true
	if _, err := set.Accounts.UpdateAccount(ctx, made); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("still current:", set.Revision() == revision)

	// Whoever read the record before that change cannot overwrite it.
	account.Display = "Johnny"
	_, err = set.Accounts.UpdateAccount(ctx, account)
	fmt.Println(errors.Is(err, store.ErrConflict))
	// Output:
	// john true
	// still current: false
	// true
}
