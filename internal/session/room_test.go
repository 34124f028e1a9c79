package session_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gate401/gate401/internal/session"
	"github.com/gate401/gate401/store"
)

// However often somebody logs in, few sessions live; whoever is still at a browser
// keeps theirs, and so does everybody else.
func TestMaxLive(t *testing.T) {
	h := newHouse(t)
	h.person(t, "bob")
	other, _, err := h.Begin(t.Context(), session.Proved{Subject: "bob", PasswordChanged: noon}, h.request())
	if err != nil {
		t.Fatal(err)
	}
	provider, _, err := h.Begin(t.Context(), session.Proved{Subject: "alice", Issuer: "https://idp.example"}, h.request())
	if err != nil {
		t.Fatal(err)
	}
	first, secret := h.login(t, h.request())
	var later []store.Session
	for range session.MaxLive + 20 {
		h.clock = h.clock.Add(time.Second)
		if _, err := h.Find(t.Context(), h.with(secret)); err != nil {
			t.Fatal(err)
		}
		h.clock = h.clock.Add(time.Millisecond)
		s, _ := h.login(t, h.request())
		later = append(later, s)
		// Idle is short here, so that a sign of life is noted at every tenth of it.
		if err := h.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	live := h.live(t)
	if len(live) != session.MaxLive {
		t.Errorf("%d sessions live, want %d", len(live), session.MaxLive)
	}
	want := later[len(later)-len(live)+1:]
	if !slices.Contains(live, first.ID) {
		t.Error("the browser that somebody is at was thrown out")
	}
	for _, s := range want {
		if !slices.Contains(live, s.ID) {
			t.Errorf("%s is gone, which was seen later than others", s.ID)
		}
	}
	for _, s := range []store.Session{other, provider} {
		got, err := h.set.Sessions.Session(t.Context(), s.ID)
		if err != nil || !got.Revoked.IsZero() {
			t.Errorf("%s of %s %s: revoked %v, %v", s.ID, s.Subject, s.Issuer, got.Revoked, err)
		}
	}
	gone := later[0]
	if got, err := h.set.Sessions.Session(t.Context(), gone.ID); err != nil || got.Cause != "the person has too many sessions" {
		t.Errorf("cause %q, %v", got.Cause, err)
	}
	if !slices.ContainsFunc(h.lives, func(e store.Event) bool { return e.Kind == store.EventRevoked && e.Object == gone.ID }) {
		t.Error("its end is not recorded")
	}
}

// Logins at the same time leave no more.
func TestMaxLiveAtOnce(t *testing.T) {
	h := newHouse(t)
	for range session.MaxLive - 5 {
		h.login(t, h.request())
	}
	// Seen in the same instant, one that begins could be among those that were seen
	// longest ago, which no clock of a machine lets happen.
	h.clock = h.clock.Add(time.Second)
	h.Record = nil
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if _, _, err := h.Begin(t.Context(), session.Proved{Subject: "alice", PasswordChanged: noon}, h.request()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(h.live(t)); n != session.MaxLive {
		t.Errorf("%d sessions live, want %d", n, session.MaxLive)
	}
}

// A login that could not be counted does not begin.
func TestMaxLiveUnknown(t *testing.T) {
	h := newHouse(t)
	h.uncounted = true
	if _, _, err := h.Begin(t.Context(), session.Proved{Subject: "alice", PasswordChanged: noon}, h.request()); !errors.Is(err, away{}) {
		t.Errorf("got %v, want %v", err, away{})
	}
	if live := h.live(t); len(live) != 0 {
		t.Errorf("left behind: %v", live)
	}
}

// live are the sessions of our alice that are not over.
func (h *house) live(t *testing.T) (ids []string) {
	t.Helper()
	all, err := h.List(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Issuer == "" && h.clock.Before(s.Ends()) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}
