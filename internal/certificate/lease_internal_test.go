package certificate

import (
	"errors"
	"testing"
	"time"

	"github.com/gate401/gate401/store/memory"
)

// One holds it; who dies holds the others up for a while and no longer; who comes
// back too late does not take it from the next.
func TestLease(t *testing.T) {
	set := memory.Open(memory.Options{})
	defer set.Close()
	v, ctx := vault{records: set.Certificates}, t.Context()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	held := func(now time.Time, until time.Time, failures int) {
		t.Helper()
		_, err := v.acquire(ctx, "lease", now)
		var e errHeld
		if !errors.As(err, &e) || !e.until.Equal(until) || e.failures != failures {
			t.Fatalf("%v: %+v, want until %v after %d failures", err, e, until, failures)
		}
	}
	take := func(now time.Time) *lease {
		t.Helper()
		l, err := v.acquire(ctx, "lease", now)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first := take(now)
	held(now.Add(time.Second), now.Add(leaseTime), 0)
	late := now.Add(leaseTime)
	second := take(late)
	if err := first.release(ctx, late); err != nil {
		t.Fatal(err)
	}
	held(late, late.Add(leaseTime), 0)

	until, err := second.pause(ctx, late, 0)
	if err != nil || !until.Equal(late.Add(time.Minute)) {
		t.Fatalf("%v, %v", until, err)
	}
	held(late, until, 1)
	for failures, at := 2, until; failures < 8; failures++ {
		l := take(at)
		next, err := l.pause(ctx, at, 0)
		if err != nil || next.Sub(at) < time.Minute || next.Sub(at) > time.Hour {
			t.Fatalf("%v, %v", next.Sub(at), err)
		}
		held(at, next, failures)
		at = next
	}
	// What the server asks for counts, within a day.
	l := take(late.Add(24 * time.Hour))
	if next, err := l.pause(ctx, late, 48*time.Hour); err != nil || !next.Equal(late.Add(24*time.Hour)) {
		t.Fatalf("%v, %v", next, err)
	}
	l = take(late.Add(24 * time.Hour))
	if err := l.release(ctx, late.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if l = take(late.Add(24 * time.Hour)); l.failures != 0 {
		t.Errorf("%d failures after a success", l.failures)
	}
}
