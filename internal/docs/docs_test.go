package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/cli"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/reason"
	"github.com/google/go-cmp/cmp"
)

// What is written down is what the code says now. "make docs" writes it anew.
func TestDocumentsAreNotStale(t *testing.T) {
	for _, d := range all() {
		written, err := os.ReadFile(filepath.Join("..", "..", "docs", d.name))
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(string(written), d.text()); diff != "" {
			t.Errorf("docs/%s is stale (-written +code), run: make docs\n%s", d.name, diff)
		}
	}
}

func TestDocumentsAreDeterministic(t *testing.T) {
	for _, d := range all() {
		if first, second := d.text(), d.text(); first != second {
			t.Errorf("%s differs from one run to the next", d.name)
		}
	}
}

// The README counts what "mock --list" lists, and what explain knows.
func TestReadmeCounts(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("[%d scenarios](docs/mock.md)", len(scenario.All())), fmt.Sprintf("[%d causes](docs/explain.md)", len(diagnose.Rules())),
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("README.md does not say %s", want)
		}
	}
}

// Every heading that a document links to exists, and every entry has one.
func TestNothingIsLeftOut(t *testing.T) {
	text := reasons()
	for _, i := range reason.All() {
		if !strings.Contains(text, "\n## "+string(i.Code)+"\n") {
			t.Errorf("reasons.md has no section %s", i.Code)
		}
	}
	text = findings()
	for _, f := range httpauth.Findings() {
		if !strings.Contains(text, "| `"+string(f.ID)+"` |") {
			t.Errorf("findings.md has no row %s", f.ID)
		}
	}
	text = commands()
	var each func(c cli.Command)
	each = func(c cli.Command) {
		if strings.HasPrefix(c.Path, "gate401 completion") {
			return
		}
		if c.Path != "gate401" && !strings.Contains(text, "\n## "+c.Path+"\n") {
			t.Errorf("commands.md has no section %s", c.Path)
		}
		for _, sub := range c.Commands {
			each(sub)
		}
	}
	each(cli.Tree())
	for _, key := range []string{"`gate.listen`", "`methods.NAME.type`", "`rules[].owner`", "`defend.account.attempts`"} {
		if text := configuration(); !strings.Contains(text, key) {
			t.Errorf("config.md does not name %s", key)
		}
	}
}
