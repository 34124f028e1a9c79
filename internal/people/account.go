package people

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gate401/gate401/store"
)

// NewPassword is one that is given to an account: as it is typed, or as the hash
// that another program made of it. Both empty = none.
type NewPassword struct {
	Text string
	Hash string // PHC or crypt, as Hasher verifies it
}

// hash judges a password and hashes it, if it is not hashed already.
func (p *People) hash(ctx context.Context, name string, next NewPassword) (string, error) {
	if next.Text == "" {
		return next.Hash, nil
	}
	return p.judged(ctx, name, next.Text)
}

// ErrClientName says that a client has the name. Its own tokens would speak for the
// account (RFC 9700 section 4.15), so that the gate would refuse those that it has.
var ErrClientName = errors.New("a client has that name")

// ClientNames are the ids of clients by the name that an account would have which
// is called so.
type ClientNames map[string]string

// ClientNames reads the ids of all clients.
func (p *People) ClientNames(ctx context.Context) (ClientNames, error) {
	names := ClientNames{}
	for after := ""; ; {
		page, err := p.Set.Clients.ListClients(ctx, after, store.MaxPage)
		if err != nil {
			return nil, fmt.Errorf("reading clients: %w", err)
		}
		for _, c := range page {
			if name, err := store.Canonical(c.ID); err == nil {
				names[name] = c.ID
			}
		}
		if len(page) < store.MaxPage {
			return names, nil
		}
		after = page[len(page)-1].ID
	}
}

// free tells whether no client has the name of an account that is to be made.
func (p *People) free(ctx context.Context, name string) error {
	taken := p.Taken
	if taken == nil {
		var err error
		if taken, err = p.ClientNames(ctx); err != nil {
			return err
		}
	}
	if id, ok := taken[name]; ok {
		return fmt.Errorf("account %q: %w: %s", name, ErrClientName, id)
	}
	return nil
}

// Add makes an account with name, display name, groups and scopes of a; how goes
// to the audit record. store.ErrExists if there is one of that name, ErrClientName
// if a client is called so.
func (p *People) Add(ctx context.Context, by By, a store.Account, next NewPassword, how string) (store.Account, error) {
	name, err := store.Canonical(a.Name)
	if err != nil {
		return store.Account{}, err
	}
	if err := p.free(ctx, name); err != nil {
		return store.Account{}, err
	}
	phc, err := p.hash(ctx, name, next)
	if err != nil {
		return store.Account{}, err
	}
	account := store.Account{Name: name, Display: a.Display, Groups: a.Groups, Scopes: a.Scopes}
	if phc != "" {
		account.SetPassword(phc, p.now())
	}
	made, err := p.Set.Accounts.CreateAccount(ctx, account)
	if err != nil {
		return store.Account{}, fmt.Errorf("account %q: %w", name, err)
	}
	return made, p.note(ctx, by, "account.create", name, map[string]any{"groups": made.Groups, "scopes": made.Scopes, "how": how})
}

// Changes is what becomes different at an account; nil leaves a field as it is.
type Changes struct {
	Display  *string
	Groups   *[]string
	Scopes   *[]string
	Password NewPassword
}

// Update changes an account, and tells whether it was different before; how goes
// to the audit record. The password that it has already, also as another hash of
// the same text, ends nothing; another one ends what ChangePassword does.
func (p *People) Update(ctx context.Context, by By, name string, c Changes, how string) (store.Account, bool, error) {
	phc, err := p.hash(ctx, name, c.Password)
	if err != nil {
		return store.Account{}, false, err
	}
	ended := false
	account, changed, err := p.change(ctx, name, func(a *store.Account) (bool, error) {
		differs := false
		ended = false
		if c.Display != nil && a.Display != *c.Display {
			a.Display, differs = *c.Display, true
		}
		if c.Groups != nil && !slices.Equal(a.Groups, *c.Groups) {
			a.Groups, differs = *c.Groups, true
		}
		if c.Scopes != nil && !slices.Equal(a.Scopes, *c.Scopes) {
			a.Scopes, differs = *c.Scopes, true
		}
		if phc == "" || a.Password == phc {
			return differs, nil
		}
		if c.Password.Text != "" {
			if same, err := p.proves(ctx, *a, c.Password.Text); err != nil || same {
				return differs, err
			}
		}
		a.SetPassword(phc, p.now())
		ended = true
		return true, nil
	})
	if err != nil || !changed {
		return account, false, err
	}
	if ended {
		p.tell(by, store.Event{Kind: store.EventRevoked, Method: methodPassword, Object: account.Name, Subject: account.Name, Detail: "password " + how + " by " + by.Actor})
	}
	return account, true, p.note(ctx, by, "account.update", account.Name, map[string]any{"how": how, "password": ended})
}

// ChangeGroups puts an account into groups and takes it out of others, and tells
// whether that changed anything.
func (p *People) ChangeGroups(ctx context.Context, by By, name string, add, remove []string) (store.Account, bool, error) {
	return p.changeList(ctx, by, name, "groups", func(a *store.Account) *[]string { return &a.Groups }, add, remove)
}

// ChangeScopes does for what an account may do at most what ChangeGroups does for
// its groups.
func (p *People) ChangeScopes(ctx context.Context, by By, name string, add, remove []string) (store.Account, bool, error) {
	return p.changeList(ctx, by, name, "scopes", func(a *store.Account) *[]string { return &a.Scopes }, add, remove)
}

func (p *People) changeList(ctx context.Context, by By, name, what string, of func(*store.Account) *[]string, add, remove []string) (store.Account, bool, error) {
	account, changed, err := p.change(ctx, name, func(a *store.Account) (bool, error) {
		list := of(a)
		next := slices.Clone(*list)
		for _, word := range add {
			if !slices.Contains(next, word) {
				next = append(next, word)
			}
		}
		next = slices.DeleteFunc(next, func(word string) bool { return slices.Contains(remove, word) })
		differs := !slices.Equal(next, *list)
		*list = next
		return differs, nil
	})
	if err != nil || !changed {
		return account, false, err
	}
	return account, true, p.note(ctx, by, "account."+what, account.Name, map[string]any{what: *of(&account)})
}
