package people_test

import (
	"context"
	"fmt"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/store/memory"
)

func Example() {
	ctx := context.Background()
	set := memory.Open(memory.Options{})
	defer func() { _ = set.Close() }()
	if _, err := set.Accounts.CreateAccount(ctx, store.Account{Name: "alice"}); err != nil {
		fmt.Println(err)
		return
	}
	everybody := &people.People{Set: set, Hasher: &password.Hasher{}}

	// An administrator makes a link, and alice uses it.
	link, err := everybody.MakeLink(ctx, people.By{Actor: "command line:root"}, "alice", 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = everybody.UseLink(ctx, people.By{}, link.Reveal(), "a sentence that only I know")
	fmt.Println(link, err)
	_, err = everybody.UseLink(ctx, people.By{}, link.Reveal(), "a sentence of somebody else")
	fmt.Println(err)
	// Output:
	// link for alice <nil>
	// the link was used already, or the password was changed since
}
