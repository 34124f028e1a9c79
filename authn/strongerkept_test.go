package authn_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// A source that knows of second factors replaces weak hashes as the store does.
func TestBasicRehashesBehindSecondFactors(t *testing.T) {
	f := people(t)
	f.person(t, "import", "", nil)
	f.edit(t, "import", func(a *store.Account) { a.Password = bcryptHash(t, "p", 4) })
	b := newBasic(f, cheap())
	b.Sources = []authn.Passwords{withFactors{b.Sources[0].(*authn.StorePasswords), nil, nil, new(uint64)}}
	wantReason(t, decide(t, request("/", "Authorization", basic("import", "p")), b), "")
	after, err := f.Accounts.Account(t.Context(), "import")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(after.Password, "$argon2id$") {
		t.Errorf("the stored hash is %.12s..., want one of argon2id", after.Password)
	}
}

// What nobody could tell for a moment does not make a right password be forgotten.
func TestBasicRemembersWhileSecondFactorsAreAway(t *testing.T) {
	h := &counting{Hasher: cheap()}
	b := newBasic(people(t), h)
	s := &sometimes{withFactors{b.Sources[0].(*authn.StorePasswords), nil, nil, new(uint64)}}
	b.Sources = []authn.Passwords{s}
	g := gate(gate401.DangerouslyUnguarded{}, b)
	r := request("/", "Authorization", basic("alice", "correct horse"))
	wantReason(t, g.Decide(t.Context(), r), "")
	s.err, *s.revision = errors.New("away"), 1
	wantReason(t, g.Decide(t.Context(), r), reason.CheckFailed)
	s.err = nil
	h.take()
	wantReason(t, g.Decide(t.Context(), r), "")
	if runs, _, _ := h.take(); runs != 0 {
		t.Errorf("%d hashes, want none", runs)
	}
}

// A program that is not told to stop costs one comparison, not one for each request.
func TestBasicComparesATooWeakPasswordOnce(t *testing.T) {
	h := &counting{Hasher: cheap()}
	f := people(t)
	b := newBasic(f, h)
	s := withFactors{b.Sources[0].(*authn.StorePasswords), map[string]bool{"alice": true}, nil, new(uint64)}
	b.Sources = []authn.Passwords{s}
	g := gate(gate401.DangerouslyUnguarded{}, b)
	r := request("/", "Authorization", basic("alice", "correct horse"))
	for _, step := range []struct {
		name   string
		change func()
		want   reason.Code
		hashes int
	}{
		{"first", func() {}, reason.AuthenticationTooWeak, 1},
		{"again", func() {}, reason.AuthenticationTooWeak, 0},
		{"another account changed", func() { f.edit(t, "olga", func(a *store.Account) { a.Suspended = true }) }, reason.AuthenticationTooWeak, 0},
		{"the factor is gone", func() { s.has["alice"], *s.revision = false, 1 }, "", 1},
		{"again", func() {}, "", 0},
		{"the factor is back", func() { s.has["alice"], *s.revision = true, 2 }, reason.AuthenticationTooWeak, 1},
		{"suspended", func() { f.edit(t, "alice", func(a *store.Account) { a.Suspended = true }) }, reason.AccountSuspended, 1},
	} {
		step.change()
		wantReason(t, g.Decide(t.Context(), r), step.want)
		if runs, _, _ := h.take(); runs != step.hashes {
			t.Errorf("%s: %d hashes, want %d", step.name, runs, step.hashes)
		}
	}
}

// sometimes can be away for a while.
type sometimes struct{ withFactors }
