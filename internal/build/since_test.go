package build_test

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// proof is an attempt to prove an account.
type proof string

func (proof) Method() string            { return "basic" }
func (p proof) Account() (string, bool) { return string(p), true }
func (proof) Key() [32]byte             { return [32]byte{} }

// A thief who has proved a stolen password is as any stranger once it is changed, by
// whichever process, and so is who has proved codes of a second factor of before.
func TestGuardForgetsOldProofs(t *testing.T) {
	start := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	password := func(t *testing.T, set *store.Set, at time.Time) {
		a, err := set.Accounts.Account(t.Context(), "alice")
		if err == nil {
			a.SetPassword("another", at)
			_, err = set.Accounts.UpdateAccount(t.Context(), a)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	factor := func(t *testing.T, set *store.Set, at time.Time) {
		if _, err := set.Factors.PutSecondFactor(t.Context(), store.SecondFactor{Account: "alice", Secret: []byte("x"), Confirmed: at}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, counted string
		change        func(*testing.T, *store.Set, time.Time)
		want          reason.Code
	}{
		{"nothing", "alice", func(*testing.T, *store.Set, time.Time) {}, ""},
		{"the password", "alice", password, reason.LockedOut},
		{"the password, for codes", session.CodesOf("alice"), password, reason.LockedOut},
		{"the second factor", session.CodesOf("alice"), factor, reason.LockedOut},
		{"the second factor, for the password", "alice", factor, ""},
		{"of nobody here", "kim", password, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at := start
			now := func() time.Time { return at }
			stores, err := build.InMemory(t.Context(), now)
			if err != nil {
				t.Fatal(err)
			}
			defer stores.Close()
			if _, err := stores.Set.Accounts.CreateAccount(t.Context(), store.Account{Name: "alice", Password: "x", PasswordChanged: start.Add(-time.Hour)}); err != nil {
				t.Fatal(err)
			}
			public, _ := url.Parse("http://gate.example")
			s, err := build.New(load(t, "storage: {records: memory}\nmethods: {password: {type: basic}}\nrules: [{path: /a}]"), stores, build.Options{PublicURL: public, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.Guard.Wait = -1
			try := func(from string, outcome error) reason.Code {
				settle, err := s.Guard.Reserve(t.Context(), &gate401.Request{Client: netip.MustParseAddr(from)}, proof(tt.counted))
				if err == nil {
					settle(outcome)
				}
				var d *gate401.Denial
				if errors.As(err, &d) {
					return d.Reason
				}
				return ""
			}
			if got := try("198.51.100.1", nil); got != "" {
				t.Fatal(got)
			}
			at = at.Add(time.Minute)
			tt.change(t, stores.Set, at)
			at = at.Add(time.Minute)
			for i := range 500 {
				try(fmt.Sprintf("203.0.%d.%d", i/250, i%250), &gate401.Denial{Reason: reason.PasswordWrong})
			}
			if got := try("198.51.100.1", &gate401.Denial{Reason: reason.PasswordWrong}); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
