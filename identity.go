package gate401

import (
	"context"
	"slices"
	"time"
)

// Identity is who a verified credential speaks for. It is immutable once an
// Authenticator has returned it: it is shared between requests that carry the
// same credential.
type Identity struct {
	// Subject is the stable name of who is speaking; never empty.
	Subject string
	// Method is the kind of method that verified the credential ("basic",
	// "bearer", "api-key", ...), and Name what the configuration calls it.
	Method, Name string
	// Issuer is who vouched for the subject; empty for our own accounts.
	Issuer string
	// Credential is a public identifier of the credential itself (key id, token
	// id), for logs and traces; never the secret.
	Credential string
	// Key is the ID of the key that signed the credential (kid), where one did and it
	// says which.
	Key string
	// Groups and Scopes are what rules ask for.
	Groups, Scopes []string
	// Claims holds the verified claims of a token, and of a session how the person
	// proved who they are (acr, amr); nil for other methods.
	Claims map[string]any
	// Paths are all that the credential is good for, with what is below them, in
	// the canonical form of [Request.Path]; nil for everything.
	Paths []string
	// AuthTime is when the person last proved themselves actively (RFC 9470,
	// auth_time); zero when unknown, which is older than any limit.
	AuthTime time.Time
	// Expires is when the credential ends; zero for never.
	Expires time.Time
	// Leeway is how much longer it was accepted, for clocks that disagree.
	Leeway time.Duration
}

// InGroup tells whether the identity belongs to group.
func (id *Identity) InGroup(group string) bool {
	return id != nil && slices.Contains(id.Groups, group)
}

// HasScope tells whether the identity holds scope.
func (id *Identity) HasScope(scope string) bool {
	return id != nil && slices.Contains(id.Scopes, scope)
}

// IdentityFrom returns the identity that [Gate.Protect] verified for the request
// whose context this is. ok is false for a request that no gate let through
// with a proof, among them all requests of a rule that admits anyone.
func IdentityFrom(ctx context.Context) (id *Identity, ok bool) {
	p, _ := ctx.Value(passageKey{}).(*passage)
	if p == nil || p.decision.Identity == nil {
		return nil, false
	}
	return p.decision.Identity, true
}

// passageKey is the one context key of the project: what a gate decided about
// the request, for the handlers behind it.
type passageKey struct{}

type passage struct {
	gate     *Gate
	request  *Request
	decision *Decision
}
