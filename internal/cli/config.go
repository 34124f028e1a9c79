package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
)

func (a *app) config() *cobra.Command {
	return a.group("config", "Check and show the configuration",
		"The configuration is one YAML file, and all of it may be left out.",
		a.configCheck(), a.configShow(), a.configRule(), a.configSchema())
}

func (a *app) configCheck() *cobra.Command {
	var asJSON bool
	var file string
	cmd := &cobra.Command{
		Use:   "check [FILE|-]",
		Short: "Find all faults of a configuration file",
		Long:  "Reads gate401.yaml, or the file that is given, as argument or with -c, and names every fault with its line and column.",
		Args:  wants(0, 1, ""),
		RunE: func(_ *cobra.Command, args []string) error {
			name := defaultFile
			switch {
			case len(args) == 1 && file != "":
				return usagef("usage: gate401 config check FILE", "check: the file is given twice, as argument and with -c")
			case len(args) == 1:
				name = args[0]
			case file != "":
				name = file
			}
			data, name, err := a.readFile(name)
			if err != nil {
				return err
			}
			cfg, err := config.Examine(name, data)
			var faults config.Faults
			if err != nil && !errors.As(err, &faults) {
				return err
			}
			warnings := []string{}
			if err != nil {
				faults = build.Beyond(cfg, faults)
			} else {
				warnings = warningsOf(cfg)
				lint, err := build.Check(cfg)
				if err != nil && !errors.As(err, &faults) {
					return err
				}
				for _, w := range lint {
					warnings = append(warnings, lintLine(w))
				}
			}
			if asJSON {
				return verdict(len(faults) == 0, a.json(newCheck(name, faults, warnings)))
			}
			a.print(faults.Detail())
			for _, w := range warnings {
				a.print(a.style.Yellow("warning") + ": " + w + "\n")
			}
			if len(faults) > 0 {
				a.say("%s: %s", name, counted(len(faults), "fault", "faults"))
				return found{}
			}
			a.say("%s is fine", name)
			return nil
		},
		ValidArgsFunction: yamlFiles,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVarP(&file, "config", "c", "", "the configuration `FILE`, as in other commands")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
	return cmd
}

func yamlFiles(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// readFile reads a named file, or standard input for "-".
func (a *app) readFile(name string) ([]byte, string, error) {
	if name == "-" {
		data, err := io.ReadAll(io.LimitReader(a.In, config.MaxSize+1))
		return data, "standard input", err
	}
	data, err := os.ReadFile(name)
	return data, name, missing(err, name)
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
}

func newCheck(name string, faults config.Faults, warnings []string) check {
	c := check{File: name, Valid: len(faults) == 0, Errors: []checkFault{}, Warnings: warnings}
	for _, e := range faults {
		c.Errors = append(c.Errors, checkFault{e.Line, e.Column, e.Path, e.Message, e.Hint})
	}
	return c
}

// warningsOf names what is allowed and seldom wise.
func warningsOf(cfg *config.File) []string {
	out := []string{}
	if cfg.Gate.DangerouslyPlainHTTP {
		out = append(out, "gate.dangerously_plain_http: credentials cross the network in clear, unless something in front adds TLS")
	}
	if cfg.Admin.DangerouslyOpen {
		out = append(out, "admin.dangerously_open: whoever reaches the admin listener reads the traces; it asks for no credential")
	}
	if cfg.Gate.KeepCredentials {
		out = append(out, "gate.keep_credentials: the upstream sees every password and token")
	}
	out = append(out, build.CertificateDoubts(cfg)...)
	if cfg.Storage.Records == "memory" {
		out = append(out, "storage.records: accounts and keys are forgotten at the end")
	}
	for _, m := range cfg.Methods {
		if m.APIKey != nil && m.APIKey.Query != "" {
			out = append(out, fmt.Sprintf("methods.%s.query: keys in addresses end up in logs and histories", m.Name))
		}
	}
	if cfg.Default.Allow == "anyone" {
		out = append(out, "default.allow: whatever no rule matches is open to anyone")
	}
	return out
}

// lintLine is a warning about a rule, with what to do about it.
func lintLine(w access.Warning) string {
	line := fmt.Sprintf("rules[%d].%s (%s): %s", w.Index, w.Field, w.Rule, w.Message)
	if w.Index < 0 {
		line = fmt.Sprintf("default.%s: %s", w.Field, w.Message)
	}
	if w.Hint != "" {
		line += "; " + w.Hint
	}
	return line
}

func (a *app) configShow() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the configuration in force, defaults included, without secrets",
		Args:  wants(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			cfg, name, err := readConfig(file)
			if err != nil {
				return err
			}
			if asJSON {
				// null for the defaults.
				out := struct {
					File *string `json:"file"`
					YAML string  `json:"yaml"`
				}{YAML: string(config.Show(cfg))}
				if name != "" {
					out.File = &name
				}
				return a.json(out)
			}
			if name == "" {
				a.say("there is no %s; these are the defaults", defaultFile)
			}
			a.print(string(config.Show(cfg)))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: the file, and the configuration as text")
	cmd.Flags().StringVarP(&file, "config", "c", "", "the configuration `FILE` (default gate401.yaml, if there is one)")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
	return cmd
}

func (a *app) configSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the file, for editors",
		Example: `gate401 config schema > gate401.schema.json
# then, on the first line of gate401.yaml
# yaml-language-server: $schema=gate401.schema.json`,
		Args: wants(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			a.print(string(config.Schema()))
			return nil
		},
	}
}
