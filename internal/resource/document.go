package resource

import (
	"slices"
	"strings"

	"github.com/gate401/gate401"
)

// Document is the metadata of one resource (RFC 9728 section 2). What has no
// value is left out (section 3.2).
//
// It has no jwks_uri and no resource_signing_alg_values_supported: those are
// about answers that the resource signs, and the gate signs none. The keys that
// verify tokens are the issuer's to publish.
type Document struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers,omitempty"`
	ScopesSupported      []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported,omitempty"`
	ResourceName         string   `json:"resource_name,omitempty"`
	Documentation        string   `json:"resource_documentation,omitempty"`
}

// issuing is an Authenticator that takes tokens of issuers.
type issuing interface{ Issuers() []string }

// add puts in what one requirement asks.
func (d *Document) add(q *gate401.Requirement) {
	for _, s := range q.Scopes {
		if !slices.Contains(d.ScopesSupported, s) {
			d.ScopesSupported = append(d.ScopesSupported, s)
		}
	}
	for _, a := range q.Accept {
		from, ok := a.(issuing)
		if !ok {
			continue
		}
		for _, issuer := range from.Issuers() {
			// A client makes the address of the server's metadata from it (RFC 8414
			// section 3), so that only a URL is of use.
			isURL := strings.HasPrefix(issuer, "https://") || strings.HasPrefix(issuer, "http://")
			if isURL && !slices.Contains(d.AuthorizationServers, issuer) {
				d.AuthorizationServers = append(d.AuthorizationServers, issuer)
			}
		}
	}
}

// published tells whether challenges of the requirement lead to metadata.
func published(r *gate401.Request, q *gate401.Requirement) bool {
	if q.Resource == nil || q.Open {
		return false
	}
	for _, a := range q.Accept {
		for _, c := range a.Challenges(r, q, nil) {
			if c.Is("Bearer") || c.Is("DPoP") {
				return true
			}
		}
	}
	return false
}
