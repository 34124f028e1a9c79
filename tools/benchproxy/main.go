// Command benchproxy measures gate401 side by side with what it is compared
// with: HAProxy, nginx, a bare httputil.ReverseProxy and a bare net/http handler.
//
// Start it with "make bench-proxy", which builds the gate and installs what is
// missing. Every server has the first core for itself, load and upstream share
// the second; what is compared takes turns, round by round, and the CPU time per
// request is that of the whole server process.
//
// It measures on Linux alone, on loopback addresses, and says nothing about
// networks or many cores.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// Exit statuses.
const (
	exitWrongUse  = 2
	exitUntested  = 3
	exitFailed    = 1
	defaultRounds = 10
)

// settings are what the flags say.
type settings struct {
	binary   string
	rounds   int
	seconds  int
	keys     int
	only     string
	json     string
	markdown string
	profile  string
	dir      string
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "role" {
		os.Exit(play(os.Args[2], os.Args[3:], os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, out, progress io.Writer) int {
	var s settings
	f := flag.NewFlagSet("benchproxy", flag.ContinueOnError)
	f.SetOutput(progress)
	f.StringVar(&s.binary, "binary", "./gate401", "the gate, as it is delivered")
	f.IntVar(&s.rounds, "rounds", defaultRounds, "how often everything takes its turn")
	f.IntVar(&s.seconds, "seconds", 3, "how long each turn is")
	f.IntVar(&s.keys, "keys", 1_000_000, "API keys of the large store")
	f.StringVar(&s.only, "only", "", "a regular expression: only rows and groups that match")
	f.StringVar(&s.json, "json", "", "write everything as JSON to this file")
	f.StringVar(&s.markdown, "markdown", "", "write the tables as Markdown to this file")
	f.StringVar(&s.profile, "profile", "", "write a profile of every server (perf record) to this folder")
	f.StringVar(&s.dir, "dir", "", "keep files here instead of a temporary folder")
	if err := f.Parse(args); err != nil {
		return exitWrongUse
	}
	if f.NArg() > 0 || s.rounds < 1 || s.seconds < 1 || s.keys < 1000 {
		fmt.Fprintln(progress, "gate401: error: rounds and seconds are at least 1, keys at least 1000, and nothing follows the flags")
		return exitWrongUse
	}
	if err := ready(s); err != nil {
		fmt.Fprintf(progress, "gate401: error: %v\n", err)
		return exitUntested
	}
	report, err := bench(ctx, s, progress)
	if report != nil {
		err = errors.Join(err, report.write(s, out))
	}
	if err != nil {
		fmt.Fprintf(progress, "gate401: error: %v\n", err)
		return exitFailed
	}
	return 0
}

// ready tells what is missing.
func ready(s settings) error {
	var faults []error
	if runtime.GOOS != "linux" {
		faults = append(faults, errors.New("CPU times are read from /proc: this measures on Linux alone"))
	}
	if runtime.NumCPU() < 2 {
		faults = append(faults, errors.New("two cores are needed: one for the server, one for load and upstream"))
	}
	if _, err := os.Stat(s.binary); err != nil {
		faults = append(faults, fmt.Errorf("%w\ngate401: hint: make build", err))
	}
	for _, c := range []struct{ command, pkg string }{{"wrk", "wrk"}, {"haproxy", "haproxy"}, {"nginx", "nginx"}, {"taskset", "util-linux"}} {
		if command(c.command) == "" {
			faults = append(faults, fmt.Errorf("%s is not installed\ngate401: hint: apt-get install %s", c.command, c.pkg))
		}
	}
	if s.profile != "" && command("perf") == "" {
		faults = append(faults, errors.New("perf is not installed\ngate401: hint: apt-get install linux-perf"))
	}
	return errors.Join(faults...)
}

// command finds a command, also among those of the administrator.
func command(name string) string {
	for _, dir := range []string{"", "/usr/sbin/", "/usr/local/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	return ""
}

// bench makes the stage, lets everything take its turns, and takes it down.
func bench(ctx context.Context, s settings, progress io.Writer) (*report, error) {
	dir := s.dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "gate401-bench-"); err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
	}
	began := time.Now()
	st, err := newStage(ctx, s, dir, progress)
	if st != nil {
		defer st.close()
	}
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "gate401: the stage took %s\n", time.Since(began).Round(time.Second))
	return st.measure(ctx, progress)
}
