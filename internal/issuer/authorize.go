package issuer

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/store"
)

// AskError is why an authorization request is refused.
type AskError struct {
	// Code is the error code of RFC 6749 section 4.1.2.1, RFC 8707 section 2 or
	// OpenID Connect Core 1.0 section 3.1.2.6.
	Code string
	// Description says what to do. It is sent, so it repeats nothing secret.
	Description string
	// Redirect is where the client is told. Empty means that it must not be:
	// nobody knows whose address that would be (RFC 6749 section 4.1.2.1), so the
	// person is told instead.
	Redirect string
	// State is what the client sent along.
	State string
	// Client is what the client is called, where it is known.
	Client string
	// Registered tells that the client registered itself, so that Redirect may be
	// anybody's.
	Registered bool
}

// Error says code and description.
func (e *AskError) Error() string { return e.Code + ": " + e.Description }

// Status is what a page that tells the person is sent with.
func (e *AskError) Status() int { return http.StatusBadRequest }

// Authorization is an authorization request that may be granted.
type Authorization struct {
	// Ask is the request.
	Ask Ask
	// Client is who asks.
	Client store.Client
	// Redirect is where the answer goes, one that the client registered.
	Redirect string
	// Scopes are those that were asked for and that the client may have.
	Scopes []string
	// Audience is what the tokens shall be for (RFC 8707); none means that of the
	// issuer.
	Audience []string
}

// Authorize judges an authorization request in the profile of RFC 9700: the code
// flow alone, PKCE with S256 for every client, answers to registered addresses
// alone. It refuses with an *AskError; any other error means that it could not be
// judged.
func (s *Issuer) Authorize(ctx context.Context, clients Clients, ask Ask) (*Authorization, error) {
	// Who asks, and where the answer goes: before that is known to be good, only
	// the person may be told.
	if f, ok := ask.faulty("client_id", "redirect_uri", ""); ok {
		return nil, &AskError{Code: f.code, Description: f.description}
	}
	if ask.Client == "" {
		return nil, &AskError{Code: "invalid_request", Description: "client_id is missing."}
	}
	client, err := clients.Client(ctx, ask.Client)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, &AskError{Code: "unauthorized_client", Description: "No program is registered here by that client_id."}
	case err != nil:
		return nil, fmt.Errorf("reading a client: %w", err)
	case client.Suspended:
		return nil, &AskError{Code: "unauthorized_client", Description: "This program is suspended.", Client: client.Name}
	}
	redirect := ask.Redirect
	if redirect == "" {
		// RFC 6749 section 3.1.2.3: it may be left out if there is no other.
		if len(client.RedirectURIs) != 1 {
			return nil, &AskError{Code: "invalid_request", Description: "redirect_uri is missing, and the program registered more than one, or none.", Client: client.Name}
		}
		redirect = client.RedirectURIs[0]
	}
	if !redirects(client.RedirectURIs, redirect) {
		return nil, &AskError{Code: "invalid_request", Description: "redirect_uri is not one that the program registered, octet for octet.", Client: client.Name}
	}
	// What was registered long ago, or by hand, may be worse than what is let in
	// today.
	if err := CheckRedirect(redirect); err != nil {
		return nil, &AskError{Code: "invalid_request", Description: "The registered redirect_uri cannot be used: " + err.Error() + ".", Client: client.Name}
	}

	a := &Authorization{Ask: ask, Client: client, Redirect: redirect}
	if err := s.judge(a); err != nil {
		var refused *AskError
		if errors.As(err, &refused) {
			refused.Redirect, refused.State, refused.Client, refused.Registered = redirect, ask.State, client.Name, client.Registered
		}
		return nil, err
	}
	return a, nil
}

// faulty is the first fault of one of those parameters, or of any.
func (a *Ask) faulty(names ...string) (fault, bool) {
	for _, f := range a.faults {
		if len(names) == 0 || slices.Contains(names, f.name) {
			return f, true
		}
	}
	return fault{}, false
}

// judge judges what the client may be told about.
func (s *Issuer) judge(a *Authorization) error {
	ask, refuse := &a.Ask, func(code, description string) error {
		return &AskError{Code: code, Description: description}
	}
	if f, ok := ask.faulty(); ok {
		return refuse(f.code, f.description)
	}
	switch {
	case ask.ResponseType == "":
		return refuse("invalid_request", "response_type is missing; send response_type=code.")
	case ask.ResponseType != "code":
		return refuse("unsupported_response_type", "Only response_type=code is known here.")
	case ask.ResponseMode != "" && ask.ResponseMode != "query":
		return refuse("invalid_request", "Only response_mode=query is known here.")
	case !slices.Contains(a.Client.Grants, GrantAuthorizationCode):
		return refuse("unauthorized_client", "The client is not registered for grant_type authorization_code.")
	case ask.Challenge == "":
		return refuse("invalid_request", "code_challenge is missing: every client must use PKCE (RFC 7636).")
	case ask.ChallengeMethod != "S256":
		// Left out it means plain (RFC 7636 section 4.3).
		return refuse("invalid_request", "code_challenge_method must be S256.")
	case !challenge(ask.Challenge):
		return refuse("invalid_request", "code_challenge is not the SHA-256 of a verifier in base64url: 43 characters without padding.")
	}
	for _, p := range ask.Prompt {
		switch {
		case p == "none" && len(ask.Prompt) > 1:
			return refuse("invalid_request", "prompt=none stands alone.")
		case p != "none" && p != "login" && p != "consent" && p != "select_account":
			return refuse("invalid_request", "prompt is one or more of login, consent and select_account, or none.")
		}
	}
	for _, scope := range ask.Scopes {
		if !validScope(scope) {
			return refuse("invalid_scope", "A scope has characters that no scope has.")
		}
	}
	if a.Scopes = clientScopes(a.Client, ask.Scopes); len(a.Scopes) == 0 && len(ask.Scopes) > 0 {
		return refuse("invalid_scope", "None of these scopes may be given to this client.")
	}
	var err error
	if a.Audience, err = s.Targets(&a.Client, ask.Resources); err != nil {
		var form *FormError
		if errors.As(err, &form) {
			return refuse(form.Code, form.Description)
		}
		return err
	}
	return nil
}

