package rig

import (
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const behind = " S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 7 0 1 2 3"
	for _, x := range []struct {
		name, in string
		cpu      time.Duration
		threads  int
		fails    bool
	}{
		{"plain", "12 (gate401)" + behind, 2 * time.Second, 7, false},
		{"a name with brackets and spaces", "12 (a) b (c)" + behind, 2 * time.Second, 7, false},
		{"no name", "12 gate401" + behind, 0, 0, true},
		{"too short", "12 (gate401) S 1 2", 0, 0, true},
		{"no number", "12 (g) S 1 2 3 4 5 6 7 8 9 10 x 50 0 0 20 0 7 0", 0, 0, true},
		{"nothing", "", 0, 0, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			cpu, threads, err := parseStat([]byte(x.in))
			if cpu != x.cpu || threads != x.threads || (err != nil) != x.fails {
				t.Errorf("got %v, %d, %v; want %v, %d", cpu, threads, err, x.cpu, x.threads)
			}
		})
	}
}

func TestKibibytes(t *testing.T) {
	const status = "Name:\tgate401\nVmHWM:\t   90112 kB\nVmRSS:\t   53100 kB\n"
	for name, want := range map[string]int64{"VmRSS:": 53100 << 10, "VmHWM:": 90112 << 10, "VmSwap:": 0} {
		if got := kibibytes([]byte(status), name); got != want {
			t.Errorf("%s %d, want %d", name, got, want)
		}
	}
}
