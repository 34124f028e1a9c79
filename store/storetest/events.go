package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/store"
)

func eventLife(t *testing.T, set *store.Set) {
	ctx := t.Context()
	revision := set.Revision()
	whole := store.Event{
		Time: T0, Kind: store.EventRefused, Method: "bearer", Object: "j1", Family: "f", Session: "s", Client: "app", Subject: "anna",
		Reason: "token-revoked", RequestID: "r1", Detail: "POST /ordürs", Count: 7,
	}
	list := []store.Event{
		whole,
		{Time: T0.Add(time.Minute), Kind: store.EventUsed, Object: "j2", Family: "f"},
		{Time: T0.Add(2 * time.Minute), Kind: store.EventRevoked, Object: "f", Family: "f", Session: "s"},
		{Time: T0.Add(3 * time.Minute), Kind: store.EventIssued, Object: "other"},
		{Time: T0.Add(4 * time.Minute), Kind: store.EventIssued},
	}
	if err := set.Events.AppendEvents(ctx, list[:2]); err != nil {
		t.Fatal(err)
	}
	if err := set.Events.AppendEvents(ctx, list[2:]); err != nil {
		t.Fatal(err)
	}
	if err := set.Events.AppendEvents(ctx, nil); err != nil {
		t.Error(err)
	}
	about := func(what string, after int64, limit int) (found []store.Event, details string) {
		t.Helper()
		found = must[[]store.Event](t)(set.Events.ListEvents(ctx, what, after, limit))
		var all []string
		for i, e := range found {
			if e.ID <= after || i > 0 && e.ID <= found[i-1].ID {
				t.Errorf("%s: id %d out of order", what, e.ID)
			}
			all = append(all, e.Object)
		}
		return found, strings.Join(all, " ")
	}
	for what, want := range map[string]string{
		"j1": "j1", "j2": "j2", "f": "j1 j2 f", "s": "j1 f", "other": "other", "anna": "", "app": "", "": "",
	} {
		if _, got := about(what, 0, 0); got != want {
			t.Errorf("about %q: %q, want %q", what, got, want)
		}
	}
	found, _ := about("f", 0, 0)
	whole.ID, whole.Time = found[0].ID, store.Moment(T0)
	wantSame(t, found[0], whole)
	if found[1].Count != 1 {
		t.Errorf("count %d of one", found[1].Count)
	}
	if _, got := about("f", 0, 2); got != "j1 j2" {
		t.Errorf("first page %q", got)
	}
	if _, got := about("f", found[1].ID, 2); got != "f" {
		t.Errorf("second page %q", got)
	}

	// Requests tell part of it; the others must not be lost for that.
	bad := store.Event{
		Time: T0, Kind: store.EventUsed, Object: "bad", Detail: "GET /\xff\x00" + strings.Repeat("ä", store.MaxText), Method: strings.Repeat("x", 2*store.MaxText),
	}
	if err := set.Events.AppendEvents(ctx, []store.Event{bad}); err != nil {
		t.Fatal(err)
	}
	mended, _ := about("bad", 0, 0)
	if d := mended[0].Detail; !strings.HasPrefix(d, "GET /\uFFFD\uFFFDää") || len(d) < store.MaxText-1 || len(d) > store.MaxText || len(mended[0].Method) != store.MaxText {
		t.Errorf("%d bytes %.20q, %d", len(d), d, len(mended[0].Method))
	}
	for what, e := range map[string]store.Event{"no kind": {Time: T0, Object: "x"}, "no time": {Kind: store.EventUsed, Object: "x"}} {
		if err := set.Events.AppendEvents(ctx, []store.Event{{Time: T0, Kind: store.EventUsed, Object: "x"}, e}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want %v", what, err, store.ErrInvalid)
		}
	}
	if _, got := about("x", 0, 0); got != "" { // all or none
		t.Errorf("stored %q", got)
	}
	if got := set.Revision(); got != revision {
		t.Errorf("revision %d, then %d: nobody remembers events", revision, got)
	}

	for _, step := range []struct {
		at   time.Duration
		want int
		left string
	}{{0, 0, "j1 j2 f"}, {time.Minute, 2, "j2 f"}, {3 * time.Minute, 2, ""}} {
		if n := must[int](t)(set.Events.SweepEvents(ctx, T0.Add(step.at))); n != step.want {
			t.Errorf("%d swept after %v, want %d", n, step.at, step.want)
		}
		if _, got := about("f", 0, 0); got != step.left {
			t.Errorf("left after %v: %q, want %q", step.at, got, step.left)
		}
	}
}

// eventOrder: those who write at once do not get the same place.
func eventOrder(t *testing.T, set *store.Set) {
	ctx := t.Context()
	for _, err := range race(8, func(i int) error {
		for n := range 4 {
			one := store.Event{Time: T0, Kind: store.EventUsed, Object: "k", Detail: fmt.Sprint(i, n)}
			if err := set.Events.AppendEvents(ctx, []store.Event{one, one, one}); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	list := must[[]store.Event](t)(set.Events.ListEvents(ctx, "k", 0, store.MaxPage))
	if len(list) != 96 {
		t.Fatalf("%d events, want 96", len(list))
	}
	for i := 3; i < len(list); i += 3 {
		if a := list[i : i+3]; a[0].ID <= list[i-1].ID || a[0].Detail != a[1].Detail || a[1].Detail != a[2].Detail {
			t.Errorf("one batch is torn: %+v", a)
		}
	}
}
