package history_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/history"
	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/store"
	"github.com/google/go-cmp/cmp"
)

// The first use can be seen at once; the others are counted.
func TestUsesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		r := history.New(history.Options{Store: s})
		r.Observe(request("r1"), allowed("a"))
		time.Sleep(2 * time.Second)
		for i := range 10 {
			r.Observe(request(fmt.Sprintf("r%d", i+2)), allowed("a"))
		}
		synctest.Wait()
		if n := len(s.all()); n != 1 {
			t.Fatalf("%d events after 2 s, want the first use alone", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		got := s.all()
		if len(got) != 2 || got[0].Count != 1 || got[1].Count != 10 || got[1].RequestID != "r11" {
			t.Fatalf("stored %+v", got)
		}
		want := store.Event{
			Kind: store.EventUsed, Method: "bearer", Object: "a", Family: "family-1", Client: "app", Subject: "alice",
			RequestID: "r11", Detail: "GET /orders", Count: 10, Time: got[1].Time,
		}
		if diff := cmp.Diff(want, got[1]); diff != "" {
			t.Fatal(diff)
		}
		_ = r.Close()
	})
}

// A key that is used all the time must not fill the store.
func TestBusyKeyLeavesFewEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		r := history.New(history.Options{Store: s})
		for range 24 * 60 {
			r.Observe(request("r"), allowed("a"))
			time.Sleep(time.Minute)
		}
		_ = r.Close()
		sum := 0
		for _, e := range s.all() {
			sum += e.Count
		}
		if n := len(s.all()); n > 40 || sum != 24*60 {
			t.Fatalf("%d events about %d uses in a day", n, sum)
		}
	})
}

func TestNoUseIsLostBetweenCounts(t *testing.T) {
	s := &shelf{}
	r := history.New(history.Options{Store: s, Every: time.Millisecond})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 2000 {
				r.Observe(request("r"), allowed([]string{"a", "b", "c"}[i%3]))
			}
		})
	}
	wg.Wait()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, e := range s.all() {
		sum += e.Count
	}
	if sum != 8000 {
		t.Fatalf("%d uses counted, want 8000", sum)
	}
}

func TestCredentialsInUseAreBounded(t *testing.T) {
	s := &shelf{}
	r := history.New(history.Options{Store: s, Every: time.Hour, Uses: 64})
	for i := range 1000 {
		r.Observe(request("r"), allowed(fmt.Sprint("token-", i)))
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(s.all()); n > 64 || uint64(n)+r.Dropped() != 1000 {
		t.Fatalf("%d stored, %d dropped", n, r.Dropped())
	}
}

// refused is an error of a refusal that knows its credential.
type refused struct{ error }

func (refused) Refused() (object, family, client string) { return "jti-1", "family-1", "app" }

func TestRefusals(t *testing.T) {
	proved := &gate401.Identity{Subject: "alice", Method: "bearer", Credential: "jti-1"}
	stranger := &gate401.Identity{Subject: "alice", Method: "bearer", Credential: "jti-1", Issuer: "https://idp.example"}
	guest := &gate401.Identity{Subject: "alice", Method: "session", Credential: "s-1", Issuer: "https://idp.example"}
	for _, test := range []struct {
		name string
		in   gate401.Decision
		want store.Event // zero for none
	}{
		{"a proof that was right, and access that was not",
			gate401.Decision{Identity: proved, Denial: &gate401.Denial{Reason: reason.ScopeInsufficient}},
			store.Event{Method: "bearer", Object: "jti-1", Subject: "alice", Reason: "scope-insufficient"}},
		{"a token that was proved and is over",
			gate401.Decision{Denial: &gate401.Denial{Reason: reason.TokenExpired, Method: "bearer", Subject: "alice", Err: refused{errors.New("expired")}}},
			store.Event{Method: "bearer", Object: "jti-1", Family: "family-1", Client: "app", Subject: "alice", Reason: "token-expired"}},
		{"a signature that is wrong proves nothing",
			gate401.Decision{Denial: &gate401.Denial{Reason: reason.TokenSignatureInvalid, Method: "bearer", Err: errors.New("wrong")}}, store.Event{}},
		{"a token of somebody else",
			gate401.Decision{Identity: stranger, Denial: &gate401.Denial{Reason: reason.ScopeInsufficient}}, store.Event{}},
		{"a session of ours, of a person of somebody else",
			gate401.Decision{Identity: guest, Denial: &gate401.Denial{Reason: reason.GroupMissing}},
			store.Event{Method: "session", Object: "s-1", Session: "s-1", Subject: "alice", Reason: "group-missing"}},
		{"nobody", gate401.Decision{Denial: &gate401.Denial{Reason: reason.CredentialsMissing}}, store.Event{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &shelf{}
			r := history.New(history.Options{Store: s, Every: time.Hour})
			q := request("r1")
			r.Observe(q, &test.in)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			var want []store.Event
			if w := test.want; w.Object != "" {
				w.Kind, w.Time, w.RequestID, w.Detail, w.Count = store.EventRefused, q.Time, "r1", "GET /orders", 1
				want = []store.Event{w}
			}
			if diff := cmp.Diff(want, s.all()); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

// Whoever sends a dead token again and again must not fill the store.
func TestRefusalsAreCounted(t *testing.T) {
	s := &shelf{}
	r := history.New(history.Options{Store: s, Every: time.Hour})
	d := gate401.Decision{Denial: &gate401.Denial{Reason: reason.TokenExpired, Method: "bearer", Err: refused{errors.New("expired")}}}
	for range 100_000 {
		r.Observe(request("r1"), &d)
	}
	r.Record(store.Event{Kind: store.EventRefused, Method: "bearer", Object: "jti-1", Reason: "token-revoked", Detail: "why"})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	got := s.all()
	if len(got) != 2 || got[0].Count+got[1].Count != 100_001 || r.Dropped() != 0 {
		t.Fatalf("%d events, %d dropped: %+v", len(got), r.Dropped(), got)
	}
	for _, e := range got {
		if want := map[string]string{"token-expired": "GET /orders", "token-revoked": "why"}[e.Reason]; e.Detail != want || e.Object != "jti-1" || e.Kind != store.EventRefused {
			t.Errorf("%+v", e)
		}
	}
}
