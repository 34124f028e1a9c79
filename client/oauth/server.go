package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Server is what is known of an authorization server: the part of its metadata
// (RFC 8414 section 2, OpenID Connect Discovery 1.0 section 3) that matters here.
type Server struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	DeviceEndpoint        string   `json:"device_authorization_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	RegistrationEndpoint  string   `json:"registration_endpoint"`
	Scopes                []string `json:"scopes_supported"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	Grants                []string `json:"grant_types_supported"`
	// SendsIssuer promises the parameter iss in its answers (RFC 9207 section 3).
	SendsIssuer bool `json:"authorization_response_iss_parameter_supported"`
}

// ErrNoServer says that there is no authorization server at a URL.
var ErrNoServer = errors.New("no authorization server")

// Discover fetches the metadata of an issuer, as OAuth has it and then as OpenID
// Connect has it. The issuer in it has to be the one that was asked, but for a
// slash at its end (RFC 8414 section 3.3): otherwise one server could speak for
// another. httpClient nil means one of its own.
func Discover(ctx context.Context, httpClient *http.Client, issuer string) (*Server, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, errors.New("the issuer is no URL")
	}
	return newWeb(httpClient, u).discover(ctx, issuer)
}

func (w web) discover(ctx context.Context, issuer string) (*Server, error) {
	u, err := w.parseURL("the issuer", issuer)
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" {
		return nil, fmt.Errorf("%w: an issuer has no query (RFC 8414 section 2)", ErrNoServer)
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	base := u.Scheme + "://" + u.Host
	places := []string{
		base + "/.well-known/oauth-authorization-server" + path,
		base + path + "/.well-known/openid-configuration",
	}
	if path != "" {
		places = append(places, base+"/.well-known/openid-configuration"+path)
	}
	var errs []error
	for _, place := range places {
		var s Server
		err := w.get(ctx, "the metadata "+place, place, &s)
		if err == nil {
			err = w.check(&s, issuer)
		}
		if err == nil {
			return &s, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		errs = append(errs, err)
	}
	// What is not there says less than what is there and wrong.
	said := slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return errors.Is(err, errNotThere) })
	if len(said) > 0 {
		return nil, fmt.Errorf("%w at %s: %w", ErrNoServer, shown(u), said[0])
	}
	return nil, fmt.Errorf("%w at %s: it has no metadata (RFC 8414, OpenID Connect Discovery)", ErrNoServer, shown(u))
}

// check refuses metadata that must not be used.
func (w web) check(s *Server, issuer string) error {
	if strings.TrimSuffix(s.Issuer, "/") != strings.TrimSuffix(issuer, "/") {
		return fmt.Errorf("the metadata is that of another issuer: %q, expected %q (RFC 8414 section 3.3)", Printable(s.Issuer), issuer)
	}
	if s.TokenEndpoint == "" {
		return errors.New("the metadata has no token_endpoint")
	}
	for _, e := range []struct{ name, url string }{
		{"authorization_endpoint", s.AuthorizationEndpoint}, {"token_endpoint", s.TokenEndpoint},
		{"device_authorization_endpoint", s.DeviceEndpoint}, {"revocation_endpoint", s.RevocationEndpoint},
		{"registration_endpoint", s.RegistrationEndpoint},
	} {
		if e.url == "" {
			continue
		}
		if _, err := w.parseURL("the "+e.name, e.url); err != nil {
			return err
		}
	}
	return nil
}

// Offers tells whether the server may take a grant; one that does not list its
// grants has the two of RFC 8414 section 2, and we ask anyway.
func (s *Server) Offers(grant string) bool {
	return len(s.Grants) == 0 || slices.Contains(s.Grants, grant)
}

// secretInBody tells where a client secret goes: into Basic, which every server
// has to take (RFC 6749 section 2.3.1), unless this one says that it does not.
func (s *Server) secretInBody() bool {
	return len(s.AuthMethods) > 0 && !slices.Contains(s.AuthMethods, "client_secret_basic") && slices.Contains(s.AuthMethods, "client_secret_post")
}

// UsualScopes are those to ask for where nobody says any: what keeps a login
// alive, if the server has it (OpenID Connect Core 1.0 section 11).
func (s *Server) UsualScopes() []string {
	var out []string
	if slices.Contains(s.Scopes, "offline_access") {
		if slices.Contains(s.Scopes, "openid") {
			out = append(out, "openid")
		}
		out = append(out, "offline_access")
	}
	return out
}
