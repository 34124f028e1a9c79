package people_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

func TestSuspend(t *testing.T) {
	w := newTown(t)
	w.session(t, "s1", "alice", "")
	for _, step := range []struct {
		do   func(context.Context, people.By, string) (store.Account, bool, error)
		want bool // changed
		is   bool // suspended
	}{{w.Suspend, true, true}, {w.Suspend, false, true}, {w.Resume, true, false}, {w.Resume, false, false}} {
		account, changed, err := step.do(t.Context(), root, "alice")
		if err != nil || changed != step.want || account.Suspended != step.is {
			t.Errorf("changed %v, suspended %v, %v; want %v, %v", changed, account.Suspended, err, step.want, step.is)
		}
	}
	// It ends nothing.
	if got := w.open(t, "alice"); got != "s1" {
		t.Errorf("open: %q", got)
	}
	if got, want := w.actions(t), "command line:root account.suspend alice; command line:root account.resume alice"; got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

func TestDelete(t *testing.T) {
	w := newTown(t)
	w.session(t, "s1", "alice", "")
	w.family(t, "f1", asAlice, "app")
	if _, _, err := w.CreateKey(t.Context(), alice, "alice", people.NewKey{ID: "k-0123456789", Environment: "live"}); err != nil {
		t.Fatal(err)
	}
	removed := ""
	w.Remove = func(ctx context.Context, name string) error {
		removed = name
		return w.set.Accounts.DeleteAccount(ctx, name)
	}
	if err := w.Delete(t.Context(), root, "ALICE"); err != nil || removed != "alice" {
		t.Fatalf("removed %q: %v", removed, err)
	}
	if got := w.open(t, "alice"); got != "" {
		t.Errorf("still open: %q", got)
	}
	if key, err := w.set.APIKeys.APIKey(t.Context(), "k-0123456789"); err != nil || key.Revoked.IsZero() {
		t.Errorf("its key: %v, %v", key.Revoked, err)
	}
	if err := w.Delete(t.Context(), root, "alice"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
}

func TestResetSecondFactor(t *testing.T) {
	w := newTown(t)
	if was, err := w.ResetSecondFactor(t.Context(), root, "alice"); err != nil || was {
		t.Fatalf("without one: %v, %v", was, err)
	}
	if _, err := w.set.Factors.PutSecondFactor(t.Context(), store.SecondFactor{Account: "alice", Secret: []byte("sealed"), Confirmed: start}); err != nil {
		t.Fatal(err)
	}
	if was, err := w.ResetSecondFactor(t.Context(), root, "alice"); err != nil || !was {
		t.Fatalf("with one: %v, %v", was, err)
	}
	if got, want := w.actions(t), "command line:root second-factor.reset alice"; got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

// noAudit cannot write.
type noAudit struct{ store.Audit }

func (noAudit) AppendAudit(context.Context, store.AuditRecord) (store.AuditRecord, error) {
	return store.AuditRecord{}, errors.New("the disk is full")
}

// A change that was made is told from one that was not.
func TestNotRecorded(t *testing.T) {
	w := newTown(t)
	w.set.Audit = noAudit{}
	if _, err := w.SetPassword(t.Context(), root, "alice", newPassword); !errors.Is(err, people.ErrNotRecorded) || !w.proves(t, "alice", newPassword) {
		t.Errorf("got %v", err)
	}
	if _, err := w.SetPassword(t.Context(), root, "alice", "short"); errors.Is(err, people.ErrNotRecorded) || err == nil {
		t.Errorf("a weak one: %v", err)
	}
}
