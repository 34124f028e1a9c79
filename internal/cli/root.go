package cli

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// root builds the tree of commands. Each file of the package adds one.
func (a *app) root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gate401",
		Short: "The whole life of an HTTP 401",
		Long: "gate401 stands in front of an API, checks who is asking, and answers the exactly right 401, 403 or 429.\n" +
			"It also explains the 401 of any other server.",
		Example: `# see everything at work, in two minutes
gate401 demo

# protect the API on port 3000
gate401 serve --upstream http://127.0.0.1:3000

# what does this mean?
gate401 explain token-expired
curl -sI https://api.example.com/ | gate401 explain -`,
		Version: a.Version,
		Args:    cobra.ArbitraryArgs,
		RunE:    a.which,
	}
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetFlagErrorFunc(flagError)
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		// "gate401 audit --help" would be the help of another command.
		if args := cmd.Flags().Args(); len(args) > 0 && cmd.HasAvailableSubCommands() {
			a.helpless = a.which(cmd, args)
			return
		}
		a.print(a.help(cmd))
	})
	cmd.SetUsageFunc(func(cmd *cobra.Command) error { a.print(a.help(cmd)); return nil })
	cmd.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run a gate"},
		&cobra.Group{ID: groupRecords, Title: "Keep its records"},
		&cobra.Group{ID: groupExplain, Title: "Understand a 401"},
		&cobra.Group{ID: groupCall, Title: "Call an API"},
		&cobra.Group{ID: groupOther, Title: "More"},
	)
	cmd.SetHelpCommand(a.helpCommand())
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			cmd.AddCommand(c)
		}
	}
	add(groupRun, a.demo(), a.serve(), a.mock(), a.init(), a.config(), a.health())
	add(groupRecords, a.user(), a.client(), a.key(), a.session(), a.token(), a.signingKey(), a.backup(), a.restore())
	add(groupExplain, a.explain(), a.reasons())
	add(groupCall, a.login(), a.logout(), a.call())
	add(groupOther, a.completion(), a.version())
	return cmd
}

const (
	groupRun     = "run"
	groupRecords = "records"
	groupExplain = "explain"
	groupCall    = "call"
	groupOther   = "other"
)

// which runs a command that only has others below it: without arguments it
// shows them, with one it says what could have been meant.
func (a *app) which(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		if !cmd.HasParent() {
			return cmd.Help()
		}
		return usagef(`"`+cmd.CommandPath()+` --help" says what each does`, "%s: which command? %s", spoken(cmd), strings.Join(names(cmd), ", "))
	}
	hint := `"` + cmd.CommandPath() + ` --help" lists the commands`
	if meant := closest(args[0], names(cmd)); meant != "" {
		hint = `did you mean "` + cmd.CommandPath() + " " + meant + `"?`
	}
	return usagef(hint, "there is no command %q", cmd.CommandPath()+" "+args[0])
}

func names(cmd *cobra.Command) []string {
	var all []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			all = append(all, c.Name())
		}
	}
	return all
}

// flagError makes an error of the flags one of wrong use, with the flag that
// was meant.
func flagError(cmd *cobra.Command, err error) error {
	hint := `"` + cmd.CommandPath() + ` --help" lists the flags`
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var all []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
		if meant := cmp.Or(sameFlag(unknown.GetSpecifiedName(), all), closest(unknown.GetSpecifiedName(), all)); meant != "" {
			hint = "did you mean --" + meant + "?"
		}
		if strings.Contains(cmd.UseLine(), " --") && strings.HasPrefix(cmd.Name(), "explain") {
			hint += ` What begins with a dash goes behind " -- ".`
		}
	}
	return usagef(hint, "%w", err)
}

// sameFlag is the flag of a command for which others have another name: what is
// issued lives for a time, what is made ends at one.
func sameFlag(name string, all []string) string {
	words := []string{"ttl", "expires", "expiry", "lifetime"}
	if !slices.Contains(words, name) {
		return ""
	}
	for _, w := range words {
		if slices.Contains(all, w) {
			return w
		}
	}
	return ""
}

// spoken is what errors call a command: as it is typed, without the program.
func spoken(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// wants checks the number of arguments and says what is missing.
func wants(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		usage := "usage: " + useLine(cmd)
		switch {
		case len(args) < least:
			return usagef(usage, "%s: %s is missing", spoken(cmd), what)
		case most >= 0 && len(args) > most:
			return usagef(usage, "%s: too many arguments", spoken(cmd))
		}
		return nil
	}
}

// group makes a command that only has others below it.
func (a *app) group(use, short, long string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: long, Args: cobra.ArbitraryArgs, RunE: a.which}
	cmd.AddCommand(commands...)
	return cmd
}

// exclusive lets at most one of the flags be given.
func exclusive(cmd *cobra.Command, flags ...string) {
	cmd.MarkFlagsMutuallyExclusive(flags...) // for completions
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		var given []string
		for _, name := range flags {
			if cmd.Flags().Changed(name) {
				given = append(given, "--"+name)
			}
		}
		if len(given) > 1 {
			return usagef("", "%s: %s exclude each other", spoken(cmd), strings.Join(given, " and "))
		}
		if before != nil {
			return before(cmd, args)
		}
		return nil
	}
}
