package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/reason"
)

// explainFlags are the choices of "gate401 explain".
type explainFlags struct {
	challenge, authorization, strict, asJSON, open bool
	admin, file                                    string
}

// maxInput bounds what is read from standard input at once.
const maxInput = 4 << 20

func (a *app) explain() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain WHAT",
		Short: "Say what is wrong with a 401, a challenge, a credential or a token",
		Long: "WHAT is a reason such as token-expired, the id of a request that this gate refused, a token, an API key, " +
			"a response from its status line on, or a file with one, or a line such as \"Authorization: ...\" or \"WWW-Authenticate: ...\". With - it is read from standard input, " +
			"which is the right way for secrets: arguments are visible to everyone on the machine.\n\n" +
			"--challenge takes the values of the WWW-Authenticate fields of one response, each as an argument behind --, or one response per line " +
			"from standard input. --authorization takes one value of Authorization in the same way. Octets are taken as they are. " +
			"Nothing is sent anywhere, and no signature is verified.\n\n" +
			"The exit status is 1 for a response that refuses, and for whatever is faulty or would be refused.",
		Example: `gate401 explain token-expired
gate401 explain 01JGJ0Q4B8Z3V5K7M9N1P2R4T6
curl -si https://api.example.com/ | gate401 explain -
pbpaste | gate401 explain -
gate401 explain --challenge -- 'Basic realm=orders' 'Bearer'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case f.challenge:
				return a.explainChallenge(f, args)
			case f.authorization:
				return a.explainAuthorization(f, args)
			}
			if err := wants(1, 1, "what to explain")(cmd, args); err != nil {
				return err
			}
			return a.explainWhat(cmd, f, args[0])
		},
		ValidArgsFunction: completeReasons,
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.challenge, "challenge", false, "the arguments are values of WWW-Authenticate")
	fl.BoolVar(&f.authorization, "authorization", false, "the argument is a value of Authorization")
	fl.BoolVar(&f.strict, "strict", false, "hand out no challenge unless every field follows the grammar")
	fl.BoolVar(&f.asJSON, "json", false, "print JSON; one line for each line of standard input")
	fl.BoolVar(&f.open, "show-secrets", false, "print passwords, tokens and signatures too")
	fl.StringVar(&f.admin, "admin", "", "the admin `URL` of the gate that refused a request (default http://127.0.0.1:8402)")
	fl.StringVarP(&f.file, "config", "c", "", "the configuration `FILE` that says where the admin listener is")
	exclusive(cmd, "challenge", "authorization")
	exclusive(cmd, "admin", "config")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
	return cmd
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

// explainWhat finds out what the text is.
func (a *app) explainWhat(cmd *cobra.Command, f explainFlags, what string) error {
	argument := what != "-"
	if !argument {
		if isTerminal(a.In) {
			a.say("paste what you want to have explained; Ctrl-D ends it")
		}
		data, err := io.ReadAll(io.LimitReader(a.In, maxInput))
		if err != nil {
			return fail(ExitUntested, err)
		}
		if what = string(data); strings.TrimSpace(what) == "" {
			return usagef("", "explain: standard input is empty")
		}
	}
	g := explain.Guess(what)
	if argument && g.Secret() {
		a.exposed()
	}
	switch g.Kind {
	case explain.KindCode:
		return a.explainCode(f, g.Values[0])
	case explain.KindStatus:
		return a.explainStatus(f, g.Values[0])
	case explain.KindRequestID:
		return a.explainRequest(cmd.Context(), f, g.Values[0])
	case explain.KindChallenge:
		return a.explainChallenge(f, g.Values)
	case explain.KindToken:
		r := explain.Token(g.Values[0], a.Now(), f.open)
		if f.asJSON {
			return verdict(r.Cause == nil && r.Valid(), a.jsonLine(r))
		}
		a.print(r.Text(a.style))
		return verdict(r.Cause == nil && r.Valid(), nil)
	case explain.KindAuthorization, explain.KindMisspelt:
		r := explain.Misspelt(fieldName(g), g.Values[0], a.Now(), f.open)
		if f.asJSON {
			return verdict(r.Cause == nil && r.Valid, a.jsonLine(r))
		}
		a.print(r.Text(a.style))
		return verdict(r.Cause == nil && r.Valid, nil)
	case explain.KindResponse:
		return a.explainResponse(f, g.Values[0])
	case explain.KindUnknown:
	}
	if text, ok := responseFile(what); argument && ok {
		return a.explainResponse(f, text)
	}
	return unknownWhat(what, argument)
}

// explainResponse explains a whole response. One that refuses is a problem that
// was found.
func (a *app) explainResponse(f explainFlags, text string) error {
	r, ok := explain.Response(text)
	if !ok {
		return unknownWhat(text, false)
	}
	if f.asJSON {
		return verdict(r.Good(), a.jsonLine(r))
	}
	a.print(r.Text(a.style))
	return verdict(r.Good(), nil)
}

// responseFile reads the file of that name if a response is in it. Other files
// are left alone: they could hold anything.
func responseFile(name string) (string, bool) {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	in, err := os.Open(name)
	if err != nil {
		return "", false
	}
	defer func() { _ = in.Close() }()
	data, err := io.ReadAll(io.LimitReader(in, maxInput))
	if err != nil || explain.Guess(string(data)).Kind != explain.KindResponse {
		return "", false
	}
	return string(data), true
}

func fieldName(g explain.Guessed) string {
	if g.Kind == explain.KindMisspelt {
		return g.Name
	}
	return "Authorization"
}

// unknownWhat does not repeat the text: it may be a password.
func unknownWhat(what string, argument bool) error {
	hint := `"gate401 explain --help" shows what can be explained`
	if meant := closestReason(what); argument && meant != "" {
		hint = "did you mean " + meant + "?"
	} else if argument && (strings.HasPrefix(what, "http://") || strings.HasPrefix(what, "https://")) {
		hint = "to look at a response: curl -sI '" + explain.Visible(what) + "' | gate401 explain -"
	} else if _, err := os.Stat(what); argument && err == nil {
		hint = "to explain what is in a file: gate401 explain - < " + explain.Visible(what)
	}
	return usagef(hint, "explain: this is no reason, request id, token, or line of a header that matters here")
}

func (a *app) explainCode(f explainFlags, code string) error {
	info, err := lookupReason(code)
	if err != nil {
		return err
	}
	r := explain.Reason(info)
	if f.asJSON {
		return a.json(r)
	}
	a.print(r.Text(a.style))
	return nil
}

// explainStatus lists the reasons behind one status.
func (a *app) explainStatus(f explainFlags, status string) error {
	var all []reason.Info
	for _, i := range reason.All() {
		if strconv.Itoa(i.Status) == status {
			all = append(all, i)
		}
	}
	if f.asJSON {
		return a.json(entries(all))
	}
	means := map[string]string{
		"400": "The request contradicts itself or cannot be read. Sending it again changes nothing.",
		"401": "Who is asking? The request carries no valid proof. The WWW-Authenticate fields of the answer name every way to give one.",
		"403": "It is clear who is asking, and the answer is no. Logging in again does not help.",
		"429": "Too many attempts. Wait for the time in Retry-After.",
		"503": "The credentials could not be checked just now. Keep them and send the same request later.",
	}
	a.print(a.style.Wrap("", means[status]) + "\n" + a.reasonTable(all))
	if len(all) > 0 {
		a.print(fmt.Sprintf("\n\"gate401 explain %s\" says more, and so for each of them.\n", all[0].Code))
	}
	return nil
}
