package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/inspector"
)

// sourceFlags say where a request comes from and what else is known about it.
type sourceFlags struct {
	curl, har, raw, postman, environment string
	header, data                         []string
	method, user                         string
	insecure, follow, send               bool
	timeout                              duration
	entry                                string
	jwks, issuer                         string
	audience                             []string
	page                                 string
}

func (f *sourceFlags) register(cmd *cobra.Command) {
	f.timeout = duration(capture.DefaultSendTimeout)
	fl := cmd.Flags()
	fl.StringVar(&f.curl, "curl", "", "a curl, HTTPie, PowerShell or fetch command: `TEXT|-`")
	fl.StringVar(&f.har, "har", "", "a HAR `FILE|-` of a browser or proxy")
	fl.StringVar(&f.raw, "raw", "", "requests and responses as text, also of curl -v, HTTPie or wget: `FILE|-`")
	fl.StringVar(&f.postman, "postman", "", "a collection of Postman: `FILE|-`")
	fl.StringVar(&f.environment, "postman-env", "", "the environment that goes with the collection: `FILE`")
	fl.StringVar(&f.entry, "entry", "", "which request of several: `N|URL-PART` (default the first that failed)")
	fl.BoolVar(&f.send, "send", false, "make the request now, and explain the live answer")
	fl.StringArrayVarP(&f.header, "header", "H", nil, "a field for the URL: `\"NAME: VALUE\"`")
	fl.StringArrayVarP(&f.data, "data", "d", nil, "a body for the URL: `DATA`")
	fl.StringVarP(&f.method, "request", "X", "", "the `METHOD` for the URL (default GET, or POST with -d)")
	fl.StringVarP(&f.user, "user", "u", "", "`NAME:PASSWORD` for the URL, as Basic")
	fl.BoolVarP(&f.follow, "location", "L", false, "follow redirects")
	fl.BoolVarP(&f.insecure, "insecure", "k", false, "do not verify the server's certificate")
	fl.Var(&f.timeout, "timeout", "how long --send waits for one answer")
	fl.StringVar(&f.jwks, "jwks", "", "verify the token with the keys of this `FILE|URL`")
	fl.StringVar(&f.issuer, "issuer", "", "the iss that the server expects of a token: `URL`")
	fl.StringArrayVar(&f.audience, "audience", nil, "the aud that the server expects of a token: `NAME`")
	fl.StringVar(&f.page, "page", "", "write the token inspector, a page that makes no request, to `FILE|-`")
	exclusive(cmd, "curl", "har", "raw", "postman", "page", "challenge", "authorization")
	for name, kinds := range map[string][]string{"har": {"har", "json"}, "postman": {"json"}, "postman-env": {"json"}, "jwks": {"json"}, "raw": nil} {
		_ = cmd.MarkFlagFilename(name, kinds...)
	}
}

func (f *sourceFlags) given() bool {
	return f.curl != "" || f.har != "" || f.raw != "" || f.postman != ""
}

// asked tells that the request is described by flags, which needs a URL.
func (f *sourceFlags) asked() bool {
	return len(f.header) > 0 || len(f.data) > 0 || f.method != "" || f.user != ""
}

func (f *sourceFlags) needsRequest() bool { return f.asked() || f.send || f.entry != "" }

func isSource(k explain.Kind) bool {
	return k == explain.KindHAR || k == explain.KindPostman || k == explain.KindExchange || k == explain.KindUnknown || k == explain.KindResponse
}

// isCurl tells the commands whose arguments are read: those of curl and HTTPie.
func isCurl(name string) bool {
	switch name {
	case "curl", "curl.exe", "http", "https", "xh", "xhs":
		return true
	}
	return false
}

// explainSource explains what a flag names.
func (a *app) explainSource(ctx context.Context, f explainFlags) error {
	s := f.source
	if s.asked() {
		return usagef("they belong to a URL: gate401 explain URL -H ...", "explain: -H, -d, -X and -u do not go with a request that is there already")
	}
	var c capture.Capture
	var err error
	switch {
	case s.curl != "":
		text, argument := s.curl, s.curl != "-"
		if !argument {
			if text, err = a.readSource("-", "--curl", capture.MaxText); err != nil {
				return err
			}
		}
		if c, err = capture.Pasted(text); err == nil && argument && holdsSecret(c) {
			a.exposed()
		}
	case s.har != "":
		c, err = a.readCapture(s.har, "--har", capture.MaxFile, func(data string) (capture.Capture, error) { return capture.HAR([]byte(data)) })
	case s.raw != "":
		c, err = a.readCapture(s.raw, "--raw", capture.MaxText, rawOrPasted)
	default:
		c, err = a.readCapture(s.postman, "--postman", capture.MaxFile, func(data string) (capture.Capture, error) { return a.readPostman(f, data) })
	}
	if err != nil {
		return badSource(err)
	}
	return a.explainCapture(ctx, f, c)
}

func (a *app) readCapture(name, flag string, most int, read func(string) (capture.Capture, error)) (capture.Capture, error) {
	text, err := a.readSource(name, flag, most)
	if err != nil {
		return capture.Capture{}, err
	}
	return read(text)
}

// rawOrPasted reads messages as text; the command above them, as a terminal shows
// it, tells what was sent.
func rawOrPasted(text string) (capture.Capture, error) {
	if explain.Guess(text).Kind == explain.KindCurl {
		return capture.Pasted(text)
	}
	return capture.Raw(text)
}

