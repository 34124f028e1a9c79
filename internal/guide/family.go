package guide

import "github.com/gate401/gate401/reason"

// Family is a group of reasons that arise at the same moment or from the same
// kind of credential.
type Family struct {
	ID, Title, Text string
	Codes           []reason.Code
}

// Families answers all families, in the order in which a request meets them.
// Every reason of the catalogue is in exactly one.
func Families() []Family {
	return []Family{
		{"nothing", "Nothing readable was sent", "Found before any credential is looked at.", []reason.Code{
			reason.CredentialsMissing, reason.AuthorizationMisspelt, reason.AuthorizationMalformed, reason.SchemeUnsupported,
			reason.CredentialsAmbiguous, reason.RequestMalformed,
		}},
		{"passwords", "Names and passwords", "Basic authentication and login forms.", []reason.Code{
			reason.CredentialsInvalid, reason.AccountUnknown, reason.PasswordWrong, reason.PasswordOutdated, reason.OneTimeCodeWrong, reason.BasicMalformed,
		}},
		{"digest", "Digest", "Names and passwords that never travel in clear.", []reason.Code{
			reason.DigestStale, reason.DigestReplayed, reason.DigestMalformed, reason.DigestURIMismatch,
		}},
		{"tokens", "Access tokens", "JSON Web Tokens and opaque tokens, sent as Bearer.", []reason.Code{
			reason.TokenExpired, reason.TokenNotYetValid, reason.TokenRevoked, reason.TokenMalformed, reason.TokenTypeWrong,
			reason.TokenIssuerUnknown, reason.TokenAudienceWrong, reason.TokenInvalid, reason.TokenSignatureInvalid,
			reason.TokenAlgorithmRefused, reason.TokenKeyUnknown, reason.TokenInactive,
		}},
		{"bound", "Tokens bound to a key", "A token that only its rightful holder can use.", []reason.Code{
			reason.DPoPNonceRequired, reason.DPoPProofInvalid, reason.DPoPProofReplayed, reason.TokenBindingFailed,
		}},
		{"keys", "API keys", "Long-lived secrets of programs.", []reason.Code{
			reason.APIKeyMissing, reason.APIKeyMalformed, reason.APIKeyWrongPlace, reason.APIKeyWrongEnvironment,
			reason.APIKeyExpired, reason.APIKeyRevoked, reason.APIKeyInvalid, reason.APIKeyUnknown,
		}},
		{"sessions", "Sessions of browsers", "Cookies, and the forms that depend on them.", []reason.Code{
			reason.SessionMissing, reason.SessionExpired, reason.SessionUnknown, reason.SessionRevoked, reason.CSRFFailed,
		}},
		{"token-endpoint", "The token endpoint", "Where clients prove themselves and renew tokens.", []reason.Code{
			reason.ClientInvalid, reason.ClientUnknown, reason.ClientSecretWrong, reason.ClientSuspended, reason.GrantInvalid,
			reason.CodeUnknown, reason.CodeMismatch, reason.CodeExpired, reason.CodeReused,
			reason.RefreshTokenUnknown, reason.RefreshTokenExpired, reason.RefreshTokenRevoked, reason.RefreshTokenReused,
		}},
		{"access", "Known, and still no", "The proof was right. What it allows is not enough.", []reason.Code{
			reason.AuthenticationTooOld, reason.AuthenticationTooWeak, reason.ScopeInsufficient, reason.AccessDenied,
			reason.RuleMissing, reason.GroupMissing, reason.NotOwner, reason.ConditionFalse, reason.AddressBlocked, reason.AccountSuspended,
		}},
		{"not-now", "Not now", "Nothing is said about the credentials; they were not looked at, or could not be.", []reason.Code{
			reason.RateLimited, reason.LockedOut, reason.CheckFailed,
		}},
	}
}

// place finds the family of a reason and its neighbours in the order of all
// families.
func place(code reason.Code) (family Family, before, after reason.Code) {
	var last reason.Code
	found := false
	for _, f := range Families() {
		for _, c := range f.Codes {
			if found {
				return family, before, c
			}
			if c == code {
				family, before, found = f, last, true
			}
			last = c
		}
	}
	return family, before, ""
}

// behind are the reasons that are shown as code.
func behind(code reason.Code) []reason.Info {
	var all []reason.Info
	for _, i := range reason.All() {
		if i.ShownAs == code {
			all = append(all, i)
		}
	}
	return all
}
