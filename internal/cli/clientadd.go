package cli

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/internal/loopback"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// maxClientID is more than anybody wants to type.
const maxClientID = 128

// clientFlags say what a client is and may do.
type clientFlags struct {
	name, method, keysFile, keysURL string
	public, device, trusted         bool
	redirects, grants               []string
	resources, groups               []string
	scopes                          scopes
}

func (f *clientFlags) flags(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.name, "name", "", "what people are shown when they are asked for consent: `TEXT`")
	fl.StringVar(&f.method, "method", "", "how it proves itself: `METHOD`, one of "+strings.Join(issuer.AuthMethods(), ", "))
	fl.BoolVar(&f.public, "public", false, "it cannot keep a secret: an app, a page, a command line; the same as --method none")
	fl.StringArrayVar(&f.redirects, "redirect-uri", nil, "where a login may lead back to, compared octet by octet: `URI`; may be repeated")
	fl.StringArrayVar(&f.grants, "grant", nil, "a `GRANT` that it may use: authorization_code, refresh_token, client_credentials or device_code; may be repeated "+
		"(default: by the other flags)")
	fl.BoolVar(&f.device, "device", false, "let it use the device grant (RFC 8628): a television, a command line on another machine")
	fl.Var(&f.scopes, "scope", "let it ask for these `SCOPES`, with spaces between; may be repeated "+
		"(default where people log in: openid profile offline_access)")
	fl.StringArrayVar(&f.resources, "resource", nil, "let it ask for tokens for this `RESOURCE` alone (RFC 8707): a URL, or a name under issuer.resources; "+
		"an API hears by introspection of tokens for it; may be repeated (default: all)")
	fl.StringArrayVar(&f.groups, "group", nil, "put the client itself into the group `G`, for client_credentials; may be repeated")
	fl.StringVar(&f.keysFile, "jwks", "", "the `FILE` with its public keys (RFC 7517), for private_key_jwt")
	fl.StringVar(&f.keysURL, "jwks-uri", "", "the `URL` of its public keys, for private_key_jwt")
	fl.BoolVar(&f.trusted, "trusted", false, "do not ask people for consent: it is your own program")
	exclusive(cmd, "public", "method")
	exclusive(cmd, "jwks", "jwks-uri")
	_ = cmd.MarkFlagFilename("jwks", "json", "jwks")
	_ = cmd.RegisterFlagCompletionFunc("method", cobra.FixedCompletions(issuer.AuthMethods(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("grant", cobra.FixedCompletions(shortGrants(issuer.Grants()), cobra.ShellCompDirectiveNoFileComp))
}

// apply puts what was given into the record.
func (f *clientFlags) apply(cmd *cobra.Command, c *store.Client) error {
	given := cmd.Flags().Changed
	if given("name") {
		c.Name = f.name
	}
	if f.public {
		c.Method = issuer.AuthNone
	}
	if given("method") {
		if !slices.Contains(issuer.AuthMethods(), f.method) {
			return usagef("known: "+strings.Join(issuer.AuthMethods(), ", "), "--method: there is no method %q", explain.Visible(f.method))
		}
		c.Method = f.method
	}
	if given("redirect-uri") {
		for _, uri := range f.redirects {
			if err := issuer.CheckRedirect(uri); err != nil {
				return usagef("--redirect-uri https://app.example.com/callback, or http://127.0.0.1/callback for a program on the person's machine",
					"--redirect-uri %q: %w", explain.Visible(uri), err)
			}
		}
		c.RedirectURIs = f.redirects
	}
	if given("scope") {
		c.Scopes = f.scopes
	}
	if given("resource") {
		for _, text := range f.resources {
			// A name too: APIs verify those as well.
			if u, err := url.Parse(text); err != nil || text == "" || u.User != nil || strings.ContainsFunc(text, notInResource) {
				return usagef("the aud that the API verifies, as in https://stock.example.com or stock (RFC 8707 section 2)",
					"--resource %q: it is neither a URL without a fragment nor a name", explain.Visible(text))
			}
		}
		c.Resources = f.resources
	}
	if given("group") {
		c.Groups = f.groups
	}
	if given("trusted") {
		c.Trusted = f.trusted
	}
	if err := f.keys(c); err != nil {
		return err
	}
	return f.allow(cmd, c)
}

// notInResource are the characters that neither a URL nor a name has, and "#".
func notInResource(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("#\"<>\\^`{|}", r)
}

// keys are the public keys of the client, or where they are.
func (f *clientFlags) keys(c *store.Client) error {
	switch {
	case f.keysFile != "":
		data, err := os.ReadFile(f.keysFile)
		if err != nil {
			return missing(err, f.keysFile)
		}
		set, err := token.ParseKeySet(data)
		if err != nil {
			return fail(ExitProblems, fmt.Errorf("--jwks %s: %w", explain.Visible(f.keysFile), err), `a JWK Set: {"keys": [...]}, public keys only`)
		}
		if set.Len() == 0 {
			return fail(ExitProblems, fmt.Errorf("--jwks %s: no key in it can verify anything", explain.Visible(f.keysFile)), strings.Join(set.Skipped(), "; "))
		}
		c.Keys, c.KeysURL = data, ""
	case f.keysURL != "":
		u, err := url.Parse(f.keysURL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && (u.Scheme != "http" || !loopback.Stays(u.Hostname()))) {
			return usagef("https, or http on this machine", "--jwks-uri: %q is no URL to fetch keys from", explain.Visible(f.keysURL))
		}
		c.Keys, c.KeysURL = nil, f.keysURL
	}
	return nil
}

// allow sets the grants: those that were named, or those that go with the rest.
func (f *clientFlags) allow(cmd *cobra.Command, c *store.Client) error {
	known := issuer.Grants()
	if cmd.Flags().Changed("grant") {
		c.Grants = nil
		for _, name := range split(f.grants) {
			i := slices.IndexFunc(known, func(k string) bool { return k == name || strings.HasSuffix(k, ":"+name) })
			switch {
			case i < 0:
				return usagef("known: "+strings.Join(shortGrants(known), ", "), "--grant: there is no grant %q", explain.Visible(name))
			case !slices.Contains(c.Grants, known[i]):
				c.Grants = append(c.Grants, known[i])
			}
		}
	}
	allow := func(grants ...string) {
		for _, g := range grants {
			if !slices.Contains(c.Grants, g) {
				c.Grants = append(c.Grants, g)
			}
		}
	}
	if len(c.Grants) == 0 || (!cmd.Flags().Changed("grant") && cmd.Flags().Changed("redirect-uri")) {
		if len(c.RedirectURIs) > 0 {
			allow(issuer.GrantAuthorizationCode, issuer.GrantRefreshToken)
		}
	}
	if f.device {
		allow(issuer.GrantDeviceCode, issuer.GrantRefreshToken)
	}
	if len(c.Grants) == 0 {
		if c.Method == issuer.AuthNone {
			return usagef("--redirect-uri URI for a login in a browser, or --device", "the client could do nothing: a public client needs a redirect URI or the device grant")
		}
		allow(issuer.GrantClientCredentials)
	}
	return fits(c)
}

// fits says what of a client contradicts the rest.
func fits(c *store.Client) error {
	has := func(g string) bool { return slices.Contains(c.Grants, g) }
	switch {
	case has(issuer.GrantAuthorizationCode) && len(c.RedirectURIs) == 0:
		return usagef("--redirect-uri https://app.example.com/callback", "the grant authorization_code needs a redirect URI")
	case has(issuer.GrantClientCredentials) && c.Method == issuer.AuthNone:
		return usagef("leave --public out", "the grant client_credentials is for clients that prove who they are (RFC 6749 section 4.4)")
	case !slices.ContainsFunc(c.Grants, func(g string) bool { return g != issuer.GrantRefreshToken }):
		return usagef("add --grant authorization_code or --grant device_code", "the grant refresh_token renews what another grant gives first")
	case c.Method == issuer.AuthPrivateKey && len(c.Keys) == 0 && c.KeysURL == "":
		return usagef("--jwks FILE or --jwks-uri URL", "the method private_key_jwt needs the public keys of the client")
	}
	return nil
}

// logsIn tells whether people log in at the client.
func logsIn(c *store.Client) bool {
	return slices.Contains(c.Grants, issuer.GrantAuthorizationCode) || slices.Contains(c.Grants, issuer.GrantDeviceCode)
}

// isClientID takes what needs no encoding anywhere (RFC 3986 section 2.3).
func isClientID(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
		default:
			return false
		}
	}
	return id != "" && len(id) <= maxClientID
}

