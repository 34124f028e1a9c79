package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
)

// login stores a family "f" of anna with the refresh token "first".
func login(t *testing.T, set *store.Set) store.TokenFamily {
	t.Helper()
	return must[store.TokenFamily](t)(set.Tokens.CreateTokenFamily(t.Context(), TokenFamily("f", "anna"), RefreshToken("first", "f")))
}

func tokenLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	made := login(t, set)
	want, err := TokenFamily("f", "anna").Normal()
	if err != nil {
		t.Fatal(err)
	}
	if made.Created.IsZero() {
		t.Error("the backend did not say when the family was made")
	}
	want.Created = made.Created
	wantSame(t, made, want)
	wantSame(t, must[store.TokenFamily](t)(set.Tokens.TokenFamily(ctx, "f")), want)

	first := must[store.RefreshToken](t)(set.Tokens.RefreshToken(ctx, RefreshToken("first", "f").Hash))
	wantToken := RefreshToken("first", "f")
	wantToken.Expires, wantToken.Created = store.Moment(wantToken.Expires), first.Created
	if first.Created.IsZero() {
		t.Error("the backend did not say when the token was made")
	}
	wantSame(t, first, wantToken)

	later := T0.Add(time.Hour)
	if err := set.Tokens.RenewRefreshToken(ctx, first.Hash, later); err != nil {
		t.Fatal(err)
	}
	if err := set.Tokens.RedeemRefreshToken(ctx, first.Hash, T0, time.Time{}, RefreshToken("second", "f")); err != nil {
		t.Fatal(err)
	}
	first.Expires, first.Used = store.Moment(later), store.Moment(T0)
	wantSame(t, must[store.RefreshToken](t)(set.Tokens.RefreshToken(ctx, first.Hash)), first)
	wantErr(t, set.Tokens.RenewRefreshToken(ctx, first.Hash, later), store.ErrConflict)
	second := must[store.RefreshToken](t)(set.Tokens.RefreshToken(ctx, RefreshToken("second", "f").Hash))
	if !second.Used.IsZero() || second.Family != "f" {
		t.Errorf("second: %+v", second)
	}

	for i := range 3 {
		id := fmt.Sprint("g", i)
		must[store.TokenFamily](t)(set.Tokens.CreateTokenFamily(ctx, TokenFamily(id, "bert"), RefreshToken(id, id)))
	}
	page := must[[]store.TokenFamily](t)(set.Tokens.ListTokenFamilies(ctx, "bert", "g0", 1))
	if len(page) != 1 || page[0].ID != "g1" {
		t.Errorf("page %v, want [g1]", page)
	}
	if all := must[[]store.TokenFamily](t)(set.Tokens.ListTokenFamilies(ctx, "", "", 0)); len(all) != 4 || all[0].ID != "f" {
		t.Errorf("all %v", all)
	}
}

func tokenRefused(t *testing.T, set *store.Set) {
	ctx := t.Context()
	login(t, set)
	_, err := set.Tokens.TokenFamily(ctx, "nobody's")
	wantErr(t, err, store.ErrNotFound)
	_, err = set.Tokens.RefreshToken(ctx, [32]byte{1})
	wantErr(t, err, store.ErrNotFound)
	wantErr(t, set.Tokens.RedeemRefreshToken(ctx, [32]byte{1}, T0, time.Time{}, RefreshToken("x", "f")), store.ErrNotFound)
	wantErr(t, set.Tokens.RenewRefreshToken(ctx, [32]byte{1}, T0), store.ErrNotFound)
	wantErr(t, set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedFamily, ID: "nobody's", At: T0, Until: T0}), store.ErrNotFound)
	_, err = set.Tokens.CreateTokenFamily(ctx, TokenFamily("f", "anna"), RefreshToken("other", "f"))
	wantErr(t, err, store.ErrExists)
	_, err = set.Tokens.CreateTokenFamily(ctx, TokenFamily("other", "anna"), RefreshToken("first", "other"))
	wantErr(t, err, store.ErrExists)
	// Both or neither.
	_, err = set.Tokens.TokenFamily(ctx, "other")
	wantErr(t, err, store.ErrNotFound)

	hash := RefreshToken("first", "f").Hash
	for what, err := range map[string]error{
		"no time":        set.Tokens.RedeemRefreshToken(ctx, hash, time.Time{}, time.Time{}, RefreshToken("x", "f")),
		"another family": set.Tokens.RedeemRefreshToken(ctx, hash, T0, time.Time{}, RefreshToken("x", "g")),
		"no hash":        set.Tokens.RedeemRefreshToken(ctx, hash, T0, time.Time{}, store.RefreshToken{Family: "f"}),
		"no kind":        set.Tokens.Revoke(ctx, store.Revocation{ID: "x", At: T0, Until: T0}),
		"no end":         set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedToken, ID: "x", At: T0}),
		"no subject":     second(set.Tokens.CreateTokenFamily(ctx, TokenFamily("h", ""), RefreshToken("h", "h"))),
		"not its token":  second(set.Tokens.CreateTokenFamily(ctx, TokenFamily("h", "anna"), RefreshToken("h", "f"))),
	} {
		if !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want %v", what, err, store.ErrInvalid)
		}
	}
	// Nothing of it was kept.
	if first := must[store.RefreshToken](t)(set.Tokens.RefreshToken(ctx, hash)); !first.Used.IsZero() {
		t.Errorf("a refused redemption used the token: %+v", first)
	}
	wantErr(t, set.Tokens.RedeemRefreshToken(ctx, hash, T0, time.Time{}, RefreshToken("first", "f")), store.ErrExists)
	if first := must[store.RefreshToken](t)(set.Tokens.RefreshToken(ctx, hash)); !first.Used.IsZero() {
		t.Errorf("a redemption without a new record used the token: %+v", first)
	}
}

