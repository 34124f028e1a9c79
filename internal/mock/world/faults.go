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

// AccessFaults lists what may be wrong with the access tokens.
func AccessFaults() []string {
	return []string{
		AccessWrongAudience, AccessWrongIssuer, AccessWrongSignature, AccessUnknownKey,
		AccessNotYetValid, AccessWrongType, AccessMalformed,
	}
}

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

// RefreshFaults lists what may go wrong at a refresh.
func RefreshFaults() []string {
	return []string{
		RefreshError, RefreshUnavailable, RefreshRateLimited, RefreshTimeout, RefreshInvalidGrant, RefreshLost,
		RefreshStillRefused, RefreshSameAccess, RefreshSameRefresh, RefreshNoExpires, RefreshExpiresString,
		RefreshHTML, RefreshHTMLOK, RefreshWrongContentType, RefreshEmpty, RefreshNoAccess,
		RefreshTokenTypeOther, RefreshTokenTypeLower, RefreshUnauthorizedGrant,
	}
}

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

// JWKSFaults lists what may be wrong with the key set.
func JWKSFaults() []string {
	return []string{JWKSMissing, JWKSSlow, JWKSEmpty, JWKSRotated, JWKSDuplicate, JWKSHuge, JWKSBroken}
}
