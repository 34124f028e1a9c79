package store_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
)

func TestMoment(t *testing.T) {
	for _, row := range []struct {
		name     string
		in, want time.Time
	}{
		{"zero", time.Time{}, time.Time{}},
		{"zero elsewhere", time.Time{}.In(time.FixedZone("", 3600)), time.Time{}},
		{"epoch stays set", time.Unix(0, 0), time.UnixMilli(1).UTC()},
		{"cut to milliseconds", time.Unix(1, 1_999_999), time.Unix(1, 1_000_000).UTC()},
		{"before the epoch", time.Unix(-5, 0), time.Unix(-5, 0).UTC()},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := store.Moment(row.in)
			if got != row.want || store.Moment(got) != got {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
	if now := time.Now(); store.Moment(now) != store.Moment(now.Round(0)) {
		t.Error("keeps the monotonic reading")
	}
}

func TestSetPassword(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var a store.Account
	a.SetPassword("first", now)
	if a.Password != "first" || a.Previous != "" || !a.PreviousUntil.IsZero() || !a.PasswordChanged.Equal(now) {
		t.Errorf("first password: %#v", a)
	}
	later := now.Add(time.Hour)
	a.SetPassword("second", later)
	if a.Password != "second" || a.Previous != "first" || !a.PreviousUntil.Equal(later.Add(store.PreviousPasswordKept)) {
		t.Errorf("second password: %#v", a)
	}
	a.SetPassword("", later)
	if a.Password != "" || a.Previous != "second" {
		t.Errorf("removed password: %#v", a)
	}
}

// However a record is printed or logged by mistake, no secret shows.
func TestRecordsHideSecrets(t *testing.T) {
	a := store.Account{Name: "anna", Password: "s3cret", Previous: "s3cret"}
	k := store.APIKey{ID: "k1", Hash: [32]byte([]byte(strings.Repeat("s", 32)))}
	s := store.SigningKey{ID: "kid", Private: []byte("s3cret")}
	session := store.Session{ID: "s1", Hash: k.Hash}
	ticket := store.Ticket{Kind: store.TicketLink, Hash: k.Hash, Data: []byte(`"s3cret"`)}
	client := store.Client{ID: "app", Secrets: []store.ClientSecret{{Hash: k.Hash}}, Keys: []byte("s3cret")}
	factor := store.SecondFactor{Account: "anna", Secret: []byte("s3cret"), Recovery: [][32]byte{k.Hash}}
	token := store.RefreshToken{Hash: k.Hash, Family: "f"}
	var log strings.Builder
	all := []any{a, k, s, session, ticket, client, client.Secrets[0], factor, token}
	text := ""
	for _, x := range all {
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "a", x)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "a", x)
		text += fmt.Sprintf("%v %+v %s\n", x, x, x)
	}
	text += log.String() + fmt.Sprintf("%v %+v", all, all)
	for _, leak := range []string{"s3cret", "sssss", "115 115 115 115 115", "7373737373"} {
		if strings.Contains(text, leak) {
			t.Errorf("%q shows in %s", leak, text)
		}
	}
	// They can be told apart all the same.
	for _, want := range []string{"s1", "link 73737373", "app", "client secret 73737373", "refresh token 73737373"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
}

func TestPasswordDiffers(t *testing.T) {
	t0 := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	before := store.Account{Name: "anna", Password: "$a", PasswordChanged: t0, Previous: "$z"}
	for _, row := range []struct {
		name   string
		change func(a *store.Account)
		want   bool
	}{
		{"nothing", func(*store.Account) {}, false},
		{"suspended, groups", func(a *store.Account) { a.Suspended, a.Groups = true, []string{"x"} }, false},
		{"a stronger hash", func(a *store.Account) { a.Password = "$b" }, false},
		{"a stronger hash, read from a store", func(a *store.Account) { a.Password, a.PasswordChanged = "$b", t0.Add(time.Microsecond) }, false},
		{"another one", func(a *store.Account) { a.SetPassword("$b", t0.Add(time.Hour)) }, true},
		{"another one, by a clock that stands", func(a *store.Account) { a.SetPassword("$b", t0) }, true},
		{"another one, the one before unknown", func(a *store.Account) { a.Password, a.PasswordChanged = "$b", t0.Add(time.Second) }, true},
		{"removed", func(a *store.Account) { a.Password = "" }, true},
		{"the same one, said to be new", func(a *store.Account) { a.PasswordChanged = t0.Add(time.Hour) }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := before
			row.change(&a)
			if got := a.PasswordDiffers(before); got != row.want {
				t.Errorf("got %t, want %t", got, row.want)
			}
		})
	}
	if none := (store.Account{Name: "anna"}); !before.PasswordDiffers(none) {
		t.Error("the first password is no other one")
	}
}

func TestSessionEnds(t *testing.T) {
	t0 := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name string
		in   store.Session
		want time.Time
	}{
		{"expires", store.Session{Expires: t0}, t0},
		{"idle first", store.Session{Expires: t0, Idle: t0.Add(-time.Hour)}, t0.Add(-time.Hour)},
		{"expires first", store.Session{Expires: t0, Idle: t0.Add(time.Hour)}, t0},
		{"revoked", store.Session{Expires: t0, Idle: t0.Add(-time.Hour), Revoked: t0.Add(-2 * time.Hour)}, t0.Add(-2 * time.Hour)},
		{"revoked when it was over", store.Session{Expires: t0, Revoked: t0.Add(time.Hour)}, t0},
	} {
		if got := row.in.Ends(); !got.Equal(row.want) {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}
