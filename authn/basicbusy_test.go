package authn_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/internal/password"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

var errBusy = errors.New("the queue is full")

// busy computes the first hashes of each request and then has no room any more.
type busy struct {
	*password.Hasher
	room, used int
}

func (h *busy) full() bool {
	h.used++
	return h.used > h.room
}

func (h *busy) Verify(ctx context.Context, hash, pass string) (bool, bool, error) {
	if h.full() {
		return false, false, errBusy
	}
	return h.Hasher.Verify(ctx, hash, pass)
}

func (h *busy) Dummy(ctx context.Context, like, pass string) error {
	if h.full() {
		return errBusy
	}
	return h.Hasher.Dummy(ctx, like, pass)
}

// Whoever guesses must not get an answer that costs nothing once the guess was
// compared: flooding the queue would make every wrong password free.
func TestBasicBusyAfterAComparison(t *testing.T) {
	for _, test := range []struct {
		name, user, pass string
		room             int
		want             reason.Code
	}{
		{"nothing compared", "alice", "x", 0, reason.CheckFailed},
		{"nothing compared, unknown", "eve", "x", 0, reason.CheckFailed},
		{"nothing compared, no name", "", "x", 0, reason.CheckFailed},
		{"nothing compared, no password", "robot", "x", 0, reason.CheckFailed},
		{"nothing compared, right", "alice", "correct horse", 0, reason.CheckFailed},
		{"compared, right", "alice", "correct horse", 1, ""},
		{"compared", "alice", "x", 1, reason.PasswordWrong},
		{"compared, the one before not", "olga", "x", 1, reason.PasswordWrong},
		{"compared, the one before is right but was not compared", "olga", "old", 1, reason.PasswordWrong},
		{"compared, the one before too", "olga", "old", 2, reason.PasswordOutdated},
		{"suspended", "mallory", "x", 1, reason.PasswordWrong},
		{"no password, the one before compared", "gone", "was", 1, reason.PasswordOutdated},
		{"no password, as much done", "robot", "x", 1, reason.PasswordWrong},
		{"unknown, as much done", "eve", "x", 1, reason.AccountUnknown},
		{"no name, as much done", "", "x", 1, reason.AccountUnknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &busy{Hasher: cheap(), room: test.room}
			d := decide(t, request("/", "Authorization", basic(test.user, test.pass)), newBasic(people(t), h))
			wantReason(t, d, test.want)
		})
	}
}

// The same for a hash of the password before that cannot be used at all.
func TestBasicPreviousUnusable(t *testing.T) {
	f := people(t)
	f.person(t, "import", "new", func(a *store.Account) { a.Previous, a.PreviousUntil = "$argon2id$nonsense", noon.AddDate(0, 0, 1) })
	d := decide(t, request("/", "Authorization", basic("import", "x")), newBasic(f, cheap()))
	wantReason(t, d, reason.PasswordWrong)
}

func TestBasicGuessesAreCountedWhenBusy(t *testing.T) {
	h := &busy{Hasher: cheap(), room: 1}
	g := gate(&defend.Guard{Now: func() time.Time { return noon }}, newBasic(people(t), h))
	for i := range 11 {
		h.used = 0
		want := reason.PasswordWrong
		if i == 10 {
			want = reason.RateLimited
		}
		wantReason(t, g.Decide(t.Context(), request("/", "Authorization", basic("alice", fmt.Sprint("guess ", i)))), want)
	}
}

var _ authn.Hasher = (*busy)(nil)
