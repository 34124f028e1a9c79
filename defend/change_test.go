package defend_test

import (
	"testing"
	"time"

	"github.com/gate401/gate401/defend"
)

// The guesses that were counted stay counted when the limits change.
func TestChange(t *testing.T) {
	limits := func(attempts int, window time.Duration) defend.Limits {
		l := defend.Limit{Attempts: attempts, Window: window}
		return defend.Limits{Account: l, Address: l, AddressAccount: l}
	}
	for _, tt := range []struct {
		name    string
		guesses int
		to      defend.Limits
		more    int           // that are admitted then
		wait    time.Duration // until the one after those
	}{
		{"the same", 3, limits(5, 5*time.Minute), 2, time.Minute},
		{"more room", 5, limits(10, 10*time.Minute), 5, time.Minute},
		{"less room", 5, limits(2, 2*time.Minute), 0, time.Minute},
		{"a longer window", 5, limits(5, 50*time.Minute), 0, 10 * time.Minute},
		{"a shorter window", 5, limits(5, 5*time.Second), 0, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClock()
			g := &defend.Guard{Now: c.Now, Limits: limits(5, 5*time.Minute), Wait: -1}
			for range tt.guesses {
				if d := try(g, "192.0.2.1", "alice", errWrong); d != nil {
					t.Fatalf("refused before the change: %v", d)
				}
			}
			g.Change(tt.to)
			for i := range tt.more {
				if d := try(g, "192.0.2.1", "alice", errWrong); d != nil {
					t.Fatalf("guess %d after the change: %v", i, d)
				}
			}
			d := try(g, "192.0.2.1", "alice", errWrong)
			if d == nil {
				t.Fatal("one guess too many was admitted")
			}
			c.advance(tt.wait - time.Millisecond)
			if d := try(g, "192.0.2.1", "alice", errWrong); d == nil {
				t.Error("admitted too early")
			}
			c.advance(time.Millisecond)
			if d := try(g, "192.0.2.1", "alice", errWrong); d != nil {
				t.Errorf("still refused: %v", d)
			}
		})
	}
}
