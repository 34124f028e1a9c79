package people_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

func TestAdd(t *testing.T) {
	w := newTown(t)
	hashed, err := w.Hasher.Hash(t.Context(), newPassword)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.set.Clients.CreateClient(t.Context(), store.Client{ID: "Robot", Method: "client_secret_basic"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, account string
		password      people.NewPassword
		proves        string // "" = nothing does
		want          error
	}{
		{name: "with a password", account: "Carol", password: people.NewPassword{Text: newPassword}, proves: newPassword},
		{name: "with a hash", account: "dave", password: people.NewPassword{Hash: hashed}, proves: newPassword},
		{name: "without one", account: "erin"},
		{name: "again", account: "ALICE", want: store.ErrExists},
		{name: "weak", account: "frank", password: people.NewPassword{Text: "12345678"}, want: password.ErrWeak},
		{name: "that of a client", account: "robot", want: people.ErrClientName},
		{name: "no name", account: "", want: store.ErrName},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := w.actions(t)
			made, err := w.Add(t.Context(), root, store.Account{Name: tt.account, Groups: []string{"staff"}}, tt.password, "imported")
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			told := strings.TrimPrefix(strings.TrimPrefix(w.actions(t), before), "; ")
			if tt.want != nil {
				if told != "" {
					t.Errorf("recorded %q", told)
				}
				return
			}
			if want := "command line:root account.create " + strings.ToLower(tt.account); told != want {
				t.Errorf("recorded %q, want %q", told, want)
			}
			if tt.proves == "" != (made.Password == "") || tt.proves != "" && !w.proves(t, tt.account, tt.proves) {
				t.Errorf("its password is %q", made.Password)
			}
		})
	}
}

func TestUpdate(t *testing.T) {
	display, groups := "Alice Liddell", []string{"admin"}
	for _, tt := range []struct {
		name     string
		changes  people.Changes
		changed  bool
		open     string
		password string
		want     error
	}{
		{name: "nothing", open: "s1", password: oldPassword},
		{name: "groups and name", changes: people.Changes{Display: &display, Groups: &groups}, changed: true, open: "s1", password: oldPassword},
		{name: "the same password", changes: people.Changes{Password: people.NewPassword{Text: oldPassword}}, open: "s1", password: oldPassword},
		{name: "another password", changes: people.Changes{Password: people.NewPassword{Text: newPassword}}, changed: true, password: newPassword},
		{name: "a weak password", changes: people.Changes{Display: &display, Password: people.NewPassword{Text: "12345678"}}, want: password.ErrWeak, open: "s1", password: oldPassword},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newTown(t)
			w.session(t, "s1", "alice", "")
			account, changed, err := w.Update(t.Context(), root, "Alice", tt.changes, "imported")
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || changed != tt.changed {
				t.Fatalf("changed %v, %v; want %v, %v", changed, err, tt.changed, tt.want)
			}
			if tt.want == nil && tt.changes.Display != nil && (account.Display != display || account.Groups[0] != "admin" || len(account.Scopes) != 2) {
				t.Errorf("it is %+v", account)
			}
			if got := w.open(t, "alice"); got != tt.open {
				t.Errorf("open: %q, want %q", got, tt.open)
			}
			if !w.proves(t, "alice", tt.password) {
				t.Error("the password is another one")
			}
			if told := len(w.events) > 0; told != (tt.open == "") {
				t.Errorf("the history hears %+v", w.events)
			}
			if recorded := w.actions(t) == "command line:root account.update alice"; recorded != tt.changed {
				t.Errorf("recorded %q", w.actions(t))
			}
		})
	}
}

func TestChangeGroups(t *testing.T) {
	w := newTown(t)
	for _, step := range []struct {
		add, remove []string
		changed     bool
		want        string
	}{
		{nil, nil, false, "staff"},
		{[]string{"staff", "ops"}, nil, true, "staff ops"},
		{[]string{"ops"}, []string{"admin"}, false, "staff ops"},
		{nil, []string{"staff"}, true, "ops"},
		{[]string{"x"}, []string{"x", "ops"}, true, ""},
	} {
		account, changed, err := w.ChangeGroups(t.Context(), root, "alice", step.add, step.remove)
		if got := strings.Join(account.Groups, " "); err != nil || changed != step.changed || got != step.want {
			t.Errorf("changed %v to %q, %v; want %v, %q", changed, got, err, step.changed, step.want)
		}
	}
	if got := strings.Count(w.actions(t), "account.groups alice"); got != 3 {
		t.Errorf("recorded %d times", got)
	}
}
