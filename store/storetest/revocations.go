package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
)

// belongings stores one of each that a revocation may end, for two people, two
// clients and a provider, and returns a function that tells what is left of it.
func belongings(t *testing.T, set *store.Set) (left func() string) {
	t.Helper()
	ctx := t.Context()
	owners := []struct{ id, subject, issuer, client string }{
		{"anna", "anna", "", "app"},
		{"anna-other", "anna", "", "other"},
		{"bert", "bert", "", "app"},
		{"elsewhere", "anna", "https://id.example", "other"},
	}
	kinds := []store.TicketKind{store.TicketCode, store.TicketLink, store.TicketProof, store.TicketLogin}
	for _, o := range owners {
		f := TokenFamily(o.id, o.subject)
		f.Issuer, f.Client = o.issuer, o.client
		must[store.TokenFamily](t)(set.Tokens.CreateTokenFamily(ctx, f, RefreshToken(o.id, o.id)))
		x := Session(o.id, o.subject)
		x.Issuer = o.issuer
		must[store.Session](t)(set.Sessions.CreateSession(ctx, x, ""))
		if o.issuer != "" {
			continue
		}
		for _, kind := range kinds {
			ticket := Ticket(kind, o.id)
			ticket.Subject, ticket.Client = o.subject, o.client
			must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, ticket))
		}
		used := Ticket(store.TicketCode, "used "+o.id)
		used.Subject, used.Client = o.subject, o.client
		must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, used))
		if err := set.Tickets.UseTicket(ctx, used.Kind, used.Hash, T0, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	return func() string {
		t.Helper()
		var all []string
		for _, o := range owners {
			var has []string
			if f := must[store.TokenFamily](t)(set.Tokens.TokenFamily(ctx, o.id)); f.Revoked.IsZero() {
				has = append(has, "family")
			}
			if x := must[store.Session](t)(set.Sessions.Session(ctx, o.id)); x.Revoked.IsZero() {
				has = append(has, "session")
			}
			for _, kind := range kinds {
				if _, err := set.Tickets.Ticket(ctx, kind, Ticket(kind, o.id).Hash); err == nil {
					has = append(has, string(kind))
				} else {
					wantErr(t, err, store.ErrNotFound)
				}
			}
			if _, err := set.Tickets.Ticket(ctx, store.TicketCode, Ticket("", "used "+o.id).Hash); err != nil && o.issuer == "" {
				t.Errorf("%s: a used ticket is gone, and with it who uses it again: %v", o.id, err)
			}
			all = append(all, o.id+": "+strings.Join(has, " "))
		}
		return strings.Join(all, "\n")
	}
}

const (
	annaAll      = "anna: family session code link proof login"
	annaOtherAll = "anna-other: family session code link proof login"
	bertAll      = "bert: family session code link proof login"
	elsewhereAll = "elsewhere: family session"
)

