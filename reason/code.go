package reason

// Code is the stable name of one reason for a refusal, such as
// "token-expired". The same name appears in the problem body, the log line,
// the trace, the mock's scenario list and the address of the documentation page.
//
// Codes are a public contract: one is never renamed and never gets a second
// meaning.
type Code string

// Nothing, or nothing readable, was sent.
const (
	CredentialsMissing     Code = "credentials-missing"
	CredentialsAmbiguous   Code = "credentials-ambiguous"
	AuthorizationMisspelt  Code = "authorization-misspelt"
	AuthorizationMalformed Code = "authorization-malformed"
	SchemeUnsupported      Code = "scheme-unsupported"
	RequestMalformed       Code = "request-malformed"
)

// User names and passwords: Basic, and the login form.
const (
	BasicMalformed     Code = "basic-malformed"
	AccountUnknown     Code = "account-unknown"
	PasswordWrong      Code = "password-wrong"
	PasswordOutdated   Code = "password-outdated"
	OneTimeCodeWrong   Code = "one-time-code-wrong"
	CredentialsInvalid Code = "credentials-invalid" // shown only
)

// Digest.
const (
	DigestMalformed   Code = "digest-malformed"
	DigestURIMismatch Code = "digest-uri-mismatch"
	DigestStale       Code = "digest-stale"
	DigestReplayed    Code = "digest-replayed"
)

// Access tokens: JWT, opaque, and bound to a key.
const (
	TokenMalformed        Code = "token-malformed"
	TokenTypeWrong        Code = "token-type-wrong"
	TokenIssuerUnknown    Code = "token-issuer-unknown"
	TokenAudienceWrong    Code = "token-audience-wrong"
	TokenSignatureInvalid Code = "token-signature-invalid"
	TokenAlgorithmRefused Code = "token-algorithm-refused"
	TokenKeyUnknown       Code = "token-key-unknown"
	TokenInvalid          Code = "token-invalid" // shown only
	TokenExpired          Code = "token-expired"
	TokenNotYetValid      Code = "token-not-yet-valid"
	TokenRevoked          Code = "token-revoked"
	TokenInactive         Code = "token-inactive"
	TokenBindingFailed    Code = "token-binding-failed"
	DPoPNonceRequired     Code = "dpop-nonce-required"
	DPoPProofInvalid      Code = "dpop-proof-invalid"
	DPoPProofReplayed     Code = "dpop-proof-replayed"
)

// The token endpoint.
const (
	ClientUnknown       Code = "client-unknown"
	ClientSecretWrong   Code = "client-secret-wrong"
	ClientSuspended     Code = "client-suspended"
	ClientInvalid       Code = "client-invalid" // shown only
	RefreshTokenUnknown Code = "refresh-token-unknown"
	RefreshTokenExpired Code = "refresh-token-expired"
	RefreshTokenRevoked Code = "refresh-token-revoked"
	RefreshTokenReused  Code = "refresh-token-reused"
	CodeUnknown         Code = "code-unknown"
	CodeMismatch        Code = "code-mismatch"
	CodeExpired         Code = "code-expired"
	CodeReused          Code = "code-reused"
	GrantInvalid        Code = "grant-invalid" // shown only
)

// API keys.
const (
	APIKeyMissing          Code = "api-key-missing"
	APIKeyMalformed        Code = "api-key-malformed"
	APIKeyUnknown          Code = "api-key-unknown"
	APIKeyExpired          Code = "api-key-expired"
	APIKeyRevoked          Code = "api-key-revoked"
	APIKeyWrongEnvironment Code = "api-key-wrong-environment"
	APIKeyWrongPlace       Code = "api-key-wrong-place"
	APIKeyInvalid          Code = "api-key-invalid" // shown only
)

// Sessions of browsers.
const (
	SessionMissing Code = "session-missing"
	SessionUnknown Code = "session-unknown"
	SessionExpired Code = "session-expired"
	SessionRevoked Code = "session-revoked"
	CSRFFailed     Code = "csrf-failed"
)

// The caller is known, but not known well enough or not allowed.
const (
	AuthenticationTooOld  Code = "authentication-too-old"
	AuthenticationTooWeak Code = "authentication-too-weak"
	ScopeInsufficient     Code = "scope-insufficient"
	RuleMissing           Code = "rule-missing"
	GroupMissing          Code = "group-missing"
	NotOwner              Code = "not-owner"
	ConditionFalse        Code = "condition-false"
	AddressBlocked        Code = "address-blocked"
	AccessDenied          Code = "access-denied" // shown only
	AccountSuspended      Code = "account-suspended"
)

// Not now.
const (
	RateLimited Code = "rate-limited"
	LockedOut   Code = "locked-out"
	CheckFailed Code = "check-failed"
)
