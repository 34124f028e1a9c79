package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Command describes one command for the documentation.
type Command struct {
	Path, Use, Short, Long, Example string
	Aliases                         []string
	Flags                           []Flag
	Commands                        []Command
}

// Flag describes one flag of a command.
type Flag struct{ Name, Text string }

// Tree describes all commands.
func Tree() Command {
	root := newApp(Streams{}).root()
	return describe(root)
}

func describe(cmd *cobra.Command) Command {
	c := Command{
		Path: cmd.CommandPath(), Use: useLine(cmd), Short: cmd.Short, Long: cmd.Long, Example: cmd.Example, Aliases: cmd.Aliases,
	}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			c.Flags = append(c.Flags, Flag{flagName(f), flagText(f)})
		}
	})
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			c.Commands = append(c.Commands, describe(sub))
		}
	}
	return c
}
