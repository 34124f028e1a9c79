package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gate401/gate401/tools/rig"
)

// settle is how long a gate has been idle when its memory is read.
const settle = 3 * time.Second

// measure lets everybody take his turns, and returns what came of it, also if it
// was ended early.
func (st *stage) measure(ctx context.Context, progress io.Writer) (*report, error) {
	n := 0
	for _, g := range st.groups {
		n += len(g.entrants)
	}
	length := time.Duration(st.settings.seconds) * time.Second
	whole := time.Duration(n)*(2*time.Second+time.Duration(st.settings.rounds)*(length+200*time.Millisecond)) + 30*time.Second
	fmt.Fprintf(progress, "gate401: %d servers and loads, %d rounds of %s each: about %s\n", n, st.settings.rounds, length, whole.Round(time.Second))
	began := time.Now()
	err := st.atRest(ctx)
	plain := 0
	for _, g := range st.groups {
		if g.warm == nil {
			plain++
		}
		for _, e := range g.entrants {
			if err != nil {
				break
			}
			e.beside = []*rig.Process{st.facts.api}
			if err = e.prepare(st.dir); err == nil && g.warm == nil {
				_, err = e.take(ctx, min(length, 2*time.Second))
			}
		}
	}
	done := 0
	for _, g := range st.groups {
		if err == nil && g.warm != nil {
			var n int
			if n, err = st.atOneGo(ctx, g, length, progress); plain == 0 {
				done = n
			}
		}
	}
	for round := 0; err == nil && plain > 0 && round < st.settings.rounds; round++ {
		err = st.round(ctx, round, length)
		if err == nil {
			done++
			fmt.Fprintf(progress, "gate401: round %d of %d, %s\n", done, st.settings.rounds, time.Since(began).Round(time.Second))
		}
	}
	if err == nil && st.settings.profile != "" {
		err = st.profile(ctx, length, progress)
	}
	if done == 0 {
		return nil, errors.Join(err, errors.New("not one round was finished"))
	}
	r, rerr := st.report(time.Since(began))
	return r, errors.Join(err, rerr)
}

// round is one turn of everybody. Those of a group are neighbours, and each round
// another one begins, now forwards, now backwards.
func (st *stage) round(ctx context.Context, round int, length time.Duration) error {
	for _, g := range st.groups {
		if g.warm != nil {
			continue
		}
		if err := g.round(ctx, round, length); err != nil {
			return err
		}
	}
	return nil
}

// round is one turn of everybody in the group.
func (g *group) round(ctx context.Context, round int, length time.Duration) error {
	order := slices.DeleteFunc(slices.Clone(g.entrants), func(e *entrant) bool { return e == g.warm })
	k := round / 2 % len(order)
	order = append(order[k:], order[:k]...)
	if round%2 == 1 {
		slices.Reverse(order)
	}
	turns := map[*entrant]turn{}
	for _, e := range order {
		t, err := e.take(ctx, length)
		if err != nil {
			return err
		}
		turns[e] = t
	}
	for e, t := range turns {
		e.turns = append(e.turns, t)
	}
	return nil
}

// atOneGo lets a group take its turns after one that warms it, while that lasts,
// and returns how many rounds there were.
func (st *stage) atOneGo(ctx context.Context, g *group, length time.Duration, progress io.Writer) (int, error) {
	for _, e := range g.entrants {
		if e != g.warm && !e.sharesServer(g.warm) {
			if _, err := e.take(ctx, min(length, 2*time.Second)); err != nil {
				return 0, err
			}
		}
	}
	began := time.Now()
	first, err := g.warm.take(ctx, 0)
	if err != nil {
		return 0, err
	}
	g.warm.turns = append(g.warm.turns, first)
	fmt.Fprintf(progress, "gate401: %s: %s\n", g.warm.name, time.Since(began).Round(time.Second))
	var longest time.Duration
	for round := range st.settings.rounds {
		at := time.Now()
		if at.Add(longest).Sub(began) > g.memory {
			return round, nil
		}
		if err := g.round(ctx, round, length); err != nil {
			return round, err
		}
		longest = max(longest, time.Since(at))
		fmt.Fprintf(progress, "gate401: %s: round %d of %d, %s\n", g.name, round+1, st.settings.rounds, time.Since(began).Round(time.Second))
	}
	return st.settings.rounds, nil
}

