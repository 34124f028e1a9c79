package issuer

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/store"
)

// The grants of the token endpoint.
const (
	GrantAuthorizationCode = "authorization_code"
	GrantClientCredentials = "client_credentials"
	GrantRefreshToken      = "refresh_token"
	GrantDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"
)

// Grants are all of them.
func Grants() []string {
	return []string{GrantAuthorizationCode, GrantClientCredentials, GrantRefreshToken, GrantDeviceCode}
}

// TokenEndpoint is the token endpoint (RFC 6749 section 3.2).
type TokenEndpoint struct {
	Desk
	// Grants are those that it knows; nil means refresh_token alone.
	Grants []string
}

func (e *TokenEndpoint) grants() []string {
	if e.Grants == nil {
		return []string{GrantRefreshToken}
	}
	return e.Grants
}

// Exchange reads a request and exchanges its grant. w is told where the body is
// too large, and what the request is called; nothing is written.
func (e *TokenEndpoint) Exchange(w http.ResponseWriter, hr *http.Request) (*Grant, error) {
	v, err := e.begin(w, hr)
	if err != nil {
		return nil, err
	}
	return e.exchange(w, v)
}

func (e *TokenEndpoint) exchange(w http.ResponseWriter, v *visit) (*Grant, error) {
	form, err := readForm(w, v.hr)
	if err != nil {
		return nil, err
	}
	// Which grant is meant comes first: a client that is told its secret is
	// wrong looks for it in vain when it asked for what nobody has.
	grant := form.Get("grant_type")
	if err := e.known(grant, form); err != nil {
		return nil, err
	}
	if err := e.believe(v, form); err != nil {
		return nil, err
	}
	if err := mayUse(&v.client, grant); err != nil {
		return nil, err
	}
	// A client that gives up must not leave a refresh token half used.
	ctx, cancel := lasting(v.hr)
	defer cancel()
	return e.redeem(ctx, e.Issuer.For(v.r), grant, form, v.client)
}

// needed is the parameter without which a grant means nothing.
func needed(grant string) string {
	switch grant {
	case GrantAuthorizationCode:
		return "code"
	case GrantRefreshToken:
		return "refresh_token"
	case GrantDeviceCode:
		return "device_code"
	}
	return ""
}

func (e *TokenEndpoint) known(grant string, form url.Values) error {
	no := func(description string) error {
		return &FormError{Code: "unsupported_grant_type", Description: description}
	}
	switch {
	case grant == "":
		return invalid("grant_type is missing.")
	case slices.Contains(e.grants(), grant):
	case grant == "password":
		return no("A program does not take people's passwords here (RFC 9700 section 2.4): send the browser to the authorization endpoint, or use client_credentials for the program itself.")
	case grant == "implicit":
		return no("Tokens are not given in URLs (RFC 9700 section 2.1.2): use authorization_code with PKCE.")
	case len(e.grants()) == 1:
		return no("Only grant_type=" + e.grants()[0] + " is known here.")
	default:
		return no("Known here: " + listed(e.grants()) + ".")
	}
	if name := needed(grant); name != "" && form.Get(name) == "" {
		return invalid(name + " is missing.")
	}
	return nil
}

func (e *TokenEndpoint) redeem(ctx context.Context, own *Issuer, grant string, form url.Values, client store.Client) (*Grant, error) {
	resources := form["resource"]
	switch grant {
	case GrantAuthorizationCode:
		return own.RedeemCode(ctx, CodeRedemption{
			Code: form.Get("code"), Verifier: form.Get("code_verifier"), RedirectURI: form.Get("redirect_uri"), Client: client, Resources: resources,
		})
	case GrantRefreshToken:
		return own.Redeem(ctx, Redemption{
			Token: form.Get("refresh_token"), Client: client.ID, Scopes: scopesOf(form), Resources: resources,
		})
	case GrantClientCredentials:
		return own.ClientCredentials(ctx, client, scopesOf(form), resources)
	case GrantDeviceCode:
		return own.RedeemDevice(ctx, client, form.Get("device_code"), resources)
	}
	return nil, &FormError{Code: "unsupported_grant_type", Description: "Known here: " + listed(e.grants()) + "."}
}

// scopesOf are the scopes that a form asks for, nil if it does not say.
func scopesOf(form url.Values) []string {
	if scope := form.Get("scope"); scope != "" {
		return strings.Fields(scope)
	}
	return nil
}

// Success is the answer that gives a client its tokens (RFC 6749 section 5.1).
func (e *TokenEndpoint) Success(g *Grant) Response {
	fields := map[string]any{
		"access_token": g.Access.Token,
		"token_type":   "Bearer",
		// iat is cut to a second, so that what is left is rounded up.
		"expires_in": max(int64((g.Access.Expires.Sub(e.Issuer.now())+time.Second-1)/time.Second), 0),
	}
	if text := g.Refresh.Reveal(); text != "" {
		fields["refresh_token"] = text
	}
	if g.IDToken != "" {
		fields["id_token"] = g.IDToken
	}
	if len(g.Scopes) > 0 {
		fields["scope"] = strings.Join(g.Scopes, " ")
	}
	return plain(http.StatusOK, fields)
}

// ServeHTTP answers a token request.
func (e *TokenEndpoint) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	v, err := e.begin(w, hr)
	var grant *Grant
	if err == nil {
		grant, err = e.exchange(w, v)
	}
	e.answer(w, v, func() Response { return e.Success(grant) }, err)
}

var _ http.Handler = (*TokenEndpoint)(nil)
