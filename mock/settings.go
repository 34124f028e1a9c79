package mock

import (
	"time"

	"github.com/gate401/gate401/reason"
)

// Settings say who lives in a [World] and what goes wrong there. The zero value
// is a world in which everything works.
type Settings struct {
	// Scenario is the name of a scenario that the world plays, such as
	// "refresh-rotates"; the other fields are then left out. Empty means what
	// they say. See [Scenarios].
	Scenario string
	// People can log in, and may use Basic and Digest. Nil means alice with the
	// password wonderland, who may do everything, bob (builder), who may only
	// read, and mallory (malice), who is suspended.
	People []Person
	// Keys are the API keys that exist. Nil means one, which belongs to the first
	// of the People: [World.APIKey].
	Keys []Key
	// Clients are the programs that may use the token endpoint. Nil means any,
	// without a secret.
	Clients []Client
	// Accept are the methods that the resources take, in this order: "bearer",
	// "basic", "digest", "api-key". Nil means bearer, basic and api-key.
	Accept []string
	// Access says what is true of the access tokens.
	Access Access
	// Refresh says what the token endpoint does with a refresh token.
	Refresh Refresh
	// Resource says what the resources answer to good credentials.
	Resource Resource
	// Clock says how the clocks are off.
	Clock Skew
	// JWKS is what goes wrong with the key set, one of the JWKS constants; empty
	// for nothing.
	JWKS string
}

// Person is somebody who can log in.
type Person struct {
	// Name has no colon: Basic cannot send one.
	Name     string
	Password string
	// Groups let into api/admin who is in "admin".
	Groups []string
	// Scopes that matter to the resources are "orders:read" and "orders:write".
	Scopes []string
	// Suspended people are told so, once their password was right.
	Suspended bool
}

// Key is an API key.
type Key struct {
	// Value is as [World.APIKey]: g401_mock_ and what token.NewAPIKey makes.
	Value string
	// Owner is the name of a person; empty for nobody.
	Owner string
	// Scopes and Groups are those of a Person.
	Scopes, Groups []string
	// Expired and Revoked keys are refused.
	Expired, Revoked bool
}

// Client is a program that may use the token endpoint.
type Client struct {
	// ID is its client_id.
	ID string
	// Secret is what it proves itself by; empty for a public client.
	Secret string
}

// Access says what is true of the access tokens of a world.
type Access struct {
	// TTL is how long they are good, one second to an hour, cut to whole
	// seconds; 0 means five minutes.
	TTL time.Duration
	// Expired makes them expire before they are issued.
	Expired bool
	// Uses is how many requests one is good for; 0 for any number.
	Uses int
	// Fault is what is wrong with them, one of the Access constants; empty for
	// nothing.
	Fault string
	// Until says which tokens have the Fault: 0 all of them, n the first n that
	// the world issues.
	Until int
}

// Refresh says what the token endpoint of a world does with a refresh token.
type Refresh struct {
	// Policy is what happens to a refresh token that was used, one of the Policy
	// constants; empty means PolicyRotate.
	Policy string
	// Grace is how long a used refresh token still gets an answer; 0 for not at
	// all.
	Grace time.Duration
	// Idle is how long a refresh token may lie unused; 0 means a day.
	Idle time.Duration
	// Absolute is how long a login lasts, whatever is refreshed; 0 means thirty
	// days.
	Absolute time.Duration
	// Fault is what goes wrong, one of the Refresh constants; empty for nothing.
	Fault string
	// Times is how many refreshes the Fault strikes; 0 for every one.
	Times int
	// Delay is how long every answer takes, at most thirty seconds.
	Delay time.Duration
}

// Resource says what the resources of a world answer to a request whose
// credentials are good.
type Resource struct {
	// First refuses the first n requests.
	First int
	// Every refuses each nth request; 0 for none.
	Every int
	// Reason is why; empty means token-expired. It must be a reason of status
	// 401, 403, 429 or 503.
	Reason reason.Code
	// MaxAge is how old a login may be that pays (api/payments); 0 means one
	// minute.
	MaxAge time.Duration
}

// Skew says how the clocks of a world are off.
type Skew struct {
	// Offset is how far the whole world is ahead of the mock; negative for
	// behind.
	Offset time.Duration
	// Date is how far the Date field alone is ahead.
	Date time.Duration
	// Issuer is how far the issuer of tokens is ahead of the resources: iat is
	// then in the future.
	Issuer time.Duration
	// Frozen stops the clock: it moves by Advance alone.
	Frozen bool
}

// What may be wrong with access tokens: values of Access.Fault.
const (
	AccessWrongAudience  = "wrong-audience"
	AccessWrongIssuer    = "wrong-issuer"
	AccessWrongSignature = "wrong-signature"
	AccessUnknownKey     = "unknown-key"   // signed by a key that is not in the key set
	AccessNotYetValid    = "not-yet-valid" // nbf is an hour ahead
	AccessWrongType      = "wrong-type"    // typ is not at+jwt
	AccessMalformed      = "malformed"     // no JWT at all
)

// What happens to a used refresh token: values of Refresh.Policy.
const (
	// PolicyRotate gives a new one; using the old one, after Grace, ends the
	// login (RFC 9700 section 4.14.2).
	PolicyRotate = "rotate"
	// PolicyRotateOnly gives a new one; the old one is refused, after Grace, and
	// nothing else happens.
	PolicyRotateOnly = "rotate-only"
	// PolicyKeep lets it go on being good.
	PolicyKeep = "keep"
)

// What may go wrong at a refresh: values of Refresh.Fault.
const (
	RefreshError             = "error"               // 500, nothing was done
	RefreshUnavailable       = "unavailable"         // 503 with Retry-After
	RefreshRateLimited       = "rate-limited"        // 429 with Retry-After
	RefreshTimeout           = "timeout"             // no answer for thirty seconds, then the connection is cut
	RefreshInvalidGrant      = "invalid-grant"       // 400, whatever was sent
	RefreshLost              = "lost-answer"         // it is done, and the answer gets lost
	RefreshStillRefused      = "still-refused"       // the new access token is revoked at once
	RefreshSameAccess        = "same-access-token"   // the access token of the last answer again
	RefreshSameRefresh       = "same-refresh-token"  // names the old refresh token as the new one
	RefreshNoExpires         = "no-expires-in"       // expires_in is left out
	RefreshExpiresString     = "expires-in-string"   // "expires_in": "300"
	RefreshHTML              = "html"                // an HTML page with status 500
	RefreshHTMLOK            = "html-ok"             // an HTML page with status 200
	RefreshWrongContentType  = "wrong-content-type"  // the right body as text/plain
	RefreshEmpty             = "empty"               // status 200 and no body
	RefreshNoAccess          = "no-access-token"     // access_token is left out
	RefreshTokenTypeOther    = "wrong-token-type"    // "token_type": "mac"
	RefreshTokenTypeLower    = "lower-token-type"    // "token_type": "bearer", which is right
	RefreshUnauthorizedGrant = "unauthorized-status" // invalid_grant with status 401
)

// What may be wrong with the key set: values of Settings.JWKS.
const (
	JWKSMissing   = "missing"   // 404
	JWKSSlow      = "slow"      // five seconds
	JWKSEmpty     = "empty"     // no keys
	JWKSRotated   = "rotated"   // the key that signs is not in it yet
	JWKSDuplicate = "duplicate" // another key has the same kid
	JWKSHuge      = "huge"      // a megabyte and more
	JWKSBroken    = "broken"    // not JSON
)
