package authn

import (
	"context"
	"errors"
	"net/textproto"
	"sync"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/reason"
)

// DefaultKeyHeader is the field for API keys where no place is set.
const DefaultKeyHeader = "X-API-Key"

// APIKey takes API keys from a header field, and, where that is allowed, from a
// query parameter or a cookie. A key is always accepted as
// "Authorization: Bearer g401_..." too, which is what the challenge asks for:
// no scheme is registered for keys. Do not copy it, and do not change its
// fields, after first use.
//
// A key that is sent anywhere else is refused as api-key-wrong-place, so that
// its sender learns of it before somebody else does.
type APIKey struct {
	// Realm names what the key is for (RFC 9110 section 11.5).
	Realm string
	// Keys verifies. Required. The Bearer method of a rule that accepts keys
	// must have the same one.
	Keys *Keys
	// Header is the field that holds the key; empty means DefaultKeyHeader if
	// Query and Cookie are empty too, and no field otherwise.
	Header string
	// Query is the query parameter that holds the key; empty for none. Keys in
	// a URL end up in logs, histories and Referer fields.
	Query string
	// Cookie is the cookie that holds the key; empty for none.
	Cookie string
	// ResourceMetadata is the URL of the metadata of this resource (RFC 9728
	// section 5.1), for the challenge, where it is the same for all rules; empty
	// leaves it to the Resource of each rule.
	ResourceMetadata string

	once   sync.Once
	header string
	asks   bearerChallenge
}

var (
	_ gate401.Authenticator = (*APIKey)(nil)
	_ gate401.Recaller      = (*APIKey)(nil)
	_ gate401.Misser        = (*APIKey)(nil)
)

func (a *APIKey) setup() {
	a.header = textproto.CanonicalMIMEHeaderKey(a.Header)
	if a.Header == "" && a.Query == "" && a.Cookie == "" {
		a.header = textproto.CanonicalMIMEHeaderKey(DefaultKeyHeader)
	}
	a.asks = newBearerChallenge(a.Realm, a.ResourceMetadata)
}

// Find looks at all places of the key. Two different keys are ambiguous (400);
// one that is not well-formed is refused as api-key-malformed.
func (a *APIKey) Find(r *gate401.Request) (gate401.Credential, bool, error) {
	a.once.Do(a.setup)
	text, ambient, found, err := a.places(r)
	if err != nil {
		return nil, false, err
	}
	if !found {
		return nil, false, a.misplaced(r)
	}
	if a.Keys == nil {
		return nil, false, errNoKeys
	}
	c, err := a.Keys.credential(text, ambient)
	if err != nil {
		return nil, false, err
	}
	return c, true, nil
}

var errNoKeys = errors.New("no verifier of API keys is set")

// Recall remembers right keys.
func (a *APIKey) Recall(r *gate401.Request, c gate401.Credential) (*gate401.Identity, bool, error) {
	own, ok := c.(*keyCredential)
	if !ok || a.Keys == nil {
		return nil, false, nil
	}
	return a.Keys.recall(r, own)
}

// Verify looks the key up.
func (a *APIKey) Verify(ctx context.Context, r *gate401.Request, c gate401.Credential) (*gate401.Identity, error) {
	own, ok := c.(*keyCredential)
	if !ok {
		return nil, errors.New("a credential of another method")
	}
	if a.Keys == nil {
		return nil, errNoKeys
	}
	return a.Keys.verify(ctx, r, own)
}

// Missing is the reason for a request without a key to a rule that takes nothing
// else.
func (a *APIKey) Missing() reason.Code { return reason.APIKeyMissing }

// Challenges is a Bearer challenge, for a key is accepted as one.
func (a *APIKey) Challenges(_ *gate401.Request, q *gate401.Requirement, d *gate401.Denial) []httpauth.Challenge {
	a.once.Do(a.setup)
	return a.asks.of(q, d)
}