// challenge tells whether a code_challenge is 256 bits in base64url (RFC 7636
// section 4.2).
func challenge(s string) bool {
	bits, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(bits) == 32
}

// validScope is scope-token = 1*( %x21 / %x23-5B / %x5D-7E )   (RFC 6749 3.3)
func validScope(s string) bool {
	return s != "" && len(s) <= 256 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '"' || r == '\\'
	})
}

// ScopeOpenID asks for an ID token.
const ScopeOpenID = "openid"

// About tells whether a scope is about who the person is, and not about what they
// may do: those of OpenID Connect Core 1.0 sections 5.4 and 11. A person need not
// have them.
func About(scope string) bool {
	switch scope {
	case ScopeOpenID, "profile", "email", "offline_access":
		return true
	}
	return false
}

// clientScopes are the scopes that a client gets of those that it asked for. One
// that asks for none gets those of its registration that are about rights (RFC
// 6749 section 3.3).
func clientScopes(c store.Client, asked []string) []string {
	if len(asked) == 0 {
		return slices.DeleteFunc(slices.Clone(c.Scopes), About)
	}
	return slices.DeleteFunc(slices.Clone(asked), func(scope string) bool { return !mayAsk(&c, scope) })
}

// mayAsk tells whether a client may ask a person for a scope. Where people log in
// they may be asked who they are, and whether that may last, by every client: it
// is no right, the person is asked, and clients of OpenID Connect always ask.
func mayAsk(c *store.Client, scope string) bool {
	switch scope {
	case ScopeOpenID, "profile", "offline_access":
		if slices.Contains(c.Grants, GrantAuthorizationCode) || slices.Contains(c.Grants, GrantDeviceCode) {
			return true
		}
	}
	return registeredFor(c, scope)
}

// Of are the scopes that are left for a person who has those: what a client gets
// is never more than what the person has.
func (a *Authorization) Of(has []string) []string {
	return slices.DeleteFunc(slices.Clone(a.Scopes), func(scope string) bool {
		return !About(scope) && !slices.Contains(has, scope)
	})
}

// Refuse is an error that the client of a good request is told.
func (a *Authorization) Refuse(code, description string) *AskError {
	return &AskError{Code: code, Description: description, Redirect: a.Redirect, State: a.Ask.State, Client: a.Client.Name, Registered: a.Client.Registered}
}

// Answer is the address that tells a client its code (RFC 6749 section 4.1.2),
// and by whom it was issued (RFC 9207).
func (s *Issuer) Answer(a *Authorization, code string) string {
	return s.answer(a.Redirect, a.Ask.State, url.Values{"code": {code}})
}

// Tell is the address that tells a client of an error (RFC 6749 section
// 4.1.2.1). It is empty where the client must not be told.
func (s *Issuer) Tell(e *AskError) string {
	if e.Redirect == "" {
		return ""
	}
	return s.answer(e.Redirect, e.State, url.Values{"error": {e.Code}, "error_description": {e.Description}})
}

func (s *Issuer) answer(redirect, state string, v url.Values) string {
	if state != "" {
		v.Set("state", state)
	}
	v.Set("iss", s.Name)
	sep := "?"
	if strings.Contains(redirect, "?") {
		sep = "&" // RFC 6749 section 3.1.2: the query that it has is kept
	}
	return redirect + sep + v.Encode()
}

// Open tells whether to send the browser there would serve whoever wants a link
// that begins with our name and ends at a site of theirs: anybody can register,
// and make a request that fails (RFC 9700 section 4.11.2). What is on the person's
// own machine is no such site.
func (e *AskError) Open() bool {
	u, err := url.Parse(e.Redirect)
	return e.Registered && e.Redirect != "" && (err != nil || u.Scheme != "http" || !Loopback(u.Hostname()))
}

// Unassured tells whether the client cannot be told from another one that claims
// its name: it proves nothing, and answers go to an address that any program on
// the person's machine can have. Such a one gets nothing without asking each time
// (RFC 8252 section 8.6).
func (a *Authorization) Unassured() bool {
	if a.Client.Trusted || (a.Client.Method != AuthNone) {
		return false
	}
	return !strings.HasPrefix(a.Redirect, "https://")
}
