package authn_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
)

// withFactors are people of whom some have a second factor.
type withFactors struct {
	*authn.StorePasswords

	has      map[string]bool
	err      error
	revision *uint64
}

func (s withFactors) NeedsMore(_ context.Context, a store.Account) (bool, error) {
	return s.has[a.Name], s.err
}
func (s withFactors) Revision() uint64 { return s.StorePasswords.Revision() + *s.revision }

// A second factor that one way does not ask for protects nothing.
func TestBasicOfWhoHasASecondFactor(t *testing.T) {
	for _, test := range []struct {
		name, value string
		has         map[string]bool
		err         error
		want        reason.Code
	}{
		{"has none", basic("alice", "correct horse"), nil, nil, ""},
		{"somebody else has", basic("alice", "correct horse"), map[string]bool{"olga": true}, nil, ""},
		{"has one", basic("alice", "correct horse"), map[string]bool{"alice": true}, nil, reason.AuthenticationTooWeak},
		{"has one, wrong password", basic("alice", "wrong"), map[string]bool{"alice": true}, nil, reason.PasswordWrong},
		{"has one, suspended", basic("mallory", "secret"), map[string]bool{"mallory": true}, nil, reason.AccountSuspended},
		{"cannot be told", basic("alice", "correct horse"), nil, errors.New("away"), reason.CheckFailed},
		{"cannot be told, wrong password", basic("alice", "wrong"), nil, errors.New("away"), reason.PasswordWrong},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := people(t)
			b := newBasic(f, cheap())
			b.Sources = []authn.Passwords{withFactors{b.Sources[0].(*authn.StorePasswords), test.has, test.err, new(uint64)}}
			wantReason(t, decide(t, request("/", "Authorization", test.value), b), test.want)
		})
	}
}

// What was remembered is forgotten the moment a second factor is set up.
func TestBasicForgetsWhoSetsUpASecondFactor(t *testing.T) {
	b := newBasic(people(t), cheap())
	s := withFactors{b.Sources[0].(*authn.StorePasswords), map[string]bool{}, nil, new(uint64)}
	b.Sources = []authn.Passwords{s}
	g := gate(gate401.DangerouslyUnguarded{}, b)
	r := request("/", "Authorization", basic("alice", "correct horse"))
	wantReason(t, g.Decide(t.Context(), r), "")
	s.has["alice"], *s.revision = true, 1
	wantReason(t, g.Decide(t.Context(), r), reason.AuthenticationTooWeak)
	s.has["alice"], *s.revision = false, 2
	wantReason(t, g.Decide(t.Context(), r), "")
}