// revocationReach: what each kind ends, and what it leaves alone.
func revocationReach(open func(t *testing.T) *store.Set) func(t *testing.T) {
	until := T0.Add(time.Hour)
	account := func(set *store.Set, t *testing.T) store.Account {
		t.Helper()
		return must[store.Account](t)(set.Accounts.CreateAccount(t.Context(), Account("anna")))
	}
	return func(t *testing.T) {
		for _, row := range []struct {
			name string
			do   func(t *testing.T, set *store.Set) error
			want []string
		}{
			{"subject", func(t *testing.T, set *store.Set) error {
				return set.Tokens.Revoke(t.Context(), store.Revocation{Kind: store.RevokedSubject, ID: "anna", At: T0, Until: until})
			}, []string{"anna: link proof", "anna-other: link proof", bertAll, elsewhereAll}},
			{"subject of a provider", func(t *testing.T, set *store.Set) error {
				return set.Tokens.Revoke(t.Context(), store.Revocation{
					Kind: store.RevokedSubject, ID: "anna", Issuer: "https://id.example", At: T0, Until: until,
				})
			}, []string{"anna: family session link proof", "anna-other: family session link proof", bertAll, "elsewhere: "}},
			{"subject of another provider", func(t *testing.T, set *store.Set) error {
				return set.Tokens.Revoke(t.Context(), store.Revocation{
					Kind: store.RevokedSubject, ID: "bert", Issuer: "https://id.example", At: T0, Until: until,
				})
			}, []string{annaAll, annaOtherAll, "bert: family session link proof", elsewhereAll}},
			{"client", func(t *testing.T, set *store.Set) error {
				return set.Tokens.Revoke(t.Context(), store.Revocation{Kind: store.RevokedClient, ID: "app", At: T0, Until: until})
			}, []string{"anna: session link proof", annaOtherAll, "bert: session link proof", elsewhereAll}},
			{"everything", func(t *testing.T, set *store.Set) error {
				return set.Tokens.Revoke(t.Context(), store.Revocation{Kind: store.RevokedAll, ID: store.Everything, At: T0, Until: until})
			}, []string{"anna: proof", "anna-other: proof", "bert: proof", "elsewhere: "}},
			{"password", func(t *testing.T, set *store.Set) error {
				a := account(set, t)
				a.SetPassword("$2b$other", T0)
				return second(set.Accounts.UpdateAccount(t.Context(), a))
			}, []string{"anna: proof", "anna-other: proof", bertAll, elsewhereAll}},
			{"password removed", func(t *testing.T, set *store.Set) error {
				a := account(set, t)
				a.Password = ""
				return second(set.Accounts.UpdateAccount(t.Context(), a))
			}, []string{"anna: proof", "anna-other: proof", bertAll, elsewhereAll}},
			{"account", func(t *testing.T, set *store.Set) error {
				account(set, t)
				return set.Accounts.DeleteAccount(t.Context(), "anna")
			}, []string{"anna: proof", "anna-other: proof", bertAll, elsewhereAll}},
			{"suspended, and hashed anew", func(t *testing.T, set *store.Set) error {
				a := account(set, t)
				a.Suspended, a.Groups, a.Password = true, nil, "$2b$stronger"
				return second(set.Accounts.UpdateAccount(t.Context(), a))
			}, []string{annaAll, annaOtherAll, bertAll, elsewhereAll}},
			{"password, too late", func(t *testing.T, set *store.Set) error {
				a := account(set, t)
				must[store.Account](t)(set.Accounts.UpdateAccount(t.Context(), a))
				a.SetPassword("$2b$other", T0)
				if _, err := set.Accounts.UpdateAccount(t.Context(), a); !errors.Is(err, store.ErrConflict) {
					return fmt.Errorf("want a conflict: %w", err)
				}
				return nil
			}, []string{annaAll, annaOtherAll, bertAll, elsewhereAll}},
		} {
			t.Run(row.name, func(t *testing.T) {
				set := open(t)
				defer func() {
					if err := set.Close(); err != nil {
						t.Errorf("Close: %v", err)
					}
				}()
				left := belongings(t, set)
				if err := row.do(t, set); err != nil {
					t.Fatal(err)
				}
				wantSame(t, strings.Split(left(), "\n"), row.want)
			})
		}
	}
}

