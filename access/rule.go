package access

import (
	"net/netip"
	"time"

	"github.com/gate401/gate401"
)

// Rule says what the requests that it matches must prove. One that asks for
// nothing in particular asks for some proof, by any method.
type Rule struct {
	// Name is what logs and traces call the rule; empty makes one of verbs,
	// host and path.
	Name string
	// Host is an exact host or *.domain; empty matches any host.
	Host string
	// Path is the pattern of the path; required.
	Path string
	// Verbs are the request methods it is for, where GET stands for HEAD too;
	// none means every verb.
	Verbs []string

	// Anyone lets everyone pass without proof. Only Addresses may be asked
	// besides.
	Anyone bool
	// Nobody lets no one pass, whatever they prove.
	Nobody bool
	// Methods names the methods that are accepted, in order of preference; none
	// means all.
	Methods []string
	// Scopes must all be held, and one of Groups.
	Scopes, Groups []string
	// Owner names the capture of Path, as "{user}", that must be the subject.
	Owner string
	// OwnerIssuer is whose subject the owner is; empty for our own accounts.
	OwnerIssuer string
	// Addresses are the only networks the client may come from.
	Addresses []netip.Prefix
	// MaxAge is how long ago the person may have authenticated (RFC 9470).
	MaxAge time.Duration
	// Resource tells that metadata is published about what the rule protects; nil
	// for none.
	Resource *gate401.Resource
	// CORS is what pages of other origins may do.
	CORS *gate401.CORS
}

// Methods finds the authenticators for the named methods, in order, those of one
// wire scheme joined in one. Without names it returns those of all methods.
type Methods func(names []string) ([]gate401.Authenticator, error)

// DefaultRule is the name of the default in logs and traces; no rule may have
// it.
const DefaultRule = "default"

// Called is what decisions call the rule: its name, or one made of what it
// matches.
func (r Rule) Called() string { return nameOf(r) }
