package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gate401/gate401/internal/config"
)

// loader reads the configuration file of that name. The paths in it begin in its
// folder and become whole ones, so that what is said of them is clear wherever
// somebody reads it.
func loader(name string) *config.Loader {
	return &config.Loader{Dir: whole(filepath.Dir(name))}
}

// whole is the absolute path; the path itself where the system does not say what
// the current folder is.
func whole(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// outrank lets --store outrank the file. Its path begins where the command was
// called.
func (w where) outrank(cfg *config.File) {
	if w.store != "" {
		cfg.Storage.Records = w.store
		cfg.Storage.Resolve(whole("."))
	}
}

// flagsAgain are the flags that lead another command to the same records.
func (w where) flagsAgain() string {
	text := ""
	if w.file != "" {
		text += " -c " + word(w.file)
	}
	if w.store != "" {
		text += " --store " + word(w.store)
	}
	return text
}

// word is an argument for a shell.
func word(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:=@%+,", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// noRecords says that there are none, and who makes them. Other commands do not:
// in the wrong folder they would make records of which no gate knows.
func (w where) noRecords(path string) error {
	err := fmt.Errorf("there are no records here: %s does not exist", path)
	restored := `"gate401 restore BACKUP` + w.flagsAgain() + `" puts those of a backup in place`
	if w != (where{}) {
		return fail(ExitProblems, err, `check the path; "gate401 serve`+w.flagsAgain()+`" makes them at its first start, `+restored)
	}
	return fail(ExitProblems, err, "name the file of the gate with -c FILE, or its records with --store sqlite:FILE",
		`"gate401 serve" makes new ones at its first start, "gate401 user add NAME" before it, in this folder; `+restored)
}
