package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/client/oauth"
	"github.com/gate401/gate401/client/storage"
	"github.com/gate401/gate401/internal/explain"
)

// loginFlags say who logs in, how, and for what.
type loginFlags struct {
	clientID, secretFile string
	device, credentials  bool
	noBrowser, list      bool
	asJSON, endEarlier   bool
	scopes               scopes
	resources            []string
	api                  string
	port                 int
	timeout              duration
	store                tokenStore
}

func (a *app) login() *cobra.Command {
	f := loginFlags{timeout: duration(5 * time.Minute)}
	cmd := &cobra.Command{
		Use:   "login ISSUER|API-URL | --list",
		Short: "Log in at an OAuth server and keep the tokens",
		Long: "Logs in at any OAuth 2.0 or OpenID Connect server, and keeps the tokens for \"gate401 call\", which renews them silently. " +
			"The URL is that of the issuer, or of an API whose 401 names its issuer (RFC 9728). " +
			"The token is sent to that API alone, to the one that --api names, or to the issuer if it says that it is an API itself.\n\n" +
			"A browser on this machine is used, with PKCE and a loopback address; with --device one on any machine; with --client-credentials none, for programs. " +
			"Without --client-id the client of an earlier login is used, or one is registered where the server lets anybody (RFC 7591).\n\n" +
			"A login that this one replaces is revoked at the server, if it has a way (RFC 7009).\n\n" +
			"The exit status is 0 if it worked, 1 if it was refused, 2 for wrong use, and 3 if the server could not be asked.",
		Example: `gate401 login https://api.example.com/orders
gate401 login https://idp.example.com --client-id cli --scope 'openid offline_access' --api https://api.example.com
gate401 login https://idp.example.com --client-id cli --device

# a program
gate401 login https://idp.example.com --client-id robot --client-secret-file secret.txt --client-credentials --api https://api.example.com

gate401 login --list`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.list {
				return wants(0, 0, "")(cmd, args)
			}
			return wants(1, 1, "the URL of the issuer or the API")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.list {
				return a.listLogins(cmd.Context(), f)
			}
			return a.runLogin(cmd.Context(), f, args[0])
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.clientID, "client-id", "", "as which client: `ID`")
	fl.StringVar(&f.secretFile, "client-secret-file", "", "the `FILE` with the secret of a confidential client, - for standard input")
	fl.BoolVar(&f.device, "device", false, "show a code to type in a browser on any machine (RFC 8628)")
	fl.BoolVar(&f.credentials, "client-credentials", false, "log the client itself in, without a person")
	fl.Var(&f.scopes, "scope", "ask for these `SCOPES`, with spaces between; may be repeated")
	fl.StringArrayVar(&f.resources, "resource", nil, "ask for tokens that are good at the resource `URL` (RFC 8707); may be repeated")
	fl.StringVar(&f.api, "api", "", "send the token to this API, the origin of the `URL`")
	fl.IntVar(&f.port, "port", 0, "the `PORT` of the loopback address, for servers that want a certain one")
	fl.BoolVar(&f.noBrowser, "no-browser", false, "open no browser, only show the address")
	fl.BoolVar(&f.endEarlier, "end-earlier", false, "revoke the login that this one replaces; some servers end both then")
	fl.Var(&f.timeout, "timeout", "how long to wait for the person")
	fl.BoolVar(&f.list, "list", false, "list what is stored")
	fl.BoolVar(&f.asJSON, "json", false, "print JSON, without the tokens")
	f.store.flags(cmd)
	_ = cmd.MarkFlagFilename("client-secret-file")
	exclusive(cmd, "device", "client-credentials", "list")
	return cmd
}

func (a *app) listLogins(ctx context.Context, f loginFlags) error {
	store, err := f.store.open(a)
	if err != nil {
		return err
	}
	entries, err := store.List(ctx)
	if err != nil {
		return storageError(err)
	}
	logins := []storedLogin{}
	var rows [][]string
	for _, e := range entries {
		l := newStoredLogin(e, a.Now())
		logins = append(logins, l)
		rows = append(rows, []string{explain.Visible(l.Issuer), explain.Visible(l.Client), l.State, day(l.Expires), words(goodAt(l)), words(l.Scopes)})
	}
	if f.asJSON {
		return a.json(logins)
	}
	if len(rows) == 0 {
		a.say(`nobody is logged in; "gate401 login URL" does that`)
	}
	a.print(a.table([]string{"issuer", "client", "state", "expires", "good at", "scopes"}, rows))
	return nil
}

