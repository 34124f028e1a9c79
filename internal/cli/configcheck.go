package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
)

func (a *app) configCheck() *cobra.Command {
	var asJSON, quiet, strict bool
	var file string
	cmd := &cobra.Command{
		Use:   "check [FILE...]",
		Short: "Find all faults of a configuration file",
		Long: "Reads gate401.yaml, or the files that are given, as arguments or with -c, and names every fault with its line and column. " +
			"\"-\" is standard input. It looks into the files that the configuration names too, and opens no records and no connection.\n\n" +
			"It ends with 1 if there is a fault, with --strict also if there is a warning, and with 2 if a file cannot be read: made for the CI of " +
			"whoever keeps the file.",
		Example: `gate401 config check
gate401 config check --quiet --strict staging.yaml production.yaml
render-my-template | gate401 config check --json -`,
		Args: wants(0, -1, ""),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 0 && file != "":
				return usagef("usage: gate401 config check FILE...", "check: the file is given twice, as argument and with -c")
			case file != "":
				args = []string{file}
			case len(args) == 0:
				args = []string{defaultFile}
			}
			var all []check
			sound := true
			for _, name := range args {
				c, faults, err := a.checked(name)
				if err != nil {
					return err
				}
				all = append(all, c)
				sound = sound && c.Valid && (!strict || len(c.Warnings) == 0)
				if !asJSON {
					a.printCheck(c, faults, quiet)
				}
			}
			switch {
			case !asJSON:
				return verdict(sound, nil)
			case len(all) == 1:
				return verdict(sound, a.json(all[0]))
			}
			return verdict(sound, a.json(all))
		},
		ValidArgsFunction: yamlFiles,
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON: an object, or a list of them for several files")
	f.BoolVar(&quiet, "quiet", false, "say nothing of files without faults and warnings")
	f.BoolVar(&strict, "strict", false, "end with 1 if there is a warning, too")
	f.StringVarP(&file, "config", "c", "", "the configuration `FILE`, as in other commands")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
	return cmd
}

// checked examines one file.
func (a *app) checked(name string) (check, config.Faults, error) {
	data, name, err := a.readFile(name)
	if err != nil {
		return check{}, nil, err
	}
	cfg, err := loader(name).Examine(name, data)
	var faults config.Faults
	if err != nil && !errors.As(err, &faults) {
		return check{}, nil, err
	}
	warnings := []string{}
	if err != nil {
		faults = build.Beyond(cfg, faults)
	} else {
		warnings = warningsOf(cfg)
		lint, err := build.Check(cfg)
		if err != nil && !errors.As(err, &faults) {
			return check{}, nil, err
		}
		for _, w := range lint {
			warnings = append(warnings, lintLine(w))
		}
	}
	c := newCheck(name, faults, warnings)
	c.cfg = cfg
	return c, faults, nil
}

// printCheck is the report for a person.
func (a *app) printCheck(c check, faults config.Faults, quiet bool) {
	a.print(faults.Detail())
	for _, w := range c.Warnings {
		a.print(placed(c.cfg, w, a.style.Yellow("warning")+": "))
	}
	switch {
	case len(faults) > 0:
		a.say("%s: %s", c.File, counted(len(faults), "fault", "faults"))
	case !quiet && c.cfg != nil && c.cfg.Gate.Upstream == "" && !c.cfg.Forward.On():
		a.say("%s is fine; it names no API, so \"gate401 serve\" needs --upstream URL", c.File)
	case !quiet:
		a.say("%s is fine", c.File)
	case len(c.Warnings) > 0:
		a.say("%s: %s", c.File, counted(len(c.Warnings), "warning", "warnings"))
	}
}

// placed is a warning as faults are shown: with its place in the file and a mark
// below it, where the key that it begins with has one.
func placed(cfg *config.File, warning, head string) string {
	text := head + warning + "\n"
	end := strings.IndexAny(warning, " :(")
	if cfg == nil || end <= 0 {
		return text
	}
	at := cfg.Fault(warning[:end], "", "")
	if at.Line == 0 {
		return text
	}
	_, snippet, _ := strings.Cut(at.Detail(), "\n")
	return fmt.Sprintf("%s:%d:%d: %s%s", at.File, at.Line, at.Column, text, snippet)
}

type checkFault struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

type check struct {
	File     string       `json:"file"`
	Valid    bool         `json:"valid"`
	Errors   []checkFault `json:"errors"`
	Warnings []string     `json:"warnings"`

	cfg *config.File // whose warnings have a place
}

func newCheck(name string, faults config.Faults, warnings []string) check {
	c := check{File: name, Valid: len(faults) == 0, Errors: []checkFault{}, Warnings: warnings}
	for _, e := range faults {
		c.Errors = append(c.Errors, checkFault{e.Line, e.Column, e.Path, e.Message, e.Hint})
	}
	return c
}
