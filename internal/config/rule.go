package config

import (
	"net/netip"
	"time"
)

// Rule says what requests must prove that it matches.
type Rule struct {
	// The name of the rule in logs and traces; its path if not given.
	Name string `yaml:"name,omitempty"`
	// The host it is for: exact, or *.example.com for all hosts below; any host if not given.
	Host string `yaml:"host,omitempty"`
	// The path: /orders, /orders/* (one segment), /orders/** (itself and all below), /users/{user}/orders.
	Path string `yaml:"path,omitempty" jsonschema:"required,pattern=^/"`
	// The verbs it is for; GET includes HEAD; every verb if not given.
	Verbs []string `yaml:"verbs,omitempty" jsonschema:"minItems=1"`
	// Only the person whose data it is: a capture of the path, as in "{user}". A person of this gate, or of the one issuer that all methods of the rule take.
	Owner string `yaml:"owner,omitempty"`

	Asks `yaml:",inline"`
}

// Asks is what a rule, or the default, asks of a request. Its zero value asks
// for some proof, by any method.
type Asks struct {
	// Lets anyone pass without proof (anyone), or nobody at all (nobody).
	Allow string `yaml:"allow,omitempty" jsonschema:"enum=anyone,enum=nobody"`
	// The methods that are accepted, in order of preference; all if not given.
	Methods MethodNames `yaml:"methods,omitempty"`
	// Scopes that must all be held.
	Scopes []string `yaml:"scopes,omitempty" jsonschema:"minItems=1"`
	// Groups of which one is enough; others call them roles.
	Groups []string `yaml:"groups,omitempty" jsonschema:"minItems=1"`
	// Networks the client must come from.
	Addresses []netip.Prefix `yaml:"addresses,omitempty" jsonschema:"minItems=1"`
	// How long ago the person may have authenticated (RFC 9470).
	MaxAge time.Duration `yaml:"max_age,omitempty"`
	// The URL by which clients and their authorization server know all that the rule protects (RFC 9728); each URL by itself if not given.
	Resource string `yaml:"resource,omitempty"`
	// The name of the upstream that the requests go to; gate.upstream if not given.
	Upstream string `yaml:"upstream,omitempty"`
	// How long the upstream may take to begin its answer; what the upstream's own timeout says if not given.
	Timeout time.Duration `yaml:"timeout,omitempty"`
	// How large the body of a request may be, as in 10MB; what gate.max_body says if not given.
	MaxBody Size `yaml:"max_body,omitempty"`
	// What becomes of a 401 of the API, where it is not as gate.upstream_401 says.
	Upstream401 string `yaml:"upstream_401,omitempty" jsonschema:"enum=mark,enum=pass,enum=normalise"`
	// What pages of other origins may do; or upstream, to let the API answer preflights.
	CORS *CORS `yaml:"cors,omitempty"`
}

// MethodNames lists methods by name; empty means all of them ("all").
type MethodNames []string

// CORS says what pages of other origins may do.
type CORS struct {
	// Upstream is set by "cors: upstream": preflights are forwarded.
	Upstream bool `yaml:"-"`
	// Origins as browsers send them, such as https://shop.example; or "*".
	Origins []string `yaml:"origins,omitempty" jsonschema:"minItems=1"`
	// Verbs that are allowed; those that the page asks for if not given.
	Methods []string `yaml:"methods,omitempty" jsonschema:"minItems=1"`
	// Request fields that are allowed; Authorization and Content-Type if not given.
	Headers []string `yaml:"headers,omitempty" jsonschema:"minItems=1"`
	// Response fields that pages may read.
	Expose []string `yaml:"expose,omitempty" jsonschema:"minItems=1"`
	// Allow cookies and credentials that the browser keeps.
	Credentials bool `yaml:"credentials,omitempty"`
	// How long a browser may remember the answer.
	MaxAge time.Duration `yaml:"max_age,omitempty"`
}
