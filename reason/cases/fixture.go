package cases

import "time"

// The fixed world of the cases.
const (
	// Realm of every challenge.
	Realm = "orders"
	// PublicURL of the gate, the issuer of its own tokens.
	PublicURL = "https://api.example.com"
	// Client is the address from which the requests come.
	Client = "192.0.2.10"
	// ForeignIssuer is trusted by the method "partner" of some cases. Its key
	// set can never be fetched: every connection of the runner is refused.
	ForeignIssuer = "https://idp.example.com"
)

// Clock is the time at which every request is decided.
func Clock() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// Person is one account of the store.
type Person struct {
	Name, Password string
	Before         string // the password until yesterday; "" for none
	Groups, Scopes []string
	Suspended      bool
	SecondFactor   bool // one that is asked for when they log in
}

// People are all accounts of the store.
func People() []Person {
	customer := []string{"customers"}
	scopes := []string{"orders:read", "orders:write"}
	return []Person{
		{Name: "alice", Password: "correct horse battery", Groups: customer, Scopes: scopes},
		{Name: "bob", Password: "hunter2 hunter2", Groups: customer, Scopes: scopes},
		{Name: "mallory", Password: "suspended secret", Groups: customer, Scopes: scopes, Suspended: true},
		{Name: "olga", Password: "new password 2", Before: "old password 1", Groups: customer, Scopes: scopes},
		{Name: "vera", Password: "half of the proof", Groups: customer, Scopes: scopes, SecondFactor: true},
		{Name: "root", Password: "admin admin admin", Groups: []string{"admins"}, Scopes: scopes},
	}
}

// Kind is one sort of token or key that a placeholder can ask for.
type Kind struct{ Name, Explain string }

// TokenKinds are the arguments of the placeholder "token". Unless the kind says
// otherwise, a token speaks for alice, was issued at [Clock] for an hour by the
// gate's own key with audience "orders", type at+jwt, her groups and scopes, and
// an auth_time of [Clock].
func TokenKinds() []Kind {
	return []Kind{
		{"valid", "nothing is wrong with it"},
		{"low-scope", "has the scope orders:read only"},
		{"old-login", "its auth_time is two hours ago"},
		{"expired", "was issued two hours ago, exp is one hour ago"},
		{"not-yet-valid", "nbf is in one hour"},
		{"wrong-audience", "aud is \"billing\""},
		{"wrong-issuer", "iss is https://elsewhere.example, signed by the gate's own key"},
		{"partner", "iss is https://idp.example.com, signed by a key that only that issuer knows"},
		{"bad-signature", "the last part is the signature of another text"},
		{"alg-none", "header {\"alg\":\"none\"}, empty signature"},
		{"alg-hs256-confusion", "HS256 with the PEM form of the gate's public key as secret, its kid"},
		{"unknown-kid", "kid is \"nobody\", signed by a fresh key of the right kind"},
		{"wrong-type", "typ is logout+jwt"},
		{"removed", "sub is gone, whose account was removed"},
		{"malformed", "the first part is cut in the middle, so that it is no JSON"},
	}
}

// KeyKinds are the arguments of the placeholder "key". Unless the kind says
// otherwise, a key speaks for "shop" in the environment live, with the scopes
// orders:read and orders:write, and does not expire.
func KeyKinds() []Kind {
	return []Kind{
		{"live", "nothing is wrong with it"},
		{"low-scope", "has the scope orders:read only"},
		{"expired", "ended yesterday"},
		{"revoked", "was revoked yesterday"},
		{"test", "is of the environment test"},
		{"unknown", "is well formed, and was never issued"},
		{"malformed", "is the live key with its last character changed, so that the checksum is wrong"},
		{"wrong-case", "is the live key with its prefix in the other case (G401_LIVE_...)"},
	}
}

// RefreshKinds are the arguments of the placeholder "refresh". Unless the kind
// says otherwise, alice logged in with the public client "app" an hour before
// [Clock]. Besides it there is the client "backend", whose secret is "the secret
// of backend" and who uses client_secret_basic, and "paused", the same but
// suspended.
func RefreshKinds() []Kind {
	return []Kind{
		{"live", "nothing is wrong with it"},
		{"expired", "was not used since yesterday"},
		{"revoked", "its login was ended half an hour ago"},
		{"reused", "was exchanged half an hour ago"},
		{"unknown", "is well formed, and was never issued"},
	}
}

// CodeKinds are the arguments of the placeholder "code". Unless the kind says
// otherwise, alice has just let the public client "app" have it, for
// [CodeRedirect] and [CodeVerifier].
func CodeKinds() []Kind {
	return []Kind{
		{"live", "nothing is wrong with it"},
		{"expired", "was not exchanged within its minute"},
		{"reused", "was exchanged already"},
		{"unknown", "is well formed, and was never issued"},
	}
}

// What belongs to the codes of the cases.
const (
	CodeRedirect = "https://app.example.com/cb"
	CodeVerifier = "a-verifier-of-43-characters-or-more-is-needed"
)

// LoginKinds are the arguments of the placeholder "login": what the cookie
// __Host-g401-login of a login holds that waits for its second step. Unless the
// kind says otherwise, alice has proved her password, and has a second factor.
func LoginKinds() []Kind {
	return []Kind{{"half", "nothing is wrong with it"}}
}

// SessionKinds are the arguments of the placeholder "session". Unless the kind
// says otherwise, alice logged in an hour before [Clock] and has used the session
// since.
func SessionKinds() []Kind {
	return []Kind{
		{"live", "nothing is wrong with it"},
		{"expired", "ended yesterday"},
		{"idle", "was not used since yesterday"},
		{"revoked", "was ended half an hour ago"},
		{"unknown", "is well formed, and was never begun"},
	}
}
