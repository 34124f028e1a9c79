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

// Session returns a session with every field set, but those that the backend
// sets; its hash is that of id.
func Session(id, subject string) store.Session {
	return store.Session{
		ID: id, Hash: sha256.Sum256([]byte(id)), Subject: subject, Issuer: "https://id.example", Provider: "work", Display: "Jörg",
		Groups: []string{"admin", "a \"quoted\" <group>"}, Scopes: []string{"orders:read"},
		AuthTime: T0, ACR: "mfa", AMR: []string{"pwd", "otp"}, Address: "192.0.2.1", Agent: "Mozilla/5.0 (X11; Linux)",
		Seen: T0, Idle: T0.Add(time.Minute), Expires: T0.Add(time.Hour),
	}
}

func sessionLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	_, err := set.Sessions.Session(ctx, "s")
	wantErr(t, err, store.ErrNotFound)
	in := Session("s", "anna")
	want, err := in.Normal()
	if err != nil {
		t.Fatal(err)
	}
	// What the backend sets is not taken over.
	in.Created, in.Revoked, in.Cause = T0, T0, "made so"
	made := must[store.Session](t)(set.Sessions.CreateSession(ctx, in, ""))
	if made.Created.IsZero() {
		t.Error("the backend did not say when the session was made")
	}
	want.Created = made.Created
	wantSame(t, made, want)
	made.Groups[0], made.AMR[0] = "root", "none" // a copy
	wantSame(t, must[store.Session](t)(set.Sessions.Session(ctx, "s")), want)
	wantSame(t, must[store.Session](t)(set.Sessions.SessionByHash(ctx, want.Hash)), want)

	bare := store.Session{ID: "bare", Hash: [32]byte{1}, Subject: "bert", Expires: T0}
	kept := must[store.Session](t)(set.Sessions.CreateSession(ctx, bare, "nobody's"))
	bare.Created, bare.Expires = kept.Created, store.Moment(T0)
	wantSame(t, must[store.Session](t)(set.Sessions.Session(ctx, "bare")), bare)

	if err := set.Sessions.RevokeSession(ctx, "s", T0, "logout"); err != nil {
		t.Fatal(err)
	}
	if err := set.Sessions.RevokeSession(ctx, "s", T0.Add(time.Hour), "again"); err != nil {
		t.Fatal(err)
	}
	want.Revoked, want.Cause = store.Moment(T0), "logout"
	wantSame(t, must[store.Session](t)(set.Sessions.SessionByHash(ctx, want.Hash)), want)
	wantErr(t, set.Sessions.RevokeSession(ctx, "nobody's", T0, ""), store.ErrNotFound)

	for i := range 3 {
		must[store.Session](t)(set.Sessions.CreateSession(ctx, Session(fmt.Sprint("t", i), "carl"), ""))
	}
	page := must[[]store.Session](t)(set.Sessions.ListSessions(ctx, "carl", "t0", 1))
	if len(page) != 1 || page[0].ID != "t1" {
		t.Errorf("page %v, want [t1]", page)
	}
	if all := must[[]store.Session](t)(set.Sessions.ListSessions(ctx, "", "", 0)); len(all) != 5 || all[0].ID != "bare" {
		t.Errorf("all %v", all)
	}
}

func sessionRefused(t *testing.T, set *store.Set) {
	ctx := t.Context()
	must[store.Session](t)(set.Sessions.CreateSession(ctx, Session("s", "anna"), ""))
	for what, spoil := range map[string]func(x *store.Session){
		"the id":   func(x *store.Session) { x.ID = "s" },
		"the hash": func(x *store.Session) { x.Hash = Session("s", "").Hash },
	} {
		x := Session("other", "anna")
		spoil(&x)
		if _, err := set.Sessions.CreateSession(ctx, x, "s"); !errors.Is(err, store.ErrExists) {
			t.Errorf("%s is taken: %v", what, err)
		}
	}
	// Both or neither.
	if x := must[store.Session](t)(set.Sessions.Session(ctx, "s")); !x.Revoked.IsZero() {
		t.Error("replaced by a session that was not stored")
	}
	for what, spoil := range map[string]func(x *store.Session){
		"no id":      func(x *store.Session) { x.ID = "" },
		"no hash":    func(x *store.Session) { x.Hash = [32]byte{} },
		"no subject": func(x *store.Session) { x.Subject = "" },
		"no end":     func(x *store.Session) { x.Expires = time.Time{} },
		"agent":      func(x *store.Session) { x.Agent = strings.Repeat("x", store.MaxText+1) },
		"no text":    func(x *store.Session) { x.Display = "\xff" },
		"groups":     func(x *store.Session) { x.Groups = make([]string, store.MaxList+1) },
		"amr":        func(x *store.Session) { x.AMR = []string{""} },
	} {
		x := Session("spoilt", "anna")
		spoil(&x)
		if _, err := set.Sessions.CreateSession(ctx, x, ""); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want %v", what, err, store.ErrInvalid)
		}
	}
	wantErr(t, set.Sessions.RevokeSession(ctx, "s", time.Time{}, ""), store.ErrInvalid)
	wantErr(t, set.Sessions.RevokeSession(ctx, "s", T0, "\xff"), store.ErrInvalid)
}

