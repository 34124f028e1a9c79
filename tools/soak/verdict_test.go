package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

// hour is samples of an hour of load with one before and one after.
func hour(of func(at time.Duration) sample) *diary {
	d := &diary{}
	add := func(at time.Duration, phase string) {
		s := of(at)
		s.At, s.Phase = at, phase
		d.samples = append(d.samples, s)
	}
	add(0, "before")
	for at := time.Minute; at <= time.Hour; at += time.Minute {
		add(at, "load")
	}
	add(time.Hour+time.Minute, "after")
	return d
}

func TestJudge(t *testing.T) {
	flat := func(time.Duration) sample { return sample{RSS: 60, Heap: 12, Goroutines: 30, Files: 20} }
	for _, x := range []struct {
		name string
		of   func(time.Duration) sample
		load time.Duration
		do   func(*stage)
		want string // in a fault; empty for none
	}{
		{"flat", flat, time.Hour, nil, ""},
		{"it warms up and stays", func(at time.Duration) sample {
			s := flat(at)
			s.RSS = 20 + 40*math.Min(1, at.Minutes()/10)
			return s
		}, time.Hour, nil, ""},
		{"a leak", func(at time.Duration) sample {
			s := flat(at)
			s.RSS += 10 * at.Hours()
			return s
		}, time.Hour, nil, "it grew: resident memory"},
		{"a leak in a minute", func(at time.Duration) sample {
			s := flat(at)
			s.RSS += 10 * at.Hours()
			return s
		}, time.Minute, nil, ""},
		{"a leak that the system does not see yet", func(at time.Duration) sample {
			s := flat(at)
			s.Heap += 5 * at.Hours()
			return s
		}, time.Hour, nil, "it grew: live heap"},
		{"goroutines stay", func(at time.Duration) sample {
			s := flat(at)
			if at > time.Hour {
				s.Goroutines = 200
			}
			return s
		}, time.Hour, nil, "left behind: goroutines"},
		{"files stay", func(at time.Duration) sample {
			s := flat(at)
			if at > time.Hour {
				s.Files = 29
			}
			return s
		}, time.Hour, nil, "left behind: open files"},
		{"a wrong answer", flat, time.Hour, func(st *stage) { st.tallies.get("JWT").fault("status 500") }, "status 500"},
		{"an error in the log", flat, time.Hour, func(st *stage) {
			_, _ = st.log.Write([]byte(`{"level":"ERR`))
			_, _ = st.log.Write([]byte(`OR","msg":"boom"}` + "\n"))
		}, "boom"},
	} {
		t.Run(x.name, func(t *testing.T) {
			st := &stage{tallies: newTallies(), log: &gateLog{}}
			if x.do != nil {
				x.do(st)
			}
			v := st.judge(hour(x.of), x.load, 100, 200)
			got := strings.Join(v.faults, "\n")
			if (x.want == "") != v.good() || !strings.Contains(got, x.want) {
				t.Errorf("got %q, want %q", got, x.want)
			}
			if strings.Contains(v.String(), "verdict: good") != v.good() {
				t.Errorf("the report says something else:\n%s", v)
			}
		})
	}
}

func TestSlope(t *testing.T) {
	d := hour(func(at time.Duration) sample { return sample{RSS: 10 + 6*at.Hours()} })
	rise, mean := slope(d.phase("load"), lines[0].of)
	if math.Abs(rise-6) > 0.01 || mean < 12 || mean > 14 {
		t.Errorf("%f an hour, mean %f", rise, mean)
	}
	if rise, mean := slope(nil, lines[0].of); rise != 0 || mean != 0 {
		t.Errorf("of nothing: %f, %f", rise, mean)
	}
}
