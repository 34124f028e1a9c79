package config

import (
	"time"
)

// Methods are the ways to authenticate, in the order of the file.
type Methods []Method

// Method is one way to authenticate. Exactly one of Basic, APIKey, Bearer and
// Session is set: the one that Type names.
type Method struct {
	// Name is what rules call it.
	Name string
	// Type is TypeBasic, TypeAPIKey, TypeBearer or TypeSession.
	Type string

	Basic   *Basic
	APIKey  *APIKey
	Bearer  *Bearer
	Session *Session
}

// The types of methods.
const (
	TypeBasic   = "basic"
	TypeAPIKey  = "api-key"
	TypeBearer  = "bearer"
	TypeSession = "session"
)

// Basic is a name and a password (RFC 7617).
type Basic struct {
	// The kind of method.
	Type string `yaml:"type" jsonschema:"required"`
	// A file of names and password hashes, instead of the accounts of the store.
	Htpasswd string `yaml:"htpasswd,omitempty"`
	// The password alone is enough here, also of people who need a second factor to log in. Otherwise they are refused, and use keys or tokens.
	PasswordAlone bool `yaml:"password_alone,omitempty"`
}

// APIKey is a key that the gate made, always accepted as a Bearer credential too.
type APIKey struct {
	// The kind of method.
	Type string `yaml:"type" jsonschema:"required"`
	// The request field that holds the key; X-API-Key if no place is given.
	Header string `yaml:"header,omitempty"`
	// The query parameter that holds the key: it will be in logs and histories.
	Query string `yaml:"query,omitempty"`
	// The cookie that holds the key.
	Cookie string `yaml:"cookie,omitempty"`
	// The environment whose keys are accepted, such as live or test.
	Environment string `yaml:"environment,omitempty" jsonschema:"pattern=^[a-z0-9]+$,maxLength=16"`
}

// Bearer is a signed token (RFC 6750, RFC 7519). Without issuer, jwks and secret
// it is for the tokens that this gate issues.
type Bearer struct {
	// The kind of method.
	Type string `yaml:"type" jsonschema:"required"`
	// The exact issuer of the tokens; its keys are discovered if jwks is not given.
	Issuer string `yaml:"issuer,omitempty"`
	// Whom the tokens must be for: a name, or a list of which one is enough.
	Audience Audience `yaml:"audience,omitempty"`
	// The keys of the issuer: a file, or an https URL.
	JWKS string `yaml:"jwks,omitempty"`
	// The signature algorithms that are accepted; all asymmetric ones if not given.
	Algorithms []string `yaml:"algorithms,omitempty" jsonschema:"minItems=1,enum=RS256,enum=RS384,enum=RS512,enum=PS256,enum=PS384,enum=PS512,enum=ES256,enum=ES384,enum=ES512,enum=EdDSA,enum=HS256"`
	// A secret shared with the issuer, for HS256: ${env:NAME} or ${file:/path}.
	Secret Secret `yaml:"secret,omitempty"`
	// The claims that name groups, dots lead into objects; groups and roles if not given.
	GroupsFrom []string `yaml:"groups_from,omitempty" jsonschema:"minItems=1"`
	// The values of typ that are accepted; at+jwt, JWT and none if not given, for own tokens at+jwt alone.
	Types []string `yaml:"types,omitempty" jsonschema:"minItems=1"`
	// How far clocks may disagree: 30s if not given, at most 5m.
	Leeway time.Duration `yaml:"leeway,omitempty"`
}

// Own tells whether the method is for the tokens that this gate issues.
func (b *Bearer) Own() bool {
	return b.Issuer == "" && b.JWKS == "" && !b.Secret.Set()
}

// Audience is one name or several.
type Audience []string

// Method returns the method of that name.
func (f *File) Method(name string) (Method, bool) {
	for _, m := range f.Methods {
		if m.Name == name {
			return m, true
		}
	}
	return Method{}, false
}
