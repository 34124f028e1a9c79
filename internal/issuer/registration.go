package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Limits of what a client says of itself.
const (
	MaxRegistration = 64 << 10
	maxRedirects    = 10
	maxRedirect     = 2048
	maxClientName   = 100
	maxClientKeys   = 10
	maxClientJWKS   = 16 << 10 // with the names and certificates that some put in
)

// Registration is what a client says of itself (RFC 7591 section 2). What is not
// known here is ignored, as that section wants it.
type Registration struct {
	RedirectURIs  []string        `json:"redirect_uris,omitempty"`
	Method        string          `json:"token_endpoint_auth_method,omitempty"`
	Grants        []string        `json:"grant_types,omitempty"`
	ResponseTypes []string        `json:"response_types,omitempty"`
	Name          string          `json:"client_name,omitempty"`
	Scope         string          `json:"scope,omitempty"`
	Keys          json.RawMessage `json:"jwks,omitempty"`
	KeysURL       string          `json:"jwks_uri,omitempty"`
	Statement     string          `json:"software_statement,omitempty"`
}

func badMetadata(format string, args ...any) error {
	return &FormError{Code: "invalid_client_metadata", Description: fmt.Sprintf(format, args...)}
}

func badRedirect(format string, args ...any) error {
	return &FormError{Code: "invalid_redirect_uri", Description: fmt.Sprintf(format, args...)}
}

// Register makes a client of what it says of itself. offered are the scopes that
// there are. secret is empty where the client has none, and shown once.
func (s *Issuer) Register(ctx context.Context, clients store.Clients, r Registration, offered []string) (c store.Client, secret string, err error) {
	if c, err = r.client(offered); err != nil {
		return store.Client{}, "", err
	}
	id, err := s.random()
	if err != nil {
		return store.Client{}, "", err
	}
	// Nobody chooses the name of a client: it is the subject of what it does
	// (RFC 9700 section 4.15).
	c.ID = "reg_" + strings.ToLower(id)
	if c.Method == AuthBasic || c.Method == AuthPost {
		var kept store.ClientSecret
		if secret, kept, err = NewClientSecret(s.Rand); err != nil {
			return store.Client{}, "", err
		}
		kept.Created = s.now()
		c.Secrets = []store.ClientSecret{kept}
	}
	if c, err = clients.CreateClient(ctx, c); err != nil {
		return store.Client{}, "", fmt.Errorf("keeping a client that registered: %w", err)
	}
	s.tell(store.Event{Kind: store.EventIssued, Method: "client", Object: c.ID, Client: c.ID, Detail: "registered itself"})
	return c, secret, nil
}

// client judges what a client says, and completes it.
func (r *Registration) client(offered []string) (store.Client, error) {
	c := store.Client{Name: r.Name, Method: r.Method, RedirectURIs: r.RedirectURIs, Grants: r.Grants, Registered: true}
	if r.Statement != "" {
		return c, &FormError{Code: "invalid_software_statement", Description: "Software statements are not known here."}
	}
	if c.Method == "" {
		c.Method = AuthBasic // RFC 7591 section 2
	}
	if !slices.Contains(AuthMethods(), c.Method) {
		return c, badMetadata("token_endpoint_auth_method is one of %s.", listed(AuthMethods()))
	}
	if len(c.Grants) == 0 {
		c.Grants = []string{GrantAuthorizationCode}
	}
	for _, err := range []error{r.grants(c), r.redirects(c), r.named(), r.keys(&c)} {
		if err != nil {
			return c, err
		}
	}
	c.Grants = slices.Compact(slices.Sorted(slices.Values(c.Grants)))
	var err error
	c.Scopes, err = r.scopes(offered)
	return c, err
}

func (r *Registration) grants(c store.Client) error {
	for _, grant := range c.Grants {
		switch grant {
		case GrantAuthorizationCode, GrantRefreshToken, GrantDeviceCode:
		case GrantClientCredentials:
			// Else anybody could make an identity, and pass every rule that asks for
			// some proof.
			return badMetadata("A client that registers itself acts for people alone: grant_types without client_credentials.")
		default:
			return badMetadata("grant_types are %s.", listed([]string{GrantAuthorizationCode, GrantRefreshToken, GrantDeviceCode}))
		}
	}
	if !slices.Contains(c.Grants, GrantAuthorizationCode) && !slices.Contains(c.Grants, GrantDeviceCode) {
		return badMetadata("grant_types has none by which tokens are got first: authorization_code, or %s.", GrantDeviceCode)
	}
	for _, t := range r.ResponseTypes {
		if t != "code" {
			return badMetadata("response_types may have code alone.")
		}
	}
	return nil
}

