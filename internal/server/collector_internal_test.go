package server

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	for _, x := range []struct {
		name  string
		inUse uint64
		want  int64
	}{
		{"nothing is known", 0, mostPercent},
		{"next to nothing", 1 << 20, mostPercent},
		{"a small gate", 8 << 20, 400},
		{"as much as the room", headroom, leastPercent},
		{"a large store", 4 << 30, leastPercent},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := percent(x.inUse); got != x.want {
				t.Errorf("got %d, want %d", got, x.want)
			}
		})
	}
}

// now reads the percentage, which can only be had by setting it.
func now() int {
	p := debug.SetGCPercent(100)
	debug.SetGCPercent(p)
	return p
}

func TestCollectLess(t *testing.T) {
	// Whatever the test run was started with.
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	before := now()
	restore := collectLess()
	defer restore()
	for deadline := time.Now().Add(30 * time.Second); now() <= leastPercent; {
		if time.Now().After(deadline) {
			t.Fatal("the percentage did not move")
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	restore()
	if got := now(); got != before {
		t.Errorf("%d afterwards, want %d", got, before)
	}
}

func TestCollectLessLeavesSettingsAlone(t *testing.T) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOGC", "")
			t.Setenv("GOMEMLIMIT", "")
			t.Setenv(name, "150")
			before := now()
			defer collectLess()()
			if got := now(); got != before {
				t.Errorf("got %d, want %d", got, before)
			}
		})
	}
}
