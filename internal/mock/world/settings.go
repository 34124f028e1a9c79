package world

import (
	"net/http"
	"time"

	"github.com/gate401/gate401/reason"
	"github.com/gate401/gate401/token"
)

// Settings say who lives in a world and what goes wrong there. The zero value
// is a world in which everything works. They are a value: a scenario may name
// them, and worlds that were made of the same settings share nothing else.
type Settings struct {
	// People can log in, and may use Basic and Digest. Nil means alice, bob and
	// mallory ([DefaultPeople]).
	People []Person `json:"people,omitempty"`
	// Keys are the API keys that exist. Nil means none but the one that the
	// world makes for its first person.
	Keys []Key `json:"keys,omitempty"`
	// Clients are who may use the token endpoint. Nil means anyone, without a
	// secret.
	Clients []Client `json:"clients,omitempty"`
	// Accept are the methods that the resources take, in this order: "bearer",
	// "basic", "digest", "api-key". Nil means bearer, basic and api-key.
	Accept []string `json:"accept,omitempty"`
	// Access says what is true of the access tokens.
	Access Access `json:"access,omitzero"`
	// Refresh says what the token endpoint does with a refresh token.
	Refresh Refresh `json:"refresh,omitzero"`
	// Resource says what the resources answer to good credentials.
	Resource Resource `json:"resource,omitzero"`
	// Clock says what time it is.
	Clock Clock `json:"clock,omitzero"`
	// JWKS is what goes wrong with the key set; empty for nothing. See
	// [JWKSFaults].
	JWKS string `json:"jwks,omitempty"`
	// Answer, if set, stands around the resources (api/...) of the world: it may
	// change their answers, or the request before they see it. It is called once
	// for each world.
	Answer func(api http.Handler) http.Handler `json:"-"`
}

// Person is somebody who can log in.
type Person struct {
	// Name is in small letters, and has no colon.
	Name string `json:"name"`
	// Password is written out: it is no secret.
	Password string `json:"password"`
	// Groups open what asks for one: api/admin wants "admin".
	Groups []string `json:"groups,omitempty"`
	// Scopes are what the tokens of a login have.
	Scopes []string `json:"scopes,omitempty"`
	// Suspended refuses everything that the person proves.
	Suspended bool `json:"suspended,omitempty"`
}

// Key is an API key of a person.
type Key struct {
	// Value is the key in the form of gate401's keys, with their checksum; one whose
	// environment is not "mock" is refused for that.
	Value string `json:"value"`
	// Owner is the name of a person; empty for nobody.
	Owner string `json:"owner,omitempty"`
	// Scopes are what it may do.
	Scopes []string `json:"scopes,omitempty"`
	// Groups open what asks for one.
	Groups []string `json:"groups,omitempty"`
	// Expired makes its time end a day ago.
	Expired bool `json:"expired,omitempty"`
	// Revoked makes it one that was revoked.
	Revoked bool `json:"revoked,omitempty"`
}

// Client is a program that may use the token endpoint.
type Client struct {
	// ID is what it calls itself.
	ID string `json:"client_id"`
	// Secret is what it proves itself by; empty for a public client.
	Secret string `json:"client_secret,omitempty"`
}

// Access says what is true of the access tokens of a world.
type Access struct {
	// TTL is how long they are good, one second to an hour, cut to whole
	// seconds; 0 means five minutes.
	TTL Duration `json:"ttl,omitempty"`
	// Expired makes them expire before they are issued.
	Expired bool `json:"expired,omitempty"`
	// Uses is how many requests one is good for; 0 for any number.
	Uses int `json:"uses,omitempty"`
	// Fault is what is wrong with them; empty for nothing. See [AccessFaults].
	Fault string `json:"fault,omitempty"`
	// Until says which tokens have the Fault: 0 all of them, n the first n that
	// the world issues.
	Until int `json:"until,omitempty"`
}

// Refresh says what the token endpoint does with a refresh token.
type Refresh struct {
	// Policy is what happens to a refresh token that was used: "rotate" (the
	// default: a new one; the old one may be used again for Grace, after that
	// its use ends the login), "rotate-only" (the old one is refused after
	// Grace, and nothing else happens), or "keep" (it goes on being good).
	Policy string `json:"policy,omitempty"`
	// Grace is how long a used refresh token still gets an answer; 0 for not at
	// all.
	Grace Duration `json:"grace,omitempty"`
	// Idle is how long a refresh token may lie unused; 0 for a day.
	Idle Duration `json:"idle,omitempty"`
	// Absolute is how long a login lasts; 0 for thirty days.
	Absolute Duration `json:"absolute,omitempty"`
	// Fault is what goes wrong; empty for nothing. See [RefreshFaults].
	Fault string `json:"fault,omitempty"`
	// Times is how many refreshes the Fault strikes; 0 for every one.
	Times int `json:"times,omitempty"`
	// Delay is how long every answer takes, at most half a minute
	// ([MaxDelay]).
	Delay Duration `json:"delay,omitempty"`
}

// Resource says what the resources answer to a request that the gate let pass.
type Resource struct {
	// First refuses the first n requests.
	First int `json:"first,omitempty"`
	// Every refuses each nth request.
	Every int `json:"every,omitempty"`
	// Reason is why; empty means token-expired. It must be a reason of status
	// 401, 403, 429 or 503.
	Reason reason.Code `json:"reason,omitempty"`
	// MaxAge is how old a login may be that pays (api/payments); 0 means one
	// minute.
	MaxAge Duration `json:"max_age,omitempty"`
}

// Clock says what time it is in a world.
type Clock struct {
	// Offset is how far the whole world is ahead of the machine; negative for
	// behind.
	Offset Duration `json:"offset,omitempty"`
	// Date is how far the time in the answers' headers alone is ahead.
	Date Duration `json:"date,omitempty"`
	// Issuer is how far the issuer of tokens is ahead of the resources: iat is
	// then in the future.
	Issuer Duration `json:"issuer,omitempty"`
	// Frozen stops the clock: it moves by advance-clock alone.
	Frozen bool `json:"frozen,omitempty"`
}

// MaxDelay bounds every delay: a mock must not be a place to park connections.
const MaxDelay = Duration(30 * time.Second)

// Policies of refresh tokens: the values of [Refresh.Policy].
const (
	PolicyRotate     = "rotate"
	PolicyRotateOnly = "rotate-only"
	PolicyKeep       = "keep"
)

// ttl is how long access tokens are good.
func (a Access) ttl() time.Duration {
	if a.TTL == 0 {
		return token.DefaultTTL
	}
	return a.TTL.std()
}