func (r *Registration) redirects(c store.Client) error {
	switch {
	case len(r.RedirectURIs) > maxRedirects:
		return badRedirect("At most %d redirect_uris.", maxRedirects)
	case len(r.RedirectURIs) == 0 && slices.Contains(c.Grants, GrantAuthorizationCode):
		return badRedirect("redirect_uris is missing.")
	}
	for i, uri := range r.RedirectURIs {
		if len(uri) > maxRedirect {
			return badRedirect("redirect_uris[%d] is longer than %d octets.", i, maxRedirect)
		}
		if u, err := url.Parse(uri); err == nil && u.Scheme != "" && u.Scheme != "https" && u.Scheme != "http" {
			// Any program can claim a scheme of its own.
			return badRedirect("redirect_uris[%d] is neither https nor http on the loopback.", i)
		}
		// What is wrong is said without a word of the URI.
		if err := CheckRedirect(uri); err != nil {
			return badRedirect("redirect_uris[%d]: %s.", i, err)
		}
	}
	return nil
}

// named refuses a name that would show people something else than it says, or
// nothing, or that would be written over what stands around it.
func (r *Registration) named() error {
	if r.Name == "" {
		return nil
	}
	seen, marks := false, 0
	for _, c := range r.Name {
		switch {
		case unicode.Is(unicode.Mn, c), unicode.Is(unicode.Me, c):
			marks++
		default:
			marks = 0
		}
		if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || !unicode.IsPrint(c) || blank(c) || marks > maxMarks {
			return badMetadata("client_name has at most %d characters, all of them visible.", maxClientName)
		}
		seen = seen || unicode.IsLetter(c) || unicode.IsNumber(c)
	}
	if !utf8.ValidString(r.Name) || utf8.RuneCountInString(r.Name) > maxClientName || !seen {
		return badMetadata("client_name has at most %d characters, all of them visible, and a letter or number among them.", maxClientName)
	}
	return nil
}

// maxMarks is how many marks a letter may carry; Vietnamese and Hebrew need some.
const maxMarks = 4

// blank tells of characters that count as letters or symbols and show nothing.
func blank(c rune) bool {
	switch c {
	case 0x115f, 0x1160, 0x2800, 0x3164, 0xffa0: // fillers of Hangul, and of Braille
		return true
	}
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c)
}

func (r *Registration) keys(c *store.Client) error {
	given := len(r.Keys) > 0 && string(r.Keys) != "null"
	switch {
	case r.KeysURL != "":
		// The gate would fetch whatever address a stranger names.
		return badMetadata("jwks_uri is not fetched for clients that register themselves: send the keys as jwks.")
	case c.Method == AuthPrivateKey && !given:
		return badMetadata("jwks is missing: private_key_jwt needs the public keys.")
	case !given:
		return nil
	}
	// Each is a record that a stranger made.
	if len(r.Keys) > maxClientJWKS {
		return badMetadata("jwks has %d octets at most.", maxClientJWKS)
	}
	set, err := token.ParseKeySet(r.Keys)
	if err != nil || set.Len() == 0 || set.Len() > maxClientKeys || len(set.Skipped()) > 0 {
		return badMetadata("jwks is a JWK Set of 1 to %d public keys that can sign (RFC 7517 section 5).", maxClientKeys)
	}
	c.Keys = r.Keys
	return nil
}

// scopes are those that the client may ask people for: of those that it names the
// ones that there are, or all.
func (r *Registration) scopes(offered []string) ([]string, error) {
	if r.Scope == "" {
		return offered, nil
	}
	var out []string
	for _, scope := range strings.Fields(r.Scope) {
		if !validScope(scope) {
			return nil, badMetadata("scope has characters that no scope has.")
		}
		if slices.Contains(offered, scope) && !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	if len(out) == 0 {
		return nil, badMetadata("None of these scopes exist here.")
	}
	return out, nil
}

// ReadRegistration reads what a client says of itself.
func ReadRegistration(data []byte) (Registration, error) {
	var r Registration
	if !utf8.Valid(data) {
		return r, badMetadata("The body is not UTF-8.")
	}
	if err := json.Unmarshal(data, &r); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) && kind.Field != "" {
			return r, badMetadata("%s is a JSON %s, and something else is wanted.", printable(kind.Field), kind.Value)
		}
		return r, badMetadata("The body is not a JSON object.")
	}
	return r, nil
}
