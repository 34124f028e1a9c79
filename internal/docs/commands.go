package main

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/internal/cli"
)

// commands describes the command line.
func commands() string {
	var b strings.Builder
	b.WriteString("# Commands\n\n" + generated)
	b.WriteString("Results go to standard output, everything else to standard error. `gate401: error:` ends a run, `gate401: hint:` says what to do. " +
		"Every command that reports has `--json`. Colours are used on a terminal only, and not if `NO_COLOR` is set.\n\n" +
		"| exit status | meaning |\n|---|---|\n| 0 | fine |\n| 1 | problems were found, or it was refused |\n| 2 | wrong use |\n| 3 | it could not be tested |\n\n")
	tree := cli.Tree()
	outline(&b, tree)
	describe(&b, tree)
	return b.String()
}

// outline lists the commands that do something.
func outline(b *strings.Builder, c cli.Command) {
	b.WriteString("| command | what it does |\n|---|---|\n")
	var list func(c cli.Command)
	list = func(c cli.Command) {
		if len(c.Commands) == 0 {
			fmt.Fprintf(b, "| [`%s`](#%s) | %s |\n", c.Path, anchor(c.Path), c.Short)
		}
		for _, sub := range c.Commands {
			if sub.Path != "gate401 completion" {
				list(sub)
			}
		}
	}
	list(c)
	b.WriteString("| `gate401 completion bash`, `zsh`, `fish`, `powershell` | Print the completions for a shell |\n")
}

func anchor(path string) string { return strings.ReplaceAll(path, " ", "-") }

func describe(b *strings.Builder, c cli.Command) {
	if c.Path == "gate401 completion" {
		return // the text of the library; the outline names it
	}
	if c.Path != "gate401" {
		fmt.Fprintf(b, "\n## %s\n\n", c.Path)
		long := c.Long
		if long == "" {
			long = c.Short + "."
		}
		fmt.Fprintf(b, "%s\n", long)
		if len(c.Commands) == 0 {
			fmt.Fprintf(b, "\n```\n%s\n```\n", c.Use)
		}
		if len(c.Flags) > 0 {
			b.WriteString("\n| flag | meaning |\n|---|---|\n")
			for _, f := range c.Flags {
				fmt.Fprintf(b, "| `%s` | %s |\n", strings.ReplaceAll(strings.TrimSpace(f.Name), "|", `\|`), escape(f.Text))
			}
		}
		if c.Example != "" {
			fmt.Fprintf(b, "\n```sh\n%s\n```\n", c.Example)
		}
	}
	for _, sub := range c.Commands {
		describe(b, sub)
	}
}
