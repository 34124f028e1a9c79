package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
)

// Ticket returns a ticket with every field set, but those that the backend sets;
// its hash is that of text.
func Ticket(kind store.TicketKind, text string) store.Ticket {
	return store.Ticket{
		Kind: kind, Hash: sha256.Sum256([]byte(text)), Subject: "anna", Client: "app",
		Data: []byte(`{"redirect":"https://a.example/cb","scope":["ä"]}`), Expires: T0.Add(time.Minute),
	}
}

func ticketLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	in := Ticket(store.TicketCode, "x")
	want, err := in.Normal()
	if err != nil {
		t.Fatal(err)
	}
	in.Created, in.Used, in.Family = T0, T0, "f" // not taken over
	revision := set.Revision()
	made := must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, in))
	if made.Created.IsZero() || made.Version == 0 {
		t.Errorf("created %v, version %d", made.Created, made.Version)
	}
	want.Created, want.Version = made.Created, made.Version
	wantSame(t, made, want)
	wantSame(t, must[store.Ticket](t)(set.Tickets.Ticket(ctx, want.Kind, want.Hash)), want)
	_, err = set.Tickets.Ticket(ctx, store.TicketLink, want.Hash)
	wantErr(t, err, store.ErrNotFound)
	_, err = set.Tickets.CreateTicket(ctx, in)
	wantErr(t, err, store.ErrExists)
	must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, store.Ticket{Kind: store.TicketDevice, Hash: want.Hash, Expires: T0}))

	changed := made
	changed.Subject, changed.Data, changed.Expires = "bert", []byte(`{"slow":5}`), T0.Add(time.Hour)
	want, err = changed.Normal()
	if err != nil {
		t.Fatal(err)
	}
	changed.Client, changed.Created = "other", T0 // stay as stored
	after := must[store.Ticket](t)(set.Tickets.UpdateTicket(ctx, changed))
	if after.Version <= made.Version {
		t.Errorf("version %d after %d", after.Version, made.Version)
	}
	want.Version = after.Version
	wantSame(t, after, want)
	wantSame(t, must[store.Ticket](t)(set.Tickets.Ticket(ctx, want.Kind, want.Hash)), want)
	_, err = set.Tickets.UpdateTicket(ctx, made)
	wantErr(t, err, store.ErrConflict)

	if err := set.Tickets.UseTicket(ctx, want.Kind, want.Hash, T0, nil, nil); err != nil {
		t.Fatal(err)
	}
	want.Used = store.Moment(T0)
	wantSame(t, must[store.Ticket](t)(set.Tickets.Ticket(ctx, want.Kind, want.Hash)), want)
	wantErr(t, set.Tickets.UseTicket(ctx, want.Kind, want.Hash, T0.Add(time.Hour), nil, nil), store.ErrConflict)
	_, err = set.Tickets.UpdateTicket(ctx, after)
	wantErr(t, err, store.ErrConflict)
	wantSame(t, must[store.Ticket](t)(set.Tickets.Ticket(ctx, want.Kind, want.Hash)), want)

	for range 2 {
		if err := set.Tickets.DeleteTicket(ctx, want.Kind, want.Hash); err != nil {
			t.Fatal(err)
		}
	}
	must[store.Ticket](t)(set.Tickets.Ticket(ctx, store.TicketDevice, want.Hash))
	_, err = set.Tickets.UpdateTicket(ctx, after)
	wantErr(t, err, store.ErrNotFound)
	wantErr(t, set.Tickets.UseTicket(ctx, want.Kind, want.Hash, T0, nil, nil), store.ErrNotFound)
	// Made anew it is another one: who read the old one cannot change it.
	anew := must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, in))
	for _, version := range []int64{made.Version, after.Version} {
		old := anew
		old.Version = version
		_, err = set.Tickets.UpdateTicket(ctx, old)
		wantErr(t, err, store.ErrConflict)
	}
	if got := set.Revision(); got != revision {
		t.Errorf("revision %d, then %d: nobody remembers tickets", revision, got)
	}
}

func ticketRefused(t *testing.T, set *store.Set) {
	ctx := t.Context()
	for what, spoil := range map[string]func(x *store.Ticket){
		"no kind":      func(x *store.Ticket) { x.Kind = "" },
		"unknown kind": func(x *store.Ticket) { x.Kind = "card" },
		"no hash":      func(x *store.Ticket) { x.Hash = [32]byte{} },
		"no end":       func(x *store.Ticket) { x.Expires = time.Time{} },
		"no text":      func(x *store.Ticket) { x.Subject = "a\x00" },
		"no JSON":      func(x *store.Ticket) { x.Data = []byte(`{`) },
		"no UTF-8":     func(x *store.Ticket) { x.Data = []byte("\"\xff\"") },
		"huge":         func(x *store.Ticket) { x.Data = []byte(`"` + strings.Repeat("x", store.MaxBlob) + `"`) },
	} {
		x := Ticket(store.TicketCode, "spoilt")
		spoil(&x)
		if _, err := set.Tickets.CreateTicket(ctx, x); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want %v", what, err, store.ErrInvalid)
		}
	}
	x := must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, Ticket(store.TicketCode, "x")))
	family, token := TokenFamily("f", "anna"), RefreshToken("first", "f")
	other := RefreshToken("first", "g")
	nobody := TokenFamily("f", "")
	login(t, set) // takes f and the token
	free := TokenFamily("free", "anna")
	for _, row := range []struct {
		name   string
		at     time.Time
		family *store.TokenFamily
		first  *store.RefreshToken
		want   error
	}{
		{"no time", time.Time{}, nil, nil, store.ErrInvalid},
		{"token without family", T0, nil, &token, store.ErrInvalid},
		{"token of another family", T0, &family, &other, store.ErrInvalid},
		{"family of nobody", T0, &nobody, nil, store.ErrInvalid},
		{"family is taken", T0, &family, nil, store.ErrExists},
		{"token is taken", T0, &free, &store.RefreshToken{Hash: token.Hash, Family: "free"}, store.ErrExists},
	} {
		wantErr(t, set.Tickets.UseTicket(ctx, x.Kind, x.Hash, row.at, row.family, row.first), row.want)
		// Both or neither.
		if got := must[store.Ticket](t)(set.Tickets.Ticket(ctx, x.Kind, x.Hash)); !got.Used.IsZero() || got.Family != "" {
			t.Errorf("%s: the ticket is used: %+v", row.name, got)
		}
		if _, err := set.Tokens.TokenFamily(ctx, "free"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: the family is there: %v", row.name, err)
		}
	}
}

