package cli

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/explain"
)

// explainFlags are the choices of "gate401 explain".
type explainFlags struct {
	challenge, authorization, strict, asJSON, open bool
	short, long                                    bool
	admin, file                                    string
	source                                         sourceFlags
}

// maxInput bounds what is read from standard input at once.
const maxInput = 4 << 20

func (a *app) explain() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:               "explain WHAT | -- curl ...",
		Short:             "Say why a request got a 401, and what to do; also what a challenge, a credential or a token is",
		Long:              explainLong,
		Example:           explainExamples,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.explainRun(cmd, f, args) },
		ValidArgsFunction: completeIDs,
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.challenge, "challenge", false, "the arguments are values of WWW-Authenticate")
	fl.BoolVar(&f.authorization, "authorization", false, "the argument is a value of Authorization")
	fl.BoolVar(&f.strict, "strict", false, "hand out no challenge unless every field follows the grammar")
	fl.BoolVar(&f.asJSON, "json", false, "print JSON; one line for each line of standard input")
	fl.BoolVar(&f.short, "short", false, "of a request, print the cause with its mark, the table and what to do alone")
	fl.BoolVar(&f.long, "long", false, "of a request, print also what was ruled out, and all dates")
	fl.BoolVar(&f.open, "show-secrets", false, "print passwords, tokens and signatures too")
	fl.StringVar(&f.admin, "admin", "", "the admin `URL` of the gate that refused a request (default http://127.0.0.1:8402)")
	fl.StringVarP(&f.file, "config", "c", "", "the configuration `FILE` that says where the admin listener is")
	exclusive(cmd, "challenge", "authorization")
	exclusive(cmd, "short", "long")
	exclusive(cmd, "short", "json")
	exclusive(cmd, "long", "json")
	exclusive(cmd, "admin", "config")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
	f.source.register(cmd)
	return cmd
}

// explainRun finds out which of its inputs the command has.
func (a *app) explainRun(cmd *cobra.Command, f explainFlags, args []string) error {
	switch {
	case f.challenge:
		return a.explainChallenge(f, args)
	case f.authorization:
		return a.explainAuthorization(f, args)
	case f.source.page != "":
		return a.explainPage(f.source.page, args)
	case f.source.given():
		if len(args) > 0 {
			return usagef("quote the command, or give it on standard input: --curl -", "explain: there is something behind the input: %d arguments more", len(args))
		}
		return a.explainSource(cmd.Context(), f)
	case len(args) > 1 && isCurl(args[0]) && f.source.asked():
		return usagef("gate401 explain -- curl ...", "explain: options of curl go behind --, or they are taken for those of explain")
	case len(args) > 1 && isCurl(args[0]):
		return a.explainArgs(cmd.Context(), f, args)
	}
	if err := wants(1, 1, "what to explain")(cmd, args); err != nil {
		return err
	}
	return a.explainWhat(cmd, f, args[0])
}

// exposed warns about a secret that came as an argument.
func (a *app) exposed() {
	a.say(`hint: arguments can be seen by others; with - it reads standard input`)
}

func (a *app) explainChallenge(f explainFlags, fields []string) error {
	if len(fields) > 0 && !slices.Equal(fields, []string{"-"}) {
		r := explain.Challenge(fields, f.strict)
		if f.asJSON {
			return verdict(r.Valid, a.jsonLine(r))
		}
		a.print(r.Text(a.style))
		return verdict(r.Valid, nil)
	}
	return a.eachLine(func(n int, line string) (bool, error) {
		r := explain.Challenge([]string{line}, f.strict)
		if f.asJSON {
			return r.Valid, a.jsonLine(r)
		}
		a.print(a.lineHead(n) + r.Text(a.style))
		return r.Valid, nil
	})
}

func (a *app) explainAuthorization(f explainFlags, args []string) error {
	show := func(head, value string) (bool, error) {
		r := explain.Authorization(value, a.Now(), f.open)
		if f.asJSON {
			return r.Valid && r.Cause == nil, a.jsonLine(r)
		}
		a.print(head + r.Text(a.style))
		return r.Valid && r.Cause == nil, nil
	}
	switch {
	case len(args) == 1 && args[0] != "-":
		a.exposed()
		good, err := show("", args[0])
		return verdict(good, err)
	case len(args) > 1:
		return usagef(`quote it: gate401 explain --authorization -- "Bearer ..."`, "explain: Authorization has one value, not %d", len(args))
	}
	return a.eachLine(func(n int, line string) (bool, error) { return show(a.lineHead(n), line) })
}

// verdict turns the outcome of a report into the exit status.
func verdict(good bool, err error) error {
	if err == nil && !good {
		return found{}
	}
	return err
}

func (a *app) lineHead(n int) string {
	head := a.style.Faint("line " + strconv.Itoa(n) + ":")
	if n > 1 {
		head = "\n" + head
	}
	return head + "\n"
}

// eachLine reads standard input line by line. A line ends with LF or CRLF, as
// on the wire; every other octet is part of it. What is longer than a field may
// be is cut where the finding is certain already.
func (a *app) eachLine(each func(n int, line string) (good bool, err error)) error {
	if isTerminal(a.In) {
		a.say("reading standard input, one value per line; Ctrl-D ends it")
	}
	in := bufio.NewReaderSize(a.In, 64<<10)
	all := true
	for n := 1; ; n++ {
		line, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return fail(ExitUntested, err)
		}
		if err != nil && line == "" {
			if n == 1 {
				return usagef("give the values behind --, or one per line on standard input", "explain: standard input is empty")
			}
			return verdict(all, nil)
		}
		good, failed := each(n, line)
		if failed != nil {
			return failed
		}
		all = all && good
		if err != nil {
			return verdict(all, nil)
		}
	}
}

func readLine(in *bufio.Reader) (string, error) {
	const most = httpauth.MaxFieldSize + 2
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line) <= most {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if rest, ok := bytes.CutSuffix(line, []byte("\n")); ok {
			line = bytes.TrimSuffix(rest, []byte("\r"))
		}
		return string(line), err
	}
}
