package issuer

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// GrantRefreshToken is the one grant_type of the token endpoint.
const GrantRefreshToken = "refresh_token"

// TokenEndpoint is the token endpoint (RFC 6749 section 3.2).
type TokenEndpoint struct {
	// Issuer does the work. Required.
	Issuer *Issuer
	// Clients are who may use it.
	Clients Clients
	// AnyClient is the public client whom a request without client_id is taken
	// to come from; empty refuses such requests.
	AnyClient string
	// Realm is named when a client must prove itself.
	Realm string
	// Problems is the address below which each reason has its page; empty for
	// none.
	Problems string
	// Observe is told what came of each request, nil for success, before it is
	// answered; nil tells nobody.
	Observe func(hr *http.Request, err error)
}

// Exchange reads a request and exchanges its grant. w is told where the body is
// too large; nothing is written.
func (e *TokenEndpoint) Exchange(w http.ResponseWriter, hr *http.Request) (*Grant, error) {
	form, err := readForm(w, hr)
	if err != nil {
		return nil, err
	}
	// Which grant is meant comes first: a client that is told its secret is
	// wrong looks for it in vain when it asked for what nobody has.
	switch grant := form.Get("grant_type"); {
	case grant == "":
		return nil, invalid("grant_type is missing.")
	case grant != GrantRefreshToken:
		return nil, &FormError{Code: "unsupported_grant_type", Description: "Only grant_type=refresh_token is known here."}
	case form.Get("refresh_token") == "":
		return nil, invalid("refresh_token is missing.")
	}
	client, err := authenticate(hr, form, e.Clients, e.AnyClient)
	if err != nil {
		return nil, err
	}
	r := Redemption{Token: form.Get("refresh_token"), Client: client}
	if scope := form.Get("scope"); scope != "" {
		r.Scopes = strings.Fields(scope)
	}
	// A client that gives up must not leave a refresh token half used.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(hr.Context()), workTimeout)
	defer cancel()
	return e.Issuer.Redeem(ctx, r)
}

// workTimeout bounds what is done for a client that may have gone.
const workTimeout = 30 * time.Second

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
	if len(g.Scopes) > 0 {
		fields["scope"] = strings.Join(g.Scopes, " ")
	}
	return plain(http.StatusOK, fields)
}

// ServeHTTP answers a token request.
func (e *TokenEndpoint) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	grant, err := e.Exchange(w, hr)
	if e.Observe != nil {
		e.Observe(hr, err)
	}
	answer := Response{}
	if err != nil {
		answer = Refusal(err, e.Realm, e.Problems)
	} else {
		answer = e.Success(grant)
	}
	// The client may be gone; there is nobody left to tell.
	_ = answer.Write(w)
}

// RevocationEndpoint is the revocation endpoint (RFC 7009).
type RevocationEndpoint struct {
	// Issuer does the work. Required.
	Issuer *Issuer
	// Clients, AnyClient, Realm, Problems and Observe are those of a
	// TokenEndpoint.
	Clients                    Clients
	AnyClient, Realm, Problems string
	Observe                    func(hr *http.Request, err error)
}

// ServeHTTP answers a revocation request: 200 also for a token that nobody knows
// (RFC 7009 section 2.2), 503 where the revocation could not be stored.
func (e *RevocationEndpoint) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	err := e.revoke(w, hr)
	if e.Observe != nil {
		e.Observe(hr, err)
	}
	answer := plain(http.StatusOK, nil)
	delete(answer.Header, "Content-Type")
	if err != nil {
		answer = Refusal(err, e.Realm, e.Problems)
	}
	_ = answer.Write(w)
}

func (e *RevocationEndpoint) revoke(w http.ResponseWriter, hr *http.Request) error {
	form, err := readForm(w, hr)
	if err != nil {
		return err
	}
	// token_type_hint may be anything: the form of a token tells its kind.
	if form.Get("token") == "" {
		return invalid("token is missing.")
	}
	client, err := authenticate(hr, form, e.Clients, e.AnyClient)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(hr.Context()), workTimeout)
	defer cancel()
	return e.Issuer.RevokeToken(ctx, form.Get("token"), client)
}

var (
	_ http.Handler = (*TokenEndpoint)(nil)
	_ http.Handler = (*RevocationEndpoint)(nil)
)