func (a *app) runLogin(ctx context.Context, f loginFlags, target string) error {
	if f.credentials && f.secretFile == "" {
		return usagef("--client-secret-file FILE", "login: --client-credentials needs the secret of the client")
	}
	store, err := f.store.open(a)
	if err != nil {
		return err
	}
	place, err := oauth.Find(ctx, nil, target)
	if err != nil {
		return loginError(err)
	}
	switch {
	case f.api != "":
		if place, err = atAPI(place, f.api); err != nil {
			return err
		}
	case place.Origin == "" && len(f.resources) == 0:
		place = oauth.AtIssuer(ctx, nil, place)
	}
	if err := f.wayIn(place.Server); err != nil {
		return err
	}
	c, err := a.loginClient(ctx, f, place, store)
	if err != nil {
		return err
	}
	if f.credentials && place.Origin == "" && len(f.resources) == 0 {
		// The program would have a token that it cannot send anywhere.
		return usagef("--api https://api.example.com", "login: %s names no API at its own address, so nobody knows where the token is good", explain.Visible(place.Server.Issuer))
	}
	who := "at " + explain.Visible(place.Server.Issuer) + " as client " + explain.Visible(c.ID)
	a.say("logging in %s", who)
	wait, cancel := context.WithTimeout(ctx, time.Duration(f.timeout))
	defer cancel()
	tokens, err := a.logIn(wait, f, c)
	// The usual scopes are a guess. Without them the server is asked for those of
	// the API, or gives what the client is registered for (RFC 6749 section 3.3).
	fewer := [][]string{place.Scopes, {}}
	if len(place.Scopes) == 0 {
		fewer = fewer[1:]
	}
	for _, scopes := range fewer {
		var refused *oauth.Error
		if f.scopes != nil || !errors.As(err, &refused) || refused.Code != "invalid_scope" {
			continue
		}
		a.say("the server does not give this client such scopes; asking for fewer")
		c.Scopes = append([]string{}, scopes...)
		tokens, err = a.logIn(wait, f, c)
	}
	if err != nil {
		return loginError(err)
	}
	e := c.Entry(tokens, place)
	earlier, err := replace(ctx, wait, store, e)
	if err != nil {
		return storageError(err)
	}
	a.leaveEarlier(ctx, f.endEarlier, earlier, e)
	if err := a.loggedIn(f, e); err != nil || f.asJSON {
		return err
	}
	a.notGiven(f, place, e)
	return nil
}

// logIn gets tokens in the way that the flags say.
func (a *app) logIn(ctx context.Context, f loginFlags, c *oauth.Client) (oauth.Tokens, error) {
	switch {
	case f.credentials:
		return c.Credentials(ctx)
	case f.device:
		return c.Device(ctx, a.showDevice)
	}
	return c.Browser(ctx, func(address string) { a.showAddress(ctx, f, c.Server, address) })
}

// loggedIn tells what was stored.
func (a *app) loggedIn(f loginFlags, e storage.Entry) error {
	l := newStoredLogin(e, a.Now())
	if f.asJSON {
		return a.json(l)
	}
	until := "ends nobody knows when"
	if l.Expires != nil {
		until = "ends " + explain.Moment(*l.Expires)
	}
	if l.Renewable {
		until += ", and is renewed silently"
	} else {
		until += `, and then "gate401 login" is due again`
	}
	a.say("logged in; the access token %s", until)
	if len(l.Origins) == 0 {
		a.say(`hint: where the token is good is not known, so "gate401 call" sends it nowhere; name the API with --api URL`)
		return nil
	}
	for _, o := range l.Origins {
		if inClear(o) {
			a.say(`hint: %s is plain http, where everybody on the way can read the token: "gate401 call" sends it there only with --allow-cleartext`, o)
		}
	}
	alone := ""
	if bounds := l.bounds(); len(bounds) > 0 {
		alone = "; it is for " + explain.Visible(strings.Join(bounds, " and ")) + " alone"
	}
	a.say(`"gate401 call" sends it to %s and nowhere else%s`, strings.Join(l.Origins, " and "), alone)
	return nil
}

