package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gate401/gate401/e2e/program"
)

var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// A few seconds of it: every kind of client gets what it should, and the report
// says so. Whether something grows takes longer to tell.
func TestSoak(t *testing.T) {
	// A slow machine needs longer until each was there once.
	for _, duration := range []time.Duration{8 * time.Second, 40 * time.Second, 3 * time.Minute} {
		missing := try(t, duration)
		if t.Failed() || len(missing) == 0 {
			return
		}
		t.Logf("not once in %s: %q", duration, missing)
	}
	t.Error("something was never done")
}

// try returns what was not done.
func try(t *testing.T, duration time.Duration) (missing []string) {
	dir := t.TempDir()
	// The gate keeps idle connections to the API for longer than a test may take.
	v, err := soak(t.Context(), settings{binary: binary, dir: dir, duration: duration, rate: 200, settle: time.Second}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.faults {
		if !strings.HasPrefix(f, "left behind: ") {
			t.Error(f)
		}
	}
	if len(v.names) < 20 || v.done == 0 {
		t.Errorf("%d requests of %d kinds", v.done, len(v.names))
	}
	for _, name := range v.names {
		if v.tallies[name].done.Load() == 0 {
			missing = append(missing, name)
		}
	}
	f, err := os.Open(filepath.Join(dir, "soak.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 5 {
		t.Errorf("%d samples, %v", len(rows), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "soak.svg")); err != nil {
		t.Error(err)
	}
	return missing
}
