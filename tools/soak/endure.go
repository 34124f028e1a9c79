package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"
)

// workers is how many clients there are beside those of streams.
const workers = 32

// remembered is how many tokens a gate remembers at most (authn.DefaultEntries),
// and some: until then its memory grows, as it should.
const remembered = 110_000

// lasting is ctx for that long. It tells nobody when it will end: a connection that
// knows the time may give up a moment before the context itself is over, and then it
// looks as if the gate had not answered.
func lasting(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	end := time.AfterFunc(d, cancel)
	return ctx, func() {
		end.Stop()
		cancel()
	}
}

// fill has the gate remember as much as it ever will.
func (st *stage) fill(ctx context.Context, progress io.Writer) {
	k := &kind{"token seen once, before", 0, st.fresh, []int{200}, true}
	t := st.tallies.get(k.name)
	began := time.Now()
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range remembered / workers {
				if ctx.Err() == nil {
					st.once(ctx, k, t)
				}
			}
		})
	}
	all.Wait()
	fmt.Fprintf(progress, "gate401: %d different tokens in %s\n", t.done.Load(), time.Since(began).Round(time.Second))
}

// capacity is how many requests a second are answered if clients send as fast as
// they can.
func (st *stage) capacity(ctx context.Context, progress io.Writer) (float64, error) {
	length := min(10*time.Second, max(time.Second, st.settings.duration/10))
	if st.settings.duration >= telling {
		st.fill(ctx, progress)
	}
	// Once before, so that the password is known and the keys are.
	for _, k := range st.kinds() {
		st.once(ctx, &k, st.tallies.get(k.name))
	}
	before, _ := st.tallies.total()
	limited, cancel := lasting(ctx, length)
	defer cancel()
	began := time.Now()
	st.workers(limited, workers, 0)
	after, wrong := st.tallies.total()
	rate := float64(after-before) / time.Since(began).Seconds()
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	fmt.Fprintf(progress, "gate401: %.0f requests a second beside everything else on this machine, %d wrong\n", rate, wrong)
	if rate < 1 {
		return 0, errors.New("nothing was answered")
	}
	return rate, nil
}

// endure keeps the gate busy, waits until all is quiet, and judges.
func (st *stage) endure(ctx context.Context, rate, capacity float64, progress io.Writer) (*verdict, error) {
	d, err := newDiary(st.settings.dir)
	if err != nil {
		return nil, err
	}
	defer d.file.Close()
	began := time.Now()
	if err := d.add(st.atFirst); err != nil {
		return nil, err
	}
	before := st.atFirst
	fmt.Fprintf(progress, "gate401: %.0f requests a second; the gate began with %d goroutines, %d files, %.1f MiB\n", rate, before.Goroutines, before.Files, before.RSS)
	earlier, _ := st.tallies.total()
	load, cancel := lasting(ctx, st.settings.duration)
	defer cancel()
	loaded := time.Now()
	var all sync.WaitGroup
	all.Go(func() { st.workers(load, workers, rate) })
	all.Go(func() { st.hold(load) })
	all.Go(func() {
		st.chores(load, min(time.Minute, st.settings.duration/5), min(5*time.Minute, st.settings.duration/4))
	})
	every := min(5*time.Second, max(200*time.Millisecond, st.settings.duration/20))
	for said := time.Now(); load.Err() == nil; sleep(load, every) {
		s, err := st.look(context.WithoutCancel(ctx), began, "load")
		if err = errors.Join(err, st.gate.Err()); err == nil {
			err = d.add(s)
		}
		if err != nil {
			cancel()
			all.Wait()
			return nil, fmt.Errorf("%w\n%s", err, st.log)
		}
		if time.Since(said) > time.Minute {
			said = time.Now()
			fmt.Fprintf(progress, "gate401: %s: %d requests, %d wrong, %.1f MiB, %d goroutines, %d files\n", time.Since(loaded).Round(time.Second), s.Done, s.Wrong, s.RSS, s.Goroutines, s.Files)
		}
	}
	took := time.Since(loaded)
	all.Wait()
	// Whoever interrupts the load still wants to know what is left.
	if err := st.quiet(context.WithoutCancel(ctx), d, began, before); err != nil {
		return nil, err
	}
	v := st.judge(d, took, rate, capacity)
	v.done -= earlier
	v.early = ctx.Err() != nil
	return v, d.draw(filepath.Join(st.settings.dir, "soak.svg"))
}

// quiet lets go of idle connections and waits until there are no more goroutines
// and files than there were.
func (st *stage) quiet(ctx context.Context, d *diary, began time.Time, before sample) error {
	for from := time.Now(); time.Since(from) < st.settings.settle; sleep(ctx, min(time.Second, st.settings.settle/30)) {
		st.client.CloseIdleConnections()
		st.guesser.CloseIdleConnections()
		s, err := st.look(ctx, began, "after")
		if err == nil {
			err = d.add(s)
		}
		if err != nil || (s.Goroutines <= before.Goroutines+left && s.Files <= before.Files+left) {
			return err
		}
	}
	return nil
}