// sharesServer tells whether two have a server in common.
func (e *entrant) sharesServer(with *entrant) bool {
	return slices.ContainsFunc(e.servers, func(p *rig.Process) bool { return slices.Contains(with.servers, p) })
}

// atRest measures memory before anybody asked anything, and how long a start
// takes.
func (st *stage) atRest(ctx context.Context) error {
	fresh := map[*rig.Process]*int64{st.facts.many: &st.facts.idleMany}
	if !st.wanted("start and memory") {
		return nil
	}
	time.Sleep(settle)
	for p, at := range fresh {
		u, err := rig.UsageOf(p.PID)
		if err != nil {
			return err
		}
		*at = u.Resident
	}
	idle := []float64{}
	for i := range max(5, min(st.settings.rounds, 10)) {
		begun := time.Now()
		p, err := st.gate(ctx, "gate-start-"+strconv.Itoa(i), "gate.db", 10)
		if err != nil {
			return err
		}
		a, err := ask(ctx, p.Addr, "/open/7")
		if err != nil || a.Status != http.StatusOK {
			return fmt.Errorf("the first answer was %d: %w", a.Status, err)
		}
		st.facts.starts = append(st.facts.starts, float64(time.Since(begun).Microseconds())/1e3)
		if i < 3 {
			time.Sleep(settle)
			u, err := rig.UsageOf(p.PID)
			if err != nil {
				return err
			}
			idle = append(idle, float64(u.Resident)/(1<<20))
		}
		if err := p.Stop(); err != nil {
			return err
		}
	}
	st.rows = append(st.rows,
		&row{work: "memory when idle", goal: "under 40 MiB", group: "start and memory", kind: atMost, want: 40, unit: "MiB", figures: idle},
		&row{work: "start to the first answer, existing store", goal: "under 100 ms", group: "start and memory", kind: atMost, want: 100, unit: "ms", figures: st.facts.starts},
		&row{work: "memory when idle, " + thousands(st.settings.keys) + " keys stored", goal: "under 40 MiB", group: "start and memory", kind: atMost, want: 40, unit: "MiB",
			figures: []float64{float64(st.facts.idleMany) / (1 << 20)}})
	return nil
}

// wanted tells whether a group of that name is measured at all.
func (st *stage) wanted(name string) bool {
	return st.settings.only == "" || strings.Contains(name, st.settings.only)
}

// profile lets everybody take one more turn with perf beside it. The program has
// no endpoint for profiles, and needs none: perf reads its symbols, if it was not
// stripped.
func (st *stage) profile(ctx context.Context, length time.Duration, progress io.Writer) error {
	dir, err := filepath.Abs(st.settings.profile)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, g := range st.groups {
		for _, e := range g.entrants {
			if e == g.warm {
				continue // there is no second first time
			}
			base := filepath.Join(dir, strings.TrimSuffix(filepath.Base(e.script), ".lua"))
			var pids []string
			for _, p := range e.servers {
				pids = append(pids, strconv.Itoa(p.PID))
			}
			perf := exec.CommandContext(ctx, "perf", "record", "-q", "-F", "999", "-g", "-o", base+".data", "-p", strings.Join(pids, ","),
				"--", "sleep", strconv.Itoa(int(length/time.Second)))
			if err := perf.Start(); err != nil {
				return err
			}
			_, err := e.take(ctx, length+time.Second)
			if err := errors.Join(err, perf.Wait()); err != nil {
				return fmt.Errorf("profile of %s: %w", e.name, err)
			}
			text, err := exec.CommandContext(ctx, "perf", "report", "-i", base+".data", "--stdio", "--no-children", "-g", "none", "--percent-limit", "0.3").Output()
			if err != nil {
				return fmt.Errorf("profile of %s: %w", e.name, err)
			}
			if err := os.WriteFile(base+".txt", text, 0o600); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(progress, "gate401: profiles are in %s\n", dir)
	return nil
}
