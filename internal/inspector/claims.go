package inspector

// A Claim is a name that stands in a token, and what it means.
type Claim struct {
	Name    string `json:"-"`
	Means   string `json:"means"`
	Section string `json:"section"` // who defines it
	// Personal is true for what tells who a person is: it is left out of reports.
	Personal bool `json:"personal,omitempty"`
}

// Claims lists the claims that tokens have, by how often one meets them.
func Claims() []Claim {
	const oidc = "OpenID Connect Core "
	return []Claim{
		{Name: "iss", Means: "Issuer: who made the token. An API compares it with the one it trusts, octet by octet.", Section: "RFC 7519 section 4.1.1"},
		{Name: "sub", Means: "Subject: whom the token speaks for. Unique at this issuer, not beyond.", Section: "RFC 7519 section 4.1.2", Personal: true},
		{Name: "aud", Means: "Audience: which APIs it is for. An API that is not named has to refuse it.", Section: "RFC 7519 section 4.1.3"},
		{Name: "exp", Means: "Expires at: from this moment on it is refused.", Section: "RFC 7519 section 4.1.4"},
		{Name: "nbf", Means: "Not before: until this moment it is refused.", Section: "RFC 7519 section 4.1.5"},
		{Name: "iat", Means: "Issued at.", Section: "RFC 7519 section 4.1.6"},
		{Name: "jti", Means: "The identifier of this one token.", Section: "RFC 7519 section 4.1.7"},
		{Name: "scope", Means: "What it may be used for, words with spaces between them. One that lacks gives 403, not 401.", Section: "RFC 8693 section 4.2"},
		{Name: "client_id", Means: "The client that the token was issued to.", Section: "RFC 8693 section 4.3"},
		{Name: "auth_time", Means: "When the person last logged in.", Section: "RFC 9068 section 2.2.1"},
		{Name: "acr", Means: "How strong the login was, as a word of the issuer.", Section: "RFC 9068 section 2.2.1"},
		{Name: "amr", Means: "By which means the person logged in: pwd, otp, hwk, mfa.", Section: "RFC 8176 section 1"},
		{Name: "groups", Means: "Groups of the subject.", Section: "RFC 9068 section 2.2.3.1"},
		{Name: "roles", Means: "Roles of the subject.", Section: "RFC 9068 section 2.2.3.1"},
		{Name: "entitlements", Means: "What the subject is entitled to.", Section: "RFC 9068 section 2.2.3.1"},
		{Name: "cnf", Means: "Confirmation: the token works only with a proof by this key.", Section: "RFC 7800 section 3.1"},
		{Name: "act", Means: "Actor: who acts for the subject.", Section: "RFC 8693 section 4.1"},
		{Name: "may_act", Means: "Who is allowed to act for the subject.", Section: "RFC 8693 section 4.4"},
		{Name: "authorization_details", Means: "What it may be used for, in structured form.", Section: "RFC 9396 section 9.1"},
		{Name: "azp", Means: "Authorized party: the client that the ID token was issued to.", Section: oidc + "section 2"},
		{Name: "nonce", Means: "Ties an ID token to the login that asked for it. An access token has none.", Section: oidc + "section 2"},
		{Name: "at_hash", Means: "Hash of the access token beside it: this is an ID token.", Section: oidc + "section 3.1.3.6"},
		{Name: "c_hash", Means: "Hash of the code beside it: this is an ID token.", Section: oidc + "section 3.3.2.11"},
		{Name: "sid", Means: "Session of the person at the issuer.", Section: "OpenID Connect Back-Channel Logout section 2.1"},
		{Name: "events", Means: "Security events: this is a message, not an access token.", Section: "RFC 8417 section 2.2"},
		{Name: "name", Means: "Full name of the person.", Section: oidc + "section 5.1", Personal: true},
		{Name: "given_name", Means: "First name.", Section: oidc + "section 5.1", Personal: true},
		{Name: "family_name", Means: "Last name.", Section: oidc + "section 5.1", Personal: true},
		{Name: "nickname", Means: "Casual name.", Section: oidc + "section 5.1", Personal: true},
		{Name: "preferred_username", Means: "How the person likes to be called. It can change: not for telling people apart.", Section: oidc + "section 5.1", Personal: true},
		{Name: "email", Means: "Mail address.", Section: oidc + "section 5.1", Personal: true},
		{Name: "email_verified", Means: "Whether the issuer has verified the mail address.", Section: oidc + "section 5.1"},
		{Name: "picture", Means: "Address of a picture of the person.", Section: oidc + "section 5.1", Personal: true},
		{Name: "locale", Means: "Language of the person.", Section: oidc + "section 5.1"},
		{Name: "zoneinfo", Means: "Time zone of the person.", Section: oidc + "section 5.1"},
		{Name: "updated_at", Means: "When the profile was last changed.", Section: oidc + "section 5.1"},
		{Name: "phone_number", Means: "Phone number.", Section: oidc + "section 5.1", Personal: true},
		{Name: "scp", Means: "Scopes, as Microsoft Entra and Okta call them.", Section: "the issuer's own"},
		{Name: "typ", Means: "Kind of token, as Keycloak writes it into the payload.", Section: "the issuer's own"},
		{Name: "token_use", Means: "Kind of token, as Amazon Cognito writes it: access or id.", Section: "the issuer's own"},
		{Name: "realm_access", Means: "Roles in the realm, as Keycloak writes them.", Section: "the issuer's own"},
		{Name: "resource_access", Means: "Roles at each client, as Keycloak writes them.", Section: "the issuer's own"},
		{Name: "permissions", Means: "Permissions, as Auth0 writes them.", Section: "the issuer's own"},
		{Name: "tid", Means: "Tenant, as Microsoft Entra writes it.", Section: "the issuer's own"},
		{Name: "oid", Means: "The person at Microsoft Entra.", Section: "the issuer's own", Personal: true},
		{Name: "upn", Means: "Login name at Microsoft Entra.", Section: "the issuer's own", Personal: true},
	}
}

