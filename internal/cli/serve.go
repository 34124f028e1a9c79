package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/build"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/server"
)

func (a *app) serve() *cobra.Command {
	var w where
	var upstream, listen, admin, format string
	cmd := &cobra.Command{
		Use:   "serve [-c FILE] [--upstream URL]",
		Short: "Protect an API",
		Long: "Stands in front of the API at --upstream and lets through what the rules allow. It needs no file: without one, every request " +
			"needs some proof, the records are in gate401.db, and the first start makes an administrator and prints the password once.\n\n" +
			"Flags outrank the file. When the file changes, or at SIGHUP, it is read again: a good one replaces what is in force without a request " +
			"being lost, a bad one changes nothing and the log says why. SIGINT and SIGTERM finish what is under way and end it.",
		Example: `gate401 serve --upstream http://127.0.0.1:3000
gate401 serve -c gate401.yaml --listen 127.0.0.1:0`,
		Args: wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags := []serveFlag{
				{"upstream", upstream, "gate.upstream", func(c *config.File) *string { return &c.Gate.Upstream }},
				{"listen", listen, "gate.listen", func(c *config.File) *string { return &c.Gate.Listen }},
				{"admin-listen", admin, "admin.listen", func(c *config.File) *string { return &c.Admin.Listen }},
				{"store", w.store, "storage.records", func(c *config.File) *string { return &c.Storage.Records }},
				{"log-format", format, "log.format", func(c *config.File) *string { return &c.Log.Format }},
			}
			cfg, name, err := a.serveConfig(w.file, flags)
			if err != nil {
				return err
			}
			if w.file == "" && name != "" {
				a.say("using %s", name)
			}
			hangup, done := a.reloads()
			defer done()
			o := server.Options{
				Config: cfg, File: name, Version: a.Version, Stdout: a.Out, Stderr: a.Err, Terminal: isTerminal(a.Err), Colour: a.color(a.Err),
				Flags: outranking(flags), Hangup: hangup, Env: a.Env,
			}
			if name != "" {
				o.Read = func() (*config.File, error) {
					cfg, _, err := a.serveConfig(name, flags)
					return cfg, err
				}
			}
			return a.served(server.Serve(cmd.Context(), o))
		},
	}
	f := cmd.Flags()
	f.StringVar(&upstream, "upstream", "", "the API to protect: `URL`")
	f.StringVar(&listen, "listen", "", "where clients connect: `ADDR` (default 127.0.0.1:8401); port 0 picks a free one")
	f.StringVar(&admin, "admin-listen", "", "where operators connect: `ADDR` (default 127.0.0.1:8402)")
	f.StringVar(&format, "log-format", "", "`FORM` of the log: text, json, or auto for text on a terminal")
	_ = cmd.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{"auto", "json", "text"}, cobra.ShellCompDirectiveNoFileComp))
	w.flags(cmd)
	return cmd
}

// serveFlag is a flag that outranks a key of the file.
type serveFlag struct {
	flag, value, key string
	to               func(*config.File) *string
}

// outranking are the flags that were given, by the key that they outrank.
func outranking(flags []serveFlag) map[string]string {
	out := map[string]string{}
	for _, f := range flags {
		if f.value != "" {
			out[f.key] = f.flag
		}
	}
	return out
}

// serveConfig reads the file and lets the flags outrank it. name is the file
// that was read, empty for the defaults.
func (a *app) serveConfig(file string, flags []serveFlag) (cfg *config.File, name string, err error) {
	if cfg, name, err = readConfig(file); err != nil {
		return nil, "", err
	}
	for _, f := range flags {
		if f.value != "" {
			*f.to(cfg) = f.value
		}
	}
	cfg.Storage.Resolve(whole("."))
	return cfg, name, checkServe(cfg, outranking(flags))
}

// checkServe judges what the flags made of the file. flags are those that were
// given, by the key that they outrank: their faults are wrong use.
func checkServe(cfg *config.File, flags map[string]string) error {
	if cfg.Gate.Upstream == "" && !cfg.Forward.On() {
		return usagef(`gate401 serve --upstream http://127.0.0.1:3000, or "gate401 demo" to see one with an API of its own`,
			"there is no API to protect: no upstream was given")
	}
	if at := cfg.Gate.Upstream; at != "" && len(cfg.Upstreams) == 0 && !strings.Contains(at, "://") {
		return usagef("--upstream http://127.0.0.1:3000", "the upstream %q is no URL with scheme and host", at)
	}
	err := cfg.Check()
	var faults config.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			if flag := flags[f.Path]; flag != "" {
				return usagef(f.Hint, "--%s: %s", flag, f.Message)
			}
		}
	}
	if err != nil {
		return err
	}
	// What start would find only after it made the records.
	_, err = build.Check(cfg)
	return err
}

// served gives the errors of a start the hints that help.
func (a *app) served(err error) error {
	if err == nil {
		return nil
	}
	var f *failure
	if errors.As(err, &f) {
		return err
	}
	return fail(ExitProblems, err, hintsFor(err)...)
}
