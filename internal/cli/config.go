package cli

import (
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

func yamlFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
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
