package authn

import (
	"errors"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/httpauth"
	"github.com/gate401/gate401/token"
)

// bearerChallenge is how to ask for Bearer credentials (RFC 6750 section 3).
type bearerChallenge struct {
	realm, metadata string
	plain           []httpauth.Challenge
}

func newBearerChallenge(realm, metadata string) bearerChallenge {
	b := bearerChallenge{realm: realm, metadata: metadata}
	b.plain = b.with()
	return b
}

// with puts the metadata last, where RFC 9728 section 5.1 shows it.
func (b *bearerChallenge) with(params ...httpauth.Param) []httpauth.Challenge {
	if b.metadata != "" {
		params = append(params, httpauth.Param{Name: "resource_metadata", Value: b.metadata})
	}
	return []httpauth.Challenge{httpauth.Bearer(b.realm, params...)}
}

// of answers a refusal. An error code is sent only where the reason that is
// shown has a registered one (RFC 6750 section 3.1).
func (b *bearerChallenge) of(q *gate401.Requirement, d *gate401.Denial) []httpauth.Challenge {
	params := gate401.ErrorParams(q, d)
	if len(params) == 0 {
		return b.plain
	}
	return b.with(params...)
}

// denied turns a refusal by package token into a Denial. Any other error means
// that nobody could say, and stays what it is.
func denied(method string, err error) error {
	refused, ok := errors.AsType[*token.Error](err)
	if !ok {
		return err
	}
	d := &gate401.Denial{Reason: refused.Reason, Method: method, Err: refused.Err}
	if refused.Claims != nil {
		d.Subject = refused.Claims.Subject
	}
	return d
}
