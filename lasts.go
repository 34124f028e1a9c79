package gate401

import (
	"time"

	"github.com/gate401/gate401/reason"
)

// Lasts tells until when the decision d about r stays true, and the reason for
// which the same request would be refused from then on: the credential expires,
// or the person authenticated too long ago for the rule. A zero time means that
// nothing ends it but a revocation. It is for answers that last: a surface that
// lets through a stream ends it then.
func (g *Gate) Lasts(r *Request, d *Decision) (until time.Time, then reason.Code) {
	id := d.Identity
	if !d.Allow || id == nil {
		return time.Time{}, ""
	}
	if !id.Expires.IsZero() {
		until, then = id.Expires.Add(id.Leeway), expired(id.Method)
	}
	if q := g.requirement(r); q.MaxAge > 0 && !id.AuthTime.IsZero() {
		if old := id.AuthTime.Add(q.MaxAge); until.IsZero() || old.Before(until) {
			until, then = old, reason.AuthenticationTooOld
		}
	}
	return until, then
}

// expired is the reason of a credential that ended, by the kind of its method.
func expired(method string) reason.Code {
	switch method {
	case "api-key":
		return reason.APIKeyExpired
	case "session":
		return reason.SessionExpired
	case "basic", "digest":
		return reason.CredentialsInvalid
	}
	return reason.TokenExpired
}
