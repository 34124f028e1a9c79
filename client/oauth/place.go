package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gate401/gate401/httpauth"
)

// Place is where to log in, and for what.
type Place struct {
	Server *Server
	// Resource is what the API calls itself (RFC 9728 section 2); empty if the
	// URL was that of an issuer.
	Resource string
	// Origin and Host are those of the API.
	Origin, Host string
	// Scopes are those that the API asked for.
	Scopes []string
}

// Resources are what to ask tokens for (RFC 8707).
func (p Place) Resources() []string {
	if p.Resource == "" {
		return nil
	}
	return []string{p.Resource}
}

// resourceMetadata is a document of RFC 9728 section 2.
type resourceMetadata struct {
	Resource string   `json:"resource"`
	Servers  []string `json:"authorization_servers"`
	Scopes   []string `json:"scopes_supported"`
}

// wellKnownResource is where an API describes itself (RFC 9728 section 3).
const wellKnownResource = "/.well-known/oauth-protected-resource"

// Find finds the authorization server of a URL: that of an issuer, or of an API
// that names its issuer, in the challenge of its 401 or at the well-known address
// (RFC 9728 sections 3 and 5). httpClient nil means one of its own.
func Find(ctx context.Context, httpClient *http.Client, raw string) (Place, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return Place{}, errors.New("no URL")
	}
	w := newWeb(httpClient, u)
	if u, err = w.parseURL("the URL", raw); err != nil {
		return Place{}, err
	}
	server, asIssuer := w.discover(ctx, raw)
	if asIssuer == nil {
		return Place{Server: server}, nil
	}
	if ctx.Err() != nil {
		return Place{}, context.Cause(ctx)
	}
	p, err := w.fromAPI(ctx, u)
	if err != nil {
		return Place{}, fmt.Errorf("%w; and as an API: %w", asIssuer, err)
	}
	return p, nil
}

// fromAPI asks an API who issues its tokens.
func (w web) fromAPI(ctx context.Context, api *url.URL) (Place, error) {
	p := Place{Origin: origin(api), Host: strings.ToLower(api.Host)}
	var places []string
	named, scopes, err := w.challenge(ctx, api)
	if err != nil {
		return p, err
	}
	p.Scopes = scopes
	if named != "" {
		places = []string{named}
	} else {
		base, path := api.Scheme+"://"+api.Host, strings.TrimSuffix(api.EscapedPath(), "/")
		if path != "" {
			places = append(places, base+wellKnownResource+path)
		}
		places = append(places, base+wellKnownResource)
	}
	var last error
	for _, place := range places {
		var doc resourceMetadata
		if last = w.get(ctx, "the metadata "+Printable(place), place, &doc); last != nil {
			continue
		}
		if last = covers(doc.Resource, api); last != nil {
			return p, last
		}
		p.Resource = doc.Resource
		if len(p.Scopes) == 0 {
			p.Scopes = doc.Scopes
		}
		p.Server, last = w.firstServer(ctx, doc.Servers)
		return p, last
	}
	if errors.Is(last, errNotThere) {
		return p, errors.New("it names no issuer: no resource_metadata in the challenge, and no document of RFC 9728")
	}
	return p, last
}

func (w web) firstServer(ctx context.Context, issuers []string) (*Server, error) {
	const most = 5
	err := errors.New("its metadata lists no authorization_servers")
	for _, issuer := range issuers[:min(len(issuers), most)] {
		s, bad := w.discover(ctx, issuer)
		if bad == nil {
			return s, nil
		}
		err = bad
	}
	return nil, err
}

// covers tells whether the metadata speaks for the URL. RFC 9728 section 3.3
// wants the two equal; most APIs describe themselves once for all of their paths,
// so anything below the resource will do, but never another origin: an API must
// not send us to fetch tokens for somebody else's.
func covers(resource string, api *url.URL) error {
	r, err := url.Parse(resource)
	if err != nil || !r.IsAbs() {
		return errors.New("its metadata has no resource")
	}
	path := strings.TrimSuffix(r.EscapedPath(), "/")
	below := api.EscapedPath() == path || strings.HasPrefix(api.EscapedPath(), path+"/") || path == ""
	if origin(r) != origin(api) || !below {
		return fmt.Errorf("its metadata is for another resource: %q (RFC 9728 section 3.3)", Printable(resource))
	}
	return nil
}

// challenge makes a request without credentials and reads the answer.
func (w web) challenge(ctx context.Context, api *url.URL) (metadata string, scopes []string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, api.String(), http.NoBody)
	if err != nil {
		return "", nil, err
	}
	client := *w.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return "", nil, offline("the API", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	for _, c := range httpauth.ParseChallenges(resp.Header["Www-Authenticate"], httpauth.Lenient).Challenges {
		if !c.Is("Bearer") && !c.Is("DPoP") {
			continue
		}
		if s, ok := c.Param("scope"); ok && len(scopes) == 0 {
			scopes = strings.Fields(s)
		}
		if m, ok := c.Param("resource_metadata"); ok && metadata == "" {
			metadata = m
		}
	}
	return metadata, scopes, nil
}