// atAPI adds where the token may be sent.
func atAPI(p oauth.Place, api string) (oauth.Place, error) {
	u, err := url.Parse(api)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return p, usagef("--api https://api.example.com", "--api: want an absolute URL")
	}
	p.Host, p.Origin = strings.ToLower(u.Host), strings.ToLower(u.Scheme+"://"+u.Host)
	return p, nil
}

// loginClient finds out who we are to the server.
func (a *app) loginClient(ctx context.Context, f loginFlags, place oauth.Place, store storage.Store) (*oauth.Client, error) {
	c := &oauth.Client{Server: place.Server, ID: f.clientID, Port: f.port, Now: a.Now, Resources: f.resources}
	if len(c.Resources) == 0 {
		c.Resources = place.Resources()
	}
	if f.scopes != nil {
		c.Scopes = f.scopes
	} else if len(place.Scopes) > 0 {
		c.Scopes = append(place.Server.UsualScopes(), place.Scopes...)
	}
	if f.secretFile != "" {
		secret, err := a.secretFile(f.secretFile, "--client-secret-file")
		if err != nil {
			return nil, err
		}
		c.Secret = secret
	}
	if c.ID != "" {
		return c, nil
	}
	if f.secretFile != "" {
		return nil, usagef("--client-id ID", "login: whose secret is it?")
	}
	entries, err := store.List(ctx)
	if err != nil {
		return nil, storageError(err)
	}
	for _, e := range entries {
		if e.Issuer == place.Server.Issuer && e.Renewal.ClientSecret == "" {
			c.ID = e.Client
			return c, nil
		}
	}
	c.ID, err = oauth.Register(ctx, nil, place.Server, "gate401")
	if err != nil {
		hint := "register a public (native) client at the server, with the redirect address http://127.0.0.1/callback, and name it: --client-id ID"
		return nil, fail(ExitUsage, fmt.Errorf("login: no --client-id, and none could be registered: %w", err), hint,
			`at a gate401, "gate401 client add ID --public --redirect-uri http://127.0.0.1/callback --device" does that`)
	}
	a.say("registered as client %s", explain.Visible(c.ID))
	return c, nil
}

func (a *app) showAddress(ctx context.Context, f loginFlags, s *oauth.Server, address string) {
	a.say("open this address in a browser on this machine:\n\n  %s\n", address)
	switch {
	case f.noBrowser:
	case a.openBrowser(ctx, address):
		a.say("a browser was opened")
	case s.DeviceEndpoint != "":
		a.say("hint: no browser here? --device shows a code for one on another machine")
	}
	a.say("waiting for you to log in there, at most %s", explain.Span(time.Duration(f.timeout)))
}

func (a *app) showDevice(d oauth.DeviceCode) {
	a.say("open this address in a browser on any machine:\n\n  %s\n", d.VerificationURI)
	a.say("and type this code there:\n\n  %s\n", d.UserCode)
	if d.Complete != "" {
		a.say("or open this one, and compare the code:\n\n  %s\n", d.Complete)
	}
	a.say("waiting for you to log in there, until %s", explain.Moment(d.Expires))
}

// loginError adds what would help.
func loginError(err error) error {
	var refused *oauth.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fail(ExitUntested, err, "--timeout 15m waits longer")
	case !errors.As(err, &refused):
		return fail(ExitUntested, err)
	}
	hint := ""
	switch refused.Code {
	case "access_denied":
		hint = "the person or the server said no"
	case "invalid_client":
		hint = "check --client-id, and whether that client has a secret: --client-secret-file"
	case "invalid_scope":
		hint = "ask for scopes that the server has: --scope"
	case "invalid_target":
		hint = "the server gives this client no tokens for that API: look at --resource, or name the API by the URL that the server knows"
	case "unauthorized_client", "unsupported_grant_type":
		hint = "the server does not let this client log in in this way; --device and --client-credentials are others"
	case "expired_token":
		hint = "run it again, and confirm the code sooner"
	}
	if hint == "" {
		return fail(ExitProblems, err)
	}
	return fail(ExitProblems, err, hint)
}
