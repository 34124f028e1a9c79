package storetest

import (
	"errors"
	"testing"

	"github.com/gate401/gate401/store"
)

func factorLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	in := store.SecondFactor{
		Account: "anna", Secret: []byte{0, 1, 0xff}, Confirmed: T0, Step: 59_000_000, Recovery: [][32]byte{{1}, {31: 2}}, Created: T0,
	}
	_, err := set.Factors.PutSecondFactor(ctx, in)
	wantErr(t, err, store.ErrNotFound)
	must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	_, err = set.Factors.SecondFactor(ctx, "anna")
	wantErr(t, err, store.ErrNotFound)
	wantErr(t, set.Factors.DeleteSecondFactor(ctx, "anna"), store.ErrNotFound)
	early := in
	early.Version = 1
	_, err = set.Factors.PutSecondFactor(ctx, early)
	wantErr(t, err, store.ErrConflict)

	made := must[store.SecondFactor](t)(set.Factors.PutSecondFactor(ctx, in))
	if made.Version == 0 || made.Created.IsZero() {
		t.Errorf("version %d, created %v", made.Version, made.Created)
	}
	want, err := in.Normal()
	if err != nil {
		t.Fatal(err)
	}
	want.Created, want.Version = made.Created, made.Version
	wantSame(t, made, want)
	made.Secret[0], made.Recovery[0] = 9, [32]byte{9} // a copy
	wantSame(t, must[store.SecondFactor](t)(set.Factors.SecondFactor(ctx, "anna")), want)
	_, err = set.Factors.PutSecondFactor(ctx, in)
	wantErr(t, err, store.ErrConflict)

	// A recovery code, or a password of the app, is good for one of those who
	// bring it at once.
	next := want
	next.Step, next.Recovery = want.Step+1, nil
	wantOneWinner(t, race(20, func(int) error {
		_, err := set.Factors.PutSecondFactor(ctx, next)
		return err
	}), store.ErrConflict)
	after := must[store.SecondFactor](t)(set.Factors.SecondFactor(ctx, "anna"))
	next.Version = after.Version
	wantSame(t, after, next)

	for what, f := range map[string]store.SecondFactor{
		"no account": {}, "not canonical": {Account: "Anna"},
		"huge": {Account: "anna", Secret: make([]byte, store.MaxBlob+1)}, "codes": {Account: "anna", Recovery: make([][32]byte, store.MaxList+1)},
	} {
		if _, err := set.Factors.PutSecondFactor(ctx, f); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want %v", what, err, store.ErrInvalid)
		}
	}
	if err := set.Factors.DeleteSecondFactor(ctx, "anna"); err != nil {
		t.Fatal(err)
	}
	_, err = set.Factors.PutSecondFactor(ctx, after)
	wantErr(t, err, store.ErrConflict)

	// It goes with its account, and does not come back with the next one.
	must[store.SecondFactor](t)(set.Factors.PutSecondFactor(ctx, in))
	if err := set.Accounts.DeleteAccount(ctx, "anna"); err != nil {
		t.Fatal(err)
	}
	_, err = set.Factors.SecondFactor(ctx, "anna")
	wantErr(t, err, store.ErrNotFound)
	must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	_, err = set.Factors.SecondFactor(ctx, "anna")
	wantErr(t, err, store.ErrNotFound)
}

func consentLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	revision := set.Revision()
	in := store.Consent{Subject: "anna", Client: "app", Scopes: []string{"orders:read"}, Resources: []string{"https://api.example/"}}
	_, err := set.Consents.Consent(ctx, "anna", "", "app")
	wantErr(t, err, store.ErrNotFound)
	wantErr(t, set.Consents.DeleteConsent(ctx, "anna", "", "app"), store.ErrNotFound)
	made := must[store.Consent](t)(set.Consents.PutConsent(ctx, in))
	if made.Created.IsZero() {
		t.Error("the backend did not say when it was given")
	}
	in.Created = made.Created
	wantSame(t, made, in)
	made.Scopes[0] = "all" // a copy
	wantSame(t, must[store.Consent](t)(set.Consents.Consent(ctx, "anna", "", "app")), in)
	in.Scopes, in.Resources = []string{"orders:write"}, nil
	again := must[store.Consent](t)(set.Consents.PutConsent(ctx, in))
	in.Created = again.Created
	wantSame(t, must[store.Consent](t)(set.Consents.Consent(ctx, "anna", "", "app")), in)

	// The same name at a provider is somebody else.
	elsewhere := store.Consent{Subject: "anna", Issuer: "https://id.example", Client: "app"}
	elsewhere = must[store.Consent](t)(set.Consents.PutConsent(ctx, elsewhere))
	first := must[store.Consent](t)(set.Consents.PutConsent(ctx, store.Consent{Subject: "anna", Client: "a"}))
	wantSame(t, must[[]store.Consent](t)(set.Consents.ListConsents(ctx, "anna", "")), []store.Consent{first, in})
	wantSame(t, must[[]store.Consent](t)(set.Consents.ListConsents(ctx, "anna", elsewhere.Issuer)), []store.Consent{elsewhere})
	if err := set.Consents.DeleteConsent(ctx, "anna", "", "a"); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]store.Consent{
		"no subject": {Client: "app"}, "no client": {Subject: "anna"}, "no text": {Subject: "a\x00", Client: "app"},
		"scopes": {Subject: "anna", Client: "app", Scopes: []string{""}},
	} {
		if _, err := set.Consents.PutConsent(ctx, c); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want %v", what, err, store.ErrInvalid)
		}
	}
	if got := set.Revision(); got != revision {
		t.Errorf("revision %d, then %d: nobody remembers consents", revision, got)
	}

	must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	if err := set.Accounts.DeleteAccount(ctx, "anna"); err != nil {
		t.Fatal(err)
	}
	if list := must[[]store.Consent](t)(set.Consents.ListConsents(ctx, "anna", "")); len(list) != 0 {
		t.Errorf("left behind by the account: %v", list)
	}
	must[store.Consent](t)(set.Consents.Consent(ctx, "anna", elsewhere.Issuer, "app"))
}
