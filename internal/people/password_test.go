package people_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

func TestChangePassword(t *testing.T) {
	for _, tt := range []struct {
		name               string
		who, present, next string
		suspended          bool
		want               error
	}{
		{name: "right", who: "alice", present: oldPassword, next: newPassword},
		{name: "any spelling of the name", who: " ALICE", present: oldPassword, next: newPassword},
		{name: "wrong", who: "alice", present: "a guess of mine", next: newPassword, want: people.ErrWrongPassword},
		{name: "empty", who: "alice", next: newPassword, want: people.ErrWrongPassword},
		{name: "wrong and weak: nothing is told of the new one", who: "alice", present: "a guess of mine", next: "x", want: people.ErrWrongPassword},
		{name: "too short", who: "alice", present: oldPassword, next: "short", want: password.ErrWeak},
		{name: "the name", who: "alice", present: oldPassword, next: "alicealice", want: password.ErrWeak},
		{name: "the same", who: "alice", present: oldPassword, next: oldPassword, want: people.ErrSamePassword},
		{name: "suspended", who: "alice", present: oldPassword, next: newPassword, suspended: true, want: people.ErrSuspended},
		{name: "nobody", who: "carol", present: oldPassword, next: newPassword, want: store.ErrNotFound},
		{name: "no name", who: "", present: oldPassword, next: newPassword, want: store.ErrName},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newTown(t)
			w.session(t, "s1", "alice", "")
			w.family(t, "f1", asAlice, "app")
			w.session(t, "s2", "bob", "")
			if tt.suspended {
				if _, _, err := w.Suspend(t.Context(), root, "alice"); err != nil {
					t.Fatal(err)
				}
			}
			_, err := w.ChangePassword(t.Context(), alice, tt.who, tt.present, tt.next)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			wantOpen := "s1 f1"
			if tt.want == nil {
				wantOpen = ""
			}
			if got := w.open(t, "alice"); got != wantOpen {
				t.Errorf("still open: %q, want %q", got, wantOpen)
			}
			if got := w.open(t, "bob"); got != "s2" {
				t.Errorf("bob's: %q", got)
			}
			if changed := w.proves(t, "alice", newPassword); changed != (tt.want == nil) {
				t.Errorf("the new password is right: %v", changed)
			}
			if tt.want == nil {
				if got, want := w.actions(t), "alice account.password alice"; got != want {
					t.Errorf("recorded %q, want %q", got, want)
				}
				if len(w.events) != 1 || w.events[0].Kind != store.EventRevoked || w.events[0].Subject != "alice" || w.events[0].RequestID != "r1" {
					t.Errorf("told %+v", w.events)
				}
			}
		})
	}
}

// Two who know the password change it at the same moment: one of them does.
func TestChangePasswordAtOnce(t *testing.T) {
	w := newTown(t)
	var won, lost atomic.Int32
	var wg sync.WaitGroup
	for _, next := range []string{newPassword, "yet another long one", "and one more of them", "the last of these four"} {
		wg.Go(func() {
			switch _, err := w.ChangePassword(t.Context(), alice, "alice", oldPassword, next); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, store.ErrConflict), errors.Is(err, people.ErrWrongPassword):
				lost.Add(1)
			default:
				t.Errorf("another answer: %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 3 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
}

func TestSetPassword(t *testing.T) {
	w := newTown(t)
	w.session(t, "s1", "alice", "")
	if _, err := w.SetPassword(t.Context(), root, "alice", "alice"); !errors.Is(err, password.ErrWeak) {
		t.Fatalf("a weak one: %v", err)
	}
	account, err := w.SetPassword(t.Context(), root, "alice", newPassword)
	if err != nil || !account.PasswordChanged.Equal(start.Add(1e9)) {
		t.Fatalf("%v, %v", account.PasswordChanged, err)
	}
	if got := w.open(t, "alice"); got != "" {
		t.Errorf("still open: %q", got)
	}
	if got, want := w.actions(t), "command line:root account.password alice"; got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

// An account without a password is proved by none.
func TestNoPassword(t *testing.T) {
	w := newTown(t)
	w.add(t, store.Account{Name: "carol"}, "")
	for _, name := range []string{"carol", "nobody"} {
		if w.proves(t, name, "") || w.proves(t, name, oldPassword) {
			t.Errorf("%s is proved by some password", name)
		}
	}
	if _, err := w.ChangePassword(t.Context(), alice, "carol", "", newPassword); !errors.Is(err, people.ErrWrongPassword) {
		t.Errorf("changed without one: %v", err)
	}
}
