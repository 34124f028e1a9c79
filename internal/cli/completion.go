package cli

import (
	"io"

	"github.com/spf13/cobra"
)

// completion stands in for the command that the library would add.
func (a *app) completion() *cobra.Command {
	shell := func(name, example string, write func(root *cobra.Command, w io.Writer, described bool) error) *cobra.Command {
		var bare bool
		cmd := &cobra.Command{
			Use:     name,
			Short:   "Print the completions for " + name,
			Example: example,
			Args:    wants(0, 0, ""),
			RunE: func(cmd *cobra.Command, _ []string) error {
				return write(cmd.Root(), a.Out, !bare)
			},
			ValidArgsFunction: cobra.NoFileCompletions,
		}
		cmd.Flags().BoolVar(&bare, "no-descriptions", false, "offer words alone, without what they mean")
		return cmd
	}
	return a.group("completion", "Print the completions for a shell",
		"Prints a script that lets the shell complete commands, flags, reasons, and the names of accounts and keys.",
		shell("bash", "# for this session; needs the package bash-completion\nsource <(gate401 completion bash)\n\n"+
			"# for every session\ngate401 completion bash > ~/.local/share/bash-completion/completions/gate401",
			func(root *cobra.Command, w io.Writer, described bool) error {
				return root.GenBashCompletionV2(w, described)
			}),
		shell("zsh", "# for this session; needs compinit\nsource <(gate401 completion zsh)\n\n"+
			"# for every session\ngate401 completion zsh > \"${fpath[1]}/_gate401\"",
			func(root *cobra.Command, w io.Writer, described bool) error {
				if described {
					return root.GenZshCompletion(w)
				}
				return root.GenZshCompletionNoDesc(w)
			}),
		shell("fish", "# for this session\ngate401 completion fish | source\n\n"+
			"# for every session\ngate401 completion fish > ~/.config/fish/completions/gate401.fish",
			func(root *cobra.Command, w io.Writer, described bool) error {
				return root.GenFishCompletion(w, described)
			}),
		shell("powershell", "# for this session; in the profile, for every one\ngate401 completion powershell | Out-String | Invoke-Expression",
			func(root *cobra.Command, w io.Writer, described bool) error {
				if described {
					return root.GenPowerShellCompletionWithDesc(w)
				}
				return root.GenPowerShellCompletion(w)
			}),
	)
}

// helpCommand stands in for that of the library.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		GroupID: groupOther,
		Short:   "Say more about a command",
		Long:    `Says more about a command, as "COMMAND --help" does.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			switch {
			case err != nil:
				return usagef("", "%w", err)
			case len(rest) > 0 && about.HasAvailableSubCommands():
				return a.which(about, rest)
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var out []string
			for _, c := range about.Commands() {
				if c.IsAvailableCommand() {
					out = append(out, c.Name()+"\t"+c.Short)
				}
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
	}
}
