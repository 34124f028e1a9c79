package config

import (
	"net/netip"
	"strings"
	"time"
)

// File is the configuration in force. Every key may be left out.
type File struct {
	// What stands in front of the API, and how it is reached.
	Gate Gate `yaml:"gate,omitempty"`
	// The gateways that ask the gate before they forward; "forward: {}" for one on this machine.
	Forward Forward `yaml:"forward,omitempty"`
	// How the gate speaks https.
	TLS TLS `yaml:"tls,omitempty"`
	// The APIs behind the gate, by a name of your choice, where one URL does not say it all.
	Upstreams Upstreams `yaml:"upstreams,omitempty"`
	// The listener for operators: health, traces, what is in force.
	Admin Admin `yaml:"admin,omitempty"`
	// Where accounts, keys and records are kept.
	Storage Storage `yaml:"storage,omitempty"`
	// The ways to authenticate, by a name of your choice, in order of preference.
	Methods Methods `yaml:"methods,omitempty"`
	// How people log in with a browser, where a method is of type session.
	Login Login `yaml:"login,omitempty"`
	// Others with whom people can log in: OpenID Connect providers.
	Providers []Provider `yaml:"providers,omitempty"`
	// What requests must prove. The most specific rule wins, whatever the order.
	Rules []Rule `yaml:"rules,omitempty"`
	// What a request must prove that no rule matches.
	Default Asks `yaml:"default,omitempty"`
	// How the gate issues tokens of its own; "issuer: {}" for all as it is without a word.
	Issuer Issuer `yaml:"issuer,omitempty"`
	// What the upstream is told about who is asking.
	Identity Identity `yaml:"identity,omitempty"`
	// How refusals look.
	Errors Errors `yaml:"errors,omitempty"`
	// How guessing is held off. Safe limits are on by default.
	Defend Defend `yaml:"defend,omitempty"`
	// What is logged, and how.
	Log Log `yaml:"log,omitempty"`
	// How the gate ends.
	Drain Drain `yaml:"drain,omitempty"`
	// When answers end that go on for long.
	Streams Streams `yaml:"streams,omitempty"`

	source *source
	// impliedHSTS is set where the file says nothing of it, and a year holds.
	impliedHSTS bool
}

// Gate is what stands in front of the API.
type Gate struct {
	// The address and port to listen on; port 0 picks a free one.
	Listen string `yaml:"listen,omitempty"`
	// The URL that clients use, where it differs from the address: scheme and host.
	PublicURL string `yaml:"public_url,omitempty"`
	// The name of the protected area, as people and browsers see it.
	Realm string `yaml:"realm,omitempty"`
	// The API behind the gate: scheme, host and port; a list of several servers; or the name of one under upstreams.
	Upstream string `yaml:"upstream,omitempty" jsonschema:"oneof_type=string;array"`
	// How large the body of a request may be, as in 10MB; any size if not given.
	MaxBody Size `yaml:"max_body,omitempty"`
	// The path below which the gate's own endpoints are.
	Prefix string `yaml:"prefix,omitempty"`
	// The networks of the proxies in front of the gate, whose X-Forwarded fields are believed.
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies,omitempty"`
	// Forward the credential to the upstream too, instead of removing it.
	KeepCredentials bool `yaml:"keep_credentials,omitempty"`
	// What becomes of a 401 of the API: mark says who refused, pass does not, normalise answers in its place as the gate does.
	Upstream401 string `yaml:"upstream_401,omitempty" jsonschema:"enum=mark,enum=pass,enum=normalise"`
	// Forward the fields and parameters by which some frameworks let a POST be another method, such as _method: rules judge the POST.
	DangerouslyKeepMethodOverride bool `yaml:"dangerously_keep_method_override,omitempty"`
	// Speak plain http on an address that others can reach: only behind something that adds TLS.
	DangerouslyPlainHTTP bool `yaml:"dangerously_plain_http,omitempty"`
}

// Admin is the listener for operators.
type Admin struct {
	// The address and port to listen on; port 0 picks a free one.
	Listen string `yaml:"listen,omitempty"`
	// Listen on an address that others can reach: no credential is asked for, so whoever reaches it reads the traces.
	DangerouslyOpen bool `yaml:"dangerously_open,omitempty"`
}

// Storage says where records are kept.
type Storage struct {
	// Accounts, keys and audit records: sqlite:FILE, or memory to forget them at the end.
	Records string `yaml:"records,omitempty"`
	// Counters and other things that replicas share: memory.
	Shared string `yaml:"shared,omitempty"`
}

// SQLite returns the file of "sqlite:FILE"; ok is false for memory.
func (s Storage) SQLite() (path string, ok bool) {
	return strings.CutPrefix(s.Records, sqlitePrefix)
}

const sqlitePrefix = "sqlite:"

// Errors says how refusals look.
type Errors struct {
	// The shape of the body for programs: problem (RFC 9457) or simple.
	Format string `yaml:"format,omitempty" jsonschema:"enum=problem,enum=simple"`
	// Whom a person who cannot get in may ask: a mailto: or https: URL.
	Support string `yaml:"support,omitempty"`
}

// Defend says how guessing is held off.
type Defend struct {
	// Wrong guesses at one account, from wherever they come.
	Account Limit `yaml:"account,omitempty"`
	// Wrong guesses from one network, at whatever account.
	Address Limit `yaml:"address,omitempty"`
	// Wrong guesses from one network at one account.
	AddressAccount Limit `yaml:"address_account,omitempty"`
	// Networks that nobody may come from.
	Block []netip.Prefix `yaml:"block,omitempty"`
}

// Limit is how many wrong guesses are let through in how much time.
type Limit struct {
	// Wrong guesses that are let through in one window.
	Attempts int `yaml:"attempts,omitempty" jsonschema:"minimum=1,maximum=1000000"`
	// The time in which a used up limit fills again: 1s to a year.
	Window time.Duration `yaml:"window,omitempty"`
}

// Log says what is logged, and how.
type Log struct {
	// The least level that is logged: debug, info, warn or error.
	Level string `yaml:"level,omitempty" jsonschema:"enum=debug,enum=info,enum=warn,enum=error"`
	// The shape of a line: json, text, or auto for text on a terminal and json elsewhere.
	Format string `yaml:"format,omitempty" jsonschema:"enum=auto,enum=json,enum=text"`
}
