package watch_test

import (
	"testing"
	"time"

	"github.com/gate401/gate401/internal/watch"
)

func TestClock(t *testing.T) {
	east := time.FixedZone("", 5*3600+1800)
	base := time.Date(2026, 11, 21, 23, 59, 59, 0, time.UTC)
	var c watch.Clock
	for _, in := range []time.Time{
		{}, base, base.Add(1), base.Add(100), base.Add(123456789), base.Add(999999999), base.Add(time.Second),
		base.Add(120 * time.Millisecond), base.In(east), base, base.Add(time.Hour).In(east).Add(5), time.Unix(0, 0).UTC(), time.Unix(-1, 5).UTC(),
	} {
		// The second time comes from what is kept of the first.
		for range 2 {
			if got, want := string(c.Append(nil, in)), in.Format(time.RFC3339Nano); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
}

func TestHarmless(t *testing.T) {
	for c := range 256 {
		want := c >= ' ' && c < 0x7f && c != '"' && c != '\\'
		for at := range 19 {
			b := []byte("0123456789abcdefgh~")
			b[at] = byte(c)
			if got := watch.Harmless(string(b)); got != want {
				t.Errorf("octet %#x at %d: %v, want %v", c, at, got, want)
			}
		}
	}
}
