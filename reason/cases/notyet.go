package cases

import "github.com/gate401/gate401/reason"

// NotYet lists the reasons that no request can produce so far, because the part
// that would find them is not built. Whoever builds it takes the code out of
// here and adds its case; a test sees to it that none is in both or in neither.
func NotYet() []reason.Code {
	return []reason.Code{
		// Conditions in rules.
		reason.ConditionFalse,
		// Digest.
		reason.DigestMalformed, reason.DigestReplayed, reason.DigestStale, reason.DigestURIMismatch,
		// Introspection.
		reason.TokenInactive,
		// Tokens bound to a key.
		reason.DPoPNonceRequired, reason.DPoPProofInvalid, reason.DPoPProofReplayed, reason.TokenBindingFailed,
	}
}
