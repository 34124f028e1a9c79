package world

// Faults of access tokens: the values of [Access.Fault].
const (
	AccessWrongAudience  = "wrong-audience"
	AccessWrongIssuer    = "wrong-issuer"
	AccessWrongSignature = "wrong-signature"
	AccessUnknownKey     = "unknown-key"
	AccessNotYetValid    = "not-yet-valid" // nbf is an hour ahead
	AccessWrongType      = "wrong-type"    // typ is not at+jwt
	AccessMalformed      = "malformed"     // no JWT at all
)

// Faults of a refresh: the values of [Refresh.Fault].
const (
	// The refresh is refused, or nobody answers.
	RefreshError        = "error"         // 500, nothing was done
	RefreshUnavailable  = "unavailable"   // 503 with Retry-After
	RefreshRateLimited  = "rate-limited"  // 429 with Retry-After
	RefreshTimeout      = "timeout"       // no answer for MaxDelay, then the connection is cut
	RefreshInvalidGrant = "invalid-grant" // 400, whatever was sent
	// The refresh is done, and the answer gets lost on its way.
	RefreshLost = "lost-answer"
	// The answer comes, and is of no use, or not as it should be.
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

// Faults of the key set: the values of [Settings.JWKS].
const (
	JWKSMissing   = "missing"   // 404
	JWKSSlow      = "slow"      // five seconds
	JWKSEmpty     = "empty"     // no keys
	JWKSRotated   = "rotated"   // the key that signs is not in it yet
	JWKSDuplicate = "duplicate" // another key has the same kid
	JWKSHuge      = "huge"      // a megabyte and more
	JWKSBroken    = "broken"    // not JSON
)

// Fault is something that can go wrong, by the name that settings have for it,
// with what it means, for people.
type Fault struct{ Name, Text string }

func names(faults []Fault) []string {
	out := make([]string, len(faults))
	for i, f := range faults {
		out[i] = f.Name
	}
	return out
}

// AccessFaults lists what may be wrong with the access tokens.
func AccessFaults() []string { return names(AccessFaultTexts()) }

// AccessFaultTexts lists the same with texts that go on from "An access token is ...".
func AccessFaultTexts() []Fault {
	return []Fault{
		{AccessWrongAudience, "made for another API"},
		{AccessWrongIssuer, "of another issuer"},
		{AccessWrongSignature, "signed wrong"},
		{AccessUnknownKey, "signed with a key that nobody published"},
		{AccessNotYetValid, "good in an hour from now only"},
		{AccessWrongType, "of another type than at+jwt"},
		{AccessMalformed, "no JWT at all"},
	}
}

// RefreshFaults lists what may go wrong at a refresh.
func RefreshFaults() []string { return names(RefreshFaultTexts()) }

// RefreshFaultTexts lists the same with texts that go on from "A refresh ...".
func RefreshFaultTexts() []Fault {
	return []Fault{
		{RefreshError, "fails with 500, and nothing was done"},
		{RefreshUnavailable, "fails with 503 and Retry-After"},
		{RefreshRateLimited, "fails with 429 and Retry-After"},
		{RefreshTimeout, "gets no answer; after half a minute the connection is cut"},
		{RefreshInvalidGrant, "is refused with 400, whatever was sent"},
		{RefreshLost, "is done, and its answer gets lost"},
		{RefreshStillRefused, "brings an access token that is refused"},
		{RefreshSameAccess, "brings the same access token again"},
		{RefreshSameRefresh, "names the old refresh token as the new one"},
		{RefreshNoExpires, "leaves out expires_in"},
		{RefreshExpiresString, "writes expires_in as text"},
		{RefreshHTML, "answers a page of HTML with 500"},
		{RefreshHTMLOK, "answers a page of HTML with 200"},
		{RefreshWrongContentType, "answers as text/plain"},
		{RefreshEmpty, "answers 200 and no body"},
		{RefreshNoAccess, "leaves out the access token"},
		{RefreshTokenTypeOther, "says token_type mac"},
		{RefreshTokenTypeLower, "says token_type bearer in small letters, which is right"},
		{RefreshUnauthorizedGrant, "is refused with 401 in place of 400"},
	}
}

// JWKSFaults lists what may be wrong with the key set.
func JWKSFaults() []string { return names(JWKSFaultTexts()) }

// JWKSFaultTexts lists the same with texts that go on from "The key set ...".
func JWKSFaultTexts() []Fault {
	return []Fault{
		{JWKSMissing, "is not there (404)"},
		{JWKSSlow, "comes after five seconds"},
		{JWKSEmpty, "has no keys"},
		{JWKSRotated, "does not have the key yet that signs"},
		{JWKSDuplicate, "has another key of the same kid first"},
		{JWKSHuge, "is larger than a megabyte"},
		{JWKSBroken, "is no JSON"},
	}
}
