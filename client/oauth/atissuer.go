package oauth

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// AtIssuer finds out whether the issuer of a Place without an API is one itself, as a
// gateway is that issues its own tokens: its metadata (RFC 9728) describes a
// resource at the very origin of the issuer, and names the issuer as one of its own.
// Then Origin and Host of the result are those of the issuer; else the result is p.
//
// What is sent there goes to nobody but the one who issued it: that the metadata
// names another origin, or another issuer, counts for nothing.
func AtIssuer(ctx context.Context, httpClient *http.Client, p Place) Place {
	if p.Origin != "" || p.Server == nil {
		return p
	}
	issuer, err := url.Parse(p.Server.Issuer)
	if err != nil {
		return p
	}
	w := newWeb(httpClient, issuer)
	base, path := issuer.Scheme+"://"+issuer.Host+wellKnownResource, strings.TrimSuffix(issuer.EscapedPath(), "/")
	for _, place := range slices.Compact([]string{base + path, base}) {
		var doc resourceMetadata
		if w.get(ctx, "the metadata "+Printable(place), place, &doc) != nil {
			continue
		}
		resource, err := url.Parse(doc.Resource)
		if err != nil || origin(resource) != origin(issuer) || !slices.Contains(doc.Servers, p.Server.Issuer) {
			continue
		}
		p.Origin, p.Host = origin(issuer), strings.ToLower(issuer.Host)
		return p
	}
	return p
}