func second[T any](_ T, err error) error { return err }

func tokenOneRedemption(t *testing.T, set *store.Set) {
	ctx := t.Context()
	login(t, set)
	hash := RefreshToken("first", "f").Hash
	wantOneWinner(t, race(40, func(i int) error {
		return set.Tokens.RedeemRefreshToken(ctx, hash, T0, time.Time{}, RefreshToken(fmt.Sprint("next ", i), "f"))
	}), store.ErrConflict)
	heirs := 0
	for i := range 40 {
		if _, err := set.Tokens.RefreshToken(ctx, sha256.Sum256(fmt.Append(nil, "next ", i))); err == nil {
			heirs++
		} else {
			wantErr(t, err, store.ErrNotFound)
		}
	}
	if heirs != 1 {
		t.Errorf("%d new tokens, want 1", heirs)
	}
}

func tokenGrace(t *testing.T, set *store.Set) {
	ctx := t.Context()
	login(t, set)
	hash := RefreshToken("first", "f").Hash
	since := T0.Add(-time.Second)
	for i, err := range race(20, func(i int) error {
		return set.Tokens.RedeemRefreshToken(ctx, hash, T0, since, RefreshToken(fmt.Sprint("next ", i), "f"))
	}) {
		if err != nil {
			t.Errorf("redemption %d within the grace: %v", i, err)
		}
	}
	first := must[store.RefreshToken](t)(set.Tokens.RefreshToken(ctx, hash))
	if first.Repeats != 19 || !first.Used.Equal(store.Moment(T0)) {
		t.Errorf("used %v, repeated %d times, want %v and 19", first.Used, first.Repeats, store.Moment(T0))
	}
	// Exactly at the edge it is still good, a millisecond later it is not, and
	// without grace it never is.
	if err := set.Tokens.RedeemRefreshToken(ctx, hash, T0.Add(time.Second), T0, RefreshToken("edge", "f")); err != nil {
		t.Errorf("at the edge: %v", err)
	}
	wantErr(t, set.Tokens.RedeemRefreshToken(ctx, hash, T0, T0.Add(time.Millisecond), RefreshToken("late", "f")), store.ErrConflict)
	wantErr(t, set.Tokens.RedeemRefreshToken(ctx, hash, T0, time.Time{}, RefreshToken("late", "f")), store.ErrConflict)
	// Bounded, however long the grace.
	good := 0
	for i := range 2 * store.MaxRepeats {
		if set.Tokens.RedeemRefreshToken(ctx, hash, T0, since, RefreshToken(fmt.Sprint("more ", i), "f")) == nil {
			good++
		}
	}
	if want := store.MaxRepeats - 20; good != want {
		t.Errorf("%d more repetitions, want %d", good, want)
	}
}

