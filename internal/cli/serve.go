package cli

import (
	"errors"
	"net/url"

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
			"Flags outrank the file. SIGINT and SIGTERM finish what is under way and end it.",
		Example: `gate401 serve --upstream http://127.0.0.1:3000
gate401 serve -c gate401.yaml --listen 127.0.0.1:0`,
		Args: wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, name, err := readConfig(w.file)
			if err != nil {
				return err
			}
			if w.file == "" && name != "" {
				a.say("using %s", name)
			}
			given := map[string]string{}
			for _, x := range []struct {
				flag, value, key string
				to               *string
			}{
				{"upstream", upstream, "gate.upstream", &cfg.Gate.Upstream},
				{"listen", listen, "gate.listen", &cfg.Gate.Listen},
				{"admin-listen", admin, "admin.listen", &cfg.Admin.Listen},
				{"store", w.store, "storage.records", &cfg.Storage.Records},
				{"log-format", format, "log.format", &cfg.Log.Format},
			} {
				if x.value != "" {
					*x.to, given[x.key] = x.value, x.flag
				}
			}
			if err := checkServe(cfg, given); err != nil {
				return err
			}
			return a.served(server.Serve(cmd.Context(), server.Options{
				Config: cfg, Version: a.Version, Stdout: a.Out, Stderr: a.Err, Terminal: isTerminal(a.Err), Colour: a.color(a.Err),
			}))
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

// checkServe judges what the flags made of the file. flags are those that were
// given, by the key that they outrank: their faults are wrong use.
func checkServe(cfg *config.File, flags map[string]string) error {
	if cfg.Gate.Upstream == "" {
		return usagef(`gate401 serve --upstream http://127.0.0.1:3000, or "gate401 demo" to see one with an API of its own`,
			"there is no API to protect: no upstream was given")
	}
	if u, err := url.Parse(cfg.Gate.Upstream); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return usagef("--upstream http://127.0.0.1:3000", "the upstream %q is no URL with scheme and host", cfg.Gate.Upstream)
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
