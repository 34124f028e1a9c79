package issuer

// Metadata describes an authorization server (RFC 8414 section 2, OpenID Connect
// Discovery 1.0 section 3). What has no value is left out.
type Metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint,omitempty"`
	TokenEndpoint         string   `json:"token_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	RegistrationEndpoint  string   `json:"registration_endpoint,omitempty"`
	UserinfoEndpoint      string   `json:"userinfo_endpoint,omitempty"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	DeviceEndpoint        string   `json:"device_authorization_endpoint,omitempty"`
	EndSessionEndpoint    string   `json:"end_session_endpoint,omitempty"`
	ScopesSupported       []string `json:"scopes_supported,omitempty"`
	// RFC 8414 requires it, also where no response type is known.
	ResponseTypes           []string `json:"response_types_supported"`
	ResponseModes           []string `json:"response_modes_supported,omitempty"`
	GrantTypes              []string `json:"grant_types_supported"`
	TokenAuthMethods        []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgs           []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationAuthMethods   []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgs      []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	IntrospectionAuthMethds []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAuthAlgs   []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	ChallengeMethods        []string `json:"code_challenge_methods_supported,omitempty"`
	// IssParameter tells that answers of the authorization endpoint name the
	// issuer (RFC 9207 section 3).
	IssParameter bool     `json:"authorization_response_iss_parameter_supported,omitempty"`
	SubjectTypes []string `json:"subject_types_supported,omitempty"`
	IDTokenAlgs  []string `json:"id_token_signing_alg_values_supported,omitempty"`
	Claims       []string `json:"claims_supported,omitempty"`
	Prompts      []string `json:"prompt_values_supported,omitempty"`
	// OpenID Connect Discovery takes true for granted where nothing is said.
	RequestURIParameter bool   `json:"request_uri_parameter_supported"`
	Documentation       string `json:"service_documentation,omitempty"`
}

// Offer is what an authorization server has.
type Offer struct {
	// Base is the URL below which its endpoints are, with a slash at its end.
	Base string
	// Scopes are those that rules ask for.
	Scopes []string
	// People tells that people log in: there are pages for authorization and
	// devices, and ID tokens.
	People bool
	// Registration tells that clients may register.
	Registration bool
	// Algorithms are those of the keys that sign, or will.
	Algorithms []string
	// Documentation is a page for developers; empty for none.
	Documentation string
}

// Grants are the grants that the server has.
func (o *Offer) Grants() []string {
	if o.People {
		return Grants()
	}
	return []string{GrantClientCredentials, GrantRefreshToken}
}

// Metadata describes an authorization server that has what o says.
func (s *Issuer) Metadata(o Offer) Metadata {
	confidential := []string{AuthBasic, AuthPost, AuthPrivateKey}
	algs := AssertionAlgorithms()
	m := Metadata{
		Issuer: s.Name, TokenEndpoint: o.Base + "token", JWKSURI: o.Base + "jwks.json",
		RevocationEndpoint: o.Base + "revoke", IntrospectionEndpoint: o.Base + "introspect",
		ScopesSupported: o.Scopes, ResponseTypes: []string{}, GrantTypes: o.Grants(),
		TokenAuthMethods: AuthMethods(), TokenAuthAlgs: algs,
		RevocationAuthMethods: AuthMethods(), RevocationAuthAlgs: algs,
		IntrospectionAuthMethds: confidential, IntrospectionAuthAlgs: algs,
		Documentation: o.Documentation,
	}
	if o.Registration {
		m.RegistrationEndpoint = o.Base + "register"
	}
	if !o.People {
		return m
	}
	m.AuthorizationEndpoint, m.DeviceEndpoint, m.UserinfoEndpoint = o.Base+"authorize", o.Base+"device", o.Base+"userinfo"
	m.ScopesSupported = append([]string{ScopeOpenID, "profile", "offline_access"}, o.Scopes...)
	m.ResponseTypes, m.ResponseModes = []string{"code"}, []string{"query"}
	m.ChallengeMethods, m.IssParameter = []string{"S256"}, true
	m.SubjectTypes, m.IDTokenAlgs = []string{"public"}, o.Algorithms
	m.Claims = []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "azp", "sid", "name", "preferred_username", "groups", "updated_at"}
	m.Prompts = []string{"none", "login", "consent", "select_account"}
	return m
}