func (a *app) clientAdd() *cobra.Command {
	var w where
	var f clientFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "add ID",
		Short: "Add a client, and print its secret once",
		Long: "Adds a client. With a redirect URI it logs people in by their browser (authorization code with PKCE, and refresh tokens); " +
			"without one it speaks for itself (client credentials). What it may do can be said exactly with --grant.\n\n" +
			"Unless it is public, or proves itself by a key of its own, a secret is made and printed once; only its SHA-256 is kept.",
		Example: `# a web application
gate401 client add shop --redirect-uri https://shop.example.com/callback --scope 'openid profile offline_access orders:read'

# an app or a command line: no secret
gate401 client add cli --public --redirect-uri http://127.0.0.1/callback --device --scope 'openid offline_access orders:read'

# a program that speaks for itself
gate401 client add nightly-report --scope orders:read --group reports`,
		Args: wants(1, 1, "the id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			c := store.Client{ID: args[0], Method: issuer.AuthBasic}
			if !isClientID(c.ID) {
				return usagef("letters, digits and - . _ ~, 128 at most", "%q cannot be the id of a client", explain.Visible(c.ID))
			}
			if f.keysFile != "" || f.keysURL != "" {
				c.Method = issuer.AuthPrivateKey
			}
			if err := f.apply(cmd, &c); err != nil {
				return err
			}
			if !cmd.Flags().Changed("scope") && logsIn(&c) {
				// They tell who somebody is, and give no right.
				c.Scopes = []string{issuer.ScopeOpenID, "profile", "offline_access"}
			}
			secret := ""
			if hasSecret(c.Method) {
				text, record, err := issuer.NewClientSecret(nil)
				if err != nil {
					return err
				}
				record.Created = a.Now()
				secret, c.Secrets = text, []store.ClientSecret{record}
			}
			r, err := a.open(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			// Its token would speak for that person (RFC 9700 section 4.15).
			if name, err := store.Canonical(c.ID); err == nil {
				if _, err := r.Set.Accounts.Account(ctx, name); err == nil {
					return fail(ExitProblems, fmt.Errorf("there is an account %q: a client of that name could speak for it", name), "choose another id, such as "+c.ID+"-client")
				}
			}
			c, err = r.Set.Clients.CreateClient(ctx, c)
			if errors.Is(err, store.ErrExists) {
				return fail(ExitProblems, fmt.Errorf("there is a client %q already", args[0]), `"gate401 client update `+args[0]+`" changes it, "gate401 client rotate `+args[0]+`" gives it a new secret`)
			} else if err != nil {
				return storeError(err)
			}
			if err := r.audit(ctx, "client.create", c.ID, clientDetail(c)); err != nil {
				return err
			}
			return a.toldClient(asJSON, c, secret, "added the client "+c.ID)
		},
	}
	f.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// clientDetail is what the audit records keep.
func clientDetail(c store.Client) map[string]any {
	return map[string]any{"method": c.Method, "grants": c.Grants, "redirect_uris": c.RedirectURIs, "scopes": c.Scopes, "groups": c.Groups, "trusted": c.Trusted}
}

// toldClient reports a client, with its secret if that was made just now.
func (a *app) toldClient(asJSON bool, c store.Client, secret, fact string) error {
	if asJSON {
		out := newClientRecord(c, a.Now())
		out.Secret = secret
		return a.json(out)
	}
	a.say("%s", fact)
	if secret != "" {
		a.once(secret, "secret")
	}
	return nil
}

func (a *app) clientUpdate() *cobra.Command {
	var w where
	var f clientFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "update ID",
		Short: "Change what a client is and may do",
		Long: "Changes what the flags name, and leaves the rest as it is; a flag that may be repeated replaces the whole list. " +
			"A client that has no secret and now needs one gets one, printed once.",
		Example: `gate401 client update shop --scope 'openid orders:read orders:write'
gate401 client update shop --redirect-uri https://shop.example.com/callback --redirect-uri https://shop.example.net/callback
gate401 client update cli --trusted=false`,
		Args: wants(1, 1, "the id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			r, err := a.open(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			secret := ""
			c, err := r.changeClient(ctx, args[0], func(c *store.Client) error {
				if err := f.apply(cmd, c); err != nil {
					return err
				}
				if !hasSecret(c.Method) {
					c.Secrets = nil
					return nil
				}
				if len(c.Secrets) > 0 {
					return nil
				}
				text, record, err := issuer.NewClientSecret(nil)
				record.Created = a.Now()
				secret, c.Secrets = text, []store.ClientSecret{record}
				return err
			})
			if err != nil {
				return err
			}
			if err := r.audit(ctx, "client.update", c.ID, clientDetail(c)); err != nil {
				return err
			}
			return a.toldClient(asJSON, c, secret, "changed the client "+c.ID)
		},
		ValidArgsFunction: a.complete(&w, (*records).clientNames),
	}
	f.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}
