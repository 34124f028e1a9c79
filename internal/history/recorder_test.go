package history_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401/internal/history"
	"github.com/gate401/gate401/store"
)

func event(object string) store.Event {
	return store.Event{Kind: store.EventIssued, Method: "bearer", Object: object}
}

func TestRecordIsWrittenWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		r := history.New(history.Options{Store: s})
		r.Record(event("a"))
		if n := len(s.all()); n != 0 {
			t.Fatalf("%d events are stored before anybody could", n)
		}
		time.Sleep(history.DefaultEvery + time.Millisecond)
		synctest.Wait()
		got := s.all()
		if len(got) != 1 || got[0].Object != "a" || got[0].Count != 1 || got[0].Time.IsZero() {
			t.Fatalf("stored %+v", got)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCloseWritesWhatIsLeft(t *testing.T) {
	s := &shelf{}
	r := history.New(history.Options{Store: s, Every: time.Hour})
	r.Record(event("a"))
	r.Observe(request("r1"), allowed("b"))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.all(); len(got) != 2 || got[1].Object != "b" || got[1].Kind != store.EventUsed {
		t.Fatalf("stored %+v", got)
	}
	r.Record(event("late"))
	if r.Dropped() != 1 {
		t.Fatalf("%d events dropped, want the one after the end", r.Dropped())
	}
	if err := r.Close(); err != nil {
		t.Fatalf("the second Close: %v", err)
	}
}

func TestNoRecorderRecordsNothing(t *testing.T) {
	var r *history.Recorder
	r.Record(event("a"))
	r.Observe(request("r1"), allowed("a"))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// A store that hangs must neither hold up who records nor fill the memory.
func TestFullBufferDropsAndTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := &shelf{wait: make(chan struct{})}
		r := history.New(history.Options{Store: s, Max: 3, Log: slog.New(slog.NewTextHandler(&log, nil))})
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			r.Record(event(name))
		}
		if r.Dropped() != 2 {
			t.Fatalf("%d dropped, want 2", r.Dropped())
		}
		close(s.wait)
		time.Sleep(2 * history.DefaultEvery)
		synctest.Wait()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if got := s.all(); len(got) != 3 {
			t.Fatalf("stored %d, want 3", len(got))
		}
		if n := strings.Count(log.String(), "events=2"); n != 1 {
			t.Fatalf("the log tells it %d times:\n%s", n, log.String())
		}
	})
}

func TestStoreThatIsAwayIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := &shelf{fail: errAway}
		r := history.New(history.Options{Store: s, Log: slog.New(slog.NewTextHandler(&log, nil))})
		r.Record(event("a"))
		time.Sleep(5 * history.DefaultEvery)
		r.Record(event("b"))
		s.set(nil)
		time.Sleep(2 * history.DefaultEvery)
		synctest.Wait()
		if got := s.all(); len(got) != 2 || got[0].Object != "a" || got[1].Object != "b" {
			t.Fatalf("stored %+v", got)
		}
		if n := strings.Count(log.String(), "history not stored"); n != 1 {
			t.Fatalf("the log tells it %d times", n)
		}
		_ = r.Close()
	})
}

// What the store will never take must not stand in the way of the rest.
func TestInvalidEventsAreDropped(t *testing.T) {
	s := &shelf{fail: store.ErrInvalid}
	r := history.New(history.Options{Store: s, Every: time.Hour})
	r.Record(event("a"))
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.set(nil)
	r.Record(event("b"))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.all(); len(got) != 1 || got[0].Object != "b" || r.Dropped() != 1 {
		t.Fatalf("stored %+v, %d dropped", got, r.Dropped())
	}
}

func TestOldEventsAreSwept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		r := history.New(history.Options{Store: s, Keep: 24 * time.Hour})
		time.Sleep(90 * time.Minute)
		synctest.Wait()
		s.mu.Lock()
		age := time.Since(s.swept)
		s.mu.Unlock()
		if age < 24*time.Hour || age > 26*time.Hour {
			t.Fatalf("swept what is older than %s", age)
		}
		_ = r.Close()
	})
}