// revocationKinds: which access tokens fall under what.
func revocationKinds(t *testing.T, set *store.Set) {
	ctx := t.Context()
	at, until := T0.Add(time.Minute), T0.Add(time.Hour)
	for _, r := range []store.Revocation{
		{Kind: store.RevokedAll, ID: "", At: at, Until: until},
		{Kind: store.RevokedAll, ID: "some", At: at, Until: until},
		{Kind: store.RevokedClient, ID: "", At: at, Until: until},
		{Kind: store.RevokedClient, ID: "app", At: at},
		{Kind: "group", ID: "app", At: at, Until: until},
		{Kind: store.RevokedClient, ID: "app", Issuer: "https://id.example", At: at, Until: until},
	} {
		wantErr(t, set.Tokens.Revoke(ctx, r), store.ErrInvalid)
	}
	login(t, set)
	// A namesake at a provider: nothing of our account's.
	if err := set.Tokens.Revoke(ctx, store.Revocation{Kind: store.RevokedSubject, ID: "anna", Issuer: "https://id.example", At: at, Until: until}); err != nil {
		t.Fatal(err)
	}
	of := func(t store.AccessToken, issued time.Time) store.AccessToken {
		t.Issued = issued
		return t
	}
	plain := store.AccessToken{ID: "j", Client: "app", Subject: "anna"}
	robot := store.AccessToken{ID: "j", Client: "robot", Subject: "robot"}
	login := store.AccessToken{ID: "j", Family: "f", Client: "app", Subject: "anna"}
	for _, step := range []struct {
		name    string
		kind    store.RevocationKind
		id      string
		revoked []store.AccessToken
		good    []store.AccessToken
	}{
		{"nothing yet", "", "", nil, []store.AccessToken{plain, robot, login, {}}},
		{"a client", store.RevokedClient, "robot", []store.AccessToken{of(robot, T0), of(robot, at)},
			[]store.AccessToken{of(robot, at.Add(time.Millisecond)), of(plain, T0), of(login, T0), {ID: "j", Subject: "robot", Issued: T0}}},
		{"a subject", store.RevokedSubject, "anna", []store.AccessToken{of(plain, at), of(login, T0), of(login, until), of(robot, T0)},
			[]store.AccessToken{of(plain, at.Add(time.Millisecond)), {ID: "j", Client: "anna", Issued: T0}}},
		{"everything", store.RevokedAll, store.Everything, []store.AccessToken{{ID: "other", Subject: "x", Client: "y", Issued: at}, {Issued: T0}},
			[]store.AccessToken{of(plain, at.Add(time.Millisecond)), {ID: "other", Family: "g", Issued: T0}}},
	} {
		if step.kind != "" {
			before := set.Revision()
			if err := set.Tokens.Revoke(ctx, store.Revocation{Kind: step.kind, ID: step.id, At: at, Until: until, Cause: step.name}); err != nil {
				t.Fatal(err)
			}
			if set.Revision() == before {
				t.Errorf("%s: the revision stands", step.name)
			}
		}
		for _, token := range slices.Concat(step.revoked, step.good) {
			r, err := set.Tokens.Revoked(ctx, token)
			if slices.Contains(step.good, token) {
				wantErr(t, err, store.ErrNotFound)
			} else if err != nil || r.Cause == "" || !r.Until.Equal(store.Moment(until)) {
				t.Errorf("%s: %+v: %+v, %v", step.name, token, r, err)
			}
		}
	}
	// The latest stands, and an earlier one weakens nothing.
	for _, id := range []struct {
		kind store.RevocationKind
		id   string
		of   store.AccessToken
	}{
		{store.RevokedClient, "late", store.AccessToken{Client: "late"}}, {store.RevokedAll, store.Everything, store.AccessToken{}},
	} {
		for _, minutes := range []time.Duration{10, 2} {
			when := T0.Add(minutes * time.Minute)
			if err := set.Tokens.Revoke(ctx, store.Revocation{Kind: id.kind, ID: id.id, At: when, Until: when.Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
		want := T0.Add(10 * time.Minute)
		r := must[store.Revocation](t)(set.Tokens.Revoked(ctx, of(id.of, want)))
		if !r.At.Equal(store.Moment(want)) || !r.Until.Equal(store.Moment(want.Add(time.Hour))) {
			t.Errorf("%s: at %v until %v", id.kind, r.At, r.Until)
		}
	}
	// What is still in force survives a sweep.
	must[int](t)(set.Tokens.SweepTokens(ctx, T0.Add(30*time.Minute)))
	must[store.Revocation](t)(set.Tokens.Revoked(ctx, of(robot, T0)))
}

// revocationAfter: what begins after the end is good.
func revocationAfter(t *testing.T, set *store.Set) {
	ctx := t.Context()
	a := must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	a.SetPassword("$2b$other", T0)
	must[store.Account](t)(set.Accounts.UpdateAccount(ctx, a))
	if err := set.Accounts.DeleteAccount(ctx, "anna"); err != nil {
		t.Fatal(err)
	}
	// An account of the same name does not own what the one before left, and
	// begins with nothing against it.
	must[store.Account](t)(set.Accounts.CreateAccount(ctx, Account("anna")))
	x := Session("s", "anna")
	x.Issuer = ""
	must[store.Session](t)(set.Sessions.CreateSession(ctx, x, ""))
	login(t, set)
	if err := set.Tokens.RedeemRefreshToken(ctx, RefreshToken("first", "f").Hash, T0, time.Time{}, RefreshToken("second", "f")); err != nil {
		t.Error(err)
	}
	_, err := set.Tokens.Revoked(ctx, store.AccessToken{ID: "j", Family: "f", Subject: "anna", Issued: T0})
	wantErr(t, err, store.ErrNotFound)
	if x := must[store.Session](t)(set.Sessions.Session(ctx, "s")); !x.Revoked.IsZero() {
		t.Error("the new session is revoked")
	}
}
