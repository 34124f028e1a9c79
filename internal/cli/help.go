package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// help is the text of --help. It is printed by hand because the templates of
// the library would keep the linker from pruning.
func (a *app) help(cmd *cobra.Command) string {
	s := a.style
	var b strings.Builder
	long := cmd.Long
	if long == "" {
		long = cmd.Short + "."
	}
	for i, paragraph := range strings.Split(long, "\n\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if strings.HasPrefix(paragraph, "  ") {
			b.WriteString(paragraph + "\n")
			continue
		}
		b.WriteString(s.Wrap("", paragraph))
	}
	fmt.Fprintf(&b, "\n%s\n  %s\n", s.Bold("Usage"), useLine(cmd))
	b.WriteString(a.helpCommands(cmd))
	if flags := cmd.LocalFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(&b, "\n%s\n%s", s.Bold("Flags"), a.helpFlags(flags))
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\n%s\n", s.Bold("Examples"))
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			if strings.HasPrefix(line, "#") {
				line = s.Faint(line)
			}
			b.WriteString(strings.TrimRight("  "+line, " ") + "\n")
		}
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n\"%s COMMAND --help\" says more about one of them.\n", cmd.CommandPath())
	}
	return b.String()
}

func useLine(cmd *cobra.Command) string {
	line := cmd.CommandPath()
	if cmd.HasAvailableSubCommands() {
		if cmd.Runnable() {
			return line + " [flags]\n  " + line + " COMMAND"
		}
		return line + " COMMAND"
	}
	if _, rest, ok := strings.Cut(cmd.Use, " "); ok {
		line += " " + rest
	}
	return line
}

func (a *app) helpCommands(cmd *cobra.Command) string {
	var b strings.Builder
	width := 0
	for _, c := range cmd.Commands() {
		width = max(width, len(c.Name()))
	}
	list := func(title, group string) {
		first := true
		for _, c := range cmd.Commands() {
			if !c.IsAvailableCommand() && c.Name() != "help" || c.GroupID != group {
				continue
			}
			if first {
				fmt.Fprintf(&b, "\n%s\n", a.style.Bold(title))
				first = false
			}
			fmt.Fprintf(&b, "  %-*s  %s\n", width, c.Name(), c.Short)
		}
	}
	for _, g := range cmd.Groups() {
		list(g.Title, g.ID)
	}
	list("Commands", "")
	return b.String()
}

// helpFlags lays flags out in two columns; a long text goes on below itself.
func (a *app) helpFlags(flags *pflag.FlagSet) string {
	type row struct{ name, text string }
	var rows []row
	width := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		r := row{flagName(f), flagText(f)}
		rows = append(rows, r)
		width = max(width, len(r.name))
	})
	width = min(width, 30)
	narrow := a.style
	if narrow.Width = min(max(narrow.Width, 80), 100) - width - 4; narrow.Width < 40 {
		narrow.Width = 40
	}
	var b strings.Builder
	for _, r := range rows {
		lines := strings.Split(strings.TrimSuffix(narrow.Wrap("", r.text), "\n"), "\n")
		fmt.Fprintf(&b, "  %-*s  %s\n", width, r.name, lines[0])
		for _, line := range lines[1:] {
			fmt.Fprintf(&b, "  %-*s  %s\n", width, "", line)
		}
	}
	return b.String()
}

func flagName(f *pflag.Flag) string {
	name := "    --" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", --" + f.Name
	}
	if value, _ := pflag.UnquoteUsage(f); value != "" {
		name += " " + value
	}
	return name
}

func flagText(f *pflag.Flag) string {
	_, text := pflag.UnquoteUsage(f)
	if !slices.Contains([]string{"", "false", "[]", "0s", "0"}, f.DefValue) {
		text += " (default " + briefly(f.DefValue) + ")"
	}
	return text
}
