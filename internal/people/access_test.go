package people_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/people"
	"github.com/gate401/gate401/store"
)

var (
	asAlice    = people.Who{Subject: "alice"}
	asStranger = people.Who{Subject: "alice", Issuer: "https://idp.example"} // of the same name, by a provider
)

func TestSessions(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	w.session(t, "s1", "alice", "")
	w.session(t, "s2", "alice", "")
	w.session(t, "s3", "alice", asStranger.Issuer)
	w.session(t, "s4", "bob", "")
	if err := w.set.Sessions.TouchSessions(ctx, map[string]store.Touch{"s2": {Seen: w.clock().Add(time.Minute), Idle: w.clock().Add(3 * time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	ids := func(who people.Who) string {
		t.Helper()
		sessions, err := w.Sessions(ctx, who)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, s := range sessions {
			out = append(out, s.ID)
		}
		return strings.Join(out, " ")
	}
	// The one that was used last is the first.
	if got := ids(asAlice); got != "s2 s1" {
		t.Errorf("alice's: %q", got)
	}
	if got := ids(asStranger); got != "s3" {
		t.Errorf("those of the other alice: %q", got)
	}
	for _, id := range []string{"s3", "s4", "s9", ""} {
		if err := w.EndSession(ctx, alice, asAlice, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := w.Sessions(ctx, people.Who{}); err == nil {
		t.Error("sessions of nobody are those of everybody")
	}
	// Idle and over.
	w.pass(2 * time.Hour)
	if got := ids(asAlice); got != "s2" {
		t.Errorf("after two hours: %q", got)
	}
	if err := w.EndSession(ctx, alice, asAlice, "s2"); err != nil {
		t.Fatal(err)
	}
	if got := ids(asAlice); got != "" {
		t.Errorf("afterwards: %q", got)
	}
}

func TestEndSessions(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, w *town) error
		want string
	}{
		{"others", func(t *testing.T, w *town) error {
			n, err := w.EndSessions(t.Context(), alice, asAlice, "s1")
			if n != 1 {
				t.Errorf("ended %d", n)
			}
			return err
		}, "s1 f1"},
		{"all", func(t *testing.T, w *town) error {
			_, err := w.EndSessions(t.Context(), alice, asAlice, "")
			return err
		}, "f1"},
		{"everything", func(t *testing.T, w *town) error { return w.EndEverything(t.Context(), alice, asAlice) }, ""},
		{"everything of the other alice", func(t *testing.T, w *town) error {
			return w.EndEverything(t.Context(), people.By{Actor: "x"}, asStranger)
		}, "s1 s2 f1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newTown(t)
			w.session(t, "s1", "alice", "")
			w.session(t, "s2", "alice", "")
			w.session(t, "s3", "bob", "")
			w.family(t, "f1", asAlice, "app")
			if err := tt.do(t, w); err != nil {
				t.Fatal(err)
			}
			if got := w.open(t, "alice"); got != tt.want {
				t.Errorf("open: %q, want %q", got, tt.want)
			}
			if got := w.open(t, "bob"); got != "s3" {
				t.Errorf("bob's: %q", got)
			}
		})
	}
}

// A thief who begins more sessions than a page shows, or an app that makes as many
// logins, keeps none of them.
func TestEndsHoweverMany(t *testing.T) {
	const many = 10*store.MaxPage + 1
	w := newTown(t)
	w.session(t, "a-mine", "alice", "")
	for i := range many {
		w.session(t, fmt.Sprintf("b%06d", i), "alice", "")
		w.family(t, fmt.Sprintf("f%06d", i), asAlice, "app")
	}
	if n, err := w.EndSessions(t.Context(), alice, asAlice, "a-mine"); n != many || err != nil {
		t.Errorf("%d of %d sessions ended, %v", n, many, err)
	}
	if err := w.RevokeApp(t.Context(), alice, asAlice, "app"); err != nil {
		t.Fatal(err)
	}
	for i := range many {
		s, err := w.set.Sessions.Session(t.Context(), fmt.Sprintf("b%06d", i))
		if err != nil || s.Revoked.IsZero() {
			t.Fatalf("session %d is open, %v", i, err)
		}
		f, err := w.set.Tokens.TokenFamily(t.Context(), fmt.Sprintf("f%06d", i))
		if err != nil || f.Revoked.IsZero() {
			t.Fatalf("login %d is open, %v", i, err)
		}
	}
}

func TestApps(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	for _, c := range []store.Client{{ID: "c1", Name: "Zebra", Method: "none"}, {ID: "c2", Name: "Calendar", Method: "none"}} {
		if _, err := w.set.Clients.CreateClient(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []store.Consent{
		{Subject: "alice", Client: "c1", Scopes: []string{"orders:write"}},
		{Subject: "bob", Client: "c1", Scopes: []string{"orders:write"}},
	} {
		if _, err := w.set.Consents.PutConsent(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	w.family(t, "f1", asAlice, "c1")
	w.family(t, "f2", asAlice, "c1")
	w.family(t, "f3", asAlice, "c2")
	w.family(t, "f5", asStranger, "c2")
	w.family(t, "f4", people.Who{Subject: "bob"}, "c1")
	text := func(who people.Who) string {
		t.Helper()
		apps, err := w.Apps(ctx, who)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, a := range apps {
			out = append(out, a.Name+" "+strings.Join(a.Scopes, ",")+" "+strings.Repeat("+", a.Logins))
		}
		return strings.Join(out, "; ")
	}
	if got, want := text(asAlice), "Calendar orders:read +; Zebra orders:write,orders:read ++"; got != want {
		t.Errorf("apps %q, want %q", got, want)
	}
	if got, want := text(asStranger), "Calendar orders:read +"; got != want {
		t.Errorf("those of the other alice: %q, want %q", got, want)
	}
	if err := w.RevokeApp(ctx, people.By{Actor: "x"}, asStranger, "c1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("taken away by the other alice: %v", err)
	}
	if err := w.RevokeApp(ctx, alice, asAlice, "c1"); err != nil {
		t.Fatal(err)
	}
	if got, want := text(asAlice), "Calendar orders:read +"; got != want {
		t.Errorf("apps %q, want %q", got, want)
	}
	if got := w.open(t, "bob"); got != "f4" {
		t.Errorf("bob's: %q", got)
	}
	if err := w.RevokeApp(ctx, alice, asAlice, "c1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
	// Each of the two of one name ends their own.
	if err := w.EndEverything(ctx, people.By{Actor: "x"}, asStranger); err != nil {
		t.Fatal(err)
	}
	if got, want := text(asAlice)+"|"+text(asStranger), "Calendar orders:read +|"; got != want {
		t.Errorf("afterwards %q, want %q", got, want)
	}
}