// HeaderParameters lists what stands in the header of a token.
func HeaderParameters() []Claim {
	return []Claim{
		{Name: "alg", Means: "Algorithm of the signature. The gate compares it with its own list and never does what the token says.", Section: "RFC 7515 section 4.1.1"},
		{Name: "kid", Means: "Name of the key that made the signature; it is looked up in the key set of the issuer.", Section: "RFC 7515 section 4.1.4"},
		{Name: "typ", Means: "Kind of token: at+jwt is an access token (RFC 9068).", Section: "RFC 7515 section 4.1.9"},
		{Name: "cty", Means: "Kind of the content, where the payload is a token again.", Section: "RFC 7515 section 4.1.10"},
		{Name: "jku", Means: "Address of a key set. Never followed: a forger would name his own.", Section: "RFC 7515 section 4.1.2"},
		{Name: "jwk", Means: "A key. Never used: a forger would bring his own.", Section: "RFC 7515 section 4.1.3"},
		{Name: "x5u", Means: "Address of a certificate. Never followed.", Section: "RFC 7515 section 4.1.5"},
		{Name: "x5c", Means: "Certificates. Never used.", Section: "RFC 7515 section 4.1.6"},
		{Name: "x5t", Means: "SHA-1 of the certificate of the key.", Section: "RFC 7515 section 4.1.7"},
		{Name: "x5t#S256", Means: "SHA-256 of the certificate of the key.", Section: "RFC 7515 section 4.1.8"},
		{Name: "crit", Means: "Extensions that a reader has to understand, or refuse the token.", Section: "RFC 7515 section 4.1.11"},
		{Name: "b64", Means: "Whether the payload is base64url.", Section: "RFC 7797 section 3"},
		{Name: "enc", Means: "Algorithm that encrypted the content: this is a JWE.", Section: "RFC 7516 section 4.1.2"},
		{Name: "zip", Means: "The content was compressed before it was encrypted.", Section: "RFC 7516 section 4.1.3"},
	}
}
