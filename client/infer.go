package client

import (
	"net/http"

	"github.com/gate401/gate401/reason"
)

// infer finds the reason of a server that names none.
func (d *Denied) infer() {
	d.set(d.guess())
}

func (d *Denied) set(code reason.Code) {
	d.Reason, d.Retry = code, code.Info().Retry
}

func (d *Denied) guess() reason.Code {
	switch d.Status {
	case http.StatusTooManyRequests:
		return reason.RateLimited
	case http.StatusProxyAuthRequired:
		if d.Sent == "" {
			return reason.CredentialsMissing
		}
		return reason.CredentialsInvalid
	case http.StatusForbidden:
		switch d.Code {
		case "invalid_token": // a 401 would be right
			return reason.TokenInvalid
		case "insufficient_scope":
			return reason.ScopeInsufficient
		}
		return reason.AccessDenied
	}
	switch d.Code {
	case "insufficient_scope":
		return reason.ScopeInsufficient
	case "insufficient_user_authentication":
		if d.ACR != "" {
			return reason.AuthenticationTooWeak
		}
		return reason.AuthenticationTooOld
	case "use_dpop_nonce":
		return reason.DPoPNonceRequired
	case "invalid_dpop_proof":
		return reason.DPoPProofInvalid
	case "invalid_request":
		return reason.AuthorizationMalformed
	}
	switch d.Sent {
	case "":
		return reason.CredentialsMissing
	case "Bearer":
		if len(d.Challenges) > 0 && !d.asks("Bearer") && d.Code != "invalid_token" {
			return reason.SchemeUnsupported
		}
		return reason.TokenInvalid
	case "Basic", "Digest":
		if len(d.Challenges) > 0 && !d.asks(d.Sent) {
			return reason.SchemeUnsupported
		}
		if c, ok := d.own(); ok && d.Sent == "Digest" && c.Is("Digest") && isTrue(c.Param("stale")) {
			return reason.DigestStale
		}
		return reason.CredentialsInvalid
	case "Authorization":
		return reason.SchemeUnsupported
	}
	return reason.APIKeyInvalid
}

// asks tells whether a challenge is of the scheme.
func (d *Denied) asks(scheme string) bool {
	for _, c := range d.Challenges {
		if c.Is(scheme) {
			return true
		}
	}
	return false
}

// renewable tells whether a new access token may change the answer.
func (d *Denied) renewable() bool {
	if d.Status == http.StatusForbidden {
		return d.Inferred && d.Code == "invalid_token"
	}
	if d.Status != http.StatusUnauthorized {
		return false
	}
	if !d.Inferred {
		// The login has ended where the token was withdrawn; what else wants new
		// proof may be content with a new token.
		switch d.Reason {
		case reason.TokenInvalid, reason.TokenInactive, reason.TokenKeyUnknown, reason.TokenSignatureInvalid:
			return true
		}
		return d.Retry == reason.RetryRefresh
	}
	return d.Reason == reason.TokenInvalid
}
