package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gate401/gate401/internal/password"
)

// passwordFlags say where a new password comes from. It is never an argument:
// those are visible to everyone on the machine.
type passwordFlags struct{ stdin, ask, generate bool }

func (p *passwordFlags) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&p.stdin, "password-stdin", false, "read the password from standard input, one line")
	cmd.Flags().BoolVar(&p.ask, "ask", false, "ask for the password on the terminal, twice")
	cmd.Flags().BoolVar(&p.generate, "generate", false, "make a password up and print it once")
	exclusive(cmd, "password-stdin", "ask", "generate")
}

// secret is a new password.
type secret struct {
	text      string
	generated bool
}

// read gets the new password of the account. generate is what happens without a
// flag; else the terminal is asked.
func (p *passwordFlags) read(a *app, name string, generate bool) (secret, error) {
	switch {
	case p.stdin:
		text, err := firstLine(a.In)
		if err != nil {
			return secret{}, err
		}
		return secret{text: text}, weak(text, name)
	case p.generate || (generate && !p.ask):
		text, err := password.Generate(nil)
		return secret{text: text, generated: true}, err
	}
	in, ok := a.In.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return secret{}, usagef("pipe it with --password-stdin, or take --generate", "there is no terminal to ask for the password")
	}
	text, err := a.ask(in, "New password for "+name+": ")
	if err != nil {
		return secret{}, err
	}
	if err := weak(text, name); err != nil {
		return secret{}, err
	}
	again, err := a.ask(in, "The same again: ")
	if err != nil {
		return secret{}, err
	}
	if again != text {
		return secret{}, fail(ExitProblems, errors.New("the two passwords differ; nothing was changed"))
	}
	return secret{text: text}, nil
}

func (a *app) ask(in *os.File, prompt string) (string, error) {
	fmt.Fprint(a.Err, prompt)
	text, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(a.Err)
	return string(text), err
}

// firstLine reads one line, without its end, and no more than a password may
// have.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, password.MaxLength+2)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == "" {
		return "", usagef("", "standard input is empty")
	}
	return line, nil
}
