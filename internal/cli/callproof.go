package cli

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gate401/gate401/client"
)

// maxSecret bounds a token or key that is read from a file.
const maxSecret = 64 << 10

// proofFlags say who is asking.
type proofFlags struct {
	basic, digest    string
	bearer           string
	key              string
	keyHeader, query string
	file             string
	anonymous        bool
}

func (p *proofFlags) flags(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&p.basic, "basic", "", "send the name `USER` and a password as Basic, unasked; with --digest only where the server asks for nothing better")
	fl.StringVar(&p.digest, "digest", "", "answer a Digest challenge as `USER`")
	fl.StringVar(&p.file, "password-file", "", "read the password from a `FILE`, - from standard input; else GATE401_PASSWORD, else the terminal is asked")
	fl.StringVar(&p.bearer, "bearer", "", "send the access token `TOKEN`; @FILE reads it from a file, - from standard input")
	fl.StringVar(&p.key, "key", "", "send the API key `KEY`; @FILE reads it from a file, - from standard input")
	fl.StringVar(&p.keyHeader, "key-header", "", "the field `NAME` that carries the key (default X-API-Key); Authorization sends it as Bearer")
	fl.StringVar(&p.query, "key-query", "", "the parameter `NAME` of the URL that carries the key: it will be in logs")
	fl.BoolVar(&p.anonymous, "no-login", false, "do not use what \"gate401 login\" stored")
	exclusive(cmd, "basic", "bearer")
	exclusive(cmd, "digest", "bearer")
	exclusive(cmd, "key-header", "key-query")
}

// check refuses flags whose value is empty, as that of a variable that is not set:
// the request would go without it, or with the stored login of somebody else.
func (p *proofFlags) check(cmd *cobra.Command) error {
	for _, name := range [...]string{"basic", "digest", "bearer", "key"} {
		if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return usagef("is the variable set that it came from?", "--%s is empty", name)
		}
	}
	return nil
}

// fromURL takes a user and password out of the URL.
func (p *proofFlags) fromURL(u *url.Userinfo) error {
	if p.basic != "" || p.digest != "" || p.bearer != "" {
		return usagef("", "there is a user in the URL and one in a flag")
	}
	secret, given := u.Password()
	p.basic = u.Username()
	if given {
		p.basic += ":" + secret
	}
	return nil
}

func (p *proofFlags) given() bool {
	return p.basic != "" || p.digest != "" || p.bearer != "" || p.key != ""
}

// callLogins are the credentials of a command line, for the origin of its URL,
// and the stored ones for theirs.
func (a *app) callLogins(ctx context.Context, f callFlags, req *http.Request) ([]client.Login, error) {
	p := f.proof
	if p.key == "" && (p.keyHeader != "" || p.query != "") {
		return nil, usagef("", "--key-header and --key-query say where the key of --key goes")
	}
	if !p.given() {
		if p.file != "" {
			return nil, usagef("--basic USER", "--password-file: whose password is it?")
		}
		if p.anonymous || req.Header.Get("Authorization") != "" {
			return nil, nil
		}
		return a.storedLogins(ctx, req.URL, f.clear)
	}
	if req.Header.Get("Authorization") != "" && (p.bearer != "" || p.basic != "" || p.digest != "") {
		return nil, usagef("leave one of them out", "there is a field Authorization and a flag for one")
	}
	l := client.Login{Origins: []string{req.URL.Scheme + "://" + req.URL.Host}, DangerouslyAllowCleartext: f.clear}
	if err := a.passwords(&l, p); err != nil {
		return nil, err
	}
	if p.bearer != "" {
		token, err := a.secretFrom(p.bearer, "--bearer")
		if err != nil {
			return nil, err
		}
		l.Source = client.Static(token)
	}
	if p.key != "" {
		key, err := a.secretFrom(p.key, "--key")
		if err != nil {
			return nil, err
		}
		l.Key = &client.Key{Value: key, Header: p.keyHeader, Query: p.query}
		if strings.EqualFold(p.keyHeader, "Authorization") {
			l.Key = &client.Key{Value: key, Bearer: true}
		}
	}
	return []client.Login{l}, nil
}

func (a *app) passwords(l *client.Login, p proofFlags) error {
	if p.basic != "" {
		user, secret, err := a.userAndPassword(p, p.basic)
		if err != nil {
			return err
		}
		l.Basic = &client.Basic{User: user, Password: secret}
		if p.digest == "" {
			l.Basic.Preemptive = []string{"/"}
		}
	}
	switch p.digest {
	case "":
	case p.basic:
		l.Digest = &client.Digest{User: l.Basic.User, Password: l.Basic.Password}
	default:
		user, secret, err := a.userAndPassword(p, p.digest)
		if err != nil {
			return err
		}
		l.Digest = &client.Digest{User: user, Password: secret}
	}
	return nil
}

func (a *app) userAndPassword(p proofFlags, user string) (name, secret string, err error) {
	if name, secret, ok := strings.Cut(user, ":"); ok {
		if p.file != "" {
			return "", "", usagef("leave out the colon and what follows it, or --password-file", "there is a password behind the name and one in --password-file")
		}
		a.say("hint: everybody on this machine can see a password among the arguments; GATE401_PASSWORD or --password-file hides it")
		return name, secret, nil
	}
	secret, err = a.callPassword(p.file, user, "GATE401_PASSWORD")
	return user, secret, err
}

// callPassword gets a password from a file, the environment or the terminal.
func (a *app) callPassword(file, name, variable string) (string, error) {
	switch {
	case file != "":
		return a.secretFile(file, "--password-file")
	case a.Env(variable) != "":
		return a.Env(variable), nil
	}
	in, ok := a.In.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return "", usagef("set "+variable+", or take --password-file FILE", "there is no terminal to ask for the password")
	}
	return a.ask(in, "Password for "+name+": ")
}

// secretFrom is a secret as an argument: the text itself, @FILE, or - for
// standard input.
func (a *app) secretFrom(arg, flag string) (string, error) {
	if arg == "-" {
		return a.secretFile("-", flag)
	}
	if name, ok := strings.CutPrefix(arg, "@"); ok {
		return a.secretFile(name, flag)
	}
	return arg, nil
}

// secretFile reads the one line of a file.
func (a *app) secretFile(name, flag string) (string, error) {
	in := a.In
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", fail(ExitUsage, err, flag+" reads a file with one line")
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return "", fail(ExitUsage, err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	switch {
	case text == "":
		return "", fail(ExitUsage, errors.New(flag+": there is nothing in it"))
	case len(data) > maxSecret || strings.ContainsAny(text, "\r\n"):
		return "", fail(ExitUsage, errors.New(flag+": want one line"))
	}
	return text, nil
}