func tokenRevoked(t *testing.T, set *store.Set) {
	ctx := t.Context()
	login(t, set)
	must[store.TokenFamily](t)(set.Tokens.CreateTokenFamily(ctx, TokenFamily("g", "anna"), RefreshToken("g", "g")))
	must[store.TokenFamily](t)(set.Tokens.CreateTokenFamily(ctx, TokenFamily("h", "bert"), RefreshToken("h", "h")))
	revoke := func(kind store.RevocationKind, id, cause string, at time.Time) {
		t.Helper()
		if err := set.Tokens.Revoke(ctx, store.Revocation{Kind: kind, ID: id, At: at, Until: at.Add(time.Hour), Cause: cause}); err != nil {
			t.Fatal(err)
		}
	}
	is := func(want string, token, family, subject string, issued time.Time) {
		t.Helper()
		r, err := set.Tokens.Revoked(ctx, store.AccessToken{ID: token, Family: family, Subject: subject, Issued: issued})
		switch {
		case want == "":
			wantErr(t, err, store.ErrNotFound)
		case err != nil || string(r.Kind)+" "+r.Cause != want:
			t.Errorf("revocation of %q %q %q: %+v, %v, want %q", token, family, subject, r, err, want)
		}
	}
	is("", "j1", "f", "anna", T0)
	is("", "", "", "", T0)
	revoke(store.RevokedToken, "j1", "first", T0)
	revoke(store.RevokedToken, "j1", "second", T0.Add(time.Hour)) // the first stands
	is("token first", "j1", "f", "anna", T0)
	is("", "j2", "f", "anna", T0)

	revoke(store.RevokedFamily, "f", "logout", T0)
	revoke(store.RevokedFamily, "f", "again", T0.Add(time.Hour))
	is("family logout", "j2", "f", "anna", T0.Add(time.Hour))
	is("", "j2", "g", "anna", T0)
	f := must[store.TokenFamily](t)(set.Tokens.TokenFamily(ctx, "f"))
	if f.Cause != "logout" || !f.Revoked.Equal(store.Moment(T0)) {
		t.Errorf("family %+v", f)
	}
	hash := RefreshToken("first", "f").Hash
	wantErr(t, set.Tokens.RedeemRefreshToken(ctx, hash, T0, T0, RefreshToken("x", "f")), store.ErrConflict)
	wantErr(t, set.Tokens.RenewRefreshToken(ctx, hash, T0), store.ErrConflict)

	at := T0.Add(time.Minute)
	revoke(store.RevokedSubject, "anna", "everywhere", at)
	is("family everywhere", "j2", "g", "anna", T0)
	is("family logout", "j2", "f", "anna", T0)
	is("", "j2", "h", "bert", T0)
	is("subject everywhere", "j2", "", "anna", at)
	is("", "j2", "", "anna", at.Add(time.Millisecond))
	// A login after it is good, and an earlier revocation does not weaken it.
	must[store.TokenFamily](t)(set.Tokens.CreateTokenFamily(ctx, TokenFamily("i", "anna"), RefreshToken("i", "i")))
	is("", "j2", "i", "anna", T0)
	revoke(store.RevokedSubject, "anna", "late news", T0)
	is("subject everywhere", "j2", "", "anna", at)
	is("family late news", "j2", "i", "anna", T0)
}

func tokenSweep(t *testing.T, set *store.Set) {
	ctx := t.Context()
	login(t, set) // the token ends after a minute, the family after an hour
	ever := TokenFamily("ever", "anna")
	ever.Expires = time.Time{}
	lasting := RefreshToken("lasting", "ever")
	lasting.Expires = time.Time{}
	must[store.TokenFamily](t)(set.Tokens.CreateTokenFamily(ctx, ever, lasting))
	if err := set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedToken, ID: "j", At: T0, Until: T0.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	sweep := func(at time.Time, want int) {
		t.Helper()
		if n := must[int](t)(set.Tokens.SweepTokens(ctx, at)); n != want {
			t.Errorf("%d swept, want %d", n, want)
		}
	}
	sweep(T0.Add(time.Minute), 0)
	must[store.Revocation](t)(set.Tokens.Revoked(ctx, store.AccessToken{ID: "j", Issued: T0}))
	sweep(T0.Add(2*time.Minute), 2)
	_, err := set.Tokens.Revoked(ctx, store.AccessToken{ID: "j", Issued: T0})
	wantErr(t, err, store.ErrNotFound)
	_, err = set.Tokens.RefreshToken(ctx, RefreshToken("first", "f").Hash)
	wantErr(t, err, store.ErrNotFound)
	must[store.TokenFamily](t)(set.Tokens.TokenFamily(ctx, "f"))
	sweep(T0.Add(2*time.Hour), 1)
	_, err = set.Tokens.TokenFamily(ctx, "f")
	wantErr(t, err, store.ErrNotFound)
	sweep(T0.Add(1000*time.Hour), 0)
	must[store.RefreshToken](t)(set.Tokens.RefreshToken(ctx, lasting.Hash))
}

// tokenRevision: only a revocation concerns those who remember tokens.
func tokenRevision(t *testing.T, set *store.Set) {
	ctx := t.Context()
	hash := RefreshToken("first", "f").Hash
	for _, step := range []struct {
		name  string
		moves bool
		do    func() error
	}{
		{"login", false, func() error { login(t, set); return nil }},
		{"renew", false, func() error { return set.Tokens.RenewRefreshToken(ctx, hash, T0.Add(time.Hour)) }},
		{"redeem", false, func() error {
			return set.Tokens.RedeemRefreshToken(ctx, hash, T0, time.Time{}, RefreshToken("second", "f"))
		}},
		{"revoke nothing", false, func() error {
			_ = set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedFamily, ID: "none", At: T0, Until: T0})
			return nil
		}},
		{"revoke a token", true, func() error {
			return set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedToken, ID: "j", At: T0, Until: T0})
		}},
		{"revoke a family", true, func() error {
			return set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedFamily, ID: "f", At: T0, Until: T0})
		}},
		{"revoke a subject", true, func() error {
			return set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedSubject, ID: "nobody", At: T0, Until: T0})
		}},
		{"sweep", false, func() error { _, err := set.Tokens.SweepTokens(ctx, T0.Add(9*time.Hour)); return err }},
	} {
		before := set.Revision()
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if after := set.Revision(); (after != before) != step.moves {
			t.Errorf("%s: revision %d, then %d; want moved %t", step.name, before, after, step.moves)
		}
	}
}
