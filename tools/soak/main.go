// Command soak runs gate401 for an hour with everything on, at half of what it
// can do, and tells at the end whether anything grew, was left behind or went
// wrong: memory, goroutines, open files, answers.
//
// Start it with "make soak"; DURATION changes how long it runs. It starts the
// real program, an API behind it and the clients in front of it, on loopback
// addresses, and writes soak.csv, soak.svg and soak.txt.
//
// It measures endurance, not speed; see tools/benchproxy for that.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// Exit statuses.
const (
	exitFailed   = 1
	exitWrongUse = 2
)

// settings are what the flags say.
type settings struct {
	binary   string
	dir      string
	duration time.Duration
	rate     float64 // the most requests a second
	nice     int
	settle   time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var s settings
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.SetOutput(errs)
	f.StringVar(&s.binary, "binary", "./gate401", "the gate, as it is delivered")
	f.StringVar(&s.dir, "dir", "soak", "where its files go")
	f.DurationVar(&s.duration, "duration", time.Hour, "how long")
	f.Float64Var(&s.rate, "rate", 3000, "requests a second at most, if half of what it can do is more")
	f.IntVar(&s.nice, "nice", 10, "by how much the priority is lowered")
	f.DurationVar(&s.settle, "settle", 3*time.Minute, "how long connections may take to end after the load")
	if err := f.Parse(args); err != nil {
		return exitWrongUse
	}
	if f.NArg() > 0 || s.duration < time.Second || s.duration > 24*time.Hour || s.rate <= 0 {
		fmt.Fprintln(errs, "gate401: error: a soak takes between a second and a day, and some requests")
		return exitWrongUse
	}
	v, err := soak(ctx, s, errs)
	if v != nil {
		text := v.String()
		fmt.Fprint(out, text)
		err = errors.Join(err, os.WriteFile(filepath.Join(s.dir, "soak.txt"), []byte(text), 0o600))
	}
	if err != nil {
		fmt.Fprintf(errs, "gate401: error: %v\n", err)
	}
	if err != nil || !v.good() {
		return exitFailed
	}
	return 0
}

// soak starts everything, keeps it busy, and judges what is left.
func soak(ctx context.Context, s settings, progress io.Writer) (*verdict, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return nil, err
	}
	if s.binary, err = filepath.Abs(s.binary); err != nil {
		return nil, err
	}
	records, err := os.MkdirTemp(s.dir, "records-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(records)
	st, err := newStage(ctx, s, records)
	if err != nil {
		return nil, err
	}
	defer st.close()
	fmt.Fprintf(progress, "gate401: the gate is process %d; %s, then up to %s until all is quiet\n", st.gate.PID, s.duration, s.settle)
	rate, err := st.capacity(ctx, progress)
	if err != nil {
		return nil, err
	}
	return st.endure(ctx, min(rate/2, s.rate), rate, progress)
}