// sessionsLive: of one person, those that are not over, seen longest ago first.
func sessionsLive(t *testing.T, set *store.Set) {
	ctx := t.Context()
	for _, x := range []struct {
		id   string
		edit func(*store.Session)
	}{
		{"b", func(x *store.Session) { x.Seen = T0.Add(2 * time.Second) }},
		{"a", func(x *store.Session) { x.Seen = T0.Add(2 * time.Second) }},
		{"z", func(*store.Session) {}},
		{"touched", func(*store.Session) {}},
		{"idle", func(x *store.Session) { x.Idle = T0.Add(30 * time.Second) }},
		{"expired", func(x *store.Session) { x.Expires = T0.Add(30 * time.Second) }},
		{"revoked", func(*store.Session) {}},
		{"own", func(x *store.Session) { x.Issuer = "" }},
		{"bert's", func(x *store.Session) { x.Subject = "bert" }},
		{"never idle", func(x *store.Session) { x.Idle, x.Seen = time.Time{}, T0.Add(time.Second) }},
	} {
		s := Session(x.id, "anna")
		x.edit(&s)
		must[store.Session](t)(set.Sessions.CreateSession(ctx, s, ""))
	}
	if err := set.Sessions.RevokeSession(ctx, "revoked", T0, ""); err != nil {
		t.Fatal(err)
	}
	if err := set.Sessions.TouchSessions(ctx, map[string]store.Touch{"touched": {Seen: T0.Add(time.Minute), Idle: T0.Add(time.Minute)}}); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		issuer string
		limit  int
		want   []string
	}{
		{"https://id.example", 0, []string{"z", "never idle", "a", "b", "touched"}},
		{"https://id.example", 2, []string{"z", "never idle"}},
		{"", 0, []string{"own"}},
		{"https://other.example", 0, nil},
	} {
		var got []string
		for _, s := range must[[]store.Session](t)(set.Sessions.LiveSessions(ctx, "anna", x.issuer, T0.Add(30*time.Second), x.limit)) {
			got = append(got, s.ID)
		}
		wantSame(t, got, x.want)
	}
}

// sessionReplaced: who logs in has a new identifier, and the old one is worth
// nothing.
func sessionReplaced(t *testing.T, set *store.Set) {
	ctx := t.Context()
	must[store.Session](t)(set.Sessions.CreateSession(ctx, Session("planted", "anna"), ""))
	made := must[store.Session](t)(set.Sessions.CreateSession(ctx, Session("new", "anna"), "planted"))
	old := must[store.Session](t)(set.Sessions.Session(ctx, "planted"))
	if !old.Revoked.Equal(made.Created) || old.Cause == "" || !made.Revoked.IsZero() {
		t.Errorf("old revoked %v (%s), new made %v, revoked %v", old.Revoked, old.Cause, made.Created, made.Revoked)
	}
	must[store.Session](t)(set.Sessions.CreateSession(ctx, Session("newer", "anna"), "planted"))
	wantSame(t, must[store.Session](t)(set.Sessions.Session(ctx, "planted")), old)
}

