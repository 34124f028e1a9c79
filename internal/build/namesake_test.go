package build_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// Names are given again, to a client too: whoever has one now is let in, with what
// was issued to them and to nobody before them.
func TestNamesake(t *testing.T) {
	ctx := t.Context()
	s, must := inMemory(t)
	now := time.Now()
	before, after := now.Add(-time.Minute), now.Add(time.Minute)
	check := func(when string, issued time.Time, client string, want reason.Code) {
		t.Helper()
		got := reason.Code("")
		var denial *gate401.Denial
		if err := s.TokenStands(ctx, store.AccessToken{Subject: "nightly", Client: client, Issued: issued}); errors.As(err, &denial) {
			got = denial.Reason
		} else if err != nil {
			t.Error(when, err)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	must(s.Set.Accounts.CreateAccount(ctx, store.Account{Name: "nightly"}))
	check("an account", after, "", "")
	must(nil, s.RemoveAccount(ctx, "nightly"))
	check("it was removed", after, "", reason.TokenRevoked)

	must(s.Set.Clients.CreateClient(ctx, store.Client{ID: "nightly", Method: "client_secret_basic"}))
	check("a client of that name", after, "nightly", "")
	check("what the account had, now of a client", before, "", reason.TokenRevoked)

	must(nil, s.Set.Clients.DeleteClient(ctx, "nightly", now, after))
	check("the client was removed", after, "nightly", reason.TokenRevoked)

	must(s.Set.Accounts.CreateAccount(ctx, store.Account{Name: "nightly"}))
	check("an account again", after, "", "")
	check("what came before it", before, "nightly", reason.TokenRevoked)
}
