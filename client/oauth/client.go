package oauth

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gate401/gate401/client/storage"
)

// Client is a registered client of a server. Its fields are not changed after
// first use; it is safe for concurrent use.
type Client struct {
	Server *Server
	// ID is the client id, and Secret the client secret; public clients, as
	// programs on somebody's own machine are, have none (RFC 8252 section 8.4).
	ID, Secret string
	// Scopes to ask for; nil means Server.UsualScopes.
	Scopes []string
	// Resources are what the tokens are for (RFC 8707).
	Resources []string
	// Port of the loopback redirect; 0 takes any that is free, as servers have to
	// accept (RFC 8252 section 7.3).
	Port int
	// HTTP is used to ask; nil means one of its own.
	HTTP *http.Client
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Sleep waits between the polls of Device; nil waits for real.
	Sleep func(context.Context, time.Duration) error

	secretInBody bool // known from an entry
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) web() (web, error) {
	if c.Server == nil || c.ID == "" {
		return web{}, errors.New("a client needs a server and an id")
	}
	u, err := url.Parse(c.Server.Issuer)
	if err != nil {
		return web{}, errors.New("the issuer is no URL")
	}
	return newWeb(c.HTTP, u), nil
}

func (c *Client) inBody() bool { return c.secretInBody || c.Server.secretInBody() }

func (c *Client) scopes() []string {
	if c.Scopes == nil {
		return c.Server.UsualScopes()
	}
	return c.Scopes
}

func (c *Client) scoped(form url.Values) url.Values {
	if s := c.scopes(); len(s) > 0 {
		form.Set("scope", strings.Join(s, " "))
	}
	return form
}

// Credentials logs the client itself in (RFC 6749 section 4.4).
func (c *Client) Credentials(ctx context.Context) (Tokens, error) {
	if c.Secret == "" {
		return Tokens{}, errors.New("a client without a secret has nothing to log in with")
	}
	form := url.Values{"grant_type": {grantCredentials}}
	if len(c.Scopes) > 0 {
		form.Set("scope", strings.Join(c.Scopes, " "))
	}
	t, err := c.token(ctx, form)
	// RFC 6749 section 4.4.3: there should be none, and none is needed.
	t.Refresh, t.grant = "", grantCredentials
	return t, err
}

const grantCredentials = "client_credentials"

// Renew gets a new access token for a refresh token (RFC 6749 section 6). The
// Refresh of the result is the one to use from now on: the new one, or the old
// one where the server does not rotate them. An *Error with the code
// invalid_grant means that the login is over.
//
// If the connection breaks before the answer, the token may have been used up
// and its successor lost. Asking once more can only help: a server with a grace
// answers, one that was not reached does too, and for one that calls it a reuse
// the login is over in either case.
func (c *Client) Renew(ctx context.Context, refresh string) (Tokens, error) {
	t, err := c.renew(ctx, refresh)
	if broke(err) && ctx.Err() == nil {
		t, err = c.renew(ctx, refresh)
	}
	if err == nil && t.Refresh == "" {
		t.Refresh = refresh
	}
	return t, err
}

func (c *Client) renew(ctx context.Context, refresh string) (Tokens, error) {
	return c.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
}

// broke tells whether a connection that was there ended without an answer. A
// server that takes too long may still be at it.
func broke(err error) bool {
	var op *net.OpError
	var timeout net.Error
	return errors.Is(err, errNoAnswer) && !(errors.As(err, &op) && op.Op == "dial") && !(errors.As(err, &timeout) && timeout.Timeout())
}

// ErrNoRevocation says that the server has no revocation endpoint.
var ErrNoRevocation = errors.New("the server has no way to revoke tokens")

// Revoke ends a login at the server (RFC 7009): the refresh token first, with
// which servers end the whole login, and then the access token.
func (c *Client) Revoke(ctx context.Context, t Tokens) error {
	if c.Server == nil || c.Server.RevocationEndpoint == "" {
		return ErrNoRevocation
	}
	var errs []error
	for _, one := range []struct{ hint, token string }{{"refresh_token", t.Refresh}, {"access_token", t.Access}} {
		if one.token == "" {
			continue
		}
		_, err := c.post(ctx, "the revocation endpoint", c.Server.RevocationEndpoint,
			url.Values{"token": {one.token}, "token_type_hint": {one.hint}})
		var e *Error
		if errors.As(err, &e) && e.Code == "unsupported_token_type" {
			continue // RFC 7009 section 2.2.1: it ends by itself
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Entry is what to store of a login. place says where the tokens are good.
func (c *Client) Entry(t Tokens, place Place) storage.Entry {
	resources := slices.Clone(c.Resources)
	slices.Sort(resources)
	e := storage.Entry{
		Key:    storage.Key{Issuer: c.Server.Issuer, Client: c.ID, Audience: strings.Join(resources, " "), Host: place.Host},
		Access: t.Access, Refresh: t.Refresh, Obtained: t.Obtained, Expiry: t.Expiry, Scopes: t.Scopes,
		Renewal: storage.Renewal{TokenEndpoint: c.Server.TokenEndpoint, RevocationEndpoint: c.Server.RevocationEndpoint,
			ClientSecret: c.Secret, SecretInBody: c.Secret != "" && c.inBody(), Grant: t.grant},
	}
	if place.Origin != "" {
		e.Origins = append(e.Origins, place.Origin)
	}
	for _, r := range resources {
		if u, err := url.Parse(r); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && !slices.Contains(e.Origins, origin(u)) {
			e.Origins = append(e.Origins, origin(u))
		}
	}
	return e
}

// Stored is the client of an entry, for renewing and revoking.
func Stored(e storage.Entry) *Client {
	c := &Client{
		Server: &Server{Issuer: e.Issuer, TokenEndpoint: e.Renewal.TokenEndpoint, RevocationEndpoint: e.Renewal.RevocationEndpoint},
		ID:     e.Client, Secret: e.Renewal.ClientSecret, secretInBody: e.Renewal.SecretInBody, Scopes: []string{},
	}
	if e.Audience != "" {
		c.Resources = strings.Split(e.Audience, " ")
	}
	return c
}
