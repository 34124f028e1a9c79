package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gate401/gate401/store"
)

func accountLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	_, err := set.Accounts.Account(ctx, "anna")
	wantErr(t, err, store.ErrNotFound)

	in := Account("anna")
	made := must[store.Account](t)(set.Accounts.CreateAccount(ctx, in))
	if made.Version == 0 || made.Created.IsZero() || !made.Updated.Equal(made.Created) {
		t.Errorf("version %d, created %v, updated %v", made.Version, made.Created, made.Updated)
	}
	want, err := in.Normal()
	if err != nil {
		t.Fatal(err)
	}
	want.Created, want.Updated, want.Version = made.Created, made.Updated, made.Version
	wantSame(t, made, want)
	wantSame(t, must[store.Account](t)(set.Accounts.Account(ctx, "anna")), want)

	changed := made
	changed.Display, changed.Suspended, changed.Groups = "", true, nil
	changed.SetPassword("$2b$other", T0)
	changed.Created = T0 // must not be taken over
	after := must[store.Account](t)(set.Accounts.UpdateAccount(ctx, changed))
	if after.Version <= made.Version {
		t.Errorf("version %d after %d", after.Version, made.Version)
	}
	want, err = changed.Normal()
	if err != nil {
		t.Fatal(err)
	}
	want.Created, want.Updated, want.Version = made.Created, after.Updated, after.Version
	wantSame(t, after, want)
	wantSame(t, must[store.Account](t)(set.Accounts.Account(ctx, "anna")), want)

	_, err = set.Accounts.UpdateAccount(ctx, made)
	wantErr(t, err, store.ErrConflict)
	wantSame(t, must[store.Account](t)(set.Accounts.Account(ctx, "anna")), want)

	if err := set.Accounts.DeleteAccount(ctx, "anna"); err != nil {
		t.Fatal(err)
	}
	wantErr(t, set.Accounts.DeleteAccount(ctx, "anna"), store.ErrNotFound)
	_, err = set.Accounts.Account(ctx, "anna")
	wantErr(t, err, store.ErrNotFound)
	_, err = set.Accounts.UpdateAccount(ctx, after)
	wantErr(t, err, store.ErrNotFound)
}

func accountRefused(t *testing.T, set *store.Set) {
	ctx := t.Context()
	must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("john")))
	for _, name := range []string{"", "John", " john", "john ", "ｊohn", "jo\nhn", "jo\x00hn", "jo\xffhn", strings.Repeat("a", 129)} {
		_, err := set.Accounts.CreateAccount(ctx, Account(name))
		wantErr(t, err, store.ErrInvalid)
		if _, err := set.Accounts.Account(ctx, name); err == nil {
			t.Errorf("found an account under %q", name)
		}
	}
	_, err := set.Accounts.CreateAccount(ctx, Account("john"))
	wantErr(t, err, store.ErrExists)
	for what, spoil := range map[string]func(a *store.Account){
		"display":       func(a *store.Account) { a.Display = strings.Repeat("x", store.MaxText+1) },
		"display NUL":   func(a *store.Account) { a.Display = "a\x00b" },
		"display UTF-8": func(a *store.Account) { a.Display = "\xff" },
		"empty group":   func(a *store.Account) { a.Groups = []string{""} },
		"many scopes":   func(a *store.Account) { a.Scopes = make([]string, store.MaxList+1) },
	} {
		a := Account("spoilt")
		spoil(&a)
		if _, err := set.Accounts.CreateAccount(ctx, a); err == nil {
			t.Errorf("%s: accepted", what)
		} else {
			wantErr(t, err, store.ErrInvalid)
		}
	}
}

func accountList(t *testing.T, set *store.Set) {
	ctx := t.Context()
	for _, n := range []int{3, 1, 4, 2, 0} {
		must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account(fmt.Sprintf("name%d", n))))
	}
	var names []string
	after, pages := "", 0
	for {
		list := must[[]store.Account](t)(set.Accounts.ListAccounts(ctx, after, 2))
		if len(list) == 0 {
			break
		}
		for _, a := range list {
			names = append(names, a.Name)
		}
		after = list[len(list)-1].Name
		if pages++; pages > 5 {
			t.Fatal("the list does not end")
		}
	}
	wantSame(t, names, []string{"name0", "name1", "name2", "name3", "name4"})
	if pages != 3 {
		t.Errorf("%d pages, want 3", pages)
	}
	if all := must[[]store.Account](t)(set.Accounts.ListAccounts(ctx, "", 0)); len(all) != 5 {
		t.Errorf("%d accounts without a limit, want 5", len(all))
	}
}

// accountCopies: a caller that changes what it gave or got changes no record.
func accountCopies(t *testing.T, set *store.Set) {
	ctx := t.Context()
	in := Account("anna")
	made := must[store.Account](t)(set.Accounts.CreateAccount(ctx, in))
	in.Groups[0], made.Groups[0] = "intruder", "intruder"
	got := must[store.Account](t)(set.Accounts.Account(ctx, "anna"))
	got.Scopes[0] = "intruder"
	wantSame(t, must[store.Account](t)(set.Accounts.Account(ctx, "anna")).Groups, Account("anna").Groups)
	wantSame(t, must[store.Account](t)(set.Accounts.Account(ctx, "anna")).Scopes, Account("anna").Scopes)
}

func accountOneWinner(t *testing.T, set *store.Set) {
	ctx := t.Context()
	wantOneWinner(t, race(20, func(int) error {
		_, err := set.Accounts.CreateAccount(ctx, Account("anna"))
		return err
	}), store.ErrExists)
	anna := must[store.Account](t)(set.Accounts.Account(ctx, "anna"))
	wantOneWinner(t, race(20, func(i int) error {
		mine := anna
		mine.Display = fmt.Sprint("writer ", i)
		_, err := set.Accounts.UpdateAccount(ctx, mine)
		return err
	}), store.ErrConflict)
	wantOneWinner(t, race(20, func(int) error { return set.Accounts.DeleteAccount(ctx, "anna") }), store.ErrNotFound)
}

// accountMadeAnew: who remembers a version must not take the new for the old.
func accountMadeAnew(t *testing.T, set *store.Set) {
	ctx := t.Context()
	old := must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	if err := set.Accounts.DeleteAccount(ctx, "anna"); err != nil {
		t.Fatal(err)
	}
	anew := must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	if anew.Version == old.Version {
		t.Errorf("the new account has the old version %d", old.Version)
	}
	_, err := set.Accounts.UpdateAccount(ctx, old)
	wantErr(t, err, store.ErrConflict)
}
