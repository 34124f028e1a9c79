package journal_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gate401/gate401/internal/mock/journal"
	"pgregory.net/rapid"
)

func ids(all []journal.Entry) []int64 {
	out := []int64{}
	for _, e := range all {
		out = append(out, e.ID)
	}
	return out
}

func TestFilter(t *testing.T) {
	j := &journal.Journal{}
	for i := range 10 {
		j.Record(journal.Entry{Session: []string{"a", "b"}[i%2]})
	}
	for _, tc := range []struct {
		name string
		in   journal.Filter
		want []int64
	}{
		{"all", journal.Filter{}, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"a session", journal.Filter{Session: "b"}, []int64{2, 4, 6, 8, 10}},
		{"no such session", journal.Filter{Session: "c"}, []int64{}},
		{"after", journal.Filter{After: 8}, []int64{9, 10}},
		{"after the end", journal.Filter{After: 10}, []int64{}},
		{"the first", journal.Filter{Limit: 3}, []int64{1, 2, 3}},
		{"the next", journal.Filter{After: 3, Limit: 3}, []int64{4, 5, 6}},
		{"the newest", journal.Filter{Limit: 3, Newest: true}, []int64{8, 9, 10}},
		{"the newest of a session", journal.Filter{Session: "a", After: 5, Limit: 1, Newest: true}, []int64{9}},
		{"fewer than the limit", journal.Filter{After: 8, Limit: 5, Newest: true}, []int64{9, 10}},
	} {
		if got := ids(j.Entries(tc.in)); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

// Whatever is recorded and cleared, a Journal holds what a list would that lets
// the oldest go.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perSession, total := rapid.IntRange(1, 5).Draw(t, "session"), rapid.IntRange(1, 12).Draw(t, "total")
		j := &journal.Journal{SessionEntries: perSession, MaxEntries: total}
		var model []journal.Entry
		count := func(s string) (n int) {
			for _, e := range model {
				if e.Session == s {
					n++
				}
			}
			return n
		}
		session := rapid.SampledFrom([]string{"", "a", "b", "c"})
		t.Repeat(map[string]func(*rapid.T){
			"record": func(t *rapid.T) {
				s := session.Draw(t, "s")
				e := j.Record(journal.Entry{Session: s})
				model = append(model, e)
				if count(s) > perSession {
					i := slices.IndexFunc(model, func(e journal.Entry) bool { return e.Session == s })
					model = slices.Delete(model, i, i+1)
				}
				if len(model) > total {
					model = model[1:]
				}
			},
			"clear": func(t *rapid.T) {
				s := session.Draw(t, "s")
				want := count(s)
				if s == "" {
					want = len(model)
				}
				if got := j.Clear(s); got != want {
					t.Fatalf("cleared %d, want %d", got, want)
				}
				model = slices.DeleteFunc(model, func(e journal.Entry) bool { return s == "" || e.Session == s })
			},
			"": func(t *rapid.T) {
				if got := ids(j.Entries(journal.Filter{})); !slices.Equal(got, ids(model)) {
					t.Fatalf("%v, want %v", got, ids(model))
				}
				sessions := map[string]bool{}
				for _, e := range model {
					sessions[e.Session] = true
				}
				for s := range sessions {
					if got := len(j.Entries(journal.Filter{Session: s})); s != "" && got != count(s) {
						t.Fatalf("session %q has %d, want %d", s, got, count(s))
					}
				}
				if st := j.Stats(); st.Entries != len(model) || st.Sessions != len(sessions) || (st.Bytes == 0) != (len(model) == 0) {
					t.Fatalf("%+v for %d of %d sessions", st, len(model), len(sessions))
				}
			},
		})
	})
}

func TestBytesAreBounded(t *testing.T) {
	j := &journal.Journal{MaxBytes: 1 << 20}
	body := make([]byte, 2*journal.MaxBody)
	for range 200 {
		j.Record(journal.Entry{Session: "a", ResponseBody: body})
	}
	st := j.Stats()
	if st.Bytes > 1<<20 || st.Entries < 10 || st.Dropped != int64(200-st.Entries) {
		t.Errorf("%+v", st)
	}
	if n := len(j.Entries(journal.Filter{Limit: 1})[0].ResponseBody); n != journal.MaxBody {
		t.Errorf("%d octets of a body", n)
	}
}

