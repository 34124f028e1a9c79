package openid

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/gate401/gate401/token"
)

// errGrant says that the provider does not take a code: it is too old, or was used
// before.
var errGrant = errors.New("the provider does not take the code")

// algorithms are those of ID tokens: none that a secret shared with the provider
// would do for.
func algorithms() []string {
	return []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}
}

// answer is what a provider says of a person.
type answer struct {
	claims *token.Claims
	all    map[string]any // of the ID token, and of userinfo where it has more
}

// redeem turns a code into what the provider says of the person.
func (p *Provider) redeem(ctx context.Context, m *metadata, f flow, secret, state, code string) (*answer, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, p.http)
	verifier := verifierOf(secret, state)
	tokens, err := p.oauth(m, f.Redirect).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, told(err, append(p.secretForms(), code, url.QueryEscape(code), verifier)...)
	}
	if !strings.EqualFold(tokens.Type(), "Bearer") {
		return nil, fmt.Errorf("token endpoint: the token type is %.40q, not Bearer", tokens.TokenType)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok || raw == "" {
		return nil, errors.New("token endpoint: there is no id_token in the answer: is the scope openid allowed to this client?")
	}
	a, err := p.verify(ctx, raw, tokens.AccessToken, nonceOf(secret, state))
	if err != nil {
		return nil, err
	}
	return a, p.ask(ctx, m, tokens.AccessToken, a)
}

// secretForms are the forms that our secret has on its way (RFC 6749 section 2.3.1):
// some providers repeat what they were sent.
func (p *Provider) secretForms() []string {
	if p.ClientSecret == "" {
		return nil
	}
	id, secret := url.QueryEscape(p.ClientID), url.QueryEscape(p.ClientSecret)
	return []string{p.ClientSecret, secret, base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))}
}

// told is what an operator is told about a token endpoint that refuses: its own
// words, without what was sent to it, and never a body.
func told(err error, sent ...string) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return fmt.Errorf("token endpoint: %w", without(err, sent))
	}
	status := 0
	if refused.Response != nil {
		status = refused.Response.StatusCode
	}
	says := fmt.Sprintf("token endpoint: status %d", status)
	if refused.ErrorCode != "" {
		says += fmt.Sprintf(", error %.64q", refused.ErrorCode)
	}
	if d := refused.ErrorDescription; d != "" && !slices.ContainsFunc(sent, func(s string) bool { return s != "" && strings.Contains(d, s) }) {
		says += fmt.Sprintf(", %.300q", d)
	}
	switch refused.ErrorCode {
	case "invalid_grant":
		return fmt.Errorf("%w: %s", errGrant, says)
	case "invalid_client", "unauthorized_client":
		says += ": compare client_id and client_secret, and how the provider wants the secret (client_auth)"
	}
	return errors.New(says)
}

// without keeps what was sent out of an error.
func without(err error, sent []string) error {
	text := err.Error()
	for _, s := range sent {
		if s != "" && strings.Contains(text, s) {
			return errors.New("the answer cannot be read")
		}
	}
	return err
}

// signed is the keys of a provider for go-oidc, whose own set has no limits: one
// token, judged by our rules for keys, algorithms and JSON.
type signed struct {
	check  *token.Verifier
	claims *token.Claims
	err    error // go-oidc does not wrap it
}

var _ oidc.KeySet = (*signed)(nil)

// VerifySignature is part of oidc.KeySet.
func (s *signed) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	if s.claims, s.err = s.check.Verify(ctx, jwt); s.err != nil {
		return nil, s.err
	}
	return []byte(s.claims.Payload()), nil
}

// verify judges an ID token (OpenID Connect Core 1.0 section 3.1.3.7).
func (p *Provider) verify(ctx context.Context, raw, access, nonce string) (*answer, error) {
	keys := &signed{check: p.check}
	id, err := oidc.NewVerifier(p.Issuer, keys, &oidc.Config{
		ClientID: p.ClientID, SupportedSigningAlgs: algorithms(), Now: p.now,
		// It was judged with the signature, by a clock that may be a little off.
		SkipExpiryCheck: true,
	}).Verify(ctx, raw)
	switch {
	case keys.err != nil:
		return nil, fmt.Errorf("id token: %w", keys.err)
	case err != nil:
		return nil, fmt.Errorf("id token: %w", err)
	}
	c := keys.claims
	all := maps.Clone(c.Raw())
	azp, named := all["azp"]
	switch {
	case c.Subject == "":
		return nil, errors.New("id token: sub is missing: it speaks for nobody")
	case c.IssuedAt.IsZero():
		return nil, errors.New("id token: iat is missing")
	case named && azp != p.ClientID:
		return nil, errors.New("id token: azp names another client")
	case !named && len(c.Audience) > 1:
		return nil, errors.New("id token: it is for several, and does not say for whom it was made (azp)")
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		return nil, errNonce
	}
	// Optional in this flow, and to be right where it is there (section 3.1.3.6).
	if _, there := all["at_hash"]; there {
		if err := id.VerifyAccessToken(access); err != nil {
			return nil, errors.New("id token: at_hash does not fit the access token")
		}
	}
	return &answer{claims: c, all: all}, nil
}

// errNonce says that an ID token was made for another login.
var errNonce = errors.New("id token: the nonce is not that of this login")

// ask adds what the userinfo endpoint says and the ID token does not.
func (p *Provider) ask(ctx context.Context, m *metadata, access string, a *answer) error {
	if p.UserInfo == UserInfoNever || p.UserInfo == UserInfoAuto && !p.lacks(a) {
		return nil
	}
	if m.UserInfo == "" {
		if p.UserInfo == UserInfoAlways {
			return errors.New("userinfo: the provider names no such endpoint")
		}
		return nil
	}
	body, err := p.get(ctx, m.UserInfo, access)
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	var more map[string]any
	if err := json.Unmarshal(body, &more); err != nil {
		return errors.New("userinfo: the answer is no JSON object: signed answers are not read, see userinfo: never")
	}
	// Else somebody's claims could be had with another one's token (section 5.3.2).
	if sub, ok := more["sub"].(string); !ok || sub != a.claims.Subject {
		return errors.New("userinfo: sub is not that of the ID token")
	}
	// Which address was verified says the document alone that names the address.
	own, _ := a.all["email"].(string)
	theirs, _ := more["email"].(string)
	if _, there := a.all["email"]; !there {
		delete(a.all, "email_verified")
	} else if own != theirs {
		delete(more, "email_verified")
	}
	for name, value := range more {
		if _, there := a.all[name]; !there {
			a.all[name] = value
		}
	}
	return nil
}

// lacks tells whether something is missing that userinfo may have.
func (p *Provider) lacks(a *answer) bool {
	has := func(path string) bool { return len(token.StringsIn(a.all, path)) > 0 }
	if !slices.ContainsFunc(nameClaims(), has) || p.Subject != "" && !has(p.Subject) {
		return true
	}
	if (len(p.OnlyEmails) > 0 || p.Subject == "email") && !has("email") {
		return true
	}
	return p.GroupsFrom != nil && !slices.ContainsFunc(p.GroupsFrom, has)
}
