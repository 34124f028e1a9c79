package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gate401/gate401/client"
	"github.com/gate401/gate401/internal/explain"
)

type callFlags struct {
	method   string
	headers  []string
	data     []string
	output   string
	include  bool
	head     bool
	follow   bool
	proxy    string
	proxyUse string
	insecure bool
	clear    bool
	timeout  time.Duration
	verbose  bool
	asJSON   bool
	proof    proofFlags
}

func (a *app) call() *cobra.Command {
	var f callFlags
	cmd := &cobra.Command{
		Use:   "call URL [-X METHOD] [-H FIELD]... [-d DATA]... [--basic | --digest | --bearer | --key] [-v | --json]",
		Short: "Make a request and handle its 401 as it should be",
		Long: "Sends a request as curl does, answers the challenge, renews a token that ran out, and says on standard error why it was refused and what to do. " +
			"The body of the answer goes to standard output as it is.\n\n" +
			"What \"gate401 login\" stored is used for the origins that it is for, and renewed silently. A credential never goes to another host or port, " +
			"nor from https to http, wherever a redirect leads.\n\n" +
			"The exit status is 0 if the server did what it was asked, 1 if it refused or failed, 2 for wrong use, and 3 if there was no answer.",
		Example: `gate401 call https://api.example.com/orders
gate401 call -v --digest alice http://127.0.0.1:8080/private
gate401 call --bearer @token.txt -d '{"qty":1}' -H 'Content-Type: application/json' https://api.example.com/orders

# what was sent, what came back, and why
gate401 call --json --basic alice --password-file pw.txt https://api.example.com/`,
		Args: wants(1, 1, "the URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.proof.check(cmd); err != nil {
				return err
			}
			return a.runCall(cmd.Context(), f, args[0])
		},
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) {
			if hint := ofCurl(unknown.GetSpecifiedName()); hint != "" {
				return usagef(hint, "%w", err)
			}
		}
		return flagError(cmd, err)
	})
	fl := cmd.Flags()
	fl.StringVarP(&f.method, "request", "X", "", "the `METHOD`; GET, or POST with -d")
	fl.StringArrayVarP(&f.headers, "header", "H", nil, "a `FIELD`, \"Name: value\"; \"Name:\" leaves one out")
	fl.StringArrayVarP(&f.data, "data", "d", nil, "the body `DATA`; @FILE reads it from a file, @- from standard input; several are joined with &")
	fl.StringVarP(&f.output, "output", "o", "", "write the body of the answer to a `FILE`")
	fl.BoolVarP(&f.include, "include", "i", false, "print the status and the fields of the answer too")
	fl.BoolVarP(&f.head, "head", "I", false, "ask for the fields alone (HEAD), and print them")
	fl.BoolVarP(&f.follow, "location", "L", false, "follow redirects, at most 10")
	fl.StringVarP(&f.proxy, "proxy", "x", "", "go through the proxy at this `URL`; else HTTP_PROXY, HTTPS_PROXY and NO_PROXY decide")
	fl.StringVar(&f.proxyUse, "proxy-user", "", "`USER` for the proxy, by Digest or Basic; the password is in GATE401_PROXY_PASSWORD or asked for")
	fl.BoolVarP(&f.insecure, "insecure", "k", false, "do not verify the server's certificate: whoever is between can read the credentials")
	fl.BoolVar(&f.clear, "allow-cleartext", false, "send credentials over plain http to other machines, where everybody on the way can read them")
	fl.DurationVar(&f.timeout, "timeout", 0, "give up after this `TIME`, such as 30s")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "say in words what is sent, what is asked and what comes next")
	fl.BoolVar(&f.asJSON, "json", false, "print all exchanges as JSON instead of the body, without secrets")
	f.proof.flags(cmd)
	exclusive(cmd, "include", "json")
	return cmd
}

// ofCurl is what stands here for a flag that people know from curl.
func ofCurl(flag string) string {
	switch flag {
	case "u", "user":
		return "--basic USER, or --digest USER; the password is asked for, or comes from GATE401_PASSWORD"
	case "s", "silent", "S", "show-error":
		return "leave it out: the body alone goes to standard output, and why a request failed to standard error"
	case "f", "fail", "fail-with-body":
		return "leave it out: the exit status is 1 if the server refused or failed"
	case "b", "cookie":
		return "-H 'Cookie: NAME=VALUE'"
	case "A", "user-agent":
		return "-H 'User-Agent: NAME'"
	case "m", "max-time":
		return "--timeout TIME, such as 30s"
	}
	return ""
}

func (a *app) runCall(ctx context.Context, f callFlags, target string) error {
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.timeout)
		defer cancel()
	}
	req, buffered, err := a.callRequest(ctx, &f, target)
	if err != nil {
		return err
	}
	logins, err := a.callLogins(ctx, f, req)
	if err != nil {
		return err
	}
	base, proxies, err := a.callBase(f)
	if err != nil {
		return err
	}
	defer base.CloseIdleConnections()
	report := &callReport{app: a, verbose: f.verbose, style: explain.Style{Color: a.color(a.Err)}, key: f.proof}
	tr := &client.Transport{
		Base: base, Logins: logins, Proxies: proxies, BufferBody: buffered, ExpectContinue: 1 << 20,
		Observe: report.observe, Now: a.Now,
	}
	// A renewal that nobody waits for would lose a refresh token that can be
	// used once.
	defer func() { _ = tr.Close() }()
	resp, err := callClient(tr, f.follow).Do(req)
	if err == nil {
		defer func() { _ = resp.Body.Close() }()
		err = a.callBody(f, report, resp)
	}
	return a.callEnd(f, report, resp, err)
}