// Ten thousand sessions take what their entries take, and nothing once they are
// cleared.
func TestManySessions(t *testing.T) {
	before := heap()
	j := &journal.Journal{}
	for i := range 10_000 {
		for range 3 {
			j.Record(journal.Entry{Session: "session-" + strconv.Itoa(i), Method: "GET", Target: "/orders", Status: 401})
		}
	}
	if used := heap() - before; used > 32<<20 {
		t.Errorf("10,000 sessions take %d MiB", used>>20)
	}
	if st := j.Stats(); st.Sessions != 10_000 || st.Entries != 30_000 {
		t.Errorf("%+v", st)
	}
	for i := range 10_000 {
		j.Clear("session-" + strconv.Itoa(i))
	}
	if st := j.Stats(); st.Sessions != 0 || st.Bytes != 0 {
		t.Errorf("%+v", st)
	}
	runtime.KeepAlive(j)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal.Journal{}
		done := make(chan []journal.Entry)
		go func() {
			got, err := j.Wait(t.Context(), journal.Filter{Session: "a", Limit: 1}, 2)
			if err != nil {
				t.Error(err)
			}
			done <- got
		}()
		j.Record(journal.Entry{Session: "a"})
		j.Record(journal.Entry{Session: "b"})
		synctest.Wait()
		select {
		case got := <-done:
			t.Errorf("it did not wait: %v", ids(got))
		default:
		}
		j.Record(journal.Entry{Session: "a"})
		if got := ids(<-done); !slices.Equal(got, []int64{1, 3}) {
			t.Errorf("%v", got)
		}

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got, err := j.Wait(ctx, journal.Filter{Session: "a"}, 9); !errors.Is(err, context.Canceled) || len(got) != 2 {
			t.Errorf("%v, %v", ids(got), err)
		}
		j.Close()
		if got, err := j.Wait(t.Context(), journal.Filter{}, 9); !errors.Is(err, journal.ErrClosed) || len(got) != 3 {
			t.Errorf("%v, %v", ids(got), err)
		}
	})
}

func TestSubscription(t *testing.T) {
	j := &journal.Journal{MaxSubscribers: 2}
	a, err := j.Subscribe("a")
	if err != nil {
		t.Fatal(err)
	}
	all, err := j.Subscribe("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Subscribe(""); !errors.Is(err, journal.ErrTooManySubscribers) {
		t.Errorf("%v", err)
	}
	j.Record(journal.Entry{Session: "b"})
	for range 300 {
		j.Record(journal.Entry{Session: "a"})
	}
	// 300 entries for a, 256 wait.
	e, lost, err := a.Next(t.Context())
	if err != nil || lost != 44 || e.ID != 46 {
		t.Errorf("%d after %d lost, %v", e.ID, lost, err)
	}
	if e, lost, err := a.Next(t.Context()); err != nil || lost != 0 || e.ID != 47 {
		t.Errorf("%d after %d lost, %v", e.ID, lost, err)
	}
	if e, lost, err := all.Next(t.Context()); err != nil || lost != 45 || e.ID != 46 {
		t.Errorf("%d after %d lost, %v", e.ID, lost, err)
	}
	all.Close()
	third, err := j.Subscribe("")
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
	if _, _, err := third.Next(t.Context()); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := j.Subscribe(""); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("%v", err)
	}
	third.Close()
	a.Close()
}

// Recording, reading, waiting and listening at once; the race detector looks on.
func TestConcurrent(t *testing.T) {
	j := &journal.Journal{SessionEntries: 20, MaxEntries: 50}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			s := fmt.Sprint(w % 2)
			sub, err := j.Subscribe(s)
			if err != nil {
				t.Error(err)
				return
			}
			defer sub.Close()
			last := int64(0)
			for range 200 {
				j.Record(journal.Entry{Session: s})
				e, _, err := sub.Next(t.Context())
				if err != nil || e.ID <= last {
					t.Errorf("%d after %d, %v", e.ID, last, err)
				}
				last = e.ID
				if got := ids(j.Entries(journal.Filter{Session: s})); !slices.IsSorted(got) || len(got) > 20 {
					t.Errorf("%v", got)
				}
			}
			j.Clear(s)
		})
	}
	wg.Wait()
}
