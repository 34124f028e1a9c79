package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// Bounds of what may be left.
const (
	// growth is how much memory may rise in the last three quarters: that much of
	// its mean, or so many MiB.
	growth    = 0.05
	growthMiB = 2.0
	// left is how many goroutines and files may be more than before the load:
	// what is started at the first use of something.
	left = 8
	// telling is how long a soak must be for memory to say anything.
	telling = 5 * time.Minute
)

// verdict is what a soak came to.
type verdict struct {
	duration       time.Duration
	rate, capacity float64
	done           int64
	cpu            time.Duration // of the gate, under load
	names          []string
	tallies        map[string]*tally
	memory         []string // sentences
	faults         []string
	warns, lines   int64
	bad            []string // lines of the log
	early          bool
}

func (v *verdict) good() bool { return len(v.faults) == 0 }

// judge looks at the samples.
func (st *stage) judge(d *diary, load time.Duration, rate, capacity float64) *verdict {
	v := &verdict{duration: load, rate: rate, capacity: capacity, names: st.tallies.names, tallies: st.tallies.of}
	v.lines, v.warns, v.bad = st.log.counts()
	v.done, _ = st.tallies.total()
	for _, name := range v.names {
		if t := v.tallies[name]; t.wrong.Load() > 0 {
			v.faults = append(v.faults, fmt.Sprintf("%s: %d of %d were wrong, the first: %s", name, t.wrong.Load(), t.done.Load(), *t.first.Load()))
		}
	}
	if len(v.bad) > 0 {
		v.faults = append(v.faults, fmt.Sprintf("the log tells of %d errors, the first: %.300s", len(v.bad), v.bad[0]))
	}
	before, under, after := d.phase("before"), d.phase("load"), d.phase("after")
	if len(before) == 0 || len(under) == 0 || len(after) == 0 {
		v.faults = append(v.faults, "there are too few samples")
		return v
	}
	v.cpu = under[len(under)-1].CPU - under[0].CPU
	late := under[len(under)/4:]
	for _, l := range lines[:2] {
		rise, mean := slope(late, l.of)
		rise *= (late[len(late)-1].At - late[0].At).Hours()
		text := fmt.Sprintf("%s: %.1f before, %.1f on average in the last three quarters, %+.1f from their beginning to their end, %.1f after", l.name, l.of(before[0]), mean, rise, l.of(after[len(after)-1]))
		v.memory = append(v.memory, text)
		switch {
		case load < telling:
			v.memory[len(v.memory)-1] += " (too short to tell)"
		case rise > max(growth*mean, growthMiB):
			v.faults = append(v.faults, "it grew: "+text)
		}
	}
	first, last := before[0], after[len(after)-1]
	for _, x := range []struct {
		name              string
		before, most, end int
	}{{"goroutines", first.Goroutines, most(under, func(s sample) int { return s.Goroutines }), last.Goroutines}, {"open files", first.Files, most(under, func(s sample) int { return s.Files }), last.Files}} {
		text := fmt.Sprintf("%s: %d before, at most %d under load, %d after", x.name, x.before, x.most, x.end)
		v.memory = append(v.memory, text)
		if x.end > x.before+left {
			v.faults = append(v.faults, "left behind: "+text)
		}
	}
	v.memory = append(v.memory, fmt.Sprintf("quiet %s after the load", (last.At-under[len(under)-1].At).Round(time.Second)))
	return v
}

func most(samples []sample, of func(sample) int) (n int) {
	for _, s := range samples {
		n = max(n, of(s))
	}
	return n
}

// String is the report.
func (v *verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s, %.0f requests a second wanted (it can do %.0f beside everything else here), %d done, %.0f a second\n", v.duration.Round(time.Second), v.rate, v.capacity, v.done, float64(v.done)/v.duration.Seconds())
	fmt.Fprintf(&b, "the gate took %.0f %% of a core, and logged %d lines, %d of them warnings\n\n", 100*v.cpu.Seconds()/v.duration.Seconds(), v.lines, v.warns)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tdone\twhile the API was away\twrong")
	for _, name := range v.names {
		t := v.tallies[name]
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", name, t.done.Load(), t.away.Load(), t.wrong.Load())
	}
	_ = w.Flush() // into memory
	b.WriteString("\n")
	for _, m := range v.memory {
		b.WriteString(m + "\n")
	}
	if v.early {
		b.WriteString("it was ended early\n")
	}
	if v.good() {
		b.WriteString("\nverdict: good. Nothing grew, nothing was left behind, every answer was right.\n")
		return b.String()
	}
	b.WriteString("\nverdict: not good.\n")
	for _, f := range v.faults {
		b.WriteString("- " + f + "\n")
	}
	return b.String()
}
