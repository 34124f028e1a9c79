package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gate401/gate401/tools/rig"
)

// load is what a client sends: one request again and again, or one for each line
// of a file of values in turn.
type load struct {
	path   string   // with "%s" where a value goes
	fields []string // field lines, with "%s" where a value goes
	values string   // the file; empty for none
	once   bool     // each value once, from the first one on
	status int      // what every answer must be
}

// entrant is one server with one load.
type entrant struct {
	name    string
	load    load
	addr    string
	servers []*rig.Process // whose CPU time counts
	beside  []*rig.Process // what else belongs to the measurement
	script  string
	// settle is how long the servers may go on with what a turn left to them; what
	// that takes counts for the turn.
	settle time.Duration

	turns []turn
}

// turn is one measurement.
type turn struct {
	CPU      float64 `json:"cpu_us"` // of the servers, for each request
	Rate     float64 `json:"requests_per_second"`
	P50, P99 float64 // ms
	// Others is which part of the machine did other work meanwhile.
	Others float64 `json:"others"`
}

// group is what takes turns side by side: only neighbours can be compared on a
// machine that does other work as well.
type group struct {
	name     string
	entrants []*entrant

	// warm is the entrant that sends each of its values once before the others
	// take their turns, and then no more. What it left behind lasts for memory:
	// such a group takes all its turns at one go, and none too late.
	warm   *entrant
	memory time.Duration
}

// prepare writes the script of the load.
func (e *entrant) prepare(dir string) error {
	e.script = filepath.Join(dir, strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(e.name))+".lua")
	return os.WriteFile(e.script, []byte(e.load.script(e.addr)), 0o600)
}

// take measures one turn.
func (e *entrant) take(ctx context.Context, length time.Duration) (turn, error) {
	before, err := sum(e.servers)
	if err != nil {
		return turn{}, err
	}
	aside, busy, began := e.aside(), rig.Busy(), time.Now()
	r, err := wrk(ctx, e.script, "http://"+e.addr, length, e.load.once)
	if err != nil {
		return turn{}, fmt.Errorf("%s: %w", e.name, err)
	}
	time.Sleep(e.settle)
	after, err := sum(e.servers)
	if err != nil {
		return turn{}, err
	}
	if err := r.check(e.load.status); err != nil {
		return turn{}, fmt.Errorf("%s: %w", e.name, err)
	}
	others := (rig.Busy() - busy) - (after - before) - (e.aside() - aside) - r.CPU
	return turn{
		Others: max(0, others.Seconds()/time.Since(began).Seconds()/float64(runtime.NumCPU())),
		CPU:    float64((after - before).Nanoseconds()) / 1e3 / float64(r.Requests),
		Rate:   float64(r.Requests) / r.Seconds, P50: r.P50, P99: r.P99,
	}, nil
}

// aside is what the rest of the measurement has taken so far; a process that is
// gone has taken nothing.
func (e *entrant) aside() time.Duration {
	t, _ := sum(e.beside)
	return t
}

// sum is what processes have taken so far.
func sum(of []*rig.Process) (time.Duration, error) {
	var sum time.Duration
	var faults []error
	for _, p := range of {
		t, err := rig.CPU(p.PID)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s is gone: %w", p.Name, err))
		}
		sum += t
	}
	return sum, errors.Join(faults...)
}

// series is one figure of all turns.
func (e *entrant) series(of func(turn) float64) []float64 {
	out := make([]float64, len(e.turns))
	for i, t := range e.turns {
		out[i] = of(t)
	}
	return out
}

func cpuOf(t turn) float64  { return t.CPU }
func rateOf(t turn) float64 { return t.Rate }
