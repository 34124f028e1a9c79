package server

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// headroom is how much the gate allocates, at least, between two runs of the
// garbage collector. What it keeps is a few megabytes, so that the collector, by
// its own default, would run after every few megabytes of requests and take some
// 8 % of the CPU time; this costs that much memory under load, and none at rest.
// Above it the default is in force.
const headroom = 32 << 20

// Bounds of the percentage (runtime/debug.SetGCPercent).
const (
	leastPercent = 100
	mostPercent  = 1600
)

// collector sets the percentage after each run, from what was still in use.
type collector struct {
	mu     sync.Mutex
	before int
	now    int64
	ended  bool
}

// roundOf ends with each run of the garbage collector.
type roundOf struct{ c *collector }

// collectLess gives the garbage collector room, until restore is called. It does
// nothing where GOGC or GOMEMLIMIT is set: whoever did that has measured.
func collectLess() (restore func()) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	c := &collector{before: debug.SetGCPercent(leastPercent), now: leastPercent}
	runtime.SetFinalizer(&roundOf{c}, (*roundOf).over)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.ended {
			c.ended = true
			debug.SetGCPercent(c.before)
		}
	}
}

// over is called after a run, and waits for the next one.
func (r *roundOf) over() {
	c := r.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	// To set it stops the world for a moment, so not for nothing.
	if want := percent(inUse()); want < c.now*9/10 || want > c.now*11/10 {
		c.now = want
		debug.SetGCPercent(int(want))
	}
	runtime.SetFinalizer(r, (*roundOf).over)
}

// percent leaves headroom above what is in use.
func percent(inUse uint64) int64 {
	return int64(min(max(headroom*100/max(inUse, 1), leastPercent), mostPercent))
}

// inUse is what the percentage is of: live objects, stacks and globals
// (https://go.dev/doc/gc-guide).
func inUse() (sum uint64) {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(s)
	for _, x := range s {
		if x.Value.Kind() == metrics.KindUint64 {
			sum += x.Value.Uint64()
		}
	}
	return sum
}