func (a *app) readPostman(f explainFlags, data string) (capture.Capture, error) {
	environment := ""
	if f.source.environment != "" {
		var err error
		if environment, err = a.readSource(f.source.environment, "--postman-env", capture.MaxFile); err != nil {
			return capture.Capture{}, err
		}
	}
	return capture.Postman([]byte(data), []byte(environment))
}

// readSource reads a file, or standard input for -. One octet more than is
// accepted is read, so that the parser can say that it is too much.
func (a *app) readSource(name, flag string, most int) (string, error) {
	in := a.In
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", fail(ExitUsage, missing(err, name))
		}
		defer func() { _ = file.Close() }()
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return "", usagef("", "%s: %s is a folder", flag, explain.Visible(name))
		}
		in = file
	} else if isTerminal(a.In) {
		a.say("paste it; Ctrl-D ends it")
	}
	data, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	if err != nil {
		return "", fail(ExitUntested, err)
	}
	return string(data), nil
}

// badSource makes an error of a parser one of wrong use.
func badSource(err error) error {
	var f *failure
	if errors.As(err, &f) {
		return err
	}
	if errors.Is(err, capture.ErrEmpty) {
		return usagef("", "explain: %w", err)
	}
	hint := ""
	var helpful interface{ Hint() string }
	if errors.As(err, &helpful) {
		hint = helpful.Hint()
	}
	return usagef(hint, "explain: %w", err)
}

// explainArgs explains a curl command that the shell has taken apart.
func (a *app) explainArgs(ctx context.Context, f explainFlags, args []string) error {
	c, err := capture.CurlArgs(args)
	if err != nil {
		return badSource(err)
	}
	if holdsSecret(c) {
		a.exposed()
	}
	return a.explainCapture(ctx, f, c)
}

// explainGuessed explains a request in the form that was recognised.
func (a *app) explainGuessed(ctx context.Context, f explainFlags, g explain.Guessed, argument bool) error {
	if f.source.asked() && g.Kind != explain.KindURL {
		return usagef("they belong to a URL: gate401 explain URL -H ...", "explain: -H, -d, -X and -u do not go with a request that is there already")
	}
	c, err := a.guessedCapture(f, g)
	if err != nil {
		return badSource(err)
	}
	if argument && holdsSecret(c) {
		a.exposed()
	}
	if g.Kind == explain.KindURL && !f.source.send {
		a.say("hint: --send makes the request and looks at the answer")
	}
	return a.explainCapture(ctx, f, c)
}

func (a *app) guessedCapture(f explainFlags, g explain.Guessed) (capture.Capture, error) {
	text := g.Values[0]
	switch g.Kind {
	case explain.KindCurl:
		return capture.Pasted(text)
	case explain.KindHAR:
		return capture.HAR([]byte(text))
	case explain.KindPostman:
		return a.readPostman(f, text)
	case explain.KindURL:
		s := f.source
		return capture.URL(capture.Ask{
			URL: text, Method: s.method, Header: s.header, Data: s.data, User: s.user, Follow: s.follow, Insecure: s.insecure, Agent: "gate401/" + a.Version,
		})
	}
	return capture.Raw(text)
}

// explainFile explains the file of that name if there is something in it that
// is known. Other files are left alone: they could hold anything.
func (a *app) explainFile(ctx context.Context, f explainFlags, name string) (done bool, err error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false, nil //nolint:nilerr // no file of that name: it is something else
	}
	text, err := a.readSource(name, name, capture.MaxFile)
	if err != nil {
		return true, err
	}
	switch g := explain.Guess(text); g.Kind {
	case explain.KindResponse:
		return true, a.explainResponse(f, text)
	case explain.KindCurl, explain.KindHAR, explain.KindPostman, explain.KindExchange:
		return true, a.explainGuessed(ctx, f, g, false)
	}
	return false, nil
}

// explainCapture diagnoses what was read, or what came back when it is sent.
func (a *app) explainCapture(ctx context.Context, f explainFlags, c capture.Capture) error {
	n, err := chooseEntry(c, f.source.entry)
	if err != nil {
		return err
	}
	o := diagnose.Options{Now: a.Now, Issuer: f.source.issuer, Audience: f.source.audience, Exchange: n, Open: f.open}
	var unsent error
	if f.source.send {
		if c, unsent, err = a.sendCapture(ctx, f, c, n); err != nil {
			return err
		}
		o.Exchange = 0
	}
	done, err := a.evidence(ctx, f, c, &o)
	if err != nil {
		return err
	}
	defer done()
	r := diagnose.Run(c, o)
	if f.asJSON {
		err = a.json(r)
	} else {
		a.print(r.Print(a.style, f.detail()))
	}
	if unsent != nil {
		return errors.Join(err, unsent)
	}
	return verdict(r.Good(), err)
}

func (f explainFlags) detail() diagnose.Detail {
	switch {
	case f.short:
		return diagnose.Short
	case f.long:
		return diagnose.Long
	}
	return diagnose.Usual
}

// explainPage writes the token inspector.
func (a *app) explainPage(name string, args []string) error {
	if len(args) > 0 {
		return usagef("gate401 explain --page "+explain.Visible(name), "explain: --page takes nothing to explain")
	}
	page := inspector.Page()
	if name == "-" {
		_, err := io.Copy(a.Out, bytes.NewReader(page))
		return err
	}
	if err := os.WriteFile(name, page, 0o600); err != nil {
		return fail(ExitUntested, missing(err, name))
	}
	a.say("%s is the token inspector: open it in a browser; it makes no request", explain.Visible(name))
	return nil
}

// sendTimeout is at least a moment.
func (f *sourceFlags) sendTimeout() time.Duration {
	return max(time.Duration(f.timeout), time.Millisecond)
}
