package defend_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gate401/gate401/defend"
	"github.com/gate401/gate401/reason"
)

// Whoever knew the password before it was changed is a stranger again, and only
// they.
func TestKnownSince(t *testing.T) {
	const thief, owner = "198.51.100.1", "192.0.2.1"
	for _, tt := range []struct {
		name  string
		since func(changed time.Time) (time.Time, error)
		// thief and owner, who logs in after the change, while strangers drain the
		// account.
		thief, owner reason.Code
	}{
		{"changed", func(at time.Time) (time.Time, error) { return at, nil }, reason.LockedOut, ""},
		{"not changed", func(time.Time) (time.Time, error) { return time.Time{}, nil }, "", ""},
		{"changed long ago", func(at time.Time) (time.Time, error) { return at.Add(-24 * time.Hour), nil }, "", ""},
		{"away", func(at time.Time) (time.Time, error) { return at, errors.New("the store is away") }, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClock()
			var changed time.Time
			asked := map[string]int{}
			g := &defend.Guard{Now: c.Now, Wait: -1, Since: func(_ context.Context, account string) (time.Time, error) {
				asked[account]++
				return tt.since(changed)
			}}
			for _, addr := range []string{thief, owner} {
				if err := try(g, addr, "alice", nil); err != nil {
					t.Fatal(err)
				}
			}
			if asked["alice"] != 0 {
				t.Error("asked about networks that are not known")
			}
			c.advance(time.Minute)
			changed = c.Now()
			c.advance(time.Minute)
			if err := try(g, owner, "alice", nil); err != nil {
				t.Fatal(err)
			}
			for i := range 500 {
				admitted(g, 1, "203.0."+string(rune('0'+i%10))+"."+string(rune('0'+i/10%10)), "alice")
			}
			if got := codeOf(try(g, thief, "alice", errWrong)); got != tt.thief {
				t.Errorf("thief: %q, want %q", got, tt.thief)
			}
			if got := codeOf(try(g, owner, "alice", nil)); got != tt.owner {
				t.Errorf("owner: %q, want %q", got, tt.owner)
			}
		})
	}
}