// ticketFamily: a login and what it was made of are one.
func ticketFamily(t *testing.T, set *store.Set) {
	ctx := t.Context()
	use := func(text string, f store.TokenFamily, first *store.RefreshToken) error {
		t.Helper()
		x := must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, Ticket(store.TicketCode, text)))
		return set.Tickets.UseTicket(ctx, x.Kind, x.Hash, T0, &f, first)
	}
	with := RefreshToken("first", "f")
	if err := use("with", TokenFamily("f", "anna"), &with); err != nil {
		t.Fatal(err)
	}
	if x := must[store.Ticket](t)(set.Tickets.Ticket(ctx, store.TicketCode, Ticket("", "with").Hash)); x.Family != "f" || x.Used.IsZero() {
		t.Errorf("ticket %+v", x)
	}
	f := must[store.TokenFamily](t)(set.Tokens.TokenFamily(ctx, "f"))
	want, err := TokenFamily("f", "anna").Normal()
	if err != nil || f.Created.IsZero() {
		t.Fatal(err, f.Created)
	}
	want.Created = f.Created
	wantSame(t, f, want)
	if err := set.Tokens.RedeemRefreshToken(ctx, with.Hash, T0, time.Time{}, RefreshToken("second", "f")); err != nil {
		t.Error(err)
	}
	if err := use("without", TokenFamily("g", "anna"), nil); err != nil {
		t.Fatal(err)
	}
	must[store.TokenFamily](t)(set.Tokens.TokenFamily(ctx, "g"))

	// What a session that is over has left behind makes no new login.
	must[store.Session](t)(set.Sessions.CreateSession(ctx, Session("s", "anna"), ""))
	of := TokenFamily("h", "anna")
	of.Session = "s"
	if err := use("good", of, nil); err != nil {
		t.Error(err)
	}
	if err := set.Sessions.RevokeSession(ctx, "s", T0, "logout"); err != nil {
		t.Fatal(err)
	}
	of.ID = "i"
	wantErr(t, use("late", of, nil), store.ErrConflict)
	_, err = set.Tokens.TokenFamily(ctx, "i")
	wantErr(t, err, store.ErrNotFound)
}

func ticketOneUse(t *testing.T, set *store.Set) {
	ctx := t.Context()
	x := must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, Ticket(store.TicketCode, "x")))
	wantOneWinner(t, race(40, func(i int) error {
		id := fmt.Sprint("f", i)
		f, first := TokenFamily(id, "anna"), RefreshToken(id, id)
		return set.Tickets.UseTicket(ctx, x.Kind, x.Hash, T0, &f, &first)
	}), store.ErrConflict)
	families := must[[]store.TokenFamily](t)(set.Tokens.ListTokenFamilies(ctx, "", "", 0))
	x = must[store.Ticket](t)(set.Tickets.Ticket(ctx, x.Kind, x.Hash))
	if len(families) != 1 || families[0].ID != x.Family {
		t.Errorf("families %v, the ticket says %q", families, x.Family)
	}
	// And of those who change it, or use it, at once.
	y := must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, Ticket(store.TicketDevice, "y")))
	wantOneWinner(t, race(20, func(int) error {
		_, err := set.Tickets.UpdateTicket(ctx, y)
		return err
	}), store.ErrConflict)
	// What is good once needs only to be written.
	wantOneWinner(t, race(20, func(int) error {
		_, err := set.Tickets.CreateTicket(ctx, Ticket(store.TicketProof, "jti"))
		return err
	}), store.ErrExists)
}

func ticketSweep(t *testing.T, set *store.Set) {
	ctx := t.Context()
	for i := range 3 {
		x := Ticket(store.TicketLogin, fmt.Sprint(i))
		x.Expires = T0.Add(time.Duration(i) * time.Minute)
		must[store.Ticket](t)(set.Tickets.CreateTicket(ctx, x))
		if err := set.Tickets.UseTicket(ctx, x.Kind, x.Hash, T0, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		at   time.Duration
		want int
	}{{0, 0}, {time.Minute, 1}, {time.Minute, 0}, {time.Hour, 2}} {
		if n := must[int](t)(set.Tickets.SweepTickets(ctx, T0.Add(step.at))); n != step.want {
			t.Errorf("%d swept after %v, want %d", n, step.at, step.want)
		}
	}
}
