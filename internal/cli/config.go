package cli

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/loopback"
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
	if w := noLogin(cfg); w != "" {
		out = append(out, w)
	}
	if w := noName(cfg); w != "" {
		out = append(out, w)
	}
	return out
}

// noLogin tells of people who will see a login page and cannot use it: a browser is
// given the cookie of a session by https, or by http from this machine alone.
func noLogin(cfg *config.File) string {
	m, ok := cfg.Session()
	if !ok {
		return ""
	}
	if cfg.Gate.PublicURL != "" {
		if u, err := url.Parse(cfg.Gate.PublicURL); err == nil && u.Scheme == "http" && !loopback.Only(u.Hostname()) {
			return fmt.Sprintf("methods.%s: nobody can log in at %s, for a session needs https; write in gate.public_url what browsers show", m.Name, cfg.Gate.PublicURL)
		}
		return ""
	}
	host, _, err := net.SplitHostPort(cfg.Gate.Listen)
	if err != nil || loopback.Only(host) || cfg.TLS.On() || cfg.Forward.On() || len(cfg.Gate.TrustedProxies) > 0 {
		return ""
	}
	return fmt.Sprintf("methods.%s: nobody can log in from another machine, for a session needs https; add tls, or name what adds it: gate.public_url or gate.trusted_proxies", m.Name)
}

// noName tells of a gate that others reach and that does not know by which URL:
// what is the same for everybody, the links in refusals and the issuer of tokens,
// then names the listener.
func noName(cfg *config.File) string {
	host, _, err := net.SplitHostPort(cfg.Gate.Listen)
	near := err != nil || loopback.Only(host)
	if cfg.Gate.PublicURL != "" || len(cfg.TLS.ACME.Hosts) > 0 || near && len(cfg.Gate.TrustedProxies) == 0 && !cfg.Forward.On() {
		return ""
	}
	u, err := cfg.Public(cfg.Gate.Listen)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("gate.public_url: the links in refusals and the issuer of tokens are %s, which clients on other machines cannot use; write the URL that they use", u)
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