func sessionTouched(t *testing.T, set *store.Set) {
	ctx := t.Context()
	for _, id := range []string{"s", "gone"} {
		must[store.Session](t)(set.Sessions.CreateSession(ctx, Session(id, "anna"), ""))
	}
	ever := Session("ever", "anna")
	ever.Idle = time.Time{}
	must[store.Session](t)(set.Sessions.CreateSession(ctx, ever, ""))
	if err := set.Sessions.RevokeSession(ctx, "gone", T0, ""); err != nil {
		t.Fatal(err)
	}
	touch := func(seen, idle time.Duration) {
		t.Helper()
		touched := map[string]store.Touch{}
		for _, id := range []string{"s", "gone", "ever", "nobody's"} {
			touched[id] = store.Touch{Seen: T0.Add(seen), Idle: T0.Add(idle)}
		}
		if err := set.Sessions.TouchSessions(ctx, touched); err != nil {
			t.Fatal(err)
		}
	}
	is := func(id string, seen, idle time.Time) {
		t.Helper()
		x := must[store.Session](t)(set.Sessions.Session(ctx, id))
		if !x.Seen.Equal(store.Moment(seen)) || !x.Idle.Equal(store.Moment(idle)) {
			t.Errorf("%s seen %v, idle %v; want %v, %v", id, x.Seen, x.Idle, seen, idle)
		}
	}
	touch(10*time.Second, 30*time.Second)
	is("s", T0.Add(10*time.Second), T0.Add(time.Minute)) // it never ends earlier than was said
	touch(5*time.Second, 2*time.Minute)                  // each for itself
	is("s", T0.Add(10*time.Second), T0.Add(2*time.Minute))
	is("gone", T0, T0.Add(time.Minute))
	is("ever", T0.Add(10*time.Second), time.Time{})
	if err := set.Sessions.TouchSessions(ctx, nil); err != nil {
		t.Error(err)
	}
}

func sessionSweep(t *testing.T, set *store.Set) {
	ctx := t.Context()
	for id, spoil := range map[string]func(x *store.Session){
		"idle":    func(*store.Session) {}, // ends after a minute
		"touched": func(*store.Session) {},
		"expired": func(x *store.Session) { x.Expires = T0.Add(30 * time.Second) },
		"capped":  func(x *store.Session) { x.Expires = T0.Add(90 * time.Second) },
		"busy":    func(x *store.Session) { x.Idle = time.Time{} },
		"revoked": func(x *store.Session) { x.Idle = time.Time{} },
	} {
		x := Session(id, "anna")
		spoil(&x)
		must[store.Session](t)(set.Sessions.CreateSession(ctx, x, ""))
	}
	late := store.Touch{Seen: T0, Idle: T0.Add(10 * time.Minute)}
	if err := set.Sessions.TouchSessions(ctx, map[string]store.Touch{"touched": late, "capped": late}); err != nil {
		t.Fatal(err)
	}
	if err := set.Sessions.RevokeSession(ctx, "revoked", T0.Add(2*time.Minute), ""); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		at   time.Duration
		left string
	}{
		{30 * time.Second, "busy capped expired idle revoked touched"},
		{60 * time.Second, "busy capped idle revoked touched"},
		{61 * time.Second, "busy capped revoked touched"},
		{91 * time.Second, "busy revoked touched"},
		{3 * time.Minute, "busy touched"},
		{11 * time.Minute, "busy"},
		{2 * time.Hour, ""},
	} {
		before := len(must[[]store.Session](t)(set.Sessions.ListSessions(ctx, "", "", 0)))
		n := must[int](t)(set.Sessions.SweepSessions(ctx, T0.Add(step.at)))
		var left []string
		for _, x := range must[[]store.Session](t)(set.Sessions.ListSessions(ctx, "", "", 0)) {
			left = append(left, x.ID)
		}
		if got := strings.Join(left, " "); got != step.left || n != before-len(left) {
			t.Errorf("after %v: %q, want %q; %d swept", step.at, got, step.left, n)
		}
	}
	_, err := set.Sessions.SessionByHash(ctx, Session("busy", "").Hash)
	wantErr(t, err, store.ErrNotFound)
	// Its identifier is free again.
	must[store.Session](t)(set.Sessions.CreateSession(ctx, Session("busy", "anna"), ""))
}

// sessionRevision: only who remembers a session must hear of its end.
func sessionRevision(t *testing.T, set *store.Set) {
	ctx := t.Context()
	for _, step := range []struct {
		name  string
		moves bool
		do    func() error
	}{
		{"login", false, func() error { _, err := set.Sessions.CreateSession(ctx, Session("s", "anna"), ""); return err }},
		{"use", false, func() error {
			return set.Sessions.TouchSessions(ctx, map[string]store.Touch{"s": {Seen: T0, Idle: T0.Add(time.Hour)}})
		}},
		{"login again", true, func() error { _, err := set.Sessions.CreateSession(ctx, Session("t", "anna"), "s"); return err }},
		{"revoke", true, func() error { return set.Sessions.RevokeSession(ctx, "t", T0, "") }},
		{"revoke nothing", false, func() error { _ = set.Sessions.RevokeSession(ctx, "none", T0, ""); return nil }},
		{"sweep", false, func() error { _, err := set.Sessions.SweepSessions(ctx, T0.Add(9*time.Hour)); return err }},
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
