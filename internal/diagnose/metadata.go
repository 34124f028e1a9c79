package diagnose

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Metadata is what servers publish about themselves, as far as it helps.
type Metadata struct {
	// Resource is the identifier of the protected resource (RFC 9728 section 2).
	Resource string
	// Issuers are the authorization servers that the resource trusts, or the
	// issuer that the document is about (RFC 8414 section 2).
	Issuers []string
	// Scopes that exist there.
	Scopes []string
	// Algorithms by which tokens are signed, where the document says so.
	Algorithms []string
	// KeysURL is where the keys are.
	KeysURL string
	// TokenEndpoint is where tokens are to be had.
	TokenEndpoint string
	// DPoP tells that tokens have to be bound to a key (RFC 9449).
	DPoP bool
}

// ParseMetadata reads the metadata document of a protected resource (RFC 9728)
// or of an authorization server (RFC 8414, OpenID Connect Discovery).
func ParseMetadata(document []byte) (Metadata, error) {
	var d struct {
		Resource      string   `json:"resource"`
		Servers       []string `json:"authorization_servers"`
		Issuer        string   `json:"issuer"`
		Scopes        []string `json:"scopes_supported"`
		KeysURL       string   `json:"jwks_uri"`
		TokenEndpoint string   `json:"token_endpoint"`
		DPoP          bool     `json:"dpop_bound_access_tokens_required"`
		SignedBy      []string `json:"access_token_signing_alg_values_supported"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return Metadata{}, fmt.Errorf("reading metadata: %w", err)
	}
	m := Metadata{
		Resource: d.Resource, Issuers: d.Servers, Scopes: d.Scopes, Algorithms: d.SignedBy,
		KeysURL: d.KeysURL, TokenEndpoint: d.TokenEndpoint, DPoP: d.DPoP,
	}
	if d.Issuer != "" {
		m.Issuers = append(m.Issuers, d.Issuer)
	}
	if d.Resource == "" && d.Issuer == "" {
		return Metadata{}, errors.New("reading metadata: it names neither a resource (RFC 9728) nor an issuer (RFC 8414)")
	}
	return m, nil
}

// merge adds what another document says.
func (m Metadata) merge(n Metadata) Metadata {
	if m.Resource == "" {
		m.Resource = n.Resource
	}
	m.Issuers = union(m.Issuers, n.Issuers)
	m.Scopes = union(m.Scopes, n.Scopes)
	m.Algorithms = union(m.Algorithms, n.Algorithms)
	if m.KeysURL == "" {
		m.KeysURL = n.KeysURL
	}
	if m.TokenEndpoint == "" {
		m.TokenEndpoint = n.TokenEndpoint
	}
	m.DPoP = m.DPoP || n.DPoP
	return m
}
