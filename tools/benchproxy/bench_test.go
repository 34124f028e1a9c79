package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gate401/gate401/e2e/program"
	"github.com/gate401/gate401/internal/component"
)

// binary is the gate. The other servers are this test binary, as TestMain says.
var binary string

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "role" {
		os.Exit(play(os.Args[2], os.Args[3:], os.Stderr))
	}
	os.Exit(program.Main(m, &binary))
}

// One short round of a few rows: everything starts, answers what it should and is
// counted. What the figures are, a busy machine cannot tell.
func TestRun(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.NumCPU() < 2 {
		t.Skip("it measures on Linux, on two cores")
	}
	component.Need(t, "wrk", "wrk")
	component.Need(t, "haproxy", "haproxy")
	component.Need(t, "nginx", "nginx")
	dir := t.TempDir()
	file, table := filepath.Join(dir, "out.json"), filepath.Join(dir, "out.md")
	var out bytes.Buffer
	status := run(t.Context(), []string{"-binary", binary, "-rounds", "1", "-seconds", "1", "-keys", "2000", "-only", "jwt es256|refuse none|auth_request|decision|rules",
		"-json", file, "-markdown", table, "-dir", dir}, &out, t.Output())
	if status != 0 {
		t.Fatalf("status %d\n%s", status, out.Bytes())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if r.Rounds != 1 || len(r.Rows) < 5 || len(r.Entrants) < 8 {
		t.Errorf("%d rounds, %d rows, %d entrants", r.Rounds, len(r.Rows), len(r.Entrants))
	}
	for _, e := range r.Entrants {
		if e.CPU.Median <= 0 || e.Rate.Median <= 0 || e.Resident <= 0 {
			t.Errorf("%s: %+v", e.Name, e)
		}
	}
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"haproxy es256", "refusing without credentials", "10,000 rules"} {
		if !strings.Contains(string(text), want) || !strings.Contains(out.String(), want) {
			t.Errorf("%q is in no table", want)
		}
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"-seconds", "x"}, {"more"}, {"-keys", "1"}} {
		var out bytes.Buffer
		if status := run(t.Context(), args, &out, &out); status != exitWrongUse {
			t.Errorf("%q: status %d\n%s", args, status, out.Bytes())
		}
	}
	var out bytes.Buffer
	if status := run(t.Context(), []string{"-binary", "/nowhere"}, &out, &out); status != exitUntested || !strings.Contains(out.String(), "make build") {
		t.Errorf("status %d\n%s", status, out.Bytes())
	}
}