// callClient follows redirects only if it is told to.
func callClient(tr http.RoundTripper, follow bool) *http.Client {
	c := &http.Client{Transport: tr}
	c.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		switch {
		case !follow:
			return http.ErrUseLastResponse
		case len(via) >= 10:
			return errors.New("more than 10 redirects")
		}
		// There is no jar: a Cookie is one of -H. net/http would take it to other
		// ports and names of the same host, and from https to http.
		if first := via[0].URL; !isAtOrigin(next.URL, first.Scheme+"://"+first.Host) {
			next.Header.Del("Cookie")
		}
		return nil
	}
	return c
}

// callBase is the transport below ours.
func (a *app) callBase(f callFlags) (*http.Transport, []client.Login, error) {
	base := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second,
		ExpectContinueTimeout: time.Second, DisableCompression: true,
	}
	if f.insecure {
		a.say("the server's certificate is not verified (--insecure)")
		base.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // asked for with a flag that says so
	}
	if f.proxy == "" {
		if f.proxyUse != "" {
			return nil, nil, usagef("-x http://127.0.0.1:3128", "--proxy-user: which proxy?")
		}
		return base, nil, nil
	}
	u, err := url.Parse(f.proxy)
	if err != nil || u.Host == "" {
		if u, err = url.Parse("http://" + f.proxy); err != nil || u.Host == "" {
			return nil, nil, usagef("-x http://127.0.0.1:3128", "--proxy: want the address of a proxy")
		}
	}
	user, secret := f.proxyUse, ""
	if u.User != nil && user == "" {
		user = u.User.Username()
		secret, _ = u.User.Password()
	}
	u.User = nil
	base.Proxy = http.ProxyURL(u)
	origin := u.Scheme + "://" + u.Host
	if user == "" {
		// There is nothing to lose, and a refused tunnel is explained.
		return base, []client.Login{{Origins: []string{origin}, DangerouslyAllowCleartext: true}}, nil
	}
	name, rest, given := strings.Cut(user, ":")
	switch {
	case given:
		secret = rest
	case secret == "":
		if secret, err = a.callPassword("", name, "GATE401_PROXY_PASSWORD"); err != nil {
			return nil, nil, err
		}
	}
	return base, []client.Login{{
		Origins: []string{origin}, DangerouslyAllowCleartext: f.clear,
		Basic: &client.Basic{User: name, Password: secret}, Digest: &client.Digest{User: name, Password: secret},
	}}, nil
}

// callBody writes the answer as it comes.
func (a *app) callBody(f callFlags, report *callReport, resp *http.Response) (err error) {
	out := a.Out
	if f.asJSON {
		out = io.Discard
	}
	if f.output != "" && f.output != "-" {
		file, err := os.Create(f.output)
		if err != nil {
			return fail(ExitUsage, err, hintsFor(err)...)
		}
		defer func() {
			if closing := file.Close(); err == nil {
				err = closing
			}
		}()
		out = file
	}
	if (f.include || f.head) && !f.asJSON {
		fmt.Fprintf(out, "%s %s\r\n", resp.Proto, resp.Status)
		if err := resp.Header.Write(out); err != nil {
			return err
		}
		fmt.Fprint(out, "\r\n")
	}
	if resp.StatusCode >= http.StatusBadRequest {
		out = io.MultiWriter(&report.body, out)
	}
	_, err = io.Copy(out, resp.Body)
	return err
}

// callEnd says how it went.
func (a *app) callEnd(f callFlags, report *callReport, resp *http.Response, err error) error {
	var denied *client.Denied
	if err == nil {
		err = client.Check(resp)
	}
	errors.As(err, &denied)
	if f.asJSON {
		if printing := a.json(report.trace(resp, denied, err)); printing != nil {
			return printing
		}
	}
	var known *failure
	switch {
	case denied != nil:
		return report.refusal(denied)
	case errors.As(err, &known):
		return err
	case errors.Is(err, client.ErrCleartext):
		return fail(ExitUsage, errors.New("over plain http everybody on the way can read the credentials; nothing was sent"),
			"use https, or say --allow-cleartext if the network is yours")
	case err != nil:
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err // without the URL, whose query may be secret
		}
		if errors.Is(err, context.DeadlineExceeded) && f.timeout > 0 {
			return fail(ExitUntested, fmt.Errorf("there was no complete answer within %s", f.timeout), "--timeout says how long to wait")
		}
		return fail(ExitUntested, fmt.Errorf("there was no complete answer: %w", err), hintsFor(err)...)
	case resp.StatusCode >= http.StatusBadRequest:
		return fail(ExitProblems, fmt.Errorf("the server answered %s", explain.Visible(resp.Status)))
	}
	return report.astray()
}
