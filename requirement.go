package gate401

import (
	"net/netip"
	"time"
)

// Policy finds the rule of a request and says what it asks. It is called for
// every request, from many goroutines, and must not block.
type Policy func(*Request) Requirement

// Requirement is what a rule asks of a request. The zero value lets nobody pass.
type Requirement struct {
	// Rule names the rule, for logs and traces; empty means that there is none,
	// and the request is refused as rule-missing.
	Rule string
	// Blocked lets nobody pass, and nothing is read of what the client sent
	// (address-blocked).
	Blocked bool
	// Open lets anyone pass, without any proof.
	Open bool
	// Accept lists the ways to authenticate, in the order of the rule; at most
	// one for each scheme on the wire.
	Accept []Authenticator
	// Scopes must all be held, and one of Groups; empty asks for none.
	Scopes, Groups []string
	// Owned lets only Owner pass, the subject that the path names. It is a
	// subject of OwnerIssuer, empty for our own accounts: alice of one issuer is
	// not alice of another.
	Owned              bool
	Owner, OwnerIssuer string
	// Addresses, if any, are the only networks the client may come from.
	Addresses []netip.Prefix
	// MaxAge is how long ago the person may have authenticated (RFC 9470);
	// zero for no limit.
	MaxAge time.Duration
	// Resource tells that metadata is published about what the rule protects;
	// nil for none.
	Resource *Resource
	// CORS is what pages of other origins may do; nil for nothing.
	CORS *CORS
	// prepared is what Prepare worked out.
	prepared *prepared
}

// Prepare works out at load what does not depend on the request, so that a
// refusal without credentials costs little. Policies call it once per rule. It
// does nothing where a method is [Fresh].
func (q *Requirement) Prepare() {
	for _, a := range q.Accept {
		if _, is := a.(Fresh); is {
			return
		}
	}
	q.prepared = prepare(nil, q)
}
